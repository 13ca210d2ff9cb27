//! Mistakes of form: what is missing, unknown or of another type.

use ator_harness::topology::{Topology, TopologyError};

use super::{GOOD, broken, extended, mistakes};

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
auth = "token"

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
at_most = "3d"
"#;
    let error = Topology::parse("bad.toml", text).expect_err("is refused");
    // The lines of the file that are shown between are another test's matter.
    let told = error.to_string();
    let told: Vec<&str> = told.lines().filter(|line| !line.contains(" | ")).collect();
    assert_eq!(
        told.join("\n"),
        r#"bad.toml: 18 mistakes in this topology:
  line 1: description is missing; add description = "what this topology is for"
  line 1: name may hold at most 24 lower-case letters, digits and dashes, and starts with a letter
  line 2: colour is not a key here; known keys are budget, connector, deadlines, description, fault, home, many, mutant, name, network, path, peering, probe, variant, wan
  line 5: network.family "tor" is not a TLD family; use anon, anyone or onion
  line 6: network.authorities must be odd, so that a majority is clear
  line 7: network.relays expected a whole number from 4 to 16
  line 8: network.speed is not a key here; known keys are authorities, family, fresh, kind, relays, voting_interval
  line 15: home[1].id "home_a" and "home-a" both map to the variable BTP_PEER_HOME_A_SECRET; rename one
  line 16: home[1].prefix "test.a.b" overlaps with "test.a" of home[0]; a packet would have two homes
  line 17: home[1].wing is not a key here; known keys are beside, daemon, id, prefix
  line 21: peering[0].to is the home that dials; a home does not peer with itself
  line 22: peering[0].auth "token" is not known; use one of secret, none
  line 26: probe.via "home-c" is not the id of a [[home]]
  line 28: probe.packets expected a whole number from 50 to 1000000
  line 31: deadlines.consensus "30" has no unit; write "30ms", "30s", "30m" or "30h"
  line 34: budget[0].metric "speed" is not a metric; use one of dial, redial, btp-connect, authentication, round-trip, far-round-trip, warm-up, far-warm-up, ready, publication, peering, delivery, traffic, recovery
  line 35: budget[0].percentile expected a percentile above 0 and up to 100
  line 36: budget[0].at_most "3d" has an unknown unit "d"; use ms, s, m or h"#
    );
}

#[test]
fn unknown_keys_are_refused_in_every_table() {
    let cases = [
        (
            "[[home]]\nid = \"home-a\"",
            "[[home]]\ncolour = 1\nid = \"home-a\"",
            "line 5: home[0].colour is not a key here; known keys are beside, daemon, id, prefix",
        ),
        (
            "auth = \"secret\"",
            "auth = \"secret\"\ncolour = 1",
            "line 16: peering[0].colour is not a key here; known keys are auth, from, to, transport",
        ),
        (
            "[probe]",
            "[probe]\ncolour = 1",
            "line 18: probe.colour is not a key here; known keys are dials, far, id, packets, to, via",
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
        [
            "line 27: network.colour is not a key here; known keys are authorities, family, fresh, kind, relays, voting_interval"
        ]
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
            "line 21: probe.packets expected a whole number from 50 to 1000000",
        ),
        (
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-b\"\npackets = 49\n\n[[budget]]",
            "line 21: probe.packets expected a whole number from 50 to 1000000",
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
fn a_network_votes_so_often_that_it_can_keep_up_and_fills_a_day() {
    let with = |network: &str| {
        broken(
            "[[home]]\nid = \"home-a\"",
            &format!("[network]\nfamily = \"anon\"\n{network}\n\n[[home]]\nid = \"home-a\""),
        )
    };
    for interval in ["10s", "31s", "1.5s", "40m"] {
        let found = with(&format!("voting_interval = \"{interval}\""));
        assert_eq!(found.len(), 1, "{interval}: {found:?}");
        let whole = "network.voting_interval must be a whole part of a day, from 20s to 30m";
        assert!(found[0].contains(whole), "{interval}: {found:?}");
    }
    assert_eq!(
        with("voting_interval = \"30s\"\nfresh = \"always\""),
        Vec::<String>::new()
    );
    let found = with("fresh = \"sometimes\"");
    assert_eq!(found.len(), 1, "{found:?}");
    let known = "network.fresh \"sometimes\" is not known; use one of always";
    assert!(found[0].contains(known), "{found:?}");
}

#[test]
fn each_mistake_shows_its_line_with_a_caret_and_what_may_be_meant() {
    let text = "name = \"x\"\ndescription = \"y\"\nmutnt = \"far-relays\"\n[network]\nfamily = \"anon\"\n\
                relais = 4\nsecret_key = \"hunter2\"\n";
    let error = Topology::parse("bad.toml", text).expect_err("is refused");
    let told = error.to_string();
    for part in [
        "; did you mean \"mutant\"?\n       3 | mutnt = \"far-relays\"\n         | ^^^^^\n",
        "; did you mean \"relays\"?\n       6 | relais = 4\n         | ^^^^^^\n",
        "\n       7 | secret_key = [redacted]\n         | ^^^^^^^^^^",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
    let text = "name = \"x\"\nsecret = \"hunter2\" and\n";
    let told = Topology::parse("bad.toml", text)
        .expect_err("is refused")
        .to_string();
    assert!(
        told.starts_with("bad.toml: not valid TOML: line 2, column "),
        "{told}"
    );
    assert!(
        told.ends_with("\n       2 | secret = [redacted]\n         |          ^^^^^^^^^^"),
        "{told}"
    );
}
