//! What nights came to, one line each: an append-only file of JSON lines, and its sum.
//!
//! Everything here is pure; `cli/ledger.rs` knows the file. A [`Ledger`] is parsed, takes more
//! [`Entry`]s, and is summed up by [`Summary::of`], which counts by date: the order in which entries
//! were added does not matter.

mod entry;
mod lines;
mod summary;
#[cfg(test)]
mod tests;
mod text;

pub use entry::{Entry, EntryError, MetricTimes, RUN_CHECK, SCHEMA, Tally};
pub use lines::{Duplicate, Ledger, LineError, whole_lines};
pub use summary::{
    CheckSummary, FLAG_FAILURES, FLAG_WINDOW, StageTrend, Summary, TopologySummary, Window,
};
