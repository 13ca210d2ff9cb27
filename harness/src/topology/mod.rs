//! What is to be run: authorities, relays, homes, peerings, deadlines and budgets, as pure data.
//!
//! A topology is read from TOML by [`Topology::parse`], which touches no environment and reports
//! every mistake at once, each with its line and its path.

mod bound;
mod draw;
mod extra;
mod fault;
mod fault_catalogue;
mod fault_file;
mod mistake;
mod model;
mod network;
mod parse;
mod prefix;
mod soak;
mod units;
mod validate;
mod wan;

pub use crate::toml_file::{DurationError, Mistake, parse_duration};
pub use bound::{Bound, BoundError};
pub use draw::draws;
pub use fault::{Fault, FaultKind, FaultNodes, FaultTarget, Lasts};
pub use fault_catalogue::{FAULTS, NamedFault};
pub use mistake::TopologyError;
pub use model::{
    Auth, BELOW, Budget, ComposeService, DECOY, Daemon, Deadlines, Home, Metric, NOWHERE, Path,
    Peering, Probe, Topology, Transport, WARM_UP,
};
pub use network::{EnginePlace, Network, NetworkKind, Publication};
pub use parse::Choices;
pub(crate) use prefix::{is_prefix, overlaps};
pub use soak::Soak;
pub use units::{format_age, format_duration};
pub use wan::{Access, Wan};
