//! What connectors are told of their homes and of each other.

use std::net::{Ipv4Addr, SocketAddr};

use super::containers::ANONRC;
use super::home::{DaemonPlan, HomePlan};
use super::model::Plan;
use super::peer::PeeringPlan;
use crate::connectors::{Caller, Configuration, Daemon, PeerToDial, Route, Site, StartedBy};
use crate::onion::anonrc::{self, SERVICE_DIRECTORY};
use crate::secret::Secret;
use crate::topology::Transport;

impl Plan {
    /// What a home's connector and its server are given.
    #[must_use]
    pub fn configuration(&self, home: &HomePlan) -> Configuration {
        self.topology.connector.configure(&self.site(home))
    }

    /// The accepting home of a peering, as the dialling one is told of it. `None` when the plan lacks
    /// the home, or it has nothing that can be dialled in this way; validation refuses both.
    #[must_use]
    pub fn dial(&self, peering: &PeeringPlan) -> Option<PeerToDial> {
        let to = self.home(&peering.to)?;
        let port = to.ports.of(&peering.from)?;
        let host = match peering.transport {
            Transport::Onion => to.onion()?.address.expose().to_owned(),
            Transport::Direct => to.address.to_string(),
        };
        Some(PeerToDial {
            id: to.id.clone(),
            url: Secret::new(format!("ws://{host}:{port}")),
            token: peering.secret.clone(),
            proxied: peering.transport == Transport::Onion,
        })
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

    fn site<'a>(&'a self, home: &'a HomePlan) -> Site<'a> {
        let others = self.homes.iter().filter(|other| other.id != home.id);
        let routes = others.filter_map(|other| {
            let next = self.topology.next_hop(&home.id, &other.id)?;
            let prefix = &other.prefix;
            Some(Route { prefix, next })
        });
        let calling = self.peerings.iter().filter(|one| one.to == home.id);
        let callers = calling.map(|peering| Caller {
            id: &peering.from,
            secret: &peering.secret,
        });
        let probe = (self.probe.to == home.id).then_some(Caller {
            id: &self.probe.id,
            secret: &self.probe.secret,
        });
        let dialled = self.peerings.iter().filter(|one| one.from == home.id);
        let dials = dialled.filter_map(|peering| self.dial(peering));
        let decoy = home.is_onion().then(|| self.dial_decoy());
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
