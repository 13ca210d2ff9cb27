//! TOML files that people write: read field by field, so that every mistake is reported at once, with its
//! line, its key and what to do about it.

mod collector;
mod duration;
mod excerpt;
mod fields;
mod mistake;

pub(crate) use collector::Collector;
pub use duration::{DurationError, parse_duration};
pub use excerpt::Excerpt;
pub(crate) use fields::{Fields, Located, small};
pub use mistake::Mistake;
pub(crate) use mistake::{count, list, syntax};
