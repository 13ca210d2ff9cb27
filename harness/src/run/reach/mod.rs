//! How the harness gets to the homes' ports.

mod tunnel;

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::engine::Engines;
use crate::plan::{HomePlan, OnionPlan, Plan};
use crate::run::reach::tunnel::Tunnel;
use crate::topology::{EnginePlace, Topology};

/// The two ways to a home's port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Way {
    /// The container's own address, which this machine has a route to.
    Direct,
    /// A port on this machine, carried by the home's engine.
    Tunnels,
}

impl Way {
    /// The way to a topology's homes. A network of its own runs on an engine of this machine, which
    /// has a route to all of its containers' addresses; homes that join another network stand on
    /// engines that may be anywhere.
    pub(in crate::run) fn of(topology: &Topology, asked_for_tunnels: bool) -> Self {
        match topology.network.engines() {
            EnginePlace::ThisMachine if !asked_for_tunnels => Self::Direct,
            EnginePlace::ThisMachine | EnginePlace::Anywhere => Self::Tunnels,
        }
    }
}

/// Every port of every home, as the harness dials it. Tunnels live as long as this.
pub(in crate::run) struct Reach {
    tunnels: HashMap<(String, u16), Tunnel>,
}

impl Reach {
    /// Opens the way to a plan's homes.
    ///
    /// # Errors
    ///
    /// What the system says when this machine has no port left.
    pub(in crate::run) fn open(way: Way, engines: &Engines, plan: &Plan) -> std::io::Result<Self> {
        let mut tunnels = HashMap::new();
        if way == Way::Tunnels {
            for home in &plan.homes {
                for port in home.dialled_ports() {
                    let tunnel = Tunnel::open(engines.of(&home.id), &home.bls, port)?;
                    tunnels.insert((home.id.clone(), port), tunnel);
                }
            }
        }
        Ok(Self { tunnels })
    }

    /// Where to dial a port of a home.
    pub(in crate::run) fn socket(&self, home: &HomePlan, port: u16) -> SocketAddr {
        let tunnel = self.tunnels.get(&(home.id.clone(), port));
        tunnel.map_or_else(|| home.socket(port), Tunnel::address)
    }

    /// Where to dial the control port of a home's daemon.
    pub(in crate::run) fn control(&self, home: &HomePlan, onion: &OnionPlan) -> SocketAddr {
        self.socket(home, onion.control.address.port())
    }
}
