//! The same topology on daemons of another TLD family, and daemons of a family that nobody asked for.

use std::path::PathBuf;

use scenarios::{Run, Shell, assert_code, root, text};
use serde_json::Value;

/// Where `make tor` puts the distribution's tor.
const TOR: &str = "target/images/tor";
/// Where `make images` puts the daemon of the npm package.
const ANON: &str = "target/images/anon";
/// From a daemon's start until the run has ended because of its family, at most.
const NAMED_WITHIN_MS: u64 = 5000;

#[test]
fn two_homes_meet_on_the_distributions_tor() {
    let shell = Shell::open();
    let output = shell
        .two_home("verify", &["--family", "onion", "--json"])
        .output()
        .expect("runs");
    assert_code(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["topology"]["network"]["family"], "onion");
    let checks = report["checks"].as_array().expect("checks");
    for check in checks {
        assert_eq!(check["verdict"], "pass", "{check}");
    }
    let evidence = |id: &str| {
        let check = checks.iter().find(|check| check["id"] == id);
        check.expect("is made")["evidence"].to_string()
    };
    assert!(evidence("service.address").contains("2 addresses of the .onion family"));
    // The daemon itself says that it is tor.
    let events = events(&shell.run());
    let told = |event: &&Value| event["stage"] == "daemon" && event["event"] == "stage-reached";
    let daemons: Vec<&Value> = events.iter().filter(told).collect();
    assert_eq!(daemons.len(), 2);
    for event in daemons {
        let evidence = event["evidence"].as_str().expect("evidence");
        assert!(evidence.contains(", tor 0."), "{evidence}");
    }
}

#[test]
fn what_is_left_running_remembers_its_family() {
    let shell = Shell::open();
    let up = shell
        .two_home("up", &["--family", "onion"])
        .output()
        .expect("runs");
    assert_code(&up, 0);
    // As it is, whatever the topology's file says.
    let judged = shell
        .two_home("verify", &["--json"])
        .output()
        .expect("runs");
    let refused = shell
        .two_home("verify", &["--family", "anon"])
        .output()
        .expect("runs");
    let down = shell.command(&["down", "two-home-local"]).output();
    assert_code(&down.expect("runs"), 0);
    assert_code(&judged, 0);
    let report: Value = serde_json::from_slice(&judged.stdout).expect("a report");
    assert_eq!(report["topology"]["network"]["family"], "onion");
    assert_code(&refused, 2);
    assert!(text(&refused).contains("two-home-local runs on .onion daemons"));
}

#[test]
fn an_anon_that_was_taken_for_tor_is_named() {
    mismatch("onion", ANON, "anon 0.4.9.11-live", "anon");
}

#[test]
fn a_tor_that_was_taken_for_anon_is_named() {
    mismatch("anon", TOR, "tor 0.", "onion");
}

/// Runs on daemons that publish another family than was asked for.
fn mismatch(family: &str, daemon: &str, is: &str, publishes: &str) {
    let shell = Shell::open();
    let daemon: PathBuf = root().join(daemon);
    let output = shell
        .two_home("verify", &["--family", family, "--anon-binary"])
        .arg(daemon)
        .output()
        .expect("runs");
    assert_code(&output, 2);
    let run = shell.run();
    let report = std::fs::read(run.folder.join("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["exit_code"], 2);
    assert_eq!(report["error"]["kind"], "other-family");
    let message = report["error"]["message"].as_str().expect("a message");
    for part in [
        "'s daemon is ",
        is,
        &format!("publishes .{publishes} services"),
        &format!("the run is for .{family}"),
        &format!("run with `--family {publishes}`"),
        &format!("a daemon of the .{family} family with --anon-binary or --anon-image"),
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let events = events(&run);
    let at = |event: &str, stage: &str, node: &str| {
        let found = events.iter().find(|found| {
            found["event"] == event
                && found["stage"] == stage
                && found["node"].as_str().unwrap_or("").starts_with(node)
        });
        let found = found.unwrap_or_else(|| panic!("no {event} of {stage}: {events:?}"));
        found["at_ms"].as_u64().expect("a time")
    };
    // The homes' daemons start after this, and all work has ended before that.
    let took = at("stage-started", "tear-down", "") - at("stage-started", "start", "homes");
    assert!(took < NAMED_WITHIN_MS, "{took} ms");
    let named = at("stage-failed", "daemon", "home-");
    assert!(named <= at("stage-started", "tear-down", ""));
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}

fn events(run: &Run) -> Vec<Value> {
    let text = std::fs::read_to_string(run.folder.join("events.jsonl")).expect("events");
    let parse = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(parse).collect()
}
