//! What a deliberately broken part changes in a plan, and that it changes nothing else.

use std::collections::BTreeSet;

use ator_harness::engine::ContainerSpec;
use ator_harness::mutants::{Different, MUTANTS, MutantAddress, Part, VARIANTS};
use ator_harness::plan::{Plan, Specs};
use reference_connector::{
    ConnectorMutant, ConnectorVariant, MUTANT_ADDRESS_VARIABLE, MUTANT_VARIABLE, VARIANT_VARIABLE,
};

use super::{ANONRC, all, mutant, onion, options, plan, plan_of, specs, text, topology, variable};

fn broken(name: &str) -> (Plan, Specs) {
    let mut topology = topology();
    topology.mutant = Some(mutant(name));
    let plan = plan_of(&topology, 7);
    let specs = specs(&plan);
    (plan, specs)
}

/// Roles of the containers that differ from those of the healthy plan.
fn differ(name: &str) -> BTreeSet<String> {
    let (healthy, (_, broken)) = (specs(&plan(7)), broken(name));
    assert_eq!(all(&healthy).count(), all(&broken).count());
    let files = |spec: &ContainerSpec| -> Vec<(String, Option<Vec<u8>>)> {
        let mut files: Vec<_> = spec
            .files
            .iter()
            .map(|file| (file.path.clone(), file.content.clone()))
            .collect();
        files.sort();
        files
    };
    all(&healthy)
        .zip(all(&broken))
        .filter(|(one, two)| {
            one.environment != two.environment
                || one.arguments != two.arguments
                || one.network != two.network
                || files(one) != files(two)
        })
        .map(|(one, _)| one.role.clone())
        .collect()
}

