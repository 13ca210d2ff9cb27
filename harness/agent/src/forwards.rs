//! What a home's forwarder is told: where it listens, and the onion address that it dials for whoever connects
//! there. The file is a JSON list of these, of mode 0600.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::record::Name;

/// One peer that the forwarder dials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardTo {
    /// Where connections are accepted.
    pub listen: SocketAddr,
    /// The name that is asked of the SOCKS proxy for each of them.
    pub host: Name,
    /// The port.
    pub port: u16,
}
