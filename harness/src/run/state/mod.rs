//! What this machine knows of its runs, on disk and by locks: `registry` has a folder per run, with
//! its record and the lock of the process that works on it, and a lock per topology that `up` brings
//! up; `networks` are those that stand by, with the runs that use them; `persisted` is everything that finds a topology again which was left running; `condition` is
//! what all of it says of a run that is found on an engine.
//!
//! A file that cannot be read is an error that names it, and never the same as one that is not there.

mod condition;
mod files;
mod locks;
mod networks;
mod persisted;
mod registry;
mod source;

pub use condition::{Condition, Fate};
pub use files::{StateError, Unreadable};
pub use locks::{Owner, RunLock, Starting, TopologyLock, Verb, is_announced};
pub use networks::{NetworkUse, PersistedNetwork, Release};
pub use persisted::PersistedRun;
pub use registry::{KnownRun, Life, Registry, RunRecord};
pub use source::{ConnectorSource, ProfileText, SourceError, TopologySource};

#[cfg(test)]
mod tests;
