//! What a check needs of a connector to say anything of it.

use crate::connectors::{Kind, PeersKnown};

/// What a connector has to be able to do for a check. The check of one that cannot is unsupported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing in particular.
    Nothing,
    /// To dial by SOCKS itself: requests that something else makes for it say nothing of it.
    Socks,
    /// To be told of a peer while it runs, and to forget it; and to dial by SOCKS itself, which shows whether
    /// it does.
    Removal,
    /// To hand on amounts above 0 that carry no claim.
    Amounts,
    /// To say how it is, and which of its peers are connected.
    Health,
    /// A server that records what is delivered.
    Deliveries,
    /// A server that refuses packets when it is asked to.
    RefusedDeliveries,
}

impl Need {
    /// What of it a connector cannot do, in words that go on from the connector's name; `None` when it
    /// can do it.
    #[must_use]
    pub fn lacking(self, connector: Kind) -> Option<&'static str> {
        let can = connector.capabilities();
        let (is_met, words) = match self {
            Self::Nothing => return None,
            Self::Socks => (can.dials_by_socks, "does not dial by SOCKS"),
            Self::Removal => (
                can.peers == PeersKnown::WhenTold && can.dials_by_socks,
                "is not told of peers while it runs, or does not dial by SOCKS",
            ),
            Self::Amounts => (
                can.forwards_amounts,
                "hands on nothing above 0 without a claim",
            ),
            Self::Health => (
                can.tells_health && can.lists_peers,
                "does not say how it is, or who is connected",
            ),
            Self::Deliveries => (can.records_deliveries, "has no record of what is delivered"),
            Self::RefusedDeliveries => (
                connector.refused_destination("test").is_some(),
                "delivers to nobody who refuses packets",
            ),
        };
        (!is_met).then_some(words)
    }
}
