//! TOML files that people write: read field by field, so that every mistake is reported at once, with its
//! line, its key and what to do about it.

mod duration;
mod fields;
mod mistake;

pub use duration::{DurationError, parse_duration};
pub(crate) use fields::{Collector, Fields, Located, small};
pub use mistake::Mistake;
pub(crate) use mistake::{count, list};
