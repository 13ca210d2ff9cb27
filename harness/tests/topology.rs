//! Topology files: every mistake at once, each with its line and path, and the committed ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ator_harness::topology::{Metric, Topology, TopologyError, secret_variable};

/// A topology without mistakes. Tests break it by replacing parts of the text.
const GOOD: &str = r#"name = "small"
description = "two homes"

[[home]]
id = "home-a"
prefix = "test.a"

[[home]]
id = "home-b"
prefix = "test.b"

[[peering]]
from = "home-a"
to = "home-b"
auth = "secret"

[probe]
id = "probe"
via = "home-a"
to = "home-b"

[[budget]]
metric = "dial"
at_most = "3s"
"#;

/// The lines of the error that a text leads to, without the file name.
fn mistakes(text: &str) -> Vec<String> {
    match Topology::parse("file.toml", text) {
        Ok(_) => Vec::new(),
        Err(TopologyError::Invalid { file, mistakes }) => {
            assert_eq!(file, "file.toml");
            mistakes.iter().map(ToString::to_string).collect()
        }
        Err(error) => panic!("{error}"),
    }
}

/// The mistakes of the good text with one part replaced.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert_eq!(GOOD.matches(from).count(), 1, "{from:?} is there once");
    mistakes(&GOOD.replace(from, to))
}

/// The mistakes of the good text with something at its end.
fn extended(more: &str) -> Vec<String> {
    mistakes(&format!("{GOOD}{more}"))
}

#[test]
fn the_good_text_is_good_and_has_documented_defaults() {
    let topology = Topology::parse("file.toml", GOOD).expect("parses");
    assert_eq!(topology.network.authorities, 3);
    assert_eq!(topology.network.relays, 4);
    assert_eq!((topology.probe.packets, topology.probe.dials), (200, 3));
    assert_eq!(topology.deadlines.publication, Duration::from_secs(120));
    let budget = &topology.budgets[0];
    assert_eq!(
        (budget.metric, budget.percentile, budget.samples),
        (Metric::Dial, 100.0, 1)
    );
}

#[test]
fn numbers_may_be_written_in_every_way_that_toml_has() {
    for (number, value) in [
        ("1_000", 1000),
        ("0x100", 256),
        ("0o1000", 512),
        ("+300", 300),
    ] {
        let text = GOOD.replace("[[budget]]", &format!("packets = {number}\n[[budget]]"));
        let topology = Topology::parse("file.toml", &text).expect(number);
        assert_eq!(topology.probe.packets, value, "{number}");
    }
}

#[test]
fn all_mistakes_come_at_once_in_line_order() {
    let text = r#"name = "Small"
colour = "red"

[network]
family = "tor"
authorities = 4
relays = 3
speed = 1

[[home]]
id = "home-a"
prefix = "test.a"

[[home]]
id = "home_a"
prefix = "test.a.b"
wing = "east"

[[peering]]
from = "home-a"
to = "home-a"
auth = "none"

[probe]
id = "probe"
via = "home-c"
to = "home-a"
packets = 10

[deadlines]
consensus = 30

[[budget]]
metric = "speed"
percentile = 101
at_most = "3h"
"#;
    let error = Topology::parse("bad.toml", text).expect_err("is refused");
    assert_eq!(
        error.to_string(),
        r#"bad.toml: 18 mistakes in this topology:
  line 1: description is missing; add description = "what this topology is for"
  line 1: name may hold lower-case letters, digits and dashes only
  line 2: colour is not a key here; known keys are budget, deadlines, description, home, name, network, peering, probe
  line 5: network.family "tor" is not a TLD family; use anon, anyone or onion
  line 6: network.authorities must be odd, so that a majority is clear
  line 7: network.relays expected a whole number from 4 to 16
  line 8: network.speed is not a key here; known keys are authorities, family, relays
  line 15: home[1].id "home_a" and "home-a" both map to the variable BTP_PEER_HOME_A_SECRET; rename one
  line 16: home[1].prefix "test.a.b" overlaps with "test.a" of home[0]; a packet would have two homes
  line 17: home[1].wing is not a key here; known keys are id, prefix
  line 21: peering[0].to is the home that dials; a home does not peer with itself
  line 22: peering[0].auth "none" is not a way to authenticate; use "secret"
  line 26: probe.via "home-c" is not the id of a [[home]]
  line 28: probe.packets expected a whole number from 200 to 1000000
  line 31: deadlines.consensus "30" has no unit; write "30ms", "30s" or "30m"
  line 34: budget[0].metric "speed" is not a metric; use one of dial, btp-connect, round-trip, ready
  line 35: budget[0].percentile expected a percentile above 0 and up to 100
  line 36: budget[0].at_most "3h" has an unknown unit "h"; use ms, s or m"#
    );
}

