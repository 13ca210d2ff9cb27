//! What a user names and what cannot be: refused in one sentence, at once, and without a word too many.

use std::time::Duration;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::Place;

/// Longer than any refusal takes, and shorter than what is endless.
const LIMIT: Duration = Duration::from_secs(8);

#[test]
fn what_has_no_end_is_not_read() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let ledger = place.path("ledger").display().to_string();
    let cases: [&[&str]; 14] = [
        &["plan", "/dev/zero"],
        &["plan", "/dev/tty"],
        &["verify", "/dev/zero"],
        &["up", "/dev/random"],
        &["doctor", "/dev/zero"],
        &["down", "/dev/zero"],
        &["status", "/dev/full"],
        &["plan", "two-home-local", "--connector", "/dev/zero"],
        &["compare", "/dev/zero", "/dev/zero"],
        &["ledger", "add", "/dev/full", "--repair"],
        &["ledger", "add", "/dev/zero", "--repair"],
        &["ledger", "add", &ledger, "/dev/zero"],
        &["ledger", "show", "/dev/zero"],
        &[
            "conformance",
            "--url",
            "wss://localhost:1",
            "--peer",
            "p",
            "--secret-env",
            "HOME",
            "--ca",
            "/dev/zero",
        ],
    ];
    for arguments in cases {
        let mut command = place.in_project();
        command.args(arguments).timeout(LIMIT);
        command.assert().code(2).stdout("").stderr(
            contains("it is a device; give a regular file or a pipe")
                .or(contains("No such device or address")),
        );
    }
    assert!(
        !place.path("ledger").exists(),
        "a wrong report makes no ledger"
    );
}

#[test]
fn what_is_too_long_is_not_read_to_its_end() {
    let place = Place::new();
    let file = place.file("long.toml", "");
    let long = std::fs::OpenOptions::new().write(true).open(&file);
    long.and_then(|file| file.set_len(1 << 40))
        .expect("a file of a TiB");
    for (arguments, most) in [
        (vec!["plan", &file], "1 MiB"),
        (vec!["compare", &file, &file], "64 MiB"),
        (vec!["ledger", "show", &file], "64 MiB"),
    ] {
        let mut command = place.in_project();
        command.args(arguments).timeout(LIMIT);
        command
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains("long.toml").and(contains(format!(
                "it is longer than {most}, the most that is read"
            ))));
    }
}

#[test]
fn a_pipe_is_a_file_too() {
    let place = Place::new();
    let text = std::fs::read_to_string(
        place
            .project()
            .join("fixtures/topologies/two-home-local.toml"),
    )
    .expect("reads");
    let mut command = place.in_project();
    command.args(["plan", "/dev/stdin"]).write_stdin(text);
    command.assert().success();
}

#[test]
fn nothing_is_quoted_at_length() {
    let place = Place::new();
    let long = "A".repeat(40_000);
    let name = place.file("name.toml", &format!("name = \"{long}\"\n{long} = 1\n"));
    let value = place.file("value.toml", &format!("variant = \"{long}\"\n"));
    let words = place.file(
        "words.toml",
        &format!("variant = \"{}\"\n", "A ".repeat(20_000)),
    );
    let syntax = place.file("syntax.toml", &format!("name = \"{long}\" x\n"));
    let cases: [&[&str]; 11] = [
        &["plan", &name],
        &["plan", &value],
        &["plan", &words],
        &["plan", &syntax],
        &["plan", &long],
        &["plan", &format!("./{long}")],
        &["plan", "two-home-local", "--connector", &long],
        &["plan", "many-homes", "--homes", &long],
        &["verify", "two-home-local", "--keys", &long],
        &["doctor", "two-home-local", "--engine", &long],
        &[&long],
    ];
    for arguments in cases {
        let assert = place
            .in_project()
            .args(arguments)
            .assert()
            .code(2)
            .stdout("");
        let told = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        let longest = told.lines().map(|line| line.chars().count()).max();
        assert!(
            told.len() < 6_000 && longest < Some(2_200),
            "{arguments:.30?}: {told}"
        );
        assert!(!told.is_empty());
    }
}

#[test]
fn an_image_has_a_name() {
    let place = Place::new();
    for option in ["--connector-image", "--anon-image"] {
        for (given, why) in [
            ("", "is empty; write one"),
            ("a b", "is no name of an image"),
        ] {
            let mut command = place.in_project();
            command.args(["verify", "two-home-local", option, given]);
            command
                .assert()
                .code(2)
                .stdout("")
                .stderr(contains(option).and(contains(why)));
        }
    }
}

#[test]
fn an_image_that_is_not_there_is_told_beforehand() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let engine = place.empty_engine();
    let mut command = place.in_project();
    command.env("DOCKER_HOST", &engine);
    command.args(["doctor", "two-home-local", "--connector-image", "nosuch:1"]);
    command.assert().code(3).stdout(contains(
        "missing  image       image nosuch:1 does not exist on the engine; load or build it first, nothing is pulled",
    ));
}

#[test]
fn a_daemon_that_is_not_there_is_told_by_its_option() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    for verb in ["verify", "up", "doctor"] {
        let mut command = place.in_project();
        command.args([verb, "two-home-local", "--anon-binary", "/nonexist"]);
        let says = "failed to use --anon-binary (caused by: /nonexist cannot be read; name a file or folder that can: No such file or directory";
        let output = command.assert().code(2).get_output().clone();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(told.contains(says), "{told}");
        assert!(!told.contains("make images"), "{told}");
    }
}

#[test]
fn what_is_wrong_with_a_fault_is_told_of_the_option() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let arguments = [
        "verify",
        "two-home-local",
        "--fault",
        "keys-lost,daemon-restart",
    ];
    let told = "`--fault daemon-restart`: comes after \"lose-keys home-b/daemon\"";
    let command = || {
        let mut command = place.command();
        command.args(arguments);
        command
    };
    let refused = command().assert().code(2);
    refused.stderr(contains(told).and(contains("line 1").not()));
    let output = command().arg("--json").output().expect("runs");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    let mistake = &found["error"]["mistakes"][0];
    assert!(mistake.get("line").is_none(), "{found}");
    let message = mistake["message"].as_str().expect("has one");
    assert!(message.starts_with(told), "{found}");
}

#[test]
fn a_soak_draws_its_faults_and_makes_no_others() {
    let place = Place::new();
    place.project();
    place
        .command()
        .args(["soak", "two-home-faults", "--for", "1m"])
        .assert()
        .code(2)
        .stderr(contains("two-home-faults has faults of its own"));
}
