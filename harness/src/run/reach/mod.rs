//! How the harness gets to containers' ports.

mod tunnel;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use crate::engine::Engines;
use crate::plan::{HomePlan, OnionPlan, Plan};
pub use crate::run::reach::tunnel::Tunnel;
use crate::topology::{EnginePlace, Topology};

/// The ways to containers' ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Way {
    /// The container's own address, which this machine has a route to.
    Direct,
    /// A port on this machine, carried by the container's engine.
    Tunnels,
    /// Homes' ports through tunnels, and those of nodes directly.
    HomesByTunnels,
}

impl Way {
    /// The way to a topology's homes that is tried first. A network of its own runs on an engine of this
    /// machine, which mostly has a route to all of its containers' addresses; homes that join another
    /// network stand on engines that may be anywhere.
    pub(in crate::run) fn of(topology: &Topology, asked_for_tunnels: bool) -> Self {
        match topology.network.engines() {
            EnginePlace::ThisMachine if !asked_for_tunnels => Self::Direct,
            EnginePlace::ThisMachine | EnginePlace::Anywhere => Self::Tunnels,
        }
    }

    /// The way to a topology that runs already: as it was found when it was brought up, which shows by the
    /// container through which its nodes are reached.
    pub(in crate::run) async fn to_running(self, engines: &Engines, plan: &Plan) -> Self {
        // Without that container the engine refuses to tell of it.
        match engines.common().exit_status(&plan.bridge_head()).await {
            Ok(None) => Self::Tunnels,
            Ok(Some(_)) | Err(_) if self == Self::Tunnels => Self::HomesByTunnels,
            Ok(Some(_)) | Err(_) => self,
        }
    }
}

/// Every port that the harness dials, as it dials it. Tunnels live as long as this.
pub(in crate::run) struct Reach {
    tunnels: HashMap<SocketAddr, Tunnel>,
}

impl Reach {
    /// The direct way to everything.
    pub(in crate::run) fn direct() -> Self {
        Self {
            tunnels: HashMap::new(),
        }
    }

    /// Opens the way to a plan's homes, and to the nodes of the network that it makes.
    ///
    /// # Errors
    ///
    /// What the system says when this machine has no port left.
    pub(in crate::run) fn open(way: Way, engines: &Engines, plan: &Plan) -> std::io::Result<Self> {
        let mut reach = Self::direct();
        if way == Way::Direct {
            return Ok(reach);
        }
        for home in &plan.homes {
            for port in home.dialled_ports() {
                let local = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let tunnel = Tunnel::open(engines.of(&home.id), &home.bls, local)?;
                reach.tunnels.insert(home.socket(port), tunnel);
            }
        }
        if way == Way::Tunnels && plan.makes_network() {
            let head = plan.bridge_head();
            for node in plan.nodes() {
                let directory = node.published.dir_port;
                let directory = directory.map(|port| SocketAddr::from((node.address, port)));
                for address in directory.into_iter().chain([node.control.address]) {
                    let tunnel = Tunnel::open(engines.common(), &head, address)?;
                    reach.tunnels.insert(address, tunnel);
                }
            }
        }
        Ok(reach)
    }

    /// Where to dial a container's address.
    pub(in crate::run) fn to(&self, address: SocketAddr) -> SocketAddr {
        self.tunnels.get(&address).map_or(address, Tunnel::address)
    }

    /// Where to dial a port of a home.
    pub(in crate::run) fn socket(&self, home: &HomePlan, port: u16) -> SocketAddr {
        self.to(home.socket(port))
    }

    /// Where to dial the control port of a home's daemon.
    pub(in crate::run) fn control(&self, home: &HomePlan, onion: &OnionPlan) -> SocketAddr {
        self.socket(home, onion.control.address.port())
    }
}
