//! What was run, as far as a reader needs it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::word;
use crate::onion::TldFamily;
use crate::topology::{NetworkKind, Topology};

/// A topology as far as a reader needs it to follow a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "topology", deny_unknown_fields)]
pub struct TopologyView {
    /// Its name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// The onion network.
    pub network: NetworkView,
    /// The homes, in file order.
    pub homes: Vec<HomeView>,
    /// Who dials whom, in file order.
    pub peerings: Vec<PeeringView>,
    /// The harness's own peer.
    pub probe: ProbeView,
}

/// The onion network's size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "network", deny_unknown_fields)]
pub struct NetworkView {
    /// `private` for one that the run makes, `public` for one that others run.
    #[serde(default = "private")]
    #[schemars(extend("enum" = NetworkKind::ALL.map(NetworkKind::name)))]
    pub kind: String,
    /// The TLD family, without the dot.
    #[schemars(extend("enum" = TldFamily::ALL.map(TldFamily::tld)))]
    pub family: String,
    /// Directory authorities.
    pub authorities: usize,
    /// Relays that are no authorities.
    pub relays: usize,
}

impl NetworkView {
    /// Whether others run it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.kind == NetworkKind::Public.name()
    }
}

/// Reports from before there was another kind.
fn private() -> String {
    NetworkKind::Private.name().to_owned()
}

/// One home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "home", deny_unknown_fields)]
pub struct HomeView {
    /// Its id.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Its ILP address prefix.
    #[schemars(length(min = 1))]
    pub prefix: String,
}

/// One peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "peering", deny_unknown_fields)]
pub struct PeeringView {
    /// The home that dials.
    #[schemars(length(min = 1))]
    pub from: String,
    /// The home that accepts.
    #[schemars(length(min = 1))]
    pub to: String,
    /// How the dialling side authenticates, in the topology file's word.
    #[schemars(length(min = 1))]
    pub auth: String,
}

/// The harness's own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "probePeer", deny_unknown_fields)]
pub struct ProbeView {
    /// Its peer id.
    #[schemars(length(min = 1))]
    pub id: String,
    /// The home whose daemon it dials through.
    #[schemars(length(min = 1))]
    pub via: String,
    /// The home it dials.
    #[schemars(length(min = 1))]
    pub to: String,
}

impl TopologyView {
    /// What a reader needs of a topology.
    #[must_use]
    pub fn of(topology: &Topology) -> Self {
        Self {
            name: topology.name.clone(),
            description: topology.description.clone(),
            network: NetworkView {
                kind: topology.network.kind.name().to_owned(),
                family: topology.network.family.to_string(),
                authorities: topology.network.authorities,
                relays: topology.network.relays,
            },
            homes: topology
                .homes
                .iter()
                .map(|home| HomeView {
                    id: home.id.clone(),
                    prefix: home.prefix.clone(),
                })
                .collect(),
            peerings: topology
                .peerings
                .iter()
                .map(|peering| PeeringView {
                    from: peering.from.clone(),
                    to: peering.to.clone(),
                    auth: word(&peering.auth),
                })
                .collect(),
            probe: ProbeView {
                id: topology.probe.id.clone(),
                via: topology.probe.via.clone(),
                to: topology.probe.to.clone(),
            },
        }
    }
}
