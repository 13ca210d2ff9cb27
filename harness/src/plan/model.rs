//! The plan's types.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::seed::{RunId, Seed};
use super::subnets::{Block, NETWORK_SIZE, NETWORKS, Occupied, PREFIX, PlanError};
use crate::engine::{Labels, NetworkSpec};
use crate::onion::anonrc::{self, AuthorityLine, Published};
use crate::onion::{ControlPassword, OnionAddress, ServiceKeys, redact};
use crate::secret::Secret;
use crate::topology::{Access, Daemon, Topology, Transport, Wan};

/// First OR port; node `n` publishes on this plus `n`.
const OR_PORT: u16 = 21001;
/// Behind a distance, the daemon's own OR port is this much above the published one.
const OR_BEHIND: u16 = 10_000;
/// First directory port of the authorities.
const DIR_PORT: u16 = 22001;
/// Addresses of a bridge below this one are left to the engine.
const FIRST_HOST: u32 = 2;

/// What planning needs besides the topology.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The run's randomness.
    pub seed: Seed,
    /// When the run starts.
    pub now: OffsetDateTime,
    /// How long the run's resources may exist before a later run removes them, in seconds.
    pub lifetime_seconds: i64,
    /// Addresses that are in use.
    pub occupied: Occupied,
    /// The authorities of the network that stands in for the public one; empty without one.
    pub authorities: Vec<AuthorityLine>,
    /// Keys of onion services that outlive their runs, by home id; others are made from the seed.
    pub services: BTreeMap<String, Persistent>,
}

/// Keys of an onion service that outlive its runs.
#[derive(Debug, Clone)]
pub struct Persistent {
    /// The named volume that they are kept in.
    pub volume: String,
    /// The keys.
    pub keys: ServiceKeys,
}

/// What a container is in the topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A directory authority.
    Authority,
    /// A relay.
    Relay,
}

/// How a daemon's control port is reached.
#[derive(Clone)]
pub struct Control {
    /// Its address.
    pub address: SocketAddr,
    /// Its password.
    pub password: ControlPassword,
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.address)
    }
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
    /// What stands between its published OR port and the daemon; `None` without distances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<DistancePlan>,
}

impl NodePlan {
    /// All containers of the node with their roles.
    #[must_use]
    pub fn containers(&self) -> Vec<(String, String)> {
        let mut all = vec![(self.container.clone(), self.nickname.clone())];
        if let Some(distance) = &self.distance {
            all.push((
                distance.container.clone(),
                format!("{}/distance", self.nickname),
            ));
        }
        all
    }

    /// Where the daemon itself takes connections on its OR port: all interfaces, or, behind a
    /// distance, the loopback interface alone.
    #[must_use]
    pub fn or_listener(&self) -> SocketAddr {
        let port = self.published.or_port;
        match &self.distance {
            None => SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            Some(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, port + OR_BEHIND)),
        }
    }
}

/// The relay that gives a node its distance, in the node's network namespace.
#[derive(Clone, Serialize)]
pub struct DistancePlan {
    /// Its container's name on the engine.
    pub container: String,
    /// What it adds.
    pub access: Access,
    /// What its delays are drawn from.
    pub seed: u64,
}

/// One home: sidecar, connector and business-logic server in one network namespace.
#[derive(Clone, Serialize)]
pub struct HomePlan {
    /// The connector's node id.
    pub id: String,
    /// The ILP prefix it delivers.
    pub prefix: String,
    /// The daemon's nickname.
    pub nickname: String,
    /// Who runs the daemon. Without one, what is said of it below means nothing.
    pub daemon: Daemon,
    /// The sidecar's container on the engine, if there is one.
    pub sidecar: String,
    /// The connector's container.
    pub connector: String,
    /// The business-logic server's container.
    pub bls: String,
    /// The home's bridge.
    pub network: String,
    /// The home's address on its bridge.
    pub address: Ipv4Addr,
    /// The home's router: its bridge's own address.
    pub gateway: Ipv4Addr,
    /// The port that the connector is told of as its daemon's SOCKS port: that of the relay that
    /// records what it asks for.
    pub socks_port: u16,
    /// The daemon's control port.
    pub control: Control,
    /// The onion service's address.
    pub onion: OnionAddress,
    /// The onion service's keys.
    #[serde(skip)]
    pub keys: ServiceKeys,
    /// The named volume that the keys come from, if they outlive the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// The connector's admin API key.
    #[serde(serialize_with = "redacted")]
    pub admin_key: Secret,
    /// The connector's `BTP_*` variables: the secrets of those who dial this home.
    #[serde(serialize_with = "names_only")]
    pub environment: Vec<(String, Secret)>,
}

