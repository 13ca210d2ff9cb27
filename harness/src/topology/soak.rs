//! Soaks: a topology under load for hours, with faults that are drawn from a seed.

use std::time::Duration;

use serde::Serialize;

use super::fault::FaultKind;
use super::fault_catalogue::NamedFault;
use super::units::millis;

/// How a topology is kept busy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Soak {
    /// For how long.
    #[serde(with = "millis")]
    pub lasts: Duration,
    /// What decides which faults are made, on whom, when and for how long. `None` where none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The faults that are drawn from. Each fits the topology.
    #[serde(serialize_with = "names", skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<&'static NamedFault>,
}

fn names<S: serde::Serializer>(
    pool: &[&'static NamedFault],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(pool.iter().map(|fault| fault.name))
}

impl Soak {
    /// Longest, in hours: a daemon may miss so many votes and the network holds all the same.
    pub const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

    /// Whether faults of this kind may come.
    pub(super) fn may(&self, what: impl Fn(&NamedFault) -> bool) -> bool {
        self.seed.is_some() && self.pool.iter().any(|fault| what(fault))
    }

    /// Whether an authority or relay may be broken.
    #[must_use]
    pub fn breaks_nodes(&self) -> bool {
        self.may(|fault| !fault.on.contains("HOME") && fault.what != FaultKind::Slow)
    }
}
