//! From a topology to its plan.

use std::net::Ipv4Addr;

use super::control::Control;
use super::home::{DaemonPlan, DeployedPlan, HomePlan, OnionPlan};
use super::model::{Inputs, Plan};
use super::node::{NodePlan, Role};
use super::peer::{self, PeeringPlan, ProbePlan};
use super::seed::RunId;
use super::subnets::{Block, NETWORK_SIZE, NETWORKS, PREFIX, PlanError};
use crate::connectors::Configuration;
use crate::engine::{Labels, NetworkSpec};
use crate::onion::ServiceKeys;
use crate::onion::anonrc::Published;
use crate::topology::{Daemon, Home, Topology};

/// First OR port; node `n` publishes on this plus `n`.
const OR_PORT: u16 = 21001;
/// First directory port of the authorities.
const DIR_PORT: u16 = 22001;
/// Addresses of a bridge below this one are left to the engine.
const FIRST_HOST: u32 = 2;

impl Plan {
    /// Resolves a topology.
    ///
    /// # Errors
    ///
    /// [`PlanError`] when the addresses do not suffice, or the connector cannot do what a home asks
    /// of it.
    pub fn new(topology: &Topology, inputs: &Inputs) -> Result<Self, PlanError> {
        refuse_size(topology)?;
        refuse_daemons(topology)?;
        refuse_unread(topology)?;
        let run = RunId::new(inputs.now, &inputs.seed);
        let builder = Builder {
            topology,
            inputs,
            block: Block::choose(&inputs.seed, &inputs.space)?,
            prefix: format!("ator-{}", run.short()),
        };
        let (authorities, relays) = match &inputs.standing {
            Some(standing) => (standing.authorities.clone(), standing.relays.clone()),
            None => builder.nodes(),
        };
        let peerings = peer::peerings(topology, &inputs.seed);
        let probe = peer::probe(topology, &inputs.seed);
        let mut plan = Self {
            labels: Labels {
                run: run.as_str().to_owned(),
                topology: topology.name.clone(),
                deadline: inputs.deadline.clone(),
            },
            run,
            now: inputs.now,
            topology: topology.clone(),
            networks: builder.networks(),
            authorities,
            relays,
            joined: inputs.authorities.clone(),
            standing: inputs.standing.clone(),
            homes: builder.homes(&peerings, &probe),
            peerings,
            probe,
            decoy: peer::decoy(topology, &inputs.seed),
            leaves_container: false,
            keeps_keys: true,
            seed: inputs.seed.clone(),
        };
        if let Some(wan) = &topology.wan {
            plan.shape_links(wan);
        }
        plan.configure()?;
        Ok(plan)
    }

    /// Gives every connector its configuration, which names what the homes it has to do with are.
    ///
    /// # Errors
    ///
    /// [`PlanError::Configuration`] where a profile makes none for a home.
    pub(crate) fn configure(&mut self) -> Result<(), PlanError> {
        let homes = self.homes.iter();
        let all: Result<Vec<_>, _> = homes.map(|home| self.configured(home)).collect();
        for (home, (configuration, deployed)) in self.homes.iter_mut().zip(all?) {
            home.environment.clone_from(&configuration.environment);
            home.configuration = configuration;
            home.deployed = deployed;
        }
        Ok(())
    }

    fn configured(
        &self,
        home: &HomePlan,
    ) -> Result<(Configuration, Option<DeployedPlan>), PlanError> {
        let connector = self.topology.connector;
        let site = self.site(home);
        let planned = connector.configure(&site).map_err(Box::new)?;
        let of = self.topology.home(&home.id);
        let Some(service) = of.and_then(|home| home.deployment.clone()) else {
            return Ok((planned, None));
        };
        let calling = self.peerings.iter().filter(|one| one.to == home.id);
        let variables = calling.filter_map(|peering| peering.variable.as_deref());
        let wanted: Vec<&str> = variables.chain(connector.admission_variable()).collect();
        let planned_ones = planned.environment.iter();
        let expected = planned_ones.filter(|(name, _)| wanted.contains(&&**name));
        let expected = expected.cloned().collect();
        let deployed = connector.deployed(&site, planned, &service);
        let plan = DeployedPlan {
            image: service.image.clone(),
            service,
            files: deployed.files,
            expected,
            notes: deployed.notes,
        };
        Ok((deployed.configuration, Some(plan)))
    }
}

/// Refuses a topology for which a run's addresses do not suffice.
fn refuse_size(topology: &Topology) -> Result<(), PlanError> {
    let lans = topology.lans();
    if lans.len() >= NETWORKS {
        let homes = topology.homes.len();
        return Err(PlanError::TooManyHomes { homes });
    }
    let nodes = topology.network.authorities + topology.network.relays;
    // The network's own address, the gateway, the first host's offset and the broadcast.
    if nodes + 3 >= NETWORK_SIZE as usize {
        return Err(PlanError::TooManyNodes { nodes });
    }
    let fullest = lans.iter().map(|lan| topology.standing(lan)).max();
    refuse_crowd(fullest.unwrap_or(0))
}

/// Refuses more homes on one bridge than it has addresses, less the network's own, the gateway's, the
/// first host's offset and the broadcast.
pub(crate) fn refuse_crowd(homes: usize) -> Result<(), PlanError> {
    if homes + 3 >= NETWORK_SIZE as usize {
        return Err(PlanError::TooManyNeighbours { homes });
    }
    Ok(())
}

