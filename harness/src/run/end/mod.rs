//! The end of a run: collect, diagnose, remove; and the process that removes when this one cannot.

pub(in crate::run) mod collect;
pub(in crate::run) mod diagnose;
pub(in crate::run) mod reaper;

pub use collect::{NodeLog, remove_kept};
pub use reaper::reap;
