//! What is a topology by its form, and could not pass: refused before anything runs.

use std::fmt::Write;

use ator_harness::topology::{Choices, Topology};

use super::{GOOD, broken, extended, mistakes};

fn with_prefix(length: usize) -> Vec<String> {
    let prefix = "a".repeat(length);
    broken("prefix = \"test.b\"", &format!("prefix = \"{prefix}\""))
}

#[test]
fn a_prefix_leaves_room_for_the_addresses_below_it() {
    assert!(with_prefix(923).is_empty());
    for length in [924, 1023, 1024, 5000] {
        let found = with_prefix(length);
        assert_eq!(found.len(), 1, "{found:?}");
        let says = format!(
            "has {length} characters; 923 are the most, because an ILP address has 1023 and packets go to addresses below it"
        );
        assert!(
            found[0].starts_with("line 10: home[1].prefix "),
            "{found:?}"
        );
        assert!(found[0].ends_with(&says), "{found:?}");
    }
}

#[test]
fn no_budget_asks_for_more_samples_than_a_run_takes() {
    let budget = |metric: &str, samples: u64| {
        let more = format!(
            "[[budget]]\nmetric = \"{metric}\"\npercentile = 50\nsamples = {samples}\nat_most = \"9s\"\n"
        );
        let text = GOOD.replace(
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-b\"\nfar = \"home-c\"\npackets = 60\ndials = 7\n\n[[budget]]",
        );
        let third = "[[home]]\nid = \"home-c\"\nprefix = \"test.c\"\n\
                     [[peering]]\nfrom = \"home-b\"\nto = \"home-c\"\nauth = \"none\"\n\
                     [[path]]\nfrom = \"home-a\"\nto = \"home-c\"\n";
        mistakes(&format!("{text}{third}{more}"))
    };
    for (metric, most) in [
        ("dial", 9),
        ("redial", 7),
        ("btp-connect", 1),
        ("authentication", 1),
        ("round-trip", 60),
        ("far-round-trip", 60),
        ("warm-up", 16),
        ("far-warm-up", 16),
        ("ready", 1),
        ("publication", 3),
        ("peering", 2),
        ("delivery", 5),
    ] {
        assert_eq!(budget(metric, most), Vec::<String>::new(), "{metric}");
        let more = most + 1;
        let expected = format!(
            "line 41: budget[1].samples asks for {more} samples of {metric}, of which a run of this topology takes {most} at most"
        );
        assert_eq!(budget(metric, more), [expected]);
    }
}

#[test]
fn no_link_is_so_long_that_no_deadline_could_hold() {
    let wan = |latency: &str, more: &str| {
        extended(&format!(
            "[deadlines]\ndelivery = \"28s\"\n[wan]\nlatency = \"{latency}\"\n{more}"
        ))
    };
    assert!(wan("999ms", "").is_empty());
    assert!(wan("1100ms", "jitter = \"101ms\"\n").is_empty());
    // One near node is enough: a path may happen to be made of such.
    assert!(wan("9s", "[[wan.node]]\nname = \"relay1\"\nlatency = \"1ms\"\n").is_empty());
    for latency in ["1s", "30s", "1440m"] {
        let found = wan(latency, "");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("line 28: wan.latency is so long"),
            "{found:?}"
        );
        assert!(
            found[0].contains("deadlines.delivery is 28.0 s"),
            "{found:?}"
        );
    }
    let endless = broken("at_most = \"3s\"", "at_most = \"99999999999999m\"");
    assert_eq!(
        endless,
        [
            "line 24: budget[0].at_most is longer than a day (\"1440m\"), the longest that can be waited for"
        ]
    );
}

#[test]
fn a_number_of_homes_that_cannot_be_is_one_mistake() {
    let text = "name = \"ring\"\ndescription = \"a ring\"\n[many]\nid = \"home\"\n\
                prefix = \"test.home\"\nauth = \"none\"\n[probe]\nid = \"probe\"\nvia = \"home-1\"\n\
                to = \"home-2\"\n[[budget]]\nmetric = \"dial\"\nat_most = \"3s\"\n";
    for homes in [0, 1, 33, usize::MAX] {
        let choices = Choices {
            homes: Some(homes),
            ..Choices::default()
        };
        let error = Topology::parse_as("file.toml", text, choices).expect_err("is refused");
        let expected = format!(
            "1 mistake in this topology:\n  line 3: many.homes expected 2 to 32 homes, {homes} were asked for\n       3 | [many]\n         | ^^^^^"
        );
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    // What is wrong with all of them is said of one.
    let long = text.replace("id = \"home\"", "id = \"a-name-that-is-too-long-x\"");
    let found = mistakes(&long);
    let of_id = found.iter().filter(|one| one.contains("many.id"));
    assert_eq!(of_id.count(), 1, "{found:?}");
}

#[test]
fn a_file_with_very_many_mistakes_is_refused_in_no_time() {
    let mut keys = String::new();
    for number in 0..20_000 {
        let _ = writeln!(keys, "key{number} = 1");
    }
    let found = mistakes(&format!("{keys}{GOOD}"));
    assert_eq!(found.len(), 100);
    let error = Topology::parse("file.toml", &keys).expect_err("is refused");
    assert!(
        error
            .to_string()
            .starts_with("file.toml: 100 mistakes or more in"),
        "{error}"
    );
    let homes = "[[home]]\nid = \"x\"\nprefix = \"test.x\"\n".repeat(9_000);
    let found = mistakes(&format!("{GOOD}{homes}"));
    assert!(
        found.contains(&"line 4: home has 9002 tables; 256 are the most".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_nul_is_no_part_of_any_text() {
    let found = broken(
        "description = \"two homes\"",
        "description = \"two\\u0000homes\"",
    );
    assert_eq!(
        found,
        ["line 2: description holds a NUL character; remove it"]
    );
}

#[test]
fn a_long_line_that_is_no_toml_is_told_and_not_shown() {
    let text = format!("name = \"{}\" x\n", "a".repeat(40_000));
    let error = Topology::parse("file.toml", &text)
        .expect_err("is refused")
        .to_string();
    assert!(
        error.starts_with("file.toml: not valid TOML: line 1, column 400"),
        "{error}"
    );
    assert!(error.len() < 300, "{error}");
}
