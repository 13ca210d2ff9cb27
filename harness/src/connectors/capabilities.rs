//! What a connector can do, and what it owes its peers, as data.

use std::time::Duration;

use wire::Dialect;

/// What a connector can do, where connectors differ. What it cannot do is left out of a run, and a
/// check that needs it is unsupported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Which bytes it speaks with its peers.
    pub dialect: Dialect,
    /// When it learns of the peers that it dials.
    pub peers: PeersKnown,
    /// Whether it dials its peers itself through a SOCKS5 proxy that resolves their names.
    pub dials_by_socks: bool,
    /// Whether it can start an onion daemon itself (`daemon = "managed"` in a topology).
    pub runs_daemon: bool,
    /// Whether it hands on packets of an amount above 0 that carry no claim for it.
    pub forwards_amounts: bool,
    /// Whether it says which of its peers are connected ([`Control::peers`](super::Control::peers)).
    pub lists_peers: bool,
    /// Whether its server records every packet that is delivered
    /// ([`Control::received`](super::Control::received)).
    pub records_deliveries: bool,
    /// Whether it says how it is ([`Control::health`](super::Control::health)).
    pub tells_health: bool,
    /// Whether its log lines have levels ([`Connector::level`](super::Connector::level)).
    pub logs_levels: bool,
}

/// When a connector learns of the peers that it dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeersKnown {
    /// From its configuration; it dials them as soon as it runs.
    AtStart,
    /// While it runs ([`Control::register`](super::Control::register)).
    WhenTold,
}

/// What a connector owes those who talk with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// Code of the reject of a packet for which it has no route.
    pub no_route: &'static str,
    /// Code of the reject of a packet that has expired, or has less time left than `hop_time`.
    pub expired: &'static str,
    /// Code of the reject of a packet that its server refuses.
    pub refused_by_server: &'static str,
    /// How much of a packet's time it keeps for itself when it hands it on.
    pub hop_time: Duration,
}

impl Answers {
    /// A time that is too short for another hop, and not over yet.
    #[must_use]
    pub fn too_short(&self) -> Duration {
        self.hop_time * 9 / 10
    }
}