impl HomePlan {
    /// Port of the connector's BTP server, and of the onion service.
    pub const BTP_PORT: u16 = 3000;
    /// Port of the connector's health server.
    pub const HEALTH_PORT: u16 = 8080;
    /// Port of the connector's admin API.
    pub const ADMIN_PORT: u16 = 8081;
    /// Port of the business-logic server.
    pub const BLS_PORT: u16 = 3100;
    /// Port of the recording relay between the connector and its daemon's SOCKS port.
    pub const RECORDER_PORT: u16 = 9150;
    /// Port of the home where the wire oracle records whatever connects: nobody has to.
    pub const ARRIVALS_PORT: u16 = 9152;

    /// Whether the home has an onion daemon, and with it an onion service.
    #[must_use]
    pub fn is_onion(&self) -> bool {
        self.daemon != Daemon::None
    }

    /// The container that starts first and that the home's others share the network of.
    #[must_use]
    pub fn first(&self) -> &str {
        match self.daemon {
            Daemon::Sidecar => &self.sidecar,
            Daemon::Managed | Daemon::None => &self.bls,
        }
    }

    /// The container in which the daemon runs.
    #[must_use]
    pub fn daemon_container(&self) -> &str {
        match self.daemon {
            Daemon::Sidecar => &self.sidecar,
            Daemon::Managed | Daemon::None => &self.connector,
        }
    }

    /// All containers of the home with their roles, those that explain most first.
    #[must_use]
    pub fn containers(&self) -> Vec<(String, String)> {
        let mut all = vec![
            (self.connector.clone(), format!("{}/connector", self.id)),
            (self.bls.clone(), format!("{}/bls", self.id)),
        ];
        if self.daemon == Daemon::Sidecar {
            all.push((self.sidecar.clone(), format!("{}/sidecar", self.id)));
        }
        all
    }

    /// A port of this home as the harness reaches it from the machine.
    #[must_use]
    pub fn socket(&self, port: u16) -> SocketAddr {
        SocketAddr::from((self.address, port))
    }

    /// The URL under which other homes dial this one. Over the onion network it holds the onion
    /// address.
    #[must_use]
    pub fn btp_url(&self, transport: Transport) -> Secret {
        let port = Self::BTP_PORT;
        Secret::new(match transport {
            Transport::Onion => format!("ws://{}:{port}", self.onion.expose()),
            Transport::Direct => format!("ws://{}:{port}", self.address),
        })
    }
}

/// One BTP relation with its secret.
#[derive(Clone, Serialize)]
pub struct PeeringPlan {
    /// The home that dials.
    pub from: String,
    /// The home that accepts.
    pub to: String,
    /// What the session runs over.
    pub transport: Transport,
    /// The variable in `to`'s environment that holds the secret; without one, both sides have
    /// none.
    pub variable: String,
    /// The secret: `from`'s `authToken`. Empty when the peering has none.
    #[serde(serialize_with = "redacted")]
    pub secret: Secret,
}

/// The harness's own peer.
#[derive(Clone, Serialize)]
pub struct ProbePlan {
    /// Its peer id.
    pub id: String,
    /// The home whose SOCKS port it uses.
    pub via: String,
    /// The home it dials.
    pub to: String,
    /// The variable in `to`'s environment that holds its secret.
    pub variable: String,
    /// Its secret.
    #[serde(serialize_with = "redacted")]
    pub secret: Secret,
}

