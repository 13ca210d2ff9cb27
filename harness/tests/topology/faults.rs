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
            "fault[0].on is missing; add on = \"relays, home-b/daemon, home-b/connector or home-b/bls\"",
        ),
        (
            "on = \"relay1\"",
            "fault[0].what is missing; add what = \"cut\"",
        ),
        (
            "what = \"stop\"\non = \"home-b/bls\"",
            "fault[0].on \"home-b/bls\" is not for stop, which is done to relay1, relay-on-path, home-b/daemon or home-b/connector",
        ),
        (
            "what = \"kill\"\non = \"home-z/daemon\"",
            "fault[0].on \"home-z/daemon\" is nothing that something could be done to; for kill it is relays, home-b/daemon, home-b/connector or home-b/bls; did you mean \"home-b/daemon\"?",
        ),
        (
            "what = \"second-session\"\non = \"home-b\"\nlasts = \"5s\"",
            "fault[0].on \"home-b\" is not for second-session, which is done to home-b/connector",
        ),
        (
            "what = \"kill\"\non = \"relay9\"",
            "fault[0].on \"relay9\" is neither a home nor a node of this network, which are da1, da2, da3, relay1, relay2, relay3, relay4; did you mean \"relay1\"?",
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
            "what = \"cut\"\non = \"home-b\"\nlasts = \"1m\"\nafter = \"20h\"",
            "fault[0].after is longer than 15 minutes; a run is given up after half an hour",
        ),
        (
            "what = \"cut\"\non = \"home-b\"\nlasts = \"1m\"\nrecovers_within = \"40m\"",
            "fault[0].recovers_within is longer than 15 minutes; a run is given up after half an hour",
        ),
        (
            "what = \"cut\"\non = \"home-bb\"\nlasts = \"3s\"",
            "fault[0].on \"home-bb\" is nothing that something could be done to; for cut it is home-b; did you mean \"home-b\"?",
        ),
        (
            "what = \"kill\"\non = \"home-b/daemn\"",
            "fault[0].on \"home-b/daemn\" is nothing that something could be done to; for kill it is relays, home-b/daemon, home-b/connector or home-b/bls; did you mean \"home-b/daemon\"?",
        ),
        (
            "what = \"kill\"\non = \"home-bb/daemon\"",
            "fault[0].on \"home-bb/daemon\" is nothing that something could be done to; for kill it is relays, home-b/daemon, home-b/connector or home-b/bls; did you mean \"home-b/daemon\"?",
        ),
        (
            "what = \"kill\"\non = \"relay-on-pth\"",
            "fault[0].on \"relay-on-pth\" is neither a home nor a node of this network, which are da1, da2, da3, relay1, relay2, relay3, relay4; did you mean \"relay-on-path\"?",
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
            "fault[0].colour is not a key here; known keys are after, by, lasts, loses_at_most, on, percent, recovers_within, what",
        ),
    ] {
        assert_eq!(said(fault), [message], "{fault}");
    }
}

#[test]
fn how_much_slower_a_home_is_has_to_be_said() {
    let slow = "what = \"slow\"\nlasts = \"3s\"\n";
    for (rest, messages) in [
        ("on = \"home-b\"\nby = \"10s\"", &[][..]),
        (
            "on = \"home-b\"",
            &["fault[0].by is missing; add by = \"300ms\""][..],
        ),
        (
            "by = \"300ms\"",
            &["fault[0].on is missing; add on = \"home-b or links\""],
        ),
        (
            "on = \"home-b\"\nby = \"10001ms\"",
            &["fault[0].by is longer than 10 s, and the packets that flow meanwhile live for 5 s"],
        ),
        (
            "on = \"home-b\"\nby = \"0s\"",
            &["fault[0].by must be longer than zero"],
        ),
        (
            "on = \"home-b\"\nby = 300",
            &["fault[0].by \"300\" has no unit; write \"300ms\", \"300s\", \"300m\" or \"300h\""],
        ),
        (
            "on = \"links\"\nby = \"300ms\"",
            &[
                "fault[0].on links are as long as [wan] says, which is missing; add it, or use another fault",
                "fault[0].by is given, and links are as long as [wan] says; remove it",
            ],
        ),
        (
            "on = \"home-b\"\nby = \"1s\"\npercent = 10",
            &["fault[0].percent is given, and slow loses no share; remove it"],
        ),
        (
            "on = \"home-b\"\nbye = \"1s\"",
            &[
                "fault[0].by is missing; add by = \"300ms\"",
                "fault[0].bye is not a key here; known keys are after, by, lasts, loses_at_most, on, percent, recovers_within, what; did you mean \"by\"?",
            ],
        ),
        (
            "on = \"home-c\"\nby = \"1s\"",
            &[
                "fault[0].on \"home-c\" is nothing that something could be done to; for slow it is home-b or links; did you mean \"home-a\"?",
            ],
        ),
        (
            "on = \"home-b/daemon\"\nby = \"1s\"",
            &["fault[0].on \"home-b/daemon\" is not for slow, which is done to home-b or links"],
        ),
    ] {
        let found = said(&format!("{slow}{rest}"));
        assert_eq!(found, messages, "{rest}");
    }
    let cut = said("what = \"cut\"\non = \"home-b\"\nlasts = \"3s\"\nby = \"1s\"");
    let needless = "fault[0].by is given, and cut has no packet take longer; remove it";
    assert_eq!(cut, [needless]);
}

