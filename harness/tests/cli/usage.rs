//! Usage, topology files, plans and frames: nothing here would need an engine.

use ator_harness::onion::mentions_address;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::support::Place;

#[test]
fn help_documents_every_exit_code_and_command() {
    let place = Place::new();
    let mut assert = place.command().arg("--help").assert().success();
    for part in [
        "0    the verdict is pass",
        "1    the verdict is fail",
        "2    wrong usage",
        "3    the environment lacks something",
        "4    inconclusive",
        "130  interrupted",
        "up ",
        "verify ",
        "soak ",
        "down ",
        "status ",
        "plan ",
        "doctor ",
        "probe ",
    ] {
        assert = assert.stdout(contains(part));
    }
    // The last guard of a run is not for people.
    assert.stdout(contains("reap").not());
}

#[test]
fn wrong_usage_is_2_and_says_what_was_expected() {
    let place = Place::new();
    let cases: [(&[&str], &str); 11] = [
        (&[], "Usage: ator-harness"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (&["verify"], "<TOPOLOGY>"),
        (
            &["verify", "two-home-local", "--fast"],
            "unexpected argument '--fast'",
        ),
        (
            &["verify", "two-home-local", "--repeat", "0"],
            "0 is not in 1..=1000",
        ),
        (
            &["verify", "two-home-local", "--repeat", "many"],
            "invalid digit",
        ),
        (
            &[
                "verify",
                "two-home-local",
                "--anon-image",
                "x",
                "--anon-binary",
                "y",
            ],
            "cannot be used with",
        ),
        (
            &["plan", "many-homes", "--homes", "many"],
            "invalid digit found in string",
        ),
        (&["wire", "decode"], "<HEX>"),
        (
            &["verify", "two-home-local", "--family", "tor"],
            "[possible values: onion, anon, anyone]",
        ),
        (
            &[
                "conformance",
                "--url",
                "ws://h:1",
                "--peer",
                "p",
                "--secret-env",
                "V",
                "--family",
                "anon",
            ],
            "--socks <HOST:PORT>",
        ),
    ];
    for (arguments, message) in cases {
        place
            .command()
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(message));
    }
}

#[test]
fn a_probe_refuses_what_it_cannot_measure() {
    let place = Place::new();
    let cases: [(&[&str], &str); 13] = [
        (&[], "--for <TIME>"),
        (&["--for", "30"], "has no unit; write \"30ms\""),
        (&["--for", "0s"], "measures nothing"),
        (&["--for", "721m"], "12 hours"),
        (
            &["--for", "1s", "--rate", "50/s", "--concurrency", "8"],
            "cannot be used with",
        ),
        (
            &["--for", "1s", "--rate", "50"],
            "has no unit; write \"50/s\" or \"50/m\"",
        ),
        (&["--for", "1s", "--rate", "50/h"], "unknown unit \"h\""),
        (&["--for", "1s", "--rate", "0/s"], "above zero"),
        (&["--for", "1s", "--rate", "inf/s"], "above zero"),
        (
            &["--for", "1s", "--concurrency", "0"],
            "0 is not in 1..=1024",
        ),
        (
            &["--for", "1s", "--fresh-dials", "0"],
            "0 is not in 1..=100",
        ),
        (&["--for", "1s", "--payload", "7"], "7 is not in 8..=32768"),
        (&["--for", "1s", "--warm-up", "5"], "has no unit"),
    ];
    for (arguments, message) in cases {
        place
            .in_project()
            .args(["probe", "two-home-local"])
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(message));
    }
}

#[test]
fn a_family_takes_the_place_of_the_topologys() {
    let place = Place::new();
    for (more, family) in [
        (&[][..], "anon"),
        (&["--family", "onion"], "onion"),
        (&["--family", "anyone"], "anyone"),
    ] {
        let output = place
            .in_project()
            .args(["plan", "two-home-local"])
            .args(more)
            .output()
            .expect("runs");
        let plan: Value = serde_json::from_slice(&output.stdout).expect("a plan");
        assert_eq!(plan["topology"]["network"]["family"], family);
        let address = format!("[onion address].{family}");
        assert_eq!(plan["homes"][0]["onion"], address);
    }
}

#[test]
fn a_family_without_a_daemon_of_ours_needs_one() {
    let place = Place::new();
    for verb in ["verify", "up"] {
        place
            .in_project()
            .args([verb, "two-home-local", "--family", "anyone"])
            .assert()
            .code(2)
            .stdout("")
            .stderr(
                contains("no onion daemon of the .anyone family comes with this project")
                    .and(contains("--anon-binary PATH or --anon-image IMAGE")),
            );
    }
}