/// A peer that every connector is told to dial and that does not exist: an onion address of the
/// right family that no service has. It shows what a connector does when the network fails it.
#[derive(Clone, Serialize)]
pub struct AbsentPlan {
    /// Its peer id.
    pub id: String,
    /// Its address.
    pub onion: OnionAddress,
    /// The token that connectors would send it. It stands in no environment, so nobody may get in
    /// with it.
    #[serde(serialize_with = "redacted")]
    pub token: Secret,
}

/// How a topology will be run.
#[derive(Clone, Serialize)]
pub struct Plan {
    /// The run's id.
    pub run: RunId,
    /// When it starts, RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    pub now: OffsetDateTime,
    /// What is run.
    pub topology: Topology,
    /// Labels of everything on the engine.
    #[serde(skip)]
    pub labels: Labels,
    /// The relays' bridge where there are any, then one per local network.
    pub networks: Vec<NetworkSpec>,
    /// The authorities.
    pub authorities: Vec<NodePlan>,
    /// The relays.
    pub relays: Vec<NodePlan>,
    /// The authorities of the network that the homes join in place of the public one; empty where
    /// the run makes the network, and where it is the public one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<AuthorityLine>,
    /// The homes, in topology order.
    pub homes: Vec<HomePlan>,
    /// The peerings, in topology order.
    pub peerings: Vec<PeeringPlan>,
    /// The probe.
    pub probe: ProbePlan,
    /// The peer that does not exist.
    pub absent: AbsentPlan,
    /// Whether the clean-up leaves a container behind, to show that it is found.
    #[serde(skip)]
    pub leaves_container: bool,
    /// The run's randomness.
    #[serde(skip)]
    pub seed: Seed,
}

impl Plan {
    /// Resolves a topology.
    ///
    /// # Errors
    ///
    /// [`PlanError`] when the addresses do not suffice.
    pub fn new(topology: &Topology, inputs: &Inputs) -> Result<Self, PlanError> {
        let run = RunId::new(inputs.now, &inputs.seed);
        let nodes = topology.network.authorities + topology.network.relays;
        let lans = topology.lans();
        if lans.len() >= NETWORKS {
            return Err(PlanError::TooManyHomes {
                homes: topology.homes.len(),
            });
        }
        // The network's own address, the gateway, the first host's offset and the broadcast.
        if nodes + 3 >= NETWORK_SIZE as usize {
            return Err(PlanError::TooManyNodes { nodes });
        }
        let fullest = lans.iter().map(|lan| topology.standing(lan)).max();
        refuse_crowd(fullest.unwrap_or(0))?;
        let block = Block::choose(&inputs.seed, &inputs.occupied)?;
        let name = |what: &str| format!("ator-{}-{what}", run.short());
        let networks = std::iter::once("relays")
            .chain(lans)
            .zip(0..)
            .filter(|(_, index)| *index > 0 || !topology.network.is_public())
            .map(|(role, index)| NetworkSpec {
                name: name(role),
                role: format!("{role}/network"),
                subnet: block.address(index, 0),
                prefix_length: PREFIX,
                gateway: block.address(index, 1),
            })
            .collect();
        let node = |role: Role, number: usize, position: u16| {
            let nickname = match role {
                Role::Authority => format!("da{}", number + 1),
                Role::Relay => format!("relay{}", number + 1),
            };
            let address = block.address(0, FIRST_HOST + u32::from(position));
            NodePlan {
                role,
                container: name(&nickname),
                address,
                published: Published {
                    address: block.address(0, 1),
                    or_port: OR_PORT + position,
                    dir_port: (role == Role::Authority).then_some(DIR_PORT + position),
                },
                control: control(&inputs.seed, &nickname, address),
                publishes: true,
                certified: None,
                distance: None,
                nickname,
            }
        };
        let authorities: Vec<NodePlan> = (0..topology.network.authorities)
            .zip(0..)
            .map(|(number, position)| node(Role::Authority, number, position))
            .collect();
        let offset = u16::try_from(authorities.len()).unwrap_or(u16::MAX);
        let relays = (0..topology.network.relays)
            .zip(offset..)
            .map(|(number, position)| node(Role::Relay, number, position))
            .collect();
        let peerings = super::homes::peerings(topology, &inputs.seed);
        let probe = super::homes::probe(topology, &inputs.seed);
        let homes = super::homes::homes(topology, inputs, &peerings, &probe, &|lan, position| {
            super::homes::Place {
                name: &name,
                address: block.address(lan, FIRST_HOST + position),
                gateway: block.address(lan, 1),
            }
        });
        let mut plan = Self {
            labels: Labels {
                run: run.as_str().to_owned(),
                topology: topology.name.clone(),
                deadline: inputs.now.unix_timestamp() + inputs.lifetime_seconds,
            },
            run,
            now: inputs.now,
            topology: topology.clone(),
            networks,
            authorities,
            relays,
            joined: inputs.authorities.clone(),
            homes,
            peerings,
            probe,
            absent: super::homes::absent(topology, &inputs.seed),
            leaves_container: false,
            seed: inputs.seed.clone(),
        };
        if let Some(wan) = &topology.wan {
            plan.set_distances(wan);
        }
        Ok(plan)
    }

