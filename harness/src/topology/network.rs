//! The network that the homes meet in, and what follows from whose it is.

use std::time::Duration;

use serde::Serialize;

use super::units::millis;
use crate::onion::TldFamily;

/// The onion network that the homes meet in: a private one of real daemons, which the run makes and
/// removes, or the public one, which the homes' daemons join as clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// Whose network it is.
    pub kind: NetworkKind,
    /// Whether the operator agrees to the public network's terms (anon's `terms-agreement` file). A
    /// daemon does not start without it. In a private network there is nobody to agree with.
    pub terms_agreed: bool,
    /// The TLD family the daemons speak; an address of another family is a failure.
    pub family: TldFamily,
    /// Number of directory authorities (`AuthoritativeDirectory`) that the run makes. An odd number,
    /// at least 3; none for the public network.
    pub authorities: usize,
    /// Number of relays that the run makes and that are not authorities, at least 4; none for the
    /// public network.
    pub relays: usize,
    /// Whether the run makes a network of its own also where one stands by that would fit: the
    /// network itself is what the topology is about.
    pub own: bool,
    /// How often the authorities agree on a new consensus (`V3AuthVotingInterval`).
    #[serde(with = "millis")]
    pub voting_interval: Duration,
}

impl Network {
    /// Whether it has nodes that the harness makes: authorities, relays, and a bridge for them.
    #[must_use]
    pub const fn has_own_nodes(&self) -> bool {
        matches!(self.kind, NetworkKind::Private)
    }

    /// Where the engines of its homes may be.
    #[must_use]
    pub const fn engines(&self) -> EnginePlace {
        match self.kind {
            NetworkKind::Private => EnginePlace::ThisMachine,
            NetworkKind::Public => EnginePlace::Anywhere,
        }
    }

    /// Whether the daemons may be told that their operator agrees to its terms. Of a network of one's
    /// own there is nobody to agree with.
    #[must_use]
    pub const fn terms_are_settled(&self) -> bool {
        match self.kind {
            NetworkKind::Private => true,
            NetworkKind::Public => self.terms_agreed,
        }
    }

    /// What is enough of an onion service's descriptors to be found.
    #[must_use]
    pub const fn publication(&self) -> Publication {
        match self.kind {
            NetworkKind::Private => Publication::Everywhere,
            NetworkKind::Public => Publication::Half,
        }
    }
}

/// Where engines may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnginePlace {
    /// All on one engine of this machine, whose containers' addresses the harness dials.
    ThisMachine,
    /// On any engines: homes need nothing of each other, and are dialled through tunnels.
    Anywhere,
}

/// When an onion service counts as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// Every HSDir has its descriptors: all of them are nodes of the harness.
    Everywhere,
    /// Half of the HSDirs have: of those that others run some are always out of order.
    Half,
}

/// Whose network it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// One that the run makes; nothing leaves the machine.
    Private,
    /// The public one, known to the daemons by the authorities that are built into them, or by those
    /// of a stand-in.
    Public,
}

impl NetworkKind {
    /// Every kind, in the order of messages.
    pub const ALL: [Self; 2] = [Self::Private, Self::Public];

    /// The name in topology files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}
