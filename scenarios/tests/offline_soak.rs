//! Soaks, as a user has them: without faults, with some that are drawn, and ended early.

use std::process::Output;

use scenarios::{Shell, assert_code, signal, text, wait_for};
use serde_json::Value;

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

fn verdict(report: &Value, id: &str) -> String {
    let checks = report["checks"].as_array().expect("has checks");
    let check = checks.iter().find(|check| check["id"] == id);
    check.expect("is asked")["verdict"]
        .as_str()
        .expect("has one")
        .to_owned()
}

#[test]
fn nothing_is_lost_while_nothing_is_broken() {
    let shell = Shell::open();
    let output = shell
        .two_home("soak", &["--for", "40s", "--json"])
        .output()
        .expect("runs");
    assert_code(&output, 0);
    let report = report(&output);
    let soak = &report["soak"];
    assert!(soak.get("seed").is_none(), "{soak}");
    assert_eq!(soak["cut_short"], false);
    assert_eq!(soak["faults"], 0);
    assert_eq!(soak["not_fulfilled"], 0, "{soak}");
    assert!(soak["packets"].as_u64() > Some(200), "{soak}");
    assert_eq!(soak["failed_dials"], 0, "{soak}");
    for id in [
        "faults.undisturbed",
        "faults.held",
        "faults.once",
        "faults.closed",
    ] {
        assert_eq!(verdict(&report, id), "pass", "{id}");
    }
    let usage = soak["usage"].as_array().expect("is there");
    for of in ["harness", "home-a/connector", "home-b/sidecar", "relay1"] {
        let one = usage
            .iter()
            .find(|one| one["of"] == of)
            .expect("is looked at");
        for figure in ["memory", "descriptors", "threads"] {
            assert!(one[figure]["max"].as_u64() > Some(0), "{of}: {one}");
        }
        let looks = one["memory"]["looks"].as_array().expect("over time");
        assert!(looks.len() > 5, "{of}: {one}");
    }
    assert!(report["metrics"]["traffic"]["count"].as_u64() > Some(200));
    assert!(shell.run().left().is_empty());
}

#[test]
fn ended_early_it_is_judged_by_what_was_seen() {
    let shell = Shell::open();
    let arguments = [
        "--for",
        "1h",
        "--seed",
        "3",
        "--fault",
        "connector-restart",
        "--json",
    ];
    let child = shell.two_home("soak", &arguments).spawn().expect("runs");
    let run = shell.run();
    wait_for("a fault to be got over", || {
        let events = std::fs::read_to_string(run.folder.join("events.jsonl")).ok()?;
        events.contains("\"stage\":\"recovery\"").then_some(())
    });
    signal(child.id(), "INT");
    let output = child.wait_with_output().expect("ends");
    assert_code(&output, 0);
    let report = report(&output);
    let soak = &report["soak"];
    assert_eq!(
        (&soak["seed"], &soak["cut_short"]),
        (&3.into(), &true.into())
    );
    assert!(soak["faults"].as_u64() >= Some(1), "{soak}");
    assert_eq!(verdict(&report, "faults.recovered"), "pass");
    let notes = report["notes"].to_string();
    assert!(notes.contains("ended by the user after"), "{notes}");
    assert!(run.left().is_empty());
}

#[test]
fn asked_twice_it_ends_without_a_verdict() {
    let shell = Shell::open();
    let arguments = ["--for", "1h", "--fault", "cut-3min"];
    let child = shell.two_home("soak", &arguments).spawn().expect("runs");
    let run = shell.run();
    wait_for("a fault to be made", || {
        let events = std::fs::read_to_string(run.folder.join("events.jsonl")).ok()?;
        events.contains("\"stage\":\"fault\"").then_some(())
    });
    // The first has what is broken undone, which takes a while to be got over.
    signal(child.id(), "INT");
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(child.id(), "INT");
    let output = child.wait_with_output().expect("ends");
    assert_code(&output, 130);
    assert!(run.left().is_empty());
}

/// The authorities vote every 20 s, so that within the nine minutes there are some 27 consensuses, and one new time period
/// of onion services at least (24 votes). The sessions live through all of it.
#[test]
fn sessions_outlive_consensuses_and_a_time_period() {
    let shell = Shell::open();
    let often = ("relays = 4\n", "relays = 4\nvoting_interval = \"20s\"\n");
    let file = shell.shipped("two-home-local", &[often]);
    let mut command = shell.command(&["soak", "--for", "9m", "--json"]);
    let command = command.arg(&file).arg("--artefacts").arg(shell.artefacts());
    let output = command.output().expect("runs");
    assert_code(&output, 0);
    let report = report(&output);
    assert_eq!(report["soak"]["not_fulfilled"], 0, "{}", report["soak"]);
    assert_eq!(verdict(&report, "faults.held"), "pass");
    // That consensuses were made is in the logs of whoever made them.
    let log = std::fs::read_to_string(shell.run().folder.join("logs/da1.log"));
    let log = log.expect("is saved");
    let votes = log
        .lines()
        .filter(|line| line.contains("Choosing valid-after time in vote as"));
    assert!(votes.count() > 20, "{log}");
}

/// Whatever is drawn from the whole catalogue is got over, and breaks nothing that has to hold meanwhile.
#[test]
fn faults_of_the_whole_catalogue_are_got_over() {
    let shell = Shell::open();
    let arguments = ["--for", "6m", "--seed", "7", "--json"];
    let output = shell.two_home("soak", &arguments).output().expect("runs");
    assert_code(&output, 0);
    let report = report(&output);
    let soak = &report["soak"];
    assert!(soak["faults"].as_u64() >= Some(3), "{soak}");
    let made = report["faults"].as_array().expect("are told");
    assert!(
        made.iter().all(|one| one.get("failed").is_none()),
        "{made:?}"
    );
    for id in [
        "faults.recovered",
        "faults.answered",
        "faults.once",
        "faults.closed",
    ] {
        assert_eq!(verdict(&report, id), "pass", "{id}");
    }
}