    /// Gives every node the distance that `wan` has for it.
    pub(crate) fn set_distances(&mut self, wan: &Wan) {
        let nodes = self.authorities.iter_mut().chain(&mut self.relays);
        for (node, position) in nodes.zip(0_u64..) {
            node.distance = Some(DistancePlan {
                container: format!("{}-distance", node.container),
                access: wan.of(&node.nickname),
                seed: wan.seed.wrapping_add(position << 32),
            });
        }
    }

    /// Authorities and relays together.
    pub fn nodes(&self) -> impl Iterator<Item = &NodePlan> {
        self.authorities.iter().chain(&self.relays)
    }

    /// Where a home leaves its bridge to, if it may leave it for one place only: the relays' bridge.
    #[must_use]
    pub fn router(&self) -> Option<Ipv4Addr> {
        let relays = self.networks.first();
        relays
            .filter(|_| !self.topology.network.is_public())
            .map(|network| network.gateway)
    }

    /// The home with this id.
    #[must_use]
    pub fn home(&self, id: &str) -> Option<&HomePlan> {
        self.homes.iter().find(|home| home.id == id)
    }

    /// A text that was not written by us, without onion addresses and secrets of this run.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.secrets()
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(redact(text), |text, secret| {
                text.replace(secret.expose(), &secret.to_string())
            })
    }

    /// Every text that no log, label, command line or report may hold.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets: Vec<Secret> = self
            .peerings
            .iter()
            .map(|peering| peering.secret.clone())
            .chain(self.homes.iter().map(|home| home.admin_key.clone()))
            .chain(
                self.homes
                    .iter()
                    .map(|home| home.control.password.password().clone()),
            )
            .chain(
                self.nodes()
                    .map(|node| node.control.password.password().clone()),
            )
            .collect();
        secrets.push(self.probe.secret.clone());
        secrets.push(self.absent.token.clone());
        // A peering without a secret has nothing to hide.
        secrets.retain(|secret| !secret.is_empty());
        secrets
    }
}

/// Refuses more homes on one bridge than it has addresses, less the network's own, the gateway's, the
/// first host's offset and the broadcast.
pub(crate) fn refuse_crowd(homes: usize) -> Result<(), PlanError> {
    if homes + 3 >= NETWORK_SIZE as usize {
        return Err(PlanError::TooManyNeighbours { homes });
    }
    Ok(())
}

/// The control port of the daemon at `address`.
pub(super) fn control(seed: &Seed, nickname: &str, address: Ipv4Addr) -> Control {
    let random = seed.derive(&format!("control/{nickname}"));
    let mut bytes = [0; 24];
    bytes.copy_from_slice(&random[..24]);
    Control {
        address: SocketAddr::from((address, anonrc::CONTROL_PORT)),
        password: ControlPassword::from_bytes(&bytes),
    }
}

fn redacted<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(secret)
}

fn names_only<S: Serializer>(
    variables: &[(String, Secret)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        variables
            .iter()
            .map(|(name, value)| (name, value.to_string())),
    )
}
