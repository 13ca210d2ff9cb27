//! A variable that is set to nothing counts as unset: the command does what it does without it.

use std::process::Output;

use rustix::process::Signal;

use crate::interrupts::interrupted;
use crate::support::Place;

/// Every variable that the command or one of its libraries reads.
const VARIABLES: [&str; 35] = [
    "ALL_PROXY",
    "ATOR_HARNESS_NETWORKS",
    "ATOR_HARNESS_ROOT",
    "ATOR_HARNESS_STATE",
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "DOCKER_AUTH_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "GITHUB_SHA",
    "GITHUB_STEP_SUMMARY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_COLOR",
    "NO_PROXY",
    "NPM_CONFIG_REGISTRY",
    "RUST_LOG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "npm_config_registry",
];

/// What reads an engine's address, the state folder, the project's folder, a ledger, certificates, arguments and the cache.
const COMMANDS: [&[&str]; 7] = [
    &["status", "two-home-local"],
    &["plan", "nosuch"],
    &["network", "status"],
    &["ledger", "add", "l.jsonl", "--repair", "--json"],
    &[
        "conformance",
        "--url",
        "wss://127.0.0.1:1",
        "--peer",
        "p",
        "--secret-env",
        "PATH",
    ],
    &["fly", "--json"],
    &["fetch", "--json"],
];

/// What a command does whose variable is set so; without it where it is not set.
fn done(place: &Place, arguments: &[&str], name: &str, value: Option<&str>) -> Output {
    let mut command = place.command();
    command.env("PATH", "/usr/bin:/bin");
    // From inside the project, as most are called.
    command.current_dir(place.path("project")).args(arguments);
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
    command.output().expect("runs")
}

/// How it ended and what it said, without figures: some of them are times.
fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.chars().filter(|c| !c.is_ascii_digit()).collect()
    };
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn one_that_is_set_to_nothing_changes_nothing() {
    let place = Place::new();
    place.project();
    for arguments in COMMANDS {
        for name in VARIABLES {
            let unset = done(&place, arguments, name, None);
            let nothing = done(&place, arguments, name, Some(""));
            assert_eq!(told(&nothing), told(&unset), "{name}= {arguments:?}");
        }
    }
}

#[test]
fn they_are_read_when_they_are_set() {
    let place = Place::new();
    place.project();
    for (name, arguments) in [
        ("ATOR_HARNESS_ROOT", COMMANDS[1]),
        ("DOCKER_HOST", COMMANDS[0]),
        ("DOCKER_CONTEXT", COMMANDS[0]),
        ("GITHUB_SHA", COMMANDS[3]),
        ("RUST_LOG", COMMANDS[1]),
        ("SSL_CERT_FILE", COMMANDS[4]),
        ("npm_config_registry", COMMANDS[6]),
    ] {
        let mut unset = done(&place, arguments, name, None);
        if name == "DOCKER_CONTEXT" {
            // What names an engine by its address comes before.
            unset = done(&place, arguments, "DOCKER_HOST", None);
        }
        let set = done(&place, arguments, name, Some("/nonexistent;=["));
        assert_ne!(set, unset, "{name}");
    }
}

#[test]
fn a_summary_that_is_nowhere_is_not_written() {
    let place = Place::new();
    place.with_binaries();
    place.engine(Vec::new());
    let mut command = place.process(&["verify", "two-home-local", "--network", "fresh"]);
    command.env("GITHUB_STEP_SUMMARY", "");
    let output = interrupted(&mut command, Signal::TERM, || {
        let runs = std::fs::read_dir(place.path("ator-runs"));
        runs.is_ok_and(|mut runs| runs.next().is_some())
    });
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!told.contains("summary"), "{told}");
}

#[test]
fn temporary_files_are_where_they_are_without_it() {
    let place = Place::new();
    let mut command = place.command();
    // What knows no folder of a user keeps its state below the temporary one.
    command.env_remove("HOME").env_remove("ATOR_HARNESS_STATE");
    command.env("TMPDIR", "").args(["status", "no-such-run"]);
    command.output().expect("runs");
    let left = std::fs::read_dir(place.path(".")).expect("is there");
    assert_eq!(left.count(), 0, "nothing is in the current folder");
}

#[test]
fn the_command_is_the_one_that_was_started() {
    let place = Place::new();
    for arguments in [&["--help"][..], &["plan", "two words", "--json"]] {
        let nothing = done_anywhere(&place, arguments, true);
        assert_eq!(
            told(&nothing),
            told(&done_anywhere(&place, arguments, false))
        );
    }
}

/// Without a project, and with a variable set to nothing for which the program starts itself anew.
fn done_anywhere(place: &Place, arguments: &[&str], anew: bool) -> Output {
    let mut command = place.command();
    if anew {
        command.env("DOCKER_CONFIG", "");
    }
    command.args(arguments).output().expect("runs")
}
