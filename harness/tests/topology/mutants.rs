//! Parts that are broken on purpose.

use std::collections::BTreeSet;

use ator_harness::mutants::{MUTANTS, Needs};
use ator_harness::topology::Topology;

use super::{GOOD, mistakes};

fn with(mutant: &str) -> String {
    format!("mutant = {mutant:?}\n{GOOD}")
}

#[test]
fn every_mutant_is_chosen_by_its_name() {
    let names: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.name).collect();
    assert_eq!(names.len(), MUTANTS.len());
    for mutant in MUTANTS {
        let text = with(mutant.name);
        let text = match mutant.needs {
            Needs::ManagedDaemon => text.replace("\"test.b\"", "\"test.b\"\ndaemon = \"managed\""),
            Needs::NoAuth => text.replace("auth = \"secret\"", "auth = \"none\""),
            Needs::Faults(faults) | Needs::FaultsWhereDialled(faults) => {
                format!("{text}\n{faults}")
            }
            Needs::Nothing | Needs::PrivateNetwork | Needs::OwnNetwork => text,
        };
        let topology = Topology::parse("file.toml", &text)
            .unwrap_or_else(|error| panic!("{}: {error}", mutant.name));
        assert_eq!(topology.mutant, Some(mutant));
        let shown = serde_json::to_value(&topology).expect("serializes");
        assert_eq!(shown["mutant"], mutant.name);
    }
    let topology = Topology::parse("file.toml", GOOD).expect("parses");
    assert_eq!(topology.mutant, None);
}

#[test]
fn no_mutant_is_caught_by_what_may_notice_it_as_well() {
    for mutant in MUTANTS {
        assert!(!mutant.may_also_fail.contains(&mutant.caught_by));
    }
}

#[test]
fn an_unknown_mutant_is_refused_with_those_there_are() {
    let found = mistakes(&with("no-such"));
    assert_eq!(found.len(), 1);
    let expected = "line 1: mutant \"no-such\" is not known; use one of accepts-any-secret, ";
    assert!(found[0].starts_with(expected), "{found:?}");
    for mutant in MUTANTS {
        assert!(found[0].contains(mutant.name), "{}", mutant.name);
    }
}

#[test]
fn a_takeover_without_a_secret_needs_a_home_that_lets_peers_in_without_one() {
    let found = mistakes(&with("empty-secret-takes-over"));
    let expected = "set auth = \"none\" in a peering to \"home-b\", which the probe dials";
    assert!(
        found.len() == 1 && found[0].ends_with(expected),
        "{found:?}"
    );
}

#[test]
fn a_wrong_hostname_needs_a_connector_that_hands_one_out() {
    let text = with("wrong-hostname-checksum");
    let expected = "line 1: mutant breaks what a connector with a managed daemon hands out; set daemon = \"managed\" in \"home-b\", which the probe dials";
    assert_eq!(mistakes(&text), [expected]);
    // The mutant is in the home that the probe dials, and in no other.
    let other = text.replace("\"test.a\"", "\"test.a\"\ndaemon = \"managed\"");
    assert_eq!(mistakes(&other), [expected]);
}
