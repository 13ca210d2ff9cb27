//! What a deployment is made of.

use crate::connectors::PeerToDial;
use crate::connectors::toon::{ADMIN_PORT, BTP_PORT};
use crate::onion::TldFamily;
use crate::onion::anonrc::AuthorityLine;
use crate::plan::{HomePlan, Plan};
use crate::secret::Secret;
use crate::topology::Transport;

/// A file of a deployment.
#[derive(Clone, PartialEq, Eq)]
pub struct DeploymentFile {
    /// Its path below the deployment's folder.
    pub path: String,
    /// Permission bits: 0600 where it holds secrets. What is mounted is read by whatever user a container has.
    pub mode: u32,
    /// What it holds.
    pub content: Vec<u8>,
}

/// Who runs the onion daemon of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentMode {
    /// A service of its own, in whose network the connector is.
    Sidecar,
    /// The connector.
    Managed,
}

/// The images of a deployment; one that is not given is left to a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentImages {
    /// The connector.
    pub connector: Option<String>,
    /// The onion daemon, with `anon` (or `tor`) and a shell.
    pub daemon: Option<String>,
    /// What takes the packets that are for this home.
    pub server: Option<String>,
}

/// A home that is to be deployed.
pub struct DeployedHome {
    /// Its connector's id.
    pub id: String,
    /// What is delivered to it.
    pub prefix: String,
    /// Where it is from, in words.
    pub origin: String,
    /// The TLD family of its daemon.
    pub family: TldFamily,
    /// The authorities of a network that stands in for the public one; empty for the public one.
    pub authorities: Vec<AuthorityLine>,
    /// Who runs its daemon.
    pub mode: DeploymentMode,
    /// The key of its admin API.
    pub admin_key: Secret,
    /// The port of its admin API on the machine's loopback interface.
    pub admin_port: u16,
    /// Whether peers may come in without a secret.
    pub admits_without_secret: bool,
    /// The variables by which its callers are told from others, with their secrets.
    pub callers: Vec<(String, Secret)>,
    /// Prefixes of others, with the peers that packets for them are handed to.
    pub routes: Vec<(String, String)>,
    /// Whom it dials.
    pub dials: Vec<PeerToDial>,
    /// Its onion service, where that has an address already.
    pub service: Option<DeployedService>,
    /// The URL of what takes what is delivered; a service of the deployment where there is none.
    pub handler: Option<String>,
}

/// The onion service of a home that others know already.
pub struct DeployedService {
    /// Where it is reached: `ws://ADDRESS:PORT`.
    pub url: Secret,
    /// The files of its keys, by name.
    pub keys: Vec<(String, Vec<u8>)>,
}

impl DeployedHome {
    /// Whether its daemon is configured by a file of the deployment's. A connector that runs the daemon configures it
    /// itself, which says nothing of a network that stands in for the public one.
    pub(super) const fn has_anonrc(&self) -> bool {
        matches!(self.mode, DeploymentMode::Sidecar) || !self.authorities.is_empty()
    }

    /// A home of a plan.
    #[must_use]
    pub fn of_plan(plan: &Plan, home: &HomePlan, mode: DeploymentMode) -> Self {
        // Homes that are tried on one machine do not want one port.
        let position = plan.homes.iter().position(|one| one.id == home.id);
        let position = position.and_then(|at| u16::try_from(at).ok());
        let calling = plan.peerings.iter().filter(|one| one.to == home.id);
        let with_secret = calling.filter(|peering| !peering.secret.is_empty());
        let others = plan.homes.iter().filter(|other| other.id != home.id);
        let dialled = plan.peerings.iter().filter(|one| one.from == home.id);
        Self {
            id: home.id.clone(),
            prefix: home.prefix.clone(),
            origin: format!("of the topology {}", plan.topology.name),
            family: plan.topology.network.family,
            authorities: Vec::new(),
            mode,
            admin_key: home.admin_key.clone(),
            admin_port: ADMIN_PORT.saturating_add(position.unwrap_or_default()),
            admits_without_secret: plan.topology.allows_no_auth(&home.id),
            callers: with_secret
                .filter_map(|peering| Some((peering.variable.clone()?, peering.secret.clone())))
                .collect(),
            routes: others
                .filter_map(|other| {
                    let next = plan.topology.next_hop(&home.id, &other.id)?;
                    Some((other.prefix.clone(), next.to_owned()))
                })
                .collect(),
            dials: dialled
                .map(|peering| PeerToDial {
                    id: peering.to.clone(),
                    url: Secret::new(format!("ws://ADDRESS-OF-{}:{BTP_PORT}", peering.to)),
                    token: peering.secret.clone(),
                    proxied: peering.transport == Transport::Onion,
                })
                .collect(),
            service: None,
            handler: None,
        }
    }
}

/// Where the keys of a service that has its address already are, below the deployment's folder.
pub(super) const KEYS: &str = "keys";
/// Where the daemon's configuration is in its container.
pub(super) const ANONRC: &str = "/etc/anon/anonrc";
/// Where the daemon's log is, which its health check reads.
pub(super) const NOTICES: &str = "/var/lib/anon/notices.log";

/// A text as YAML takes it, whatever it is.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
