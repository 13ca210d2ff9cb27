//! What a check is.

use super::Observations;
use super::need::Need;
use crate::evidence::{Basis, Finding};
use crate::topology::NetworkKind;

/// One entry of the catalogue.
pub struct Check {
    /// `family.name`.
    pub id: &'static str,
    /// What it holds a connector to.
    pub basis: Basis,
    /// The section or statement of the contract that it stands on; empty where it is about the network
    /// or the harness itself.
    pub stands_on: &'static str,
    /// What is true when it passes, as one sentence.
    pub says: &'static str,
    /// What it can be asked of.
    pub scope: Scope,
    /// What the connector has to be able to do.
    pub needs: Need,
    /// Judges what was seen.
    pub judge: fn(&Observations) -> Finding,
}

/// The topologies that a check can be asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every topology.
    Every,
    /// Those whose network the run makes: in another nobody lets us ask the authorities, and homes are
    /// not locked down, away from the rest of the world.
    PrivateNetwork,
    /// Those whose homes join a network that others run.
    PublicNetwork,
    /// Those that have faults, and soaks.
    Faults,
}

impl Scope {
    /// Whether a topology with such a network, and with faults or without, is in it.
    #[must_use]
    pub const fn holds(self, network: NetworkKind, faults: bool) -> bool {
        match self {
            Self::Every => true,
            Self::PrivateNetwork => matches!(network, NetworkKind::Private),
            Self::PublicNetwork => matches!(network, NetworkKind::Public),
            Self::Faults => faults,
        }
    }

    /// Where it applies, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Every => "every topology",
            Self::PrivateNetwork => "a network that the run makes",
            Self::PublicNetwork => "a network that others run",
            Self::Faults => "a topology with faults",
        }
    }
}
