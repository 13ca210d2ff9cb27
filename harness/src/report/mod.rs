//! Readers of what a run left: the terminal and JSON.

mod json;
mod repeat;
mod stages;
mod terminal;

pub use json::{Report, peak_memory_bytes};
pub use repeat::Repeats;
pub use stages::{StageTime, stage_times};
pub use terminal::{print_outcome, progress_line};
