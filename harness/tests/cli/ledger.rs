//! The ledger as a nightly job and a reader meet it.

use std::path::{Path, PathBuf};
use std::thread;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::support::Place;

/// What a real run left.
fn saved(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/data");
    folder.join(format!("{name}.json"))
}

fn ledger(place: &Place, arguments: &[&str]) -> Assert {
    place.command().arg("ledger").args(arguments).assert()
}

fn add(place: &Place, report: &Path) -> Assert {
    ledger(place, &["add", "l.jsonl", &report.display().to_string()])
}

/// A saved report as a run of another night.
fn night(place: &Place, name: &str, day: u32) -> PathBuf {
    let text = std::fs::read_to_string(saved(name)).expect("reads");
    let mut report: Value = serde_json::from_str(&text).expect("is JSON");
    let run = format!("202612{day:02}-020000-abcdef");
    report["started"] = format!("2026-12-{day:02}T02:00:00Z").into();
    report["artefacts"]["folder"] = format!("ator-runs/{run}").into();
    report["run"] = run.into();
    place
        .file(&format!("{name}-{day}.json"), &report.to_string())
        .into()
}

fn sum(place: &Place) -> Value {
    let assert = ledger(place, &["show", "l.jsonl", "--json"]);
    serde_json::from_slice(&assert.get_output().stdout).expect("is JSON")
}

/// The first window of one check of the first topology.
fn window(sum: &Value, check: &str) -> Value {
    let checks = sum["topologies"][0]["checks"].as_array().expect("a list");
    let found = checks.iter().find(|found| found["id"] == check);
    found.expect("the check is there")["windows"][0].clone()
}

#[test]
fn every_kind_of_report_becomes_a_line_and_is_counted() {
    let place = Place::new();
    let names = ["passed", "failed", "stuck", "interrupted", "repeat"];
    let reports: Vec<String> = names.map(|name| saved(name).display().to_string()).into();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let mut arguments = vec!["add", "l.jsonl", "--commit", commit];
    arguments.extend(reports.iter().map(String::as_str));
    ledger(&place, &arguments)
        .success()
        .stdout("l.jsonl: 5 lines added, 5 in all\n");
    let text = std::fs::read_to_string(place.path("l.jsonl")).expect("is there");
    assert_eq!(text.lines().count(), 5);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("is JSON");
        assert_eq!(line["schema"], 1);
        assert_eq!(line["commit"], commit);
    }
    let sum = sum(&place);
    assert_eq!(sum["topologies"][0]["entries"], 5);
    // Three came as far as their checks, one stuck, one was interrupted, which is no failure.
    let run = window(&sum, "run");
    assert_eq!(
        (&run["passed"], &run["failed"], &run["inconclusive"]),
        (&3.into(), &1.into(), &1.into())
    );
    assert_eq!(run["runs"]["passed"], 5, "the repeat has three runs");
    assert_eq!(window(&sum, "network.consensus")["absent"], 2);
}

#[test]
fn what_fails_twice_in_seven_nights_is_flagged_by_name() {
    let place = Place::new();
    for day in 1..=6 {
        let name = if day == 2 { "stuck" } else { "passed" };
        add(&place, &night(&place, name, day)).success();
    }
    ledger(&place, &["show", "l.jsonl"])
        .code(0)
        .stdout(contains("1 of 6").and(contains("FLAGGED").not()));
    add(&place, &night(&place, "stuck", 7)).success();
    let flagged = "flagged: run of two-home-local (anon)";
    let show = |more: &[&str]| {
        let mut arguments = vec!["show", "l.jsonl"];
        arguments.extend(more);
        ledger(&place, &arguments)
    };
    show(&[]).code(1).stdout(
        contains(flagged)
            .and(contains("run FLAGGED"))
            .and(contains("2 of 7")),
    );
    show(&["--markdown"]).code(1).stdout(
        contains("- **flagged**: `run` of two-home-local (anon)")
            .and(contains("| run FLAGGED | 2 of 7 | 2 of 7 |"))
            .and(contains("| check | failed in last 7 | failed in last 30 |")),
    );
    // The windows that are shown do not decide what is flagged.
    show(&["--last", "1"]).code(1).stdout(contains(flagged));
    // Seven nights later it is over.
    for day in 8..=14 {
        add(&place, &night(&place, "passed", day)).success();
    }
    show(&[]).code(0).stdout(contains("2 of 14"));
}

#[test]
fn a_run_counts_once_and_a_refused_report_adds_none() {
    let place = Place::new();
    add(&place, &saved("passed")).success();
    let before = std::fs::read(place.path("l.jsonl")).expect("is there");
    let (other, again) = (night(&place, "failed", 1), saved("passed"));
    ledger(
        &place,
        &[
            "add",
            "l.jsonl",
            &other.display().to_string(),
            &again.display().to_string(),
        ],
    )
    .code(2)
    .stderr(
        contains("passed.json to l.jsonl; nothing was added (caused by: run ")
            .and(contains("is in line 1 already"))
            .and(contains("nothing was added")),
    );
    assert_eq!(std::fs::read(place.path("l.jsonl")).expect("reads"), before);
}

