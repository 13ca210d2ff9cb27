//! The ways into a home that runs: to its daemon, its connector and its server, all through its engine.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::containers::Part;
use super::error::HomeError;
use super::folder::Home;
use crate::connectors::toon::BLS_PORT;
use crate::connectors::{Accounts, Contact, Control as Connector};
use crate::engine::Engine;
use crate::local;
use crate::onion::anonrc::{CONTROL_PORT, SOCKS_PORT};
use crate::onion::control::ControlError;
use crate::onion::monitor::Monitor;
use crate::run::Tunnel;

/// Time between two attempts.
const POLL: Duration = Duration::from_millis(200);

/// The ways into one home.
pub(super) struct Ways {
    home: String,
    control: Tunnel,
    socks: Tunnel,
    ports: BTreeMap<u16, Tunnel>,
}

impl Ways {
    pub(super) fn open(home: &Home, engine: &Engine) -> Result<Self, HomeError> {
        let helper = home.container(Part::Helper);
        let settings = &home.settings;
        let open = |address: Ipv4Addr, port: u16| {
            let target = SocketAddr::new(IpAddr::V4(address), port);
            Tunnel::open(engine, &helper, target).map_err(HomeError::Port)
        };
        let mut ports = BTreeMap::new();
        for port in home.ports()?.all() {
            let address = match port {
                BLS_PORT => settings.server(),
                _ => settings.of_connector(),
            };
            ports.insert(port, open(address, port)?);
        }
        Ok(Self {
            home: settings.id.clone(),
            control: open(settings.daemon(), CONTROL_PORT)?,
            socks: open(settings.daemon(), SOCKS_PORT)?,
            ports,
        })
    }

    /// Where the daemon's SOCKS port is dialled.
    pub(super) fn proxy(&self) -> SocketAddr {
        self.socks.address()
    }

    /// The daemon under observation, as soon as its control port answers.
    pub(super) async fn daemon(
        &self,
        home: &Home,
        limit: Duration,
    ) -> Result<Monitor, ControlError> {
        let until = Instant::now() + limit;
        let password = home.keys.control.password();
        loop {
            match Monitor::attach(&self.home, self.control.address(), password).await {
                Err(ControlError::Connect { .. }) if Instant::now() < until => sleep(POLL).await,
                result => return result,
            }
        }
    }

    /// The connector.
    pub(super) fn connector(&self, home: &Home) -> Result<Box<dyn Connector>, HomeError> {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let socket = |port: u16| self.ports.get(&port).map_or(nowhere, Tunnel::address);
        let contact = Contact {
            home: &self.home,
            key: &home.keys.admin,
            socket: &socket,
            http: &local::client(),
            accounts: &Accounts::default(),
        };
        Ok(home.settings.kind()?.control(&contact))
    }
}
