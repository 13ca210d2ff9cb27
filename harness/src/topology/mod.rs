//! What is to be run: authorities, relays, homes, peerings, deadlines and budgets, as pure data.
//!
//! A topology is read from TOML by [`Topology::parse`], which touches no environment and reports
//! every mistake at once, each with its line and its path.

mod fields;
mod model;
mod parse;
mod units;
mod validate;

pub use model::{
    Auth, Budget, Deadlines, Home, Metric, Network, Peering, Probe, Topology, secret_variable,
};
pub use parse::{Mistake, TopologyError};
pub use units::{DurationError, format_duration, parse_duration};