#[test]
fn a_slow_home_is_told_of_with_how_slow_it_is() {
    let text = with("what = \"slow\"\non = \"home-b\"\nby = \"300ms\"\nlasts = \"20s\"");
    let topology = Topology::parse("file.toml", &text).expect("parses");
    let fault = &topology.faults[0];
    assert_eq!(fault.by, Some(Duration::from_millis(300)));
    assert_eq!(fault.to_string(), "slow home-b by 300 ms for 20.0 s");
    let shown = serde_json::to_value(&topology).expect("serializes");
    assert_eq!(shown["fault"][0]["by"], 300);
    let named = NamedFault::find("slow-300ms").expect("is there");
    let named = named.of_home("home-b");
    assert_eq!((named.to_string(), named.by), (fault.to_string(), fault.by));
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
fn a_mistake_is_told_once_and_of_what_comes_after_it_nothing() {
    let later = "\n\n[[fault]]\nwhat = \"restart\"\non = \"home-b/connector\"";
    let wrong = "what = \"kill\"\non = \"home-b\"";
    let expected = "fault[0].on \"home-b\" is not for kill, which is done to relays, home-b/daemon, home-b/connector or home-b/bls";
    assert_eq!(said(&format!("{wrong}{later}{later}")), [expected]);
}

#[test]
fn an_example_is_of_a_home_that_is_there() {
    let cut = "what = \"cut\"\non = \"relay1\"\nlasts = \"3s\"";
    let elsewhere = with(cut).replace("home-b", "cottage");
    let found = mistakes(&elsewhere);
    let [told] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(told.ends_with("for cut it is cottage"), "{told}");
}

#[test]
fn a_homes_way_to_the_network_has_two_names() {
    let text = with("what = \"cut\"\non = \"home-b/link\"\nlasts = \"45s\"");
    let topology = Topology::parse("file.toml", &text).expect("parses");
    let home = FaultTarget::Home("home-b".to_owned());
    assert_eq!(topology.faults[0].on, home);
}

#[test]
fn of_nodes_those_that_are_left_are_broken() {
    let fault = |on: &str| format!("[[fault]]\nwhat = \"kill\"\non = \"{on}\"\n");
    for (first, then, refused) in [
        ("relays", "relay-on-path", true),
        ("authority", "da1", true),
        ("authority", "da2", false),
        ("two-authorities", "da2", true),
        ("authority", "two-authorities", false),
        ("relay-on-path", "relays", false),
    ] {
        let text = format!("{GOOD}\n{}\n{}", fault(first), fault(then));
        let told = Topology::parse("file.toml", &text).map(drop);
        assert_eq!(told.is_err(), refused, "{first}, {then}: {told:?}");
    }
}

#[test]
fn an_older_session_needs_a_peer_that_is_there() {
    let gone = "what = \"kill\"\non = \"home-a/connector\"";
    let then = "what = \"second-session\"\non = \"home-b/connector\"\nlasts = \"5s\"";
    let expected =
        "fault[1].on comes after \"kill home-a/connector for good\", which takes it away for good";
    assert_eq!(said(&format!("{gone}\n\n[[fault]]\n{then}")), [expected]);
}

#[test]
fn what_is_wrong_with_an_option_is_no_mistake_of_the_file() {
    let find = |name| NamedFault::find(name).expect("is there");
    let faults = [find("keys-lost"), find("daemon-restart")];
    let choices = Choices {
        faults: &faults,
        ..Choices::default()
    };
    let told = Topology::parse_as("file.toml", GOOD, choices).expect_err("is refused");
    let expected = "`--fault daemon-restart`: comes after \"lose-keys home-b/daemon\", which takes it away for good";
    assert_eq!(told.to_string(), expected);
    // Beside what is wrong with the file.
    let wrong = GOOD.replacen("\"dial\"", "\"dail\"", 1);
    let told = Topology::parse_as("file.toml", &wrong, choices).expect_err("is refused");
    let told = told.to_string();
    assert!(
        told.starts_with(&format!("{expected}\nfile.toml: ")),
        "{told}"
    );
    assert!(!told.contains("line 1: "), "{told}");
}

#[test]
fn a_daemon_that_the_connector_runs_is_not_broken_by_itself() {
    for (fault, expected) in [
        (
            "what = \"restart\"",
            "\"home-b\"'s connector runs the daemon, which restart cannot be done to; use kill, stop or pause",
        ),
        (
            "what = \"kill\"\nlasts = \"5s\"",
            "\"home-b\"'s connector runs the daemon, and does not start it again; leave lasts out",
        ),
    ] {
        let text = with(&format!("{fault}\non = \"home-b/daemon\""));
        let managed = text.replace("\"test.b\"", "\"test.b\"\ndaemon = \"managed\"");
        let found = mistakes(&managed);
        assert!(
            found.len() == 1 && found[0].ends_with(expected),
            "{found:?}"
        );
    }
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