#[test]
fn unknown_keys_are_refused_in_every_table() {
    let cases = [
        (
            "[[home]]\nid = \"home-a\"",
            "[[home]]\ncolour = 1\nid = \"home-a\"",
            "line 5: home[0].colour is not a key here; known keys are id, prefix",
        ),
        (
            "auth = \"secret\"",
            "auth = \"secret\"\ncolour = 1",
            "line 16: peering[0].colour is not a key here; known keys are auth, from, to",
        ),
        (
            "[probe]",
            "[probe]\ncolour = 1",
            "line 18: probe.colour is not a key here; known keys are dials, id, packets, to, via",
        ),
        (
            "[[budget]]",
            "[[budget]]\ncolour = 1",
            "line 23: budget[0].colour is not a key here; known keys are at_most, metric, percentile, samples",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(broken(from, to), [expected]);
    }
    assert_eq!(
        extended("[network]\nfamily = \"anon\"\ncolour = 1\n"),
        ["line 27: network.colour is not a key here; known keys are authorities, family, relays"]
    );
    assert_eq!(
        extended("[deadlines]\ncolour = \"1s\"\n"),
        [
            "line 26: deadlines.colour is not a key here; known keys are consensus, delivery, descriptors, peering, publication"
        ]
    );
}

#[test]
fn an_empty_file_names_everything_that_is_missing() {
    assert_eq!(
        mistakes(""),
        [
            "line 1: budget is missing; add at least one [[budget]] with metric and at_most",
            "line 1: description is missing; add description = \"what this topology is for\"",
            "line 1: home expected at least two [[home]] tables, found 0",
            "line 1: name is missing; add name = \"my-topology\"",
            "line 1: peering expected at least one [[peering]] table, found 0",
            "line 1: probe is missing; add a [probe] table with id, via and to",
        ]
    );
}

#[test]
fn a_missing_key_is_one_mistake_and_nothing_that_follows_from_it() {
    // The home without a prefix still counts as a home, and can be referred to.
    assert_eq!(
        broken("prefix = \"test.a\"\n", ""),
        ["line 4: home[0].prefix is missing; add prefix = \"test.home-a\""]
    );
    assert_eq!(
        broken("to = \"home-b\"\nauth", "auth"),
        ["line 12: peering[0].to is missing; add to = \"home-b\""]
    );
    assert_eq!(
        broken("id = \"probe\"\n", ""),
        ["line 17: probe.id is missing; add id = \"probe\""]
    );
    assert_eq!(
        broken("at_most = \"3s\"\n", ""),
        ["line 22: budget[0].at_most is missing; add at_most = \"250ms\""]
    );
}

#[test]
fn a_broken_home_does_not_shift_the_names_of_the_others() {
    let text = GOOD
        .replace("prefix = \"test.a\"\n", "")
        .replace("\"test.b\"", "\"Test.B\"");
    assert_eq!(
        mistakes(&text),
        [
            "line 4: home[0].prefix is missing; add prefix = \"test.home-a\"",
            "line 9: home[1].prefix \"Test.B\" is not an ILP address prefix of lower-case letters, digits, - and _ between dots",
        ]
    );
}

#[test]
fn wrong_types_are_named_with_what_was_expected() {
    let cases = [
        (
            "name = \"small\"",
            "name = 3",
            "line 1: name expected a string, found an integer",
        ),
        (
            "description = \"two homes\"",
            "description = \"  \"",
            "line 2: description is empty",
        ),
        (
            "[probe]\nid = \"probe\"\nvia = \"home-a\"\nto = \"home-b\"\n",
            "[[probe]]\n",
            "line 17: probe expected a table, found an array",
        ),
        (
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-b\"\npackets = \"many\"\n\n[[budget]]",
            "line 21: probe.packets expected a whole number from 200 to 1000000",
        ),
        (
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-b\"\npackets = 199\n\n[[budget]]",
            "line 21: probe.packets expected a whole number from 200 to 1000000",
        ),
        (
            "at_most = \"3s\"",
            "at_most = true",
            "line 24: budget[0].at_most expected a duration such as \"250ms\", found a boolean",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(broken(from, to), [expected]);
    }
    // The key has to stand before the first table to be one of the whole file.
    assert_eq!(
        mistakes(&format!("network = 3\n{GOOD}")),
        ["line 1: network expected a table, found an integer"]
    );
    let one_table = GOOD.replace("[[budget]]", "[budget]");
    assert_eq!(
        mistakes(&one_table),
        ["line 22: budget expected tables, each started by [[budget]], found a table"]
    );
}

#[test]
fn homes_need_ids_and_prefixes_of_their_own() {
    assert_eq!(
        extended("[[home]]\nid = \"home-a\"\nprefix = \"test.c\"\n"),
        ["line 26: home[2].id \"home-a\" is taken by home[0]; give each home its own id"]
    );
    assert_eq!(
        broken("\"test.b\"", "\"test.a.b\""),
        [
            "line 10: home[1].prefix \"test.a.b\" overlaps with \"test.a\" of home[0]; a packet would have two homes"
        ]
    );
    // Only whole segments count.
    assert!(broken("\"test.b\"", "\"test.ab\"").is_empty());
    assert_eq!(
        extended("[[home]]\nid = \"3rd home\"\nprefix = \"test..c\"\n"),
        [
            "line 26: home[2].id \"3rd home\" may hold at most 24 letters, digits, dashes and underscores, and starts with a letter",
            "line 27: home[2].prefix \"test..c\" is not an ILP address prefix of lower-case letters, digits, - and _ between dots",
        ]
    );
    assert_eq!(
        extended("[[home]]\nid = \"relays\"\nprefix = \"test.c\"\n"),
        ["line 26: home[2].id \"relays\" is what the relays' network is called; choose another"]
    );
}

#[test]
fn references_lead_to_homes() {
    assert_eq!(
        broken("from = \"home-a\"", "from = \"home-x\""),
        ["line 13: peering[0].from \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        broken("to = \"home-b\"\nauth", "to = \"home-x\"\nauth"),
        ["line 14: peering[0].to \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        broken("via = \"home-a\"", "via = \"home-x\""),
        ["line 19: probe.via \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        broken(
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-x\"\n\n[[budget]]"
        ),
        ["line 20: probe.to \"home-x\" is not the id of a [[home]]"]
    );
}

#[test]
fn peerings_are_between_two_homes_and_there_once() {
    assert_eq!(
        broken("to = \"home-b\"\nauth", "to = \"home-a\"\nauth"),
        ["line 14: peering[0].to is the home that dials; a home does not peer with itself"]
    );
    let twin = "[[peering]]\nfrom = \"home-a\"\nto = \"home-b\"\nauth = \"secret\"\n";
    assert_eq!(
        extended(twin),
        ["line 25: peering[1] repeats peering[0]; remove one"]
    );
    // The other direction is another peering.
    let back = "[[peering]]\nfrom = \"home-b\"\nto = \"home-a\"\nauth = \"secret\"\n";
    assert!(extended(back).is_empty());
    assert_eq!(
        broken("auth = \"secret\"", "auth = \"none\""),
        ["line 15: peering[0].auth \"none\" is not a way to authenticate; use \"secret\""]
    );
}

#[test]
fn the_probe_dials_through_another_home() {
    assert_eq!(
        broken("via = \"home-a\"", "via = \"home-b\""),
        [
            "line 19: probe.via is the home that is dialled; dial through another home, or nothing crosses the network"
        ]
    );
}

#[test]
fn ids_that_share_a_secret_variable_are_refused() {
    assert_eq!(secret_variable("home-a"), "BTP_PEER_HOME_A_SECRET");
    for id in ["home_a", "Home-A", "HOME_a"] {
        assert_eq!(
            extended(&format!("[[home]]\nid = \"{id}\"\nprefix = \"test.c\"\n")),
            [format!(
                "line 26: home[2].id {id:?} and \"home-a\" both map to the variable BTP_PEER_HOME_A_SECRET; rename one"
            )]
        );
    }
    for id in ["home-b", "HOME_B"] {
        assert_eq!(
            broken("id = \"probe\"", &format!("id = \"{id}\"")),
            [format!(
                "line 18: probe.id {id:?} and \"home-b\" both map to the variable BTP_PEER_HOME_B_SECRET; rename one"
            )]
        );
    }
}

#[test]
fn budgets_have_a_known_metric_a_unit_and_a_percentile() {
    let cases = [
        (
            "\"3s\"",
            "3",
            "line 24: budget[0].at_most \"3\" has no unit; write \"3ms\", \"3s\" or \"3m\"",
        ),
        (
            "\"3s\"",
            "\"250\"",
            "line 24: budget[0].at_most \"250\" has no unit; write \"250ms\", \"250s\" or \"250m\"",
        ),
        (
            "\"3s\"",
            "\"3h\"",
            "line 24: budget[0].at_most \"3h\" has an unknown unit \"h\"; use ms, s or m",
        ),
        (
            "\"3s\"",
            "\"soon\"",
            "line 24: budget[0].at_most \"soon\" is not a duration; write a number and a unit, as in \"250ms\"",
        ),
        (
            "\"3s\"",
            "\"0ms\"",
            "line 24: budget[0].at_most must be longer than zero",
        ),
        (
            "\"dial\"",
            "\"speed\"",
            "line 23: budget[0].metric \"speed\" is not a metric; use one of dial, btp-connect, round-trip, ready",
        ),
        (
            "at_most",
            "samples = 0\nat_most",
            "line 24: budget[0].samples expected a whole number from 1 to 1000000",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(broken(from, to), [expected]);
    }
    for percentile in ["0", "100.5", "-1", "\"p95\"", "nan"] {
        assert_eq!(
            broken("at_most", &format!("percentile = {percentile}\nat_most")),
            ["line 24: budget[0].percentile expected a percentile above 0 and up to 100"],
            "{percentile}"
        );
    }
    for percentile in ["0.1", "50", "99.9", "100"] {
        assert!(broken("at_most", &format!("percentile = {percentile}\nat_most")).is_empty());
    }
}

#[test]
fn a_metric_has_one_budget_per_percentile() {
    let twin = "[[budget]]\nmetric = \"dial\"\npercentile = 100\nat_most = \"1s\"\n";
    assert_eq!(
        extended(twin),
        ["line 26: budget[1].percentile is that of budget[0], for the same metric; remove one"]
    );
    assert!(extended(&twin.replace("100", "50")).is_empty());
}

#[test]
fn the_network_has_an_odd_number_of_authorities_and_enough_relays() {
    let network = |authorities: u32, relays: u32| {
        extended(&format!(
            "[network]\nfamily = \"anon\"\nauthorities = {authorities}\nrelays = {relays}\n"
        ))
    };
    assert!(network(5, 16).is_empty());
    assert_eq!(
        network(4, 4),
        ["line 27: network.authorities must be odd, so that a majority is clear"]
    );
    assert_eq!(
        network(1, 3),
        [
            "line 27: network.authorities expected a whole number from 3 to 9",
            "line 28: network.relays expected a whole number from 4 to 16",
        ]
    );
}

#[test]
fn a_text_that_is_no_toml_says_where() {
    let error = Topology::parse("file.toml", "name = \"x\"\n[[home\n").expect_err("is refused");
    let text = error.to_string();
    assert!(text.starts_with("file.toml: not valid TOML: "), "{text}");
    assert!(text.contains("line 2"), "{text}");
    // A key given twice is TOML's own mistake.
    let error = Topology::parse("file.toml", "name = \"x\"\nname = \"y\"\n").expect_err("twice");
    assert!(matches!(error, TopologyError::Syntax { .. }), "{error}");
}

#[test]
fn every_committed_topology_parses_and_is_named_like_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies");
    let files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(!files.is_empty(), "no topology is committed");
    for path in files {
        assert_eq!(
            path.extension().and_then(|e| e.to_str()),
            Some("toml"),
            "{path:?}"
        );
        let text = fs::read_to_string(&path).expect("reads");
        let name = path.file_stem().expect("has a name").to_string_lossy();
        match Topology::parse(&name, &text) {
            Ok(topology) => assert_eq!(topology.name, name, "`down` finds it by this name"),
            Err(error) => panic!("{error}"),
        }
    }
}
