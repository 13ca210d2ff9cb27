//! Homes and their onion daemons.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde::Serialize;

use super::control::Control;
use super::shown::{names_only, redacted};
use crate::connectors::{Configuration, DeployedFile, Deployment, Ports};
use crate::onion::anonrc::SOCKS_PORT;
use crate::onion::{OnionAddress, ServiceKeys};
use crate::secret::Secret;

/// One home: its onion daemon, connector and server in one network namespace.
#[derive(Clone, Serialize)]
pub struct HomePlan {
    /// The home's id, which is its connector's as well.
    pub id: String,
    /// The ILP prefix it delivers.
    pub prefix: String,
    /// Who runs the onion daemon, and what it is.
    #[serde(flatten)]
    pub daemon: DaemonPlan,
    /// The connector's container.
    pub connector: String,
    /// The container of the connector's server and of the harness's helper.
    pub bls: String,
    /// Whether the server's container is the first, though there is one for the daemon alone: what starts
    /// again would else leave the others in a network that is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub server_first: bool,
    /// The home's bridge.
    pub network: String,
    /// The home's address on its bridge.
    pub address: Ipv4Addr,
    /// The home's router: its bridge's own address.
    pub gateway: Ipv4Addr,
    /// Where the connector and its server listen.
    #[serde(skip)]
    pub ports: Ports,
    /// The key by which the connector is controlled.
    #[serde(serialize_with = "redacted")]
    pub admin_key: Secret,
    /// The connector's environment, with the secrets of those who dial this home.
    #[serde(serialize_with = "names_only")]
    pub environment: Vec<(String, Secret)>,
    /// What the connector and its server are given besides.
    #[serde(skip)]
    pub configuration: Configuration,
    /// The service of a deployment that the connector is; `None` for the topology's connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed: Option<DeployedPlan>,
}

/// A home's connector as an operator has deployed it.
#[derive(Clone, Serialize)]
pub struct DeployedPlan {
    /// What is deployed.
    #[serde(skip)]
    pub service: Arc<Deployment>,
    /// The image.
    pub image: String,
    /// Its files that are put in as they are.
    #[serde(skip)]
    pub files: Vec<DeployedFile>,
    /// What its environment has to hold for the home's peers, whatever the deployment says: their secrets, and
    /// whether peers without one are let in.
    #[serde(serialize_with = "names_only")]
    pub expected: Vec<(String, Secret)>,
    /// What of the deployment was replaced, added and left out, for people.
    pub notes: Vec<String>,
}

impl DeployedPlan {
    /// What is deployed, and what of it is not as it was, in lines.
    pub fn told(&self) -> impl Iterator<Item = String> {
        let Deployment {
            file,
            service,
            image,
            ..
        } = &*self.service;
        let what = format!("its connector is the service {service} of {file}, image {image}");
        std::iter::once(what).chain(self.notes.iter().cloned())
    }
}

/// Who runs a home's onion daemon.
#[derive(Clone, Serialize)]
#[serde(tag = "daemon", rename_all = "kebab-case")]
pub enum DaemonPlan {
    /// A container of its own.
    Sidecar {
        /// That container.
        #[serde(rename = "sidecar")]
        container: String,
        /// The daemon.
        #[serde(flatten)]
        onion: OnionPlan,
    },
    /// The connector.
    Managed {
        /// The daemon.
        #[serde(flatten)]
        onion: OnionPlan,
    },
    /// Nobody.
    None,
}

/// A home's onion daemon with its onion service.
#[derive(Clone, Serialize)]
pub struct OnionPlan {
    /// The daemon's nickname.
    pub nickname: String,
    /// Its control port.
    pub control: Control,
    /// The port that the connector is told of as the daemon's SOCKS port: that of the relay that
    /// records what it asks for.
    pub socks_port: u16,
    /// The onion service's address.
    #[serde(rename = "onion")]
    pub address: OnionAddress,
    /// The onion service's keys.
    #[serde(skip)]
    pub keys: ServiceKeys,
    /// The named volume that the keys come from, if they outlive the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
}