#[test]
fn a_torn_last_line_is_named_and_cut_only_when_asked() {
    let place = Place::new();
    add(&place, &saved("passed")).success();
    let path = place.path("l.jsonl");
    let whole = std::fs::read_to_string(&path).expect("is there");
    std::fs::write(&path, format!("{whole}{{\"schema\":1,")).expect("writes");
    let torn = || {
        contains("l.jsonl (caused by: line 2: 12 bytes without an end").and(contains("--repair"))
    };
    add(&place, &saved("failed")).code(2).stderr(torn());
    ledger(&place, &["show", "l.jsonl"]).code(2).stderr(torn());
    ledger(&place, &["add", "l.jsonl", "--repair"])
        .success()
        .stdout(contains("cut 12 bytes").and(contains("0 lines added, 1 in all")));
    assert_eq!(std::fs::read_to_string(&path).expect("reads"), whole);
    ledger(&place, &["show", "l.jsonl"]).code(0);
}

#[test]
fn wrong_input_names_file_line_and_remedy() {
    let place = Place::new();
    place.file("empty.jsonl", "");
    place.file("bad.jsonl", "{\"schema\":1}\n");
    place.file("other.jsonl", "{\"schema\":9}\n");
    place.file("report.json", "{}");
    let cases: [(&[&str], &str); 8] = [
        (
            &["show", "none.jsonl"],
            "read and written (caused by: No such file",
        ),
        (
            &["show", "bad.jsonl"],
            "failed to read bad.jsonl (caused by: line 1: missing field `date`; restore",
        ),
        (
            &["show", "other.jsonl"],
            "line 1: it has schema 9 and this harness reads schema 1; use the",
        ),
        (&["show", "empty.jsonl", "--last", "0"], "from 1 to 10000"),
        (&["add", "new.jsonl"], "<REPORT>..."),
        (
            &["add", "new.jsonl", "report.json"],
            "as a report; give a report.json or a repeat.json that this harness wrote (caused by: it has no version",
        ),
        (
            &["add", "new.jsonl", "none.json"],
            "failed to read none.json; give the path of a report.json or a repeat.json (caused by: No such file",
        ),
        (
            &["add", "new.jsonl", "x", "--commit", "main"],
            "7 to 64 hexadecimal digits",
        ),
    ];
    for (arguments, message) in cases {
        ledger(&place, arguments)
            .code(2)
            .stdout("")
            .stderr(contains(message));
    }
    ledger(&place, &["show", "empty.jsonl", "--json", "--markdown"])
        .code(2)
        .stderr(contains("cannot be used with"));
    assert!(!place.path("new.jsonl").exists(), "nothing was begun");
    ledger(&place, &["show", "empty.jsonl"])
        .code(4)
        .stdout("")
        .stderr(contains("empty.jsonl has no runs yet"));
}

#[test]
fn writers_at_the_same_time_lose_no_line() {
    let place = Place::new();
    let reports: Vec<PathBuf> = (1..=8).map(|day| night(&place, "passed", day)).collect();
    thread::scope(|scope| {
        for report in &reports {
            scope.spawn(|| add(&place, report).success());
        }
    });
    assert_eq!(sum(&place)["topologies"][0]["entries"], 8);
}

#[test]
fn a_night_is_added_from_what_its_jobs_left() {
    let place = Place::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/nightly/add.sh");
    let add = || {
        let mut command = assert_cmd::Command::new("sh");
        command
            .arg(&script)
            .arg("n")
            .current_dir(place.path("."))
            .env(
                "ATOR_HARNESS",
                assert_cmd::cargo::cargo_bin!("ator-harness"),
            )
            .env_remove("GITHUB_SHA");
        command.assert()
    };
    place.file("n/families/nothing.txt", "");
    add()
        .code(1)
        .stderr(contains("n/families holds no report").and(contains("no job left a report")));
    let text = |path: PathBuf| std::fs::read_to_string(path).expect("reads");
    let failed = text(night(&place, "failed", 2));
    place.file("n/online/ator-runs/one/report.json", &text(saved("passed")));
    place.file("n/online/ator-runs/two/report.json", &failed);
    place.file("n/online/ator-runs/latest/report.json", &failed);
    // A sum, beside one of the runs that it counts.
    place.file("n/repeats/repeat-1/repeat.json", &text(saved("repeat")));
    place.file("n/repeats/1/report.json", &text(saved("stuck")));
    add()
        .code(0)
        .stderr("nightly: n/families holds no report; its job ended before it ran anything\n");
    let ledger = text(place.path("n/ledger.jsonl"));
    let lines: Vec<Value> = ledger
        .lines()
        .map(|line| serde_json::from_str(line).expect("is JSON"))
        .collect();
    let runs: Vec<usize> = lines
        .iter()
        .map(|line| line["runs"].as_array().expect("a list").len())
        .collect();
    assert_eq!(runs, [1, 1, 3]);
    // The same night again is refused, and nothing is there twice.
    add().code(2).stderr(contains("already"));
    assert_eq!(text(place.path("n/ledger.jsonl")), ledger);
}
