//! Planning the homes and the secrets between them.

use std::net::Ipv4Addr;

use super::model::{HomePlan, PeeringPlan, ProbePlan, control};
use super::seed::Seed;
use crate::onion::ServiceKeys;
use crate::secret::Secret;
use crate::topology::{Topology, secret_variable};

/// Where a home stands.
pub(super) struct Place<'a> {
    pub(super) name: &'a dyn Fn(&str) -> String,
    pub(super) address: Ipv4Addr,
    pub(super) gateway: Ipv4Addr,
}

/// A fresh 32-byte secret per peering. The same bytes become the dialling side's `authToken` and
/// the accepting side's variable, so the two cannot differ.
pub(super) fn peerings(topology: &Topology, seed: &Seed) -> Vec<PeeringPlan> {
    let plan = |from: &str, to: &str| PeeringPlan {
        from: from.to_owned(),
        to: to.to_owned(),
        variable: secret_variable(from),
        secret: seed.secret(&format!("peering/{from}/{to}")),
    };
    topology
        .peerings
        .iter()
        .map(|peering| plan(&peering.from, &peering.to))
        .collect()
}

pub(super) fn probe(topology: &Topology, seed: &Seed) -> ProbePlan {
    let probe = &topology.probe;
    ProbePlan {
        id: probe.id.clone(),
        via: probe.via.clone(),
        to: probe.to.clone(),
        variable: secret_variable(&probe.id),
        secret: seed.secret("probe"),
    }
}

pub(super) fn homes<'a>(
    topology: &Topology,
    seed: &Seed,
    peerings: &[PeeringPlan],
    probe: &ProbePlan,
    place: &dyn Fn(u32) -> Place<'a>,
) -> Vec<HomePlan> {
    topology
        .homes
        .iter()
        .zip(1..)
        .map(|(home, index)| {
            let Place {
                name,
                address,
                gateway,
            } = place(index);
            let nickname = format!("home{index}");
            let keys = ServiceKeys::from_seed(&seed.derive(&format!("service/{}", home.id)));
            HomePlan {
                id: home.id.clone(),
                prefix: home.prefix.clone(),
                sidecar: name(&format!("{}-sidecar", home.id)),
                connector: name(&format!("{}-connector", home.id)),
                bls: name(&format!("{}-bls", home.id)),
                network: name(&home.id),
                address,
                gateway,
                control: control(seed, &nickname, address),
                nickname,
                onion: keys.address(topology.network.family),
                admin_key: seed.secret(&format!("admin/{}", home.id)),
                environment: environment(&home.id, peerings, probe),
            }
        })
        .collect()
}

/// The `BTP_*` variables of an accepting connector (contract section 2).
fn environment(id: &str, peerings: &[PeeringPlan], probe: &ProbePlan) -> Vec<(String, Secret)> {
    let mut variables = vec![("BTP_ALLOW_NOAUTH".to_owned(), Secret::new("false"))];
    for peering in peerings.iter().filter(|peering| peering.to == id) {
        variables.push((peering.variable.clone(), peering.secret.clone()));
    }
    if probe.to == id {
        variables.push((probe.variable.clone(), probe.secret.clone()));
    }
    variables
}