/// Refuses a home whose connector is to run an onion daemon and cannot.
fn refuse_daemons(topology: &Topology) -> Result<(), PlanError> {
    let managed = topology
        .homes
        .iter()
        .find(|home| home.daemon == Daemon::Managed);
    match managed {
        Some(home) if !topology.connector.capabilities().runs_daemon => {
            Err(PlanError::NoOwnDaemon {
                home: home.id.clone(),
                connector: topology.connector.name(),
            })
        }
        _ => Ok(()),
    }
}

/// Refuses a home whose deployment nobody has read: another connector in its place would be judged for it.
fn refuse_unread(topology: &Topology) -> Result<(), PlanError> {
    let mut homes = topology.homes.iter();
    let unread = homes.find(|home| home.compose.is_some() && home.deployment.is_none());
    match unread {
        Some(home) => Err(PlanError::NotRead {
            home: home.id.clone(),
        }),
        None => Ok(()),
    }
}

/// What every part of a plan is made from.
struct Builder<'a> {
    topology: &'a Topology,
    inputs: &'a Inputs,
    block: Block,
    /// What the names of everything on the engine begin with.
    prefix: String,
}

impl Builder<'_> {
    fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// The relays' bridge where the run makes the network, then one per local network.
    fn networks(&self) -> Vec<NetworkSpec> {
        let makes = self.inputs.standing.is_none() && self.topology.network.has_own_nodes();
        std::iter::once("relays")
            .chain(self.topology.lans())
            .zip(0..)
            .filter(|(_, index)| *index > 0 || makes)
            .map(|(role, index)| NetworkSpec {
                name: self.name(role),
                role: format!("{role}/network"),
                subnet: self.block.address(index, 0),
                prefix_length: PREFIX,
                gateway: self.block.address(index, 1),
            })
            .collect()
    }

    /// Authorities, and relays.
    fn nodes(&self) -> (Vec<NodePlan>, Vec<NodePlan>) {
        let network = &self.topology.network;
        let authorities: Vec<NodePlan> = (0..network.authorities)
            .zip(0..)
            .map(|(number, position)| self.node(Role::Authority, number, position))
            .collect();
        let offset = u16::try_from(authorities.len()).unwrap_or(u16::MAX);
        let relays = (0..network.relays)
            .zip(offset..)
            .map(|(number, position)| self.node(Role::Relay, number, position))
            .collect();
        (authorities, relays)
    }

    fn node(&self, role: Role, number: usize, position: u16) -> NodePlan {
        let nickname = match role {
            Role::Authority => format!("da{}", number + 1),
            Role::Relay => format!("relay{}", number + 1),
        };
        let address = self.block.address(0, FIRST_HOST + u32::from(position));
        NodePlan {
            role,
            container: self.name(&nickname),
            address,
            published: Published {
                address: self.block.address(0, 1),
                or_port: OR_PORT + position,
                dir_port: (role == Role::Authority).then_some(DIR_PORT + position),
            },
            control: Control::of(&self.inputs.seed, &nickname, address),
            publishes: true,
            certified: None,
            shaping: None,
            nickname,
        }
    }

    /// The homes, without their connectors' configurations.
    fn homes(&self, peerings: &[PeeringPlan], probe: &ProbePlan) -> Vec<HomePlan> {
        let lans = self.topology.lans();
        // How many homes stand on each local network so far.
        let mut standing = vec![0; lans.len()];
        let homes = self.topology.homes.iter().zip(1..);
        homes
            .map(|(home, number)| {
                // Validation makes sure that it is one of them.
                let lan = lans.iter().position(|lan| *lan == home.lan()).unwrap_or(0);
                let network = u32::try_from(lan + 1).unwrap_or(u32::MAX);
                let address = self.block.address(network, FIRST_HOST + standing[lan]);
                standing[lan] += 1;
                let callers = peerings.iter().filter(|peering| peering.to == home.id);
                let callers = callers.map(|peering| &*peering.from);
                let callers: Vec<&str> = callers
                    .chain((probe.to == home.id).then_some(&*probe.id))
                    .collect();
                HomePlan {
                    id: home.id.clone(),
                    prefix: home.prefix.clone(),
                    daemon: self.daemon(home, &format!("home{number}"), address),
                    connector: self.name(&format!("{}-connector", home.id)),
                    bls: self.name(&format!("{}-bls", home.id)),
                    server_first: self.topology.restarts_daemon(&home.id),
                    network: self.name(lans[lan]),
                    address,
                    gateway: self.block.address(network, 1),
                    ports: self.topology.connector.ports(&callers),
                    admin_key: self.inputs.seed.secret(&format!("admin/{}", home.id)),
                    environment: Vec::new(),
                    configuration: Configuration::default(),
                    deployed: None,
                }
            })
            .collect()
    }

    fn daemon(&self, home: &Home, nickname: &str, address: Ipv4Addr) -> DaemonPlan {
        let seed = &self.inputs.seed;
        let onion = || {
            let persistent = self.inputs.services.get(&home.id);
            let keys = match persistent {
                Some(found) => found.keys.clone(),
                None => ServiceKeys::from_seed(&seed.derive(&format!("service/{}", home.id))),
            };
            OnionPlan {
                nickname: nickname.to_owned(),
                control: Control::of(seed, nickname, address),
                socks_port: HomePlan::RECORDER_PORT,
                address: keys.address(self.topology.network.family),
                keys,
                volume: persistent.map(|found| found.volume.clone()),
            }
        };
        match home.daemon {
            Daemon::Sidecar => DaemonPlan::Sidecar {
                container: self.name(&format!("{}-sidecar", home.id)),
                onion: onion(),
            },
            Daemon::Managed => DaemonPlan::Managed { onion: onion() },
            Daemon::None => DaemonPlan::None,
        }
    }
}
