//! The plan as a whole, and what it is made from.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Serialize;
use time::OffsetDateTime;

use super::addresses::AddressSpace;
use super::home::HomePlan;
use super::node::{NodePlan, ShapingPlan};
use super::peer::{DecoyPlan, PeeringPlan, ProbePlan};
use super::seed::{RunId, Seed};
use super::standing::Standing;
use crate::engine::{Deadline, Labels, NetworkSpec};
use crate::onion::anonrc::AuthorityLine;
use crate::onion::{ServiceKeys, mentions_address, redact};
use crate::secret::Secret;
use crate::topology::{Topology, Wan};

/// What planning needs besides the topology.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The run's randomness.
    pub seed: Seed,
    /// When the run starts.
    pub now: OffsetDateTime,
    /// When any later run may remove the run's resources.
    pub deadline: Deadline,
    /// Addresses that are in use.
    pub space: AddressSpace,
    /// The authorities of the network that stands in for the public one; empty without one.
    pub authorities: Vec<AuthorityLine>,
    /// The private network that stands already and that the homes join; `None` where the run makes
    /// one.
    pub standing: Option<Standing>,
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
    /// The relays' bridge where the run makes the network, then one per local network.
    pub networks: Vec<NetworkSpec>,
    /// The authorities.
    pub authorities: Vec<NodePlan>,
    /// The relays.
    pub relays: Vec<NodePlan>,
    /// The authorities of the network that the homes join in place of the public one; empty where
    /// the run makes the network, and where it is the public one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<AuthorityLine>,
    /// The private network that stands already and that the homes join: its nodes are the
    /// authorities and relays of this plan, and none of its containers are this run's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The homes, in topology order.
    pub homes: Vec<HomePlan>,
    /// The peerings, in topology order.
    pub peerings: Vec<PeeringPlan>,
    /// The probe.
    pub probe: ProbePlan,
    /// The peer that does not exist.
    #[serde(rename = "absent")]
    pub decoy: DecoyPlan,
    /// Whether the clean-up leaves a container behind, to show that it is found.
    #[serde(skip)]
    pub leaves_container: bool,
    /// Whether a home's daemon that is started again has the keys of its service.
    #[serde(skip)]
    pub keeps_keys: bool,
    /// The run's randomness.
    #[serde(skip)]
    pub seed: Seed,
}

impl Plan {
    /// Shapes the link of every node as `wan` has it.
    pub(crate) fn shape_links(&mut self, wan: &Wan) {
        let nodes = self.authorities.iter_mut().chain(&mut self.relays);
        for (node, position) in nodes.zip(0_u64..) {
            node.shaping = Some(ShapingPlan {
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
        match &self.standing {
            Some(standing) => Some(standing.gateway),
            None if self.makes_network() => self.networks.first().map(|network| network.gateway),
            None => None,
        }
    }

    /// The name of the container through which the nodes of its network are reached where there is no other
    /// way.
    #[must_use]
    pub fn bridge_head(&self) -> String {
        format!("ator-{}-bridge-head", self.run.short())
    }

    /// The network that the run makes, as others join it. `lines` is what homes are told of its
    /// authorities. `None` where the run makes none.
    #[must_use]
    pub fn as_standing(&self, lines: Vec<AuthorityLine>) -> Option<Standing> {
        if !self.makes_network() {
            return None;
        }
        Some(Standing {
            run: self.run.to_string(),
            since: self.now,
            gateway: self.router()?,
            lines,
            authorities: self.authorities.clone(),
            relays: self.relays.clone(),
        })
    }

    /// How many connectors hand a packet on between two homes. Where the harness takes it as an account of the
    /// last one, that hands it on as well.
    #[must_use]
    pub fn hops(&self, from: &str, to: &str) -> u32 {
        let last = self.topology.connector.account().is_some();
        self.topology.hops(from, to) + u32::from(last)
    }

    /// Whether the run makes the network that its homes meet in.
    #[must_use]
    pub fn makes_network(&self) -> bool {
        self.standing.is_none() && self.topology.network.has_own_nodes()
    }

    /// Whether others run the network that its homes join, and may keep them out.
    #[must_use]
    pub fn joins_others(&self) -> bool {
        !self.topology.network.has_own_nodes()
    }

    /// Whether the daemons are told of their network's authorities. Else those count that are built
    /// into them.
    #[must_use]
    pub fn names_authorities(&self) -> bool {
        !self.joins_others() || !self.joined.is_empty()
    }

    /// The home with this id.
    #[must_use]
    pub fn home(&self, id: &str) -> Option<&HomePlan> {
        self.homes.iter().find(|home| home.id == id)
    }

    /// A text that was not written by us, without onion addresses and secrets of this run.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.redact_secrets(redact(text))
    }

    /// The text with every secret replaced, and onion addresses as they are.
    #[must_use]
    pub fn redact_secrets(&self, text: String) -> String {
        self.secrets()
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(text, |text, secret| {
                text.replace(secret.expose(), &secret.to_string())
            })
    }

    /// Whether a text holds a secret or an onion address.
    pub fn is_telling(&self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        let secrets = self.secrets();
        move |text| {
            let held = |secret: &Secret| !secret.is_empty() && text.contains(secret.expose());
            mentions_address(text) || secrets.iter().any(held)
        }
    }

    /// What a home's SOCKS and DNS recorder shows its record to.
    #[must_use]
    pub fn record_key(&self, home: &HomePlan) -> Secret {
        self.seed.secret(&format!("record/{}", home.id))
    }

    /// Every text that no log, label, command line or report may hold.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets: Vec<Secret> = self
            .peerings
            .iter()
            .map(|peering| peering.secret.clone())
            .chain(self.homes.iter().map(|home| home.admin_key.clone()))
            .collect();
        let homes = self.homes.iter().filter_map(HomePlan::onion);
        let controls = homes
            .map(|onion| &onion.control)
            .chain(self.nodes().map(|node| &node.control));
        secrets.extend(controls.map(|control| control.password.password().clone()));
        secrets.extend(self.homes.iter().flat_map(HomePlan::deployed_secrets));
        secrets.extend(self.homes.iter().map(|home| self.record_key(home)));
        secrets.push(self.probe.secret.clone());
        secrets.push(self.decoy.token.clone());
        // A peering without a secret has nothing to hide.
        secrets.retain(|secret| !secret.is_empty());
        secrets
    }
}
