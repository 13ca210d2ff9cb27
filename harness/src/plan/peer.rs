//! Who talks with whom, and the secrets between them.

use serde::Serialize;

use super::seed::Seed;
use super::shown::redacted;
use crate::onion::{OnionAddress, ServiceKeys};
use crate::secret::Secret;
use crate::topology::{Auth, DECOY, Topology, Transport};

/// One BTP relation with its secret.
#[derive(Clone, Serialize)]
pub struct PeeringPlan {
    /// The home that dials.
    pub from: String,
    /// The home that accepts.
    pub to: String,
    /// What the session runs over.
    pub transport: Transport,
    /// The variable in `to`'s environment that holds the secret, where the connector has one per
    /// peer; without a secret, both sides have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// The secret: what `from` sends. Empty when the peering has none.
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
    /// The variable in `to`'s environment that holds its secret, where the connector has one per
    /// peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Its secret.
    #[serde(serialize_with = "redacted")]
    pub secret: Secret,
}

/// A peer that every connector is told to dial and that does not exist: an onion address of the
/// right family that no service has. It shows what a connector does when the network fails it.
#[derive(Clone, Serialize)]
pub struct DecoyPlan {
    /// Its peer id.
    pub id: String,
    /// Its address.
    pub onion: OnionAddress,
    /// The token that connectors would send it. It stands in no environment, so nobody may get in
    /// with it.
    #[serde(serialize_with = "redacted")]
    pub token: Secret,
}

/// A fresh 32-byte secret per peering. The same bytes are what the dialling side sends and what the
/// accepting side expects, so the two cannot differ.
pub(super) fn peerings(topology: &Topology, seed: &Seed) -> Vec<PeeringPlan> {
    topology
        .peerings
        .iter()
        .map(|peering| {
            let (from, to) = (&peering.from, &peering.to);
            PeeringPlan {
                from: from.clone(),
                to: to.clone(),
                transport: peering.transport,
                variable: topology.connector.secret_variable(from),
                secret: match peering.auth {
                    Auth::Secret => seed.secret(&format!("peering/{from}/{to}")),
                    Auth::None => Secret::new(""),
                },
            }
        })
        .collect()
}

pub(super) fn decoy(topology: &Topology, seed: &Seed) -> DecoyPlan {
    let keys = ServiceKeys::from_seed(&seed.derive("service/absent"));
    DecoyPlan {
        id: DECOY.to_owned(),
        onion: keys.address(topology.network.family),
        token: seed.secret("absent"),
    }
}

pub(super) fn probe(topology: &Topology, seed: &Seed) -> ProbePlan {
    let probe = &topology.probe;
    ProbePlan {
        id: probe.id.clone(),
        via: probe.via.clone(),
        to: probe.to.clone(),
        variable: topology.connector.secret_variable(&probe.id),
        secret: seed.secret("probe"),
    }
}