impl DaemonPlan {
    /// The daemon, if there is one.
    #[must_use]
    pub fn onion(&self) -> Option<&OnionPlan> {
        match self {
            Self::Sidecar { onion, .. } | Self::Managed { onion } => Some(onion),
            Self::None => None,
        }
    }

    /// The daemon, if there is one.
    pub(crate) fn onion_mut(&mut self) -> Option<&mut OnionPlan> {
        match self {
            Self::Sidecar { onion, .. } | Self::Managed { onion } => Some(onion),
            Self::None => None,
        }
    }
}

impl HomePlan {
    /// Port of the recording relay between the connector and its daemon's SOCKS port.
    pub const RECORDER_PORT: u16 = 9150;
    /// First port of the home's forwarder, which listens on one for each peer that it dials for the
    /// connector.
    pub const FORWARDER_PORT: u16 = 9200;
    /// Port of the home where the SOCKS and DNS recorder records whatever connects: nobody has to.
    pub const ARRIVALS_PORT: u16 = 9152;
    /// Port of the home where the SOCKS and DNS recorder shows what it has recorded so far.
    pub const RECORD_PORT: u16 = 9153;

    /// The home's onion daemon and onion service, if it has them.
    #[must_use]
    pub fn onion(&self) -> Option<&OnionPlan> {
        self.daemon.onion()
    }

    /// Whether the home has an onion daemon, and with it an onion service.
    #[must_use]
    pub fn is_onion(&self) -> bool {
        self.onion().is_some()
    }

    /// The operator's own secrets that its deployment gives its connector. Shorter ones are part of too many words.
    pub(super) fn deployed_secrets(&self) -> impl Iterator<Item = Secret> {
        let service = self.deployed.iter().map(|deployed| &deployed.service);
        let secrets =
            service.flat_map(|service| service.environment.iter().filter(|one| one.is_secret));
        let values = secrets.filter_map(|one| one.value.clone());
        values.filter(|value| value.expose().len() >= 8)
    }

    /// The container of the daemon alone, if there is one.
    #[must_use]
    pub fn sidecar(&self) -> Option<&str> {
        match &self.daemon {
            DaemonPlan::Sidecar { container, .. } => Some(container),
            DaemonPlan::Managed { .. } | DaemonPlan::None => None,
        }
    }

    /// The container that starts first and that the home's others share the network of.
    #[must_use]
    pub fn first(&self) -> &str {
        match self.sidecar() {
            Some(sidecar) if !self.server_first => sidecar,
            _ => &self.bls,
        }
    }

    /// The container in which the daemon runs.
    #[must_use]
    pub fn daemon_container(&self) -> Option<&str> {
        match &self.daemon {
            DaemonPlan::Sidecar { container, .. } => Some(container),
            DaemonPlan::Managed { .. } => Some(&self.connector),
            DaemonPlan::None => None,
        }
    }

    /// All containers of the home with their roles, those that explain most first.
    #[must_use]
    pub fn containers(&self) -> Vec<(String, String)> {
        let mut all = vec![
            (self.connector.clone(), format!("{}/connector", self.id)),
            (self.bls.clone(), format!("{}/bls", self.id)),
        ];
        let sidecar = self.sidecar();
        all.extend(sidecar.map(|name| (name.to_owned(), format!("{}/sidecar", self.id))));
        all
    }

    /// A port of this home as the harness reaches it from the machine.
    #[must_use]
    pub fn socket(&self, port: u16) -> SocketAddr {
        SocketAddr::from((self.address, port))
    }

    /// Every port of the home that the harness dials.
    #[must_use]
    pub fn dialled_ports(&self) -> Vec<u16> {
        let mut ports = self.ports.all();
        ports.push(Self::RECORD_PORT);
        if let Some(onion) = self.onion() {
            ports.extend([SOCKS_PORT, onion.control.address.port()]);
        }
        ports
    }
}