#[test]
fn what_is_no_program_is_no_daemon() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let text = place.file("daemon", "#!/bin/sh\n");
    let gone = place.path("gone").display().to_string();
    for (given, why) in [
        (text.as_str(), "is no program of Linux"),
        ("/dev/zero", "is no program of Linux"),
        (
            gone.as_str(),
            "cannot be read; name a file or folder that can: No such file",
        ),
    ] {
        place
            .in_project()
            .args(["verify", "two-home-local", "--anon-binary", given])
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(given).and(contains(why)));
    }
}

#[test]
fn a_folder_without_a_daemon_is_no_daemon() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let folder = place.file("tree/usr/bin/other", "not a daemon");
    let tree = folder.trim_end_matches("/usr/bin/other");
    place
        .in_project()
        .args(["verify", "two-home-local", "--anon-binary", tree])
        .assert()
        .code(2)
        .stdout("")
        .stderr(
            contains(format!(
                "{tree} is a folder without /usr/bin/anon or /usr/bin/tor"
            ))
            .and(contains("a folder with one there")),
        );
}

#[test]
fn an_unknown_topology_lists_those_there_are() {
    let place = Place::new();
    for verb in ["verify", "up", "plan", "doctor"] {
        place
            .in_project()
            .args([verb, "nosuch"])
            .assert()
            .code(2)
            .stderr(contains("there is no topology \"nosuch\"").and(contains("two-home-local")));
    }
}

#[test]
fn a_missing_topology_file_is_named() {
    let place = Place::new();
    for argument in ["./nosuch.toml", "nosuch.toml", "folder/nosuch"] {
        place
            .command()
            .args(["verify", argument])
            .assert()
            .code(2)
            .stderr(contains(format!(
                "failed to read topology file {argument} (caused by: No such file"
            )));
    }
}

#[test]
fn a_topology_file_with_mistakes_shows_all_of_them() {
    let place = Place::new();
    let file = place.file(
        "bad.toml",
        r#"name = "bad"
description = "many mistakes"
colour = "red"

[[home]]
id = "home-a"
prefix = "test.a"

[[home]]
id = "home-a"
prefix = "test.b"

[[peering]]
from = "home-a"
to = "home-x"
auth = "secret"

[probe]
id = "probe"
via = "home-a"
to = "home-a"

[[budget]]
metric = "dial"
at_most = "3"
"#,
    );
    for verb in ["verify", "up", "plan", "doctor"] {
        let mut assert = place
            .command()
            .args([verb, &file])
            .assert()
            .code(2)
            .stdout("");
        for message in [
            "bad.toml: 5 mistakes in this topology:",
            "line 3: colour is not a key here",
            "line 10: home[1].id \"home-a\" is taken by home[0]",
            "line 15: peering[0].to \"home-x\" is not the id of a [[home]]",
            "line 20: probe.via is the home that is dialled",
            "line 25: budget[0].at_most \"3\" has no unit",
        ] {
            assert = assert.stderr(contains(message));
        }
    }
    let syntax = place.file("syntax.toml", "name = \n");
    place
        .command()
        .args(["plan", &syntax])
        .assert()
        .code(2)
        .stderr(contains("syntax.toml: not valid TOML: ").and(contains("line 1")));
}

#[test]
fn a_plan_needs_no_engine_and_shows_no_secret() {
    let place = Place::new();
    let output = place
        .in_project()
        .args(["plan", "two-home-local"])
        .assert()
        .success();
    let text = String::from_utf8(output.get_output().stdout.clone()).expect("is text");
    let plan: Value = serde_json::from_str(&text).expect("is JSON");
    assert_eq!(plan["topology"]["name"], "two-home-local");
    for home in 0..2 {
        assert_eq!(plan["homes"][home]["onion"], "[onion address].anon");
        assert_eq!(plan["homes"][home]["admin_key"], "[redacted]");
        let variables = plan["homes"][home]["environment"]
            .as_object()
            .expect("a table");
        assert!(variables.values().all(|value| value == "[redacted]"));
    }
    assert!(!mentions_address(&text));
    let hex = |character: char| character.is_ascii_hexdigit();
    let longest = text.split(|c: char| !hex(c)).map(str::len).max();
    assert!(longest < Some(32), "nothing is as long as a secret");
    assert!(!place.path("state").exists(), "and it leaves nothing");
}

