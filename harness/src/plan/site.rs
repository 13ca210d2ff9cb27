//! What connectors are told of their homes and of each other.

use std::net::{Ipv4Addr, SocketAddr};

use super::containers::ANONRC;
use super::home::{DaemonPlan, HomePlan};
use super::model::Plan;
use super::peer::PeeringPlan;
use crate::connectors::{Caller, Daemon, PeerToDial, Purpose, Route, Site, StartedBy, Who};
use crate::onion::OnionAddress;
use crate::onion::anonrc::{self, SERVICE_DIRECTORY};
use crate::secret::Secret;
use crate::topology::Transport;

/// A peer that a home's forwarder dials for the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardPlan {
    /// Its id.
    pub peer: String,
    /// Where the connector dials it.
    pub listen: SocketAddr,
    /// Its onion address.
    pub host: OnionAddress,
    /// The port of its onion service.
    pub port: u16,
}

impl Plan {
    /// The accepting home of a peering, as the dialling one is told of it: where it is, or where the
    /// forwarder listens that dials it. `None` when the plan lacks the home, or it has nothing that can
    /// be dialled in this way; validation refuses both.
    #[must_use]
    pub fn dial(&self, peering: &PeeringPlan) -> Option<PeerToDial> {
        let to = self.home(&peering.to)?;
        let forwards = self.forwards(&peering.from);
        let forward = forwards.iter().find(|forward| forward.peer == to.id);
        let (place, proxied) = match (peering.transport, forward) {
            (Transport::Onion, Some(forward)) => (forward.listen.to_string(), false),
            (Transport::Onion, None) => {
                let host = to.onion()?.address.expose();
                (format!("{host}:{}", to.ports.of(&peering.from)?), true)
            }
            (Transport::Direct, _) => {
                let port = to.ports.of(&peering.from)?;
                (to.socket(port).to_string(), false)
            }
        };
        Some(PeerToDial {
            id: to.id.clone(),
            url: Secret::new(format!("ws://{place}")),
            token: peering.secret.clone(),
            proxied,
        })
    }

    /// What a home's forwarder dials for a connector that cannot dial by SOCKS; nothing for one that can.
    #[must_use]
    pub fn forwards(&self, home: &str) -> Vec<ForwardPlan> {
        if self.topology.connector.capabilities().dials_by_socks {
            return Vec::new();
        }
        let dialled = self.peerings.iter().filter(|one| one.from == home);
        let onion = dialled.filter(|one| one.transport == Transport::Onion);
        onion
            .zip(HomePlan::FORWARDER_PORT..)
            .filter_map(|(peering, port)| {
                let to = self.home(&peering.to)?;
                Some(ForwardPlan {
                    peer: to.id.clone(),
                    listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                    host: to.onion()?.address.clone(),
                    port: to.ports.of(&peering.from)?,
                })
            })
            .collect()
    }

    /// Whether connectors are told of the peer that does not exist. One that a forwarder dials for knows no
    /// onion address, so that a peer on one would show nothing of it.
    #[must_use]
    pub fn has_decoy(&self, home: &HomePlan) -> bool {
        home.is_onion() && self.topology.connector.capabilities().dials_by_socks
    }

    /// The peer that does not exist, as connectors are told of it.
    #[must_use]
    pub fn dial_decoy(&self) -> PeerToDial {
        let (host, port) = (self.decoy.onion.expose(), HomePlan::ARRIVALS_PORT);
        PeerToDial {
            id: self.decoy.id.clone(),
            url: Secret::new(format!("ws://{host}:{port}")),
            token: self.decoy.token.clone(),
            proxied: true,
        }
    }

    pub(super) fn site<'a>(&'a self, home: &'a HomePlan) -> Site<'a> {
        let others = self.homes.iter().filter(|other| other.id != home.id);
        let routes = others.filter_map(|other| {
            let next = self.topology.next_hop(&home.id, &other.id)?;
            let prefix = &other.prefix;
            Some(Route { prefix, next })
        });
        let calling = self.peerings.iter().filter(|one| one.to == home.id);
        let callers = calling.map(|peering| Caller {
            id: &peering.from,
            who: Who::Home,
            secret: &peering.secret,
        });
        let probe = (self.probe.to == home.id).then_some(Caller {
            id: &self.probe.id,
            who: Who::Probe,
            secret: &self.probe.secret,
        });
        let dialled = self.peerings.iter().filter(|one| one.from == home.id);
        let dials = dialled.filter_map(|peering| self.dial(peering));
        let decoy = self.has_decoy(home).then(|| self.dial_decoy());
        Site {
            id: &home.id,
            prefix: &home.prefix,
            ports: &home.ports,
            daemon: self.daemon_of(home),
            control_key: &home.admin_key,
            routes: routes.collect(),
            callers: callers.chain(probe).collect(),
            admits_without_secret: self.topology.allows_no_auth(&home.id),
            dials: dials.chain(decoy).collect(),
            purpose: Purpose::Judged,
        }
    }

    fn daemon_of<'a>(&'a self, home: &'a HomePlan) -> Option<Daemon<'a>> {
        let onion = home.onion()?;
        let started_by = match &home.daemon {
            DaemonPlan::Managed { .. } => StartedBy::Connector {
                program: anonrc::program(self.topology.network.family),
                configuration: ANONRC,
                service: SERVICE_DIRECTORY,
            },
            DaemonPlan::Sidecar { .. } | DaemonPlan::None => StartedBy::Other {
                address: &onion.address,
            },
        };
        Some(Daemon {
            proxy: SocketAddr::from((Ipv4Addr::LOCALHOST, onion.socks_port)),
            started_by,
        })
    }
}
