//! A connector by itself: started as a container, with accounts for the harness on both sides, watched, and started
//! again, so that it can be held against a table of rows.

mod error;
mod parties;
mod setup;
mod standing;

pub use error::StandError;
pub use standing::{Stand, StandImages};
