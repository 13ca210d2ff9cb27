//! Networks that stand by: a private network lives for hours, and runs join it with homes of their
//! own, one after another and side by side.
//!
//! `choice` decides for a run which network its homes meet in; `find` takes hold of one that stands,
//! after `look` has held it against what a run relies on; `keep` brings one up and removes it; `proof` makes
//! one without nodes, to see whether this machine can be measured with at all. Which ones
//! there are, and which runs use them, is in the state folder
//! ([`PersistedNetwork`](crate::run::PersistedNetwork)).

mod choice;
mod find;
mod keep;
mod look;
mod proof;

pub(in crate::run) use choice::{Chosen, choose};
pub use keep::{KnownNetwork, network_down, network_status, network_up};
pub use proof::prove_instruments;
