//! What comes out of a topology and a seed.

use std::collections::BTreeSet;

use ator_harness::onion::mentions_address;
use ator_harness::plan::{Plan, PlanError};
use ator_harness::sabotage;
use ator_harness::topology::Topology;
use time::Duration;

use super::{
    NOW, all, all_committed, inputs, mutant, onion, plan, plan_of, shown, specs, topology,
};

#[test]
fn two_home_local_resolves_like_this() {
    insta::assert_snapshot!(shown(&plan(7)));
}

#[test]
fn equal_inputs_give_equal_plans() {
    for topology in all_committed() {
        equal(&plan_of(&topology, 7), &plan_of(&topology, 7));
    }
}

fn equal(one: &Plan, two: &Plan) {
    assert_eq!(shown(one), shown(two));
    // What the JSON leaves out has to be equal too: `verify` finds a running topology by it.
    assert_eq!(one.secrets(), two.secrets());
    assert_eq!(one.labels, two.labels);
    for (one, two) in one.homes.iter().zip(&two.homes) {
        let addresses = [one, two].map(|home| home.onion().map(|onion| &onion.address));
        assert_eq!(addresses[0], addresses[1]);
        assert_eq!(one.environment, two.environment);
    }
    assert_eq!(one.decoy.onion, two.decoy.onion);
    let (one, two) = (specs(one), specs(two));
    for (one, two) in all(&one).zip(all(&two)) {
        assert_eq!((&one.name, &one.role), (&two.name, &two.role));
        assert_eq!(one.arguments, two.arguments, "{}", one.role);
        assert_eq!(one.environment, two.environment, "{}", one.role);
        assert_eq!(one.network, two.network, "{}", one.role);
    }
}

#[test]
fn another_seed_gives_other_secrets_addresses_and_subnets() {
    let (one, two) = (plan(7), plan(8));
    assert_ne!(one.run.as_str(), two.run.as_str());
    for secret in one.secrets() {
        assert!(!two.secrets().contains(&secret));
    }
    for (one, two) in one.homes.iter().zip(&two.homes) {
        assert_ne!(onion(one).address, onion(two).address);
        assert_ne!(one.sidecar(), two.sidecar());
        assert_ne!(one.network, two.network);
    }
    for (one, two) in one.networks.iter().zip(&two.networks) {
        assert_ne!(one.subnet, two.subnet);
    }
}

#[test]
fn every_secret_is_its_own_and_long() {
    let secrets = plan(7).secrets();
    // Two peerings, two admin keys, nine control ports, two recorders, the probe, the peer that does not exist.
    assert_eq!(secrets.len(), 2 + 2 + 9 + 2 + 1 + 1);
    let distinct: BTreeSet<&str> = secrets.iter().map(|secret| secret.expose()).collect();
    assert_eq!(distinct.len(), secrets.len());
    for secret in &plan(7).peerings {
        assert_eq!(secret.secret.expose().len(), 64, "32 bytes as hex");
    }
    assert!(distinct.iter().all(|secret| secret.len() >= 32));
}

#[test]
fn the_run_id_is_the_start_and_six_digits() {
    let plan = plan(7);
    let run = plan.run.as_str();
    assert!(run.starts_with("20261122-100000-"), "{run}");
    assert_eq!(run.len(), "20261122-100000-".len() + 6);
    let mut later = inputs(7);
    later.now = NOW + Duration::seconds(1);
    let later = Plan::new(&topology(), &later).expect("there is room");
    assert_ne!(later.run, plan.run);
}

#[test]
fn what_one_side_sends_the_other_side_expects() {
    let plan = plan(7);
    assert!(!plan.peerings.is_empty());
    for peering in &plan.peerings {
        let accepting = plan.home(&peering.to).expect("is planned");
        let expected: Vec<_> = accepting
            .environment
            .iter()
            .filter(|(name, _)| Some(name) == peering.variable.as_ref())
            .collect();
        assert_eq!(expected.len(), 1, "{:?} once", peering.variable);
        assert_eq!(expected[0].1, peering.secret);
    }
    let dialled = plan.home(&plan.probe.to).expect("is planned");
    let variable = plan.probe.variable.clone().expect("there is one per peer");
    let expected = (variable, plan.probe.secret.clone());
    assert!(dialled.environment.contains(&expected));
    for home in &plan.homes {
        let noauth = home
            .environment
            .iter()
            .find(|(name, _)| name == "BTP_ALLOW_NOAUTH");
        assert_eq!(noauth.map(|(_, value)| value.expose()), Some("false"));
        // Nobody holds a secret that only others need. Three variables hold none.
        let known = 3 + plan
            .peerings
            .iter()
            .filter(|peering| peering.to == home.id)
            .count();
        let probed = usize::from(plan.probe.to == home.id);
        assert_eq!(home.environment.len(), known + probed, "{}", home.id);
    }
}

#[test]
fn the_printed_plan_holds_no_secret_and_no_address() {
    for topology in all_committed() {
        hides(&plan_of(&topology, 7));
    }
}

fn hides(plan: &Plan) {
    let text = shown(plan);
    for secret in plan.secrets() {
        assert!(!text.contains(secret.expose()));
    }
    for home in &plan.homes {
        let label = home.onion().map(|onion| onion.address.expose_label());
        assert!(label.is_none_or(|label| !text.contains(label)));
    }
    assert!(!text.contains(plan.decoy.onion.expose_label()));
    assert!(!mentions_address(&text));
    assert!(
        !text.contains(&plan.seed.expose()),
        "the seed makes all of them again"
    );
    assert!(
        text.contains("[redacted]"),
        "that there are secrets is shown"
    );
}

#[test]
fn a_topology_that_is_too_large_is_refused_with_numbers() {
    let mut many = topology();
    let home = many.homes[0].clone();
    many.homes = (0..64)
        .map(|index| {
            let mut home = home.clone();
            home.id = format!("home-{index}");
            home
        })
        .collect();
    let refused = |topology: &Topology| match sabotage::planned(topology, &inputs(7)) {
        Ok(_) => panic!("is planned"),
        Err(error) => error,
    };
    assert!(matches!(
        refused(&many),
        PlanError::TooManyHomes { homes: 64 }
    ));
    let mut crowd = many.clone();
    crowd.homes.truncate(31);
    for home in &mut crowd.homes[1..30] {
        home.beside = Some("home-0".to_owned());
    }
    assert!(matches!(
        refused(&crowd),
        PlanError::TooManyNeighbours { homes: 30 }
    ));
    crowd.homes.remove(1);
    crowd.homes.remove(1);
    assert!(Plan::new(&crowd, &inputs(7)).is_ok(), "28 have room");
    crowd.mutant = Some(mutant("one-bridge"));
    assert!(matches!(
        refused(&crowd),
        PlanError::TooManyNeighbours { homes: 29 }
    ));
    let mut wide = topology();
    wide.network.relays = 27;
    let error = refused(&wide);
    assert!(matches!(error, PlanError::TooManyNodes { nodes: 30 }));
    assert!(error.to_string().starts_with("30 authorities and relays"));
}
