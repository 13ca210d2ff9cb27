//! One run, from a plan to a verdict: prepare, bring up, observe, collect, tear down, judge.
//!
//! Whatever happens on the way, the order at the end is the same: logs are collected, then
//! everything is removed, and neither hides the cause of a failure.

mod absent;
mod artefacts;
mod bring_up;
mod circuits;
mod diagnose;
mod distances;
mod error;
mod flow;
mod held;
mod homes;
mod interrupt;
mod keys;
mod ladder;
mod measure;
mod measured;
mod observe;
mod outcome;
mod preflight;
mod prepare;
mod probing;
mod reach;
mod reaper;
mod record;
mod sending;
mod state;
mod tear_down;
mod tunnel;

pub use artefacts::{ArtefactError, Artefacts};
pub use bring_up::{Running, Times};
pub use circuits::{Earlier, Path};
pub use error::{RunError, StageFailure};
pub use flow::{bring_up_and_keep, verify};
pub use interrupt::Interrupts;
pub use measure::measure;
pub use measured::{Load, Measurement, Pace, show_outcomes};
pub use outcome::{Options, Outcome, Progress, Sources};
pub use preflight::Obstacle;
pub use prepare::fresh_inputs;
pub use reaper::reap;
pub use state::{Kept, Standing, State, StateError, TopologySource};
pub use tear_down::{NodeLog, remove_kept};
