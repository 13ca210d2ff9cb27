//! Faults: what they may be done to, for how long, and what is said of those that cannot be.

use std::time::Duration;

use ator_harness::topology::{Choices, FaultKind, FaultTarget, NamedFault, Topology};

use super::{GOOD, mistakes};

fn with(fault: &str) -> String {
    format!("{GOOD}\n[[fault]]\n{fault}\n")
}

/// What is said of a fault, without the line.
fn said(fault: &str) -> Vec<String> {
    let found = mistakes(&with(fault)).into_iter();
    found
        .map(|one| one.split_once(": ").expect("has a line").1.to_owned())
        .collect()
}

#[test]
fn a_fault_has_defaults() {
    let topology = Topology::parse(
        "file.toml",
        &with("what = \"cut\"\non = \"home-b\"\nlasts = \"45s\""),
    );
    let topology = topology.expect("parses");
    let [fault] = &topology.faults[..] else {
        panic!("one fault")
    };
    assert_eq!(fault.what, FaultKind::Cut);
    assert_eq!(fault.on, FaultTarget::Home("home-b".to_owned()));
    assert_eq!(fault.after, Duration::from_secs(2));
    assert_eq!(fault.recovers_within, Some(Duration::from_secs(60)));
    assert_eq!(fault.loses_at_most, None);
    assert_eq!(fault.to_string(), "cut home-b for 45.0 s");
    let shown = serde_json::to_value(&topology).expect("serializes");
    assert_eq!(shown["fault"][0]["on"], "home-b");
    assert_eq!(shown["fault"][0]["lasts"], 45_000);
}

#[test]
fn what_cannot_be_done_is_told_with_what_can() {
    for (fault, message) in [
        (
            "what = \"kill\"",
            "fault[0].on is missing; add on = \"relay1, relay-on-path, home-b/daemon or home-b/connector\"",
        ),
        (
            "on = \"relay1\"",
            "fault[0].what is missing; add what = \"cut\"",
        ),
        (
            "what = \"kill\"\non = \"home-b/bls\"",
            "fault[0].on \"home-b/bls\" is not for kill, which is done to relay1, relay-on-path, home-b/daemon or home-b/connector",
        ),
        (
            "what = \"kill\"\non = \"home-z/daemon\"",
            "fault[0].on \"home-z/daemon\" is nothing that something could be done to; for kill it is relay1, relay-on-path, home-b/daemon or home-b/connector",
        ),
        (
            "what = \"kill\"\non = \"relay9\"",
            "fault[0].on \"relay9\" is neither a home nor a node of this network, which are da1, da2, da3, relay1, relay2, relay3, relay4",
        ),
        (
            "what = \"cut\"\non = \"home-b\"",
            "fault[0].lasts is missing; add lasts = \"250ms\"",
        ),
        (
            "what = \"restart\"\non = \"relay1\"\nlasts = \"3s\"",
            "fault[0].lasts is given, and restart is over at once; remove it",
        ),
        (
            "what = \"cut\"\non = \"home-b\"\nlasts = \"16m\"",
            "fault[0].lasts is longer than 15 minutes; a run is given up after half an hour",
        ),
        (
            "what = \"lose-keys\"\non = \"home-b/daemon\"\nrecovers_within = \"3s\"",
            "fault[0].recovers_within is given, and after \"lose-keys home-b/daemon\" that home is not reached again; remove it",
        ),
        (
            "what = \"slow\"\non = \"links\"\nlasts = \"3s\"",
            "fault[0].on links are as long as [wan] says, which is missing; add it, or use another fault",
        ),
        (
            "what = \"cut\"\non = \"home-b\"\nlasts = \"3s\"\ncolour = 1",
            "fault[0].colour is not a key here; known keys are after, lasts, loses_at_most, on, recovers_within, what",
        ),
    ] {
        assert_eq!(said(fault), [message], "{fault}");
    }
}

#[test]
fn what_is_gone_for_good_is_not_broken_again() {
    let twice = "what = \"kill\"\non = \"home-b/connector\"\n\n[[fault]]\nwhat = \"restart\"\non = \"home-b/connector\"";
    let expected =
        "fault[1].on comes after \"kill home-b/connector for good\", which takes it away for good";
    assert_eq!(said(twice), [expected]);
    let other = "what = \"kill\"\non = \"relay1\"\n\n[[fault]]\nwhat = \"kill\"\non = \"relay2\"";
    assert_eq!(said(other), Vec::<String>::new());
}

#[test]
fn a_daemon_that_the_connector_runs_is_not_broken_by_itself() {
    let text = with("what = \"restart\"\non = \"home-b/daemon\"");
    let managed = text.replace("\"test.b\"", "\"test.b\"\ndaemon = \"managed\"");
    let found = mistakes(&managed);
    let expected = "fault[0].on \"home-b\" has no onion daemon in a container of its own, which is what restart is done to";
    assert!(
        found.len() == 1 && found[0].ends_with(expected),
        "{found:?}"
    );
}

#[test]
fn the_catalogues_are_done_to_the_home_that_the_probe_dials() {
    let faults = [NamedFault::find("cut-10s").expect("is there")];
    let choices = Choices {
        faults: &faults,
        ..Choices::default()
    };
    let topology = Topology::parse_as("file.toml", GOOD, choices).expect("parses");
    assert_eq!(
        topology.faults[0].on,
        FaultTarget::Home("home-b".to_owned())
    );
    assert_eq!(NamedFault::find("no-such"), None);
}