fn roles(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The configuration of the sidecar of the home that the probe dials.
fn sidecar(specs: &Specs) -> String {
    text(specs.homes[1].sidecar.as_ref().expect("is there"), ANONRC)
}

#[test]
fn a_broken_connector_is_the_one_that_the_probe_dials_and_is_told_so() {
    for mutant in MUTANTS {
        let Part::Connector(needed) = mutant.part else {
            continue;
        };
        let expected = match needed {
            Some(MutantAddress::MappedToPeer) => roles(&["home-b/connector", "home-b/sidecar"]),
            _ => roles(&["home-b/connector"]),
        };
        assert_eq!(differ(mutant.name), expected, "{}", mutant.name);
        let (plan, specs) = broken(mutant.name);
        let told = |home: usize, name| variable(&specs.homes[home].connector, name);
        assert_eq!(told(1, MUTANT_VARIABLE), Some(mutant.name));
        assert_eq!(told(0, MUTANT_VARIABLE), None);
        let address = told(1, MUTANT_ADDRESS_VARIABLE);
        match needed {
            Some(MutantAddress::MappedToPeer) => assert!(address.is_some()),
            Some(MutantAddress::OwnHome) => {
                // Where the SOCKS and DNS recorder waits for a dial that must not come.
                assert_eq!(address, Some(&*plan.homes[1].address.to_string()));
            }
            None => assert_eq!(address, None, "{}", mutant.name),
        }
    }
}

#[test]
fn the_reference_connector_knows_the_connectors_mutants_and_no_others() {
    let told: BTreeSet<&str> = MUTANTS
        .iter()
        .filter(|mutant| mutant.is_connector())
        .map(|mutant| mutant.name)
        .collect();
    let known: BTreeSet<&str> = ConnectorMutant::ALL
        .into_iter()
        .filter(|mutant| !ConnectorMutant::OF_CONFORMANCE.contains(mutant))
        .map(ConnectorMutant::as_str)
        .collect();
    assert_eq!(told, known);
}

#[test]
fn every_home_differs_and_the_reference_connector_knows_how() {
    let told: BTreeSet<&str> = VARIANTS
        .iter()
        .filter(|variant| variant.part == Different::Connector)
        .map(|variant| variant.name)
        .collect();
    let known = ConnectorVariant::ALL.iter().map(|variant| variant.as_str());
    assert_eq!(told, known.collect());
    for variant in VARIANTS {
        let mut topology = super::topology();
        topology.variant = Some(variant);
        let specs = super::specs(&super::plan_of(&topology, 7));
        for home in &specs.homes {
            let named = variable(&home.connector, VARIANT_VARIABLE);
            match variant.part {
                Different::Connector => assert_eq!(named, Some(variant.name)),
                Different::Daemon(line) => {
                    assert_eq!(named, None);
                    assert!(text(home.sidecar.as_ref().expect("is there"), ANONRC).contains(line));
                }
            }
        }
    }
}

#[test]
fn no_healthy_connector_is_told_of_a_mutant() {
    for home in &specs(&plan(7)).homes {
        assert_eq!(variable(&home.connector, MUTANT_VARIABLE), None);
    }
}

#[test]
fn an_address_that_a_mutant_dials_is_mapped_to_the_peer() {
    let (plan, specs) = broken("sends-address-to-socks");
    let own = &specs.homes[1];
    let address = variable(&own.connector, MUTANT_ADDRESS_VARIABLE);
    let expected = format!(
        "{} {}",
        address.expect("is told"),
        onion(&plan.homes[0]).address.expose()
    );
    assert_eq!(options(&sidecar(&specs), "MapAddress"), [expected]);
    assert!(options(&sidecar(&super::specs(&super::plan(7))), "MapAddress").is_empty());
}

#[test]
fn a_broken_daemon_is_that_of_the_home_that_the_probe_dials() {
    for (mutant, option, value) in [
        ("publishes-no-descriptor", "PublishHidServDescriptors", "0"),
        ("fetches-no-descriptor", "FetchHidServDescriptors", "0"),
        ("never-bootstraps", "ReachableAddresses", "reject *:*"),
        (
            "wrong-service-port",
            "HiddenServicePort",
            "3001 127.0.0.1:3001",
        ),
    ] {
        assert_eq!(differ(mutant), roles(&["home-b/sidecar"]));
        let (_, specs) = broken(mutant);
        assert_eq!(options(&sidecar(&specs), option), [value]);
    }
    assert_eq!(differ("shuts-clients-out"), roles(&["home-b/sidecar"]));
}

#[test]
fn a_missing_relay_publishes_nothing() {
    let (plan, specs) = broken("missing-relay");
    let silent: Vec<&str> = plan
        .nodes()
        .filter(|node| !node.publishes)
        .map(|node| &*node.nickname)
        .collect();
    assert_eq!(silent, ["relay4"]);
    // Nobody publishes before being told to.
    for spec in specs.authorities.iter().chain(&specs.relays) {
        let rc = text(spec, ANONRC);
        assert_eq!(options(&rc, "PublishServerDescriptor"), ["0"]);
    }
}

#[test]
fn on_one_bridge_every_home_has_an_address_of_its_own() {
    let (plan, _) = broken("one-bridge");
    let addresses: BTreeSet<_> = plan.homes.iter().map(|home| home.address).collect();
    assert_eq!(addresses.len(), plan.homes.len());
    let networks: BTreeSet<_> = plan.homes.iter().map(|home| &home.network).collect();
    assert_eq!(networks.len(), 1);
    assert!(
        !plan.topology.neighbours("home-a", "home-b"),
        "they are not meant to be neighbours, and that is what the check goes by"
    );
}

#[test]
fn the_guard_of_a_broken_home_lets_another_place_through() {
    let (plan, _) = broken("blocks-home");
    let allowed = |mutant| {
        let (_, specs) = broken(mutant);
        let arguments = specs.homes[1].server.arguments.clone();
        let pairs = arguments.windows(2).filter(|pair| pair[0] == "--allow");
        pairs.map(|pair| pair[1].clone()).collect::<BTreeSet<_>>()
    };
    let router = plan.networks[0].gateway.to_string();
    let own = plan.homes[1].gateway.to_string();
    let other = plan.homes[0].gateway.to_string();
    assert_eq!(allowed("blocks-home"), [own].into());
    assert_eq!(allowed("leaves-home-open"), [router, other].into());
    for mutant in ["blocks-home", "leaves-home-open"] {
        assert_eq!(differ(mutant), roles(&["home-b/bls"]));
    }
}

#[test]
fn another_environment_is_the_other_homes_alone() {
    assert_eq!(differ("other-environment"), roles(&["home-a/connector"]));
    let (plan, specs) = broken("other-environment");
    let connector = &specs.homes[0].connector;
    assert_eq!(variable(connector, "BTP_ALLOW_NOAUTH"), None);
    let planned = &plan.homes[0].environment;
    assert!(planned.iter().any(|(name, _)| name == "BTP_ALLOW_NOAUTH"));
}

#[test]
fn a_connector_that_bypasses_the_record_goes_to_the_daemon() {
    let mutant = "bypasses-recorder";
    assert_eq!(differ(mutant), roles(&["home-b/connector"]));
    let (_, specs) = broken(mutant);
    let config = text(
        &specs.homes[1].connector,
        ator_harness::connectors::toon::CONFIG_FILE,
    );
    assert!(config.contains("socks5h://127.0.0.1:9050"), "{config}");
}

#[test]
fn far_relays_are_all_nodes_behind_link_shaping() {
    let (plan, specs) = broken("far-relays");
    assert!(plan.nodes().all(|node| node.shaping.is_some()));
    assert_eq!(specs.shaping.len(), plan.nodes().count());
}

#[test]
fn what_the_harness_breaks_itself_is_not_in_the_plan() {
    for mutant in ["leaves-container", "certificate-address"] {
        assert!(differ(mutant).is_empty(), "{mutant}");
    }
}
