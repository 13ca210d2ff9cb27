//! Authorities and relays.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use serde::Serialize;

use super::control::Control;
use crate::onion::anonrc::Published;
use crate::topology::Access;

/// Behind link shaping, the daemon's own OR port is this much above the published one.
const OR_BEHIND: u16 = 10_000;

/// What a container is in the topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A directory authority.
    Authority,
    /// A relay.
    Relay,
}

/// An authority or a relay.
#[derive(Clone, Serialize)]
pub struct NodePlan {
    /// Nickname, letters and digits only.
    pub nickname: String,
    /// What it is.
    pub role: Role,
    /// Container name on the engine.
    pub container: String,
    /// Its own address on the relays' bridge.
    pub address: Ipv4Addr,
    /// Where everybody else reaches it.
    pub published: Published,
    /// Its control port.
    pub control: Control,
    /// Whether it is told to publish its descriptor, once all authorities listen.
    pub publishes: bool,
    /// The directory port that its certificate names (`dir-address`), which overrides what others
    /// are configured with; no authority of ours has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified: Option<SocketAddrV4>,
    /// What stands between its published OR port and the daemon; `None` where links are not shaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "distance")]
    pub shaping: Option<ShapingPlan>,
}

impl NodePlan {
    /// All containers of the node with their roles.
    #[must_use]
    pub fn containers(&self) -> Vec<(String, String)> {
        let mut all = vec![(self.container.clone(), self.nickname.clone())];
        if let Some(shaping) = &self.shaping {
            all.push((
                shaping.container.clone(),
                format!("{}/distance", self.nickname),
            ));
        }
        all
    }

    /// Where the daemon itself takes connections on its OR port: all interfaces, or, behind link
    /// shaping, the loopback interface alone.
    #[must_use]
    pub fn or_listener(&self) -> SocketAddr {
        let port = self.published.or_port;
        match &self.shaping {
            None => SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            Some(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, port + OR_BEHIND)),
        }
    }
}

/// The relay that shapes the link of a node, in the node's network namespace.
#[derive(Clone, Serialize)]
pub struct ShapingPlan {
    /// Its container's name on the engine.
    pub container: String,
    /// What it adds.
    pub access: Access,
    /// What its delays are drawn from.
    pub seed: u64,
}
