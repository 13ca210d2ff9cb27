//! Link shaping between the nodes of a private network.

use std::time::Duration;

use serde::Serialize;

use super::units::millis;

/// How far every authority and relay is from the internet's middle. Everything that enters or
/// leaves a node by its published OR port is delayed; a path of seven links between two homes
/// adds seven delays in each direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wan {
    /// What the delays are drawn from: equal seeds give equal delays.
    pub seed: u64,
    /// What holds for a node without an entry of its own.
    pub access: Access,
    /// Nodes that differ, by nickname.
    #[serde(rename = "node", skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<(String, Access)>,
}

/// One node's connection to the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Delay in one direction.
    #[serde(with = "millis")]
    pub latency: Duration,
    /// By how much a delay may be shorter or longer. Bytes never overtake each other.
    #[serde(with = "millis")]
    pub jitter: Duration,
    /// Bytes per second in each direction.
    pub bandwidth: u64,
}

impl Wan {
    /// A node's connection.
    #[must_use]
    pub fn of(&self, nickname: &str) -> Access {
        self.nodes
            .iter()
            .find(|(name, _)| name == nickname)
            .map_or(self.access, |(_, access)| *access)
    }
}
