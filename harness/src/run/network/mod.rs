//! Networks that stand by: a private network lives for hours, and runs join it with homes of their
//! own, one after another and side by side.
//!
//! `choice` decides for a run which network its homes meet in; `look` holds a network that stands
//! against what a run relies on, before it is joined; `keep` brings one up and removes it. Which ones
//! there are, and which runs use them, is in the state folder
//! ([`PersistedNetwork`](crate::run::PersistedNetwork)).

mod choice;
mod keep;
mod look;

pub(in crate::run) use choice::{Chosen, choose};
pub use keep::{KnownNetwork, network_down, network_status, network_up};