#[test]
fn the_number_of_homes_is_for_a_topology_that_takes_one() {
    let place = Place::new();
    for (homes, expected) in [(None, 8), (Some("3"), 3)] {
        let mut command = place.in_project();
        command.args(["plan", "many-homes"]);
        command.args(homes.iter().flat_map(|homes| ["--homes", homes]));
        let assert = command.assert().success();
        let plan: Value = serde_json::from_slice(&assert.get_output().stdout).expect("is JSON");
        assert_eq!(plan["homes"].as_array().map(Vec::len), Some(expected));
        assert_eq!(plan["peerings"].as_array().map(Vec::len), Some(expected));
    }
    for verb in ["verify", "up", "plan", "doctor"] {
        let refused = |name: &str, homes: &str, message: &str| {
            place
                .in_project()
                .args([verb, name, "--homes", homes])
                .assert()
                .code(2)
                .stdout("")
                .stderr(contains(message));
        };
        refused(
            "many-homes",
            "33",
            "many.homes expected 2 to 32 homes, 33 were asked for",
        );
        refused(
            "two-home-local",
            "3",
            "--homes 3 was given, but this topology names its homes one by one",
        );
    }
}

#[test]
fn two_plans_differ_and_a_path_works_like_a_name() {
    let place = Place::new();
    let file = place
        .project()
        .join("fixtures/topologies/two-home-local.toml");
    let plan = |argument: &str| {
        let assert = place
            .in_project()
            .args(["plan", argument])
            .assert()
            .success();
        let plan: Value = serde_json::from_slice(&assert.get_output().stdout).expect("is JSON");
        plan
    };
    let (one, two) = (plan("two-home-local"), plan(&file.display().to_string()));
    assert_eq!(one["topology"], two["topology"]);
    assert_ne!(one["run"], two["run"]);
}

#[test]
fn frames_are_decoded_or_refused_by_exit_code() {
    let place = Place::new();
    let wire = |frame: &str| place.command().args(["wire", "decode", frame]).assert();
    wire("01000000070000000000")
        .success()
        .stdout(contains("\"requestId\":7"));
    wire("0100").code(1).stdout(contains("error"));
    wire("xyz").code(2).stdout(contains("error"));
}

#[test]
fn conformance_tells_all_at_once_which_options_do_not_go_together() {
    let place = Place::new();
    let cases: [(&[&str], &[&str]); 4] = [
        (&[], &["give --connector PROFILE", "--url"]),
        (
            &["--url", "ws://h:1", "--image", "mine"],
            &[
                "--image is for",
                "--connector PROFILE",
                "--url needs --peer ID",
                "--url needs --secret-env VAR",
            ],
        ),
        (
            &["--image", "mine", "--env", "A=b"],
            &["--image is for", "--env is for"],
        ),
        (
            &[
                "--connector",
                "toon",
                "--url",
                "ws://h:1",
                "--peer",
                "p",
                "--noauth",
                "refused",
            ],
            &[
                "give one of the two",
                "--peer is for --url",
                "--noauth is for --url",
            ],
        ),
    ];
    for (arguments, messages) in cases {
        let mut command = place.command();
        let mut assert = command
            .arg("conformance")
            .args(arguments)
            .assert()
            .code(2)
            .stdout("");
        for message in messages {
            assert = assert.stderr(contains(*message));
        }
    }
}

#[test]
fn a_soak_that_cannot_be_is_2_and_says_why() {
    let place = Place::new();
    let cases: [(&[&str], &str); 6] = [
        (&[], "--for <TIME>"),
        (
            &["--for", "10"],
            "\"10\" has no unit; write \"10ms\", \"10s\", \"10m\" or \"10h\"",
        ),
        (&["--for", "0s"], "is no time"),
        (&["--for", "13h"], "is longer than 12h"),
        (
            &["--for", "1m", "--fault", "keys-lost"],
            "--fault keys-lost: nothing comes back after it, so a soak cannot go on",
        ),
        (&["--for", "1m", "--fault", "cut-10"], "did you mean"),
    ];
    for (more, said) in cases {
        place
            .command()
            .args(["soak", "two-home-local"])
            .args(more)
            .assert()
            .code(2)
            .stderr(contains(said));
    }
    // A fault of the network's has to find one.
    place
        .command()
        .args(["soak", "public-p2p", "--for", "1m", "--fault", "guard"])
        .assert()
        .code(2)
        .stderr(contains("guard is of a private network"));
}
