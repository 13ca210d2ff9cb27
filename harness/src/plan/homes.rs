//! Planning the homes and the secrets between them.

use std::net::Ipv4Addr;

use super::model::{AbsentPlan, HomePlan, Inputs, PeeringPlan, ProbePlan, control};
use super::seed::Seed;
use crate::onion::ServiceKeys;
use crate::secret::Secret;
use crate::topology::{ABSENT, Auth, Topology, secret_variable};

/// The variable that says whether peers without a secret are let in (contract#auth-empty-secret).
pub(crate) const ALLOW_NO_AUTH: &str = "BTP_ALLOW_NOAUTH";

/// Where a home stands.
pub(super) struct Place<'a> {
    pub(super) name: &'a dyn Fn(&str) -> String,
    pub(super) address: Ipv4Addr,
    pub(super) gateway: Ipv4Addr,
}

/// A fresh 32-byte secret per peering. The same bytes become the dialling side's `authToken` and
/// the accepting side's variable, so the two cannot differ.
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
                variable: secret_variable(from),
                secret: match peering.auth {
                    Auth::Secret => seed.secret(&format!("peering/{from}/{to}")),
                    Auth::None => Secret::new(""),
                },
            }
        })
        .collect()
}

pub(super) fn absent(topology: &Topology, seed: &Seed) -> AbsentPlan {
    let keys = ServiceKeys::from_seed(&seed.derive("service/absent"));
    AbsentPlan {
        id: ABSENT.to_owned(),
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
        variable: secret_variable(&probe.id),
        secret: seed.secret("probe"),
    }
}

pub(super) fn homes<'a>(
    topology: &Topology,
    inputs: &Inputs,
    peerings: &[PeeringPlan],
    probe: &ProbePlan,
    place: &dyn Fn(u32, u32) -> Place<'a>,
) -> Vec<HomePlan> {
    let seed = &inputs.seed;
    let lans = topology.lans();
    // How many homes stand on each local network so far.
    let mut standing = vec![0; lans.len()];
    topology
        .homes
        .iter()
        .zip(1..)
        .map(|(home, index)| {
            // Validation makes sure that it is one of them.
            let lan = lans.iter().position(|lan| *lan == home.lan()).unwrap_or(0);
            let Place {
                name,
                address,
                gateway,
            } = place(u32::try_from(lan + 1).unwrap_or(u32::MAX), standing[lan]);
            standing[lan] += 1;
            let nickname = format!("home{index}");
            let network = name(lans[lan]);
            let persistent = inputs.services.get(&home.id);
            let keys = match persistent {
                Some(found) => found.keys.clone(),
                None => ServiceKeys::from_seed(&seed.derive(&format!("service/{}", home.id))),
            };
            HomePlan {
                id: home.id.clone(),
                prefix: home.prefix.clone(),
                sidecar: name(&format!("{}-sidecar", home.id)),
                connector: name(&format!("{}-connector", home.id)),
                bls: name(&format!("{}-bls", home.id)),
                daemon: home.daemon,
                socks_port: HomePlan::RECORDER_PORT,
                network,
                address,
                gateway,
                control: control(seed, &nickname, address),
                nickname,
                onion: keys.address(topology.network.family),
                keys,
                volume: persistent.map(|found| found.volume.clone()),
                admin_key: seed.secret(&format!("admin/{}", home.id)),
                environment: environment(topology, &home.id, peerings, probe),
            }
        })
        .collect()
}

/// The `BTP_*` variables of an accepting connector (contract#auth-secret).
fn environment(
    topology: &Topology,
    id: &str,
    peerings: &[PeeringPlan],
    probe: &ProbePlan,
) -> Vec<(String, Secret)> {
    let allowed = topology.allows_no_auth(id).to_string();
    let mut variables = vec![(ALLOW_NO_AUTH.to_owned(), Secret::new(allowed))];
    for peering in peerings
        .iter()
        .filter(|peering| peering.to == id && !peering.secret.is_empty())
    {
        variables.push((peering.variable.clone(), peering.secret.clone()));
    }
    if probe.to == id {
        variables.push((probe.variable.clone(), probe.secret.clone()));
    }
    variables
}
