//! What keeps a run from being judged, though nothing is wrong with the homes.

use std::time::Duration;

/// Reason of a connection for which the system has no route (control-spec, `ORCONN`).
pub(in crate::run) const NO_ROUTE: &str = "NOROUTE";

/// What keeps a run from being judged. Says something of the place where it runs and nothing of the
/// homes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreflightFailure {
    /// The home's engine has no way out.
    #[error(
        "no route to the internet from {home}: all {dials} connections of its onion daemon failed with {NO_ROUTE}; connect the machine that its engine runs on, and look at that machine's default route"
    )]
    NoRoute {
        /// The home.
        home: String,
        /// How many connections were tried.
        dials: usize,
    },
    /// Nobody of the network answers.
    #[error(
        "the network's authorities and relays cannot be reached from {home}: {seen} within {} s; a firewall may drop or refuse the connections", .waited.as_secs()
    )]
    Unreachable {
        /// The home.
        home: String,
        /// What became of the connections.
        seen: String,
        /// How long it was tried.
        waited: Duration,
    },
    /// Connections are taken, but not by the network.
    #[error(
        "a captive or blocking network between {home} and the onion network: bootstrap is stuck at {percent} % ({tag}), {seen}; log in to the network's portal, or use one that lets the daemon through"
    )]
    Blocked {
        /// The home.
        home: String,
        /// Bootstrap percentage.
        percent: u8,
        /// Its tag.
        tag: String,
        /// What became of the connections, and the daemon's reason.
        seen: String,
    },
    /// The operator has not agreed to the network's terms.
    #[error(
        "the network's terms and conditions are not agreed to, so {home}'s onion daemon ends; read them, and write terms = \"agreed\" into the topology's [network] table"
    )]
    Terms {
        /// The home.
        home: String,
    },
}
