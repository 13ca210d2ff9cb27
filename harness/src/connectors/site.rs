//! What a connector is told of the place where it runs.

use std::net::SocketAddr;

use super::Ports;
use crate::onion::OnionAddress;
use crate::secret::Secret;

/// The home of one connector.
#[derive(Debug)]
pub struct Site<'a> {
    /// The home's id, which is what its peers know it by.
    pub id: &'a str,
    /// The ILP address prefix of what is delivered here.
    pub prefix: &'a str,
    /// The ports that it has asked for.
    pub ports: &'a Ports,
    /// The home's onion daemon; `None` without one.
    pub daemon: Option<Daemon<'a>>,
    /// The key that whoever controls the connector has to know.
    pub control_key: &'a Secret,
    /// Where packets for others go.
    pub routes: Vec<Route<'a>>,
    /// Who may come in, in the order of the topology.
    pub callers: Vec<Caller<'a>>,
    /// Whether peers may come in without a secret.
    pub admits_without_secret: bool,
    /// Whom it dials.
    pub dials: Vec<PeerToDial>,
    /// What it is there for.
    pub purpose: Purpose<'a>,
}

/// What a connector is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// To be judged in a run, which tells it of its peers when they can be reached. Its server is beside it, in its
    /// network namespace.
    Judged,
    /// To serve its operator, and to know its peers after a restart too.
    Serving {
        /// The URL of the server that takes what is delivered.
        handler: &'a str,
    },
}

/// A home's onion daemon, as its connector sees it.
#[derive(Debug)]
pub struct Daemon<'a> {
    /// Its SOCKS port, or that of the relay before it which records what is asked for.
    pub proxy: SocketAddr,
    /// Who starts it.
    pub started_by: StartedBy<'a>,
}

/// Who starts a home's onion daemon.
#[derive(Debug)]
pub enum StartedBy<'a> {
    /// Not the connector, which is told its own address.
    Other {
        /// The home's onion address.
        address: &'a OnionAddress,
    },
    /// The connector.
    Connector {
        /// The daemon's program.
        program: &'a str,
        /// Its configuration, which is there.
        configuration: &'a str,
        /// The folder of its onion service.
        service: &'a str,
    },
}

/// Where packets for a prefix go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// The prefix.
    pub prefix: &'a str,
    /// The id of the peer that they are handed to.
    pub next: &'a str,
}

/// A peer that dials this home.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who it is.
    pub who: Who,
    /// The secret that it sends; empty where none is asked for.
    pub secret: &'a Secret,
}

/// Who comes to a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Another home's connector.
    Home,
    /// The harness's own peer, which is like a home that has no connector.
    Probe,
}

/// A peer that a connector dials.
#[derive(Debug, Clone)]
pub struct PeerToDial {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub url: Secret,
    /// What it is sent as proof of who dials; empty where it asks for nothing.
    pub token: Secret,
    /// Whether the connector is to dial it through the home's SOCKS proxy. Where a forwarder does that
    /// for it, the URL is the forwarder's.
    pub proxied: bool,
}
