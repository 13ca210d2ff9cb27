//! Subnets and addresses, for any seed.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ator_harness::engine::NetworkSpec;
use ator_harness::plan::{Plan, Seed};
use proptest::prelude::*;

use super::{inputs, onion, plan, topology};

/// First and last address of a network.
fn range(network: &NetworkSpec) -> (u32, u32) {
    let first = u32::from(network.subnet);
    (first, first + (1 << (32 - network.prefix_length)) - 1)
}

fn overlap(a: (u32, u32), b: (u32, u32)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

fn with_seed(seed: [u8; 32]) -> ator_harness::plan::Inputs {
    let mut inputs = inputs(0);
    inputs.seed = Seed::new(seed);
    inputs
}

fn contains(network: &NetworkSpec, address: Ipv4Addr) -> bool {
    let (first, last) = range(network);
    // The first address names the network, the last is its broadcast.
    u32::from(address) > first && u32::from(address) < last
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn networks_are_apart_and_hold_their_members(seed: [u8; 32]) {
        let plan = Plan::new(&topology(), &with_seed(seed)).expect("there is room");
        for (index, network) in plan.networks.iter().enumerate() {
            for other in &plan.networks[..index] {
                prop_assert!(!overlap(range(network), range(other)));
            }
            prop_assert!(contains(network, network.gateway));
        }
        let mut addresses: BTreeSet<Ipv4Addr> =
            plan.networks.iter().map(|network| network.gateway).collect();
        let mut ports = BTreeSet::new();
        for node in plan.nodes() {
            prop_assert!(contains(&plan.networks[0], node.address));
            prop_assert!(addresses.insert(node.address), "taken twice");
            // Everybody publishes on the relays' router, so ports tell the nodes apart.
            prop_assert_eq!(node.published.address, plan.networks[0].gateway);
            prop_assert!(ports.insert(node.published.or_port));
            if let Some(port) = node.published.dir_port {
                prop_assert!(ports.insert(port));
            }
        }
        for (home, network) in plan.homes.iter().zip(&plan.networks[1..]) {
            prop_assert_eq!(&home.network, &network.name);
            prop_assert_eq!(home.gateway, network.gateway);
            prop_assert!(contains(network, home.address));
            prop_assert!(addresses.insert(home.address), "taken twice");
        }
    }

    #[test]
    fn what_is_occupied_is_left_alone(seed: [u8; 32], taken in 0usize..3) {
        let first = Plan::new(&topology(), &with_seed(seed)).expect("there is room");
        let mut inputs = with_seed(seed);
        let occupied = &first.networks[taken];
        inputs.space.add(occupied.subnet, occupied.prefix_length);
        let second = Plan::new(&topology(), &inputs).expect("there is room");
        for network in &second.networks {
            prop_assert!(!overlap(range(network), range(occupied)));
        }
    }
}

#[test]
fn names_on_the_engine_are_unique_and_the_runs_own() {
    let plan = plan(7);
    let mut names: Vec<&str> = plan
        .networks
        .iter()
        .map(|network| network.name.as_str())
        .collect();
    names.extend(plan.nodes().map(|node| node.container.as_str()));
    for home in &plan.homes {
        names.extend(home.sidecar());
        names.extend([&*home.connector, &home.bls]);
    }
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len());
    for name in names {
        assert!(name.contains(plan.run.short()), "{name}");
    }
    // The daemon aborts on a nickname with a hyphen or more than 19 characters.
    let homes = plan.homes.iter().map(|home| &onion(home).nickname);
    for nickname in plan.nodes().map(|node| &node.nickname).chain(homes) {
        assert!(nickname.len() <= 19, "{nickname}");
        assert!(
            nickname.chars().all(|c| c.is_ascii_alphanumeric()),
            "{nickname}"
        );
    }
}
