//! Two reports side by side, by the command.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::saved;

/// A folder for changed reports.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path
    }

    /// A saved report with something changed.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
        let (_, mut report) = saved(name);
        change(&mut report);
        self.write(&format!("changed-{name}.json"), &report.to_string())
    }
}

fn compare(a: &Path, b: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"))
        .env_clear()
        .arg("compare")
        .args([a, b])
        .args(more)
        .assert()
}

#[test]
fn a_report_is_not_slower_than_itself() {
    for name in ["passed", "failed", "stuck", "interrupted", "repeat"] {
        let (path, _) = saved(name);
        compare(&path, &path, &["--threshold", "0%"])
            .code(0)
            .stdout(contains("two-home-local: 0 of ").and(contains(", 0 checks or stages worse")));
    }
}

#[test]
fn times_are_shown_and_not_judged_unless_a_threshold_is_given() {
    let folder = Folder::new();
    let (a, good) = saved("passed");
    let slower = folder.changed("passed", |report| {
        let duration = good["duration_ms"].as_u64().expect("a time");
        report["duration_ms"] = json!(duration * 9);
    });
    compare(&a, &slower, &[]).code(0).stdout(
        contains("+800 %")
            .and(contains(
                " figures shown and not judged (--threshold judges them), 0 checks",
            ))
            .and(contains("slower").not()),
    );
    compare(&a, &slower, &["--threshold", "20%"]).code(1);
    let shown = compare(&a, &slower, &["--json"]).code(0);
    let shown: Value = serde_json::from_slice(&shown.get_output().stdout).expect("is JSON");
    assert_eq!(
        (&shown["limits"]["threshold"], &shown["slower"]),
        (&Value::Null, &json!(0))
    );
}

#[test]
fn what_grew_by_more_than_threshold_and_floor_is_slower() {
    let folder = Folder::new();
    let (a, good) = saved("passed");
    let place = good["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .position(|stage| stage["stage"] == "consensus")
        .expect("a consensus");
    let millis = good["stages"][place]["millis"].as_u64().expect("a time");
    assert!(millis > 1000, "the consensus took {millis} ms");
    let slower = |by: u64| {
        folder.changed("passed", |report| {
            report["stages"][place]["millis"] = json!(millis + by);
        })
    };
    let usual = ["--threshold", "20%"];
    compare(&a, &slower(millis), &usual)
        .code(1)
        .stdout(contains("+100 %").and(contains("slower")));
    // Less than the threshold, less than the floor, or allowed.
    compare(&a, &slower(millis / 10), &usual).code(0);
    compare(&a, &slower(millis / 10), &["--threshold", "5%"]).code(1);
    compare(&a, &slower(millis), &["--threshold", "150"]).code(0);
    compare(
        &a,
        &slower(millis),
        &["--threshold", "20%", "--floor", "1m"],
    )
    .code(0);
    // The other way round it got faster.
    compare(&slower(millis), &a, &usual)
        .code(0)
        .stdout(contains("-50 %"));
}

#[test]
fn percentiles_of_metrics_are_compared_too() {
    let folder = Folder::new();
    for (name, figure) in [("passed", "p95"), ("repeat", "max")] {
        let (a, _) = saved(name);
        let b = folder.changed(name, |report| {
            report["metrics"]["round-trip"][format!("{figure}_us")] = json!(9_000_000.0);
        });
        let output = compare(&a, &b, &["--json", "--threshold", "20%"])
            .code(1)
            .get_output()
            .stdout
            .clone();
        let comparison: Value = serde_json::from_slice(&output).expect("is JSON");
        assert_eq!(
            (&comparison["slower"], &comparison["worse"]),
            (&json!(1), &json!(0))
        );
        let rows = comparison["times"].as_array().expect("rows");
        let slower: Vec<&Value> = rows.iter().filter(|row| row["slower"] == true).collect();
        assert_eq!(slower.len(), 1);
        assert_eq!(slower[0]["name"], "metric round-trip");
        assert_eq!(slower[0]["figure"], figure);
    }
}

#[test]
fn a_check_that_got_worse_or_vanished_fails_and_one_that_got_better_does_not() {
    let folder = Folder::new();
    let (a, _) = saved("passed");
    let failing = folder.changed("passed", |report| {
        report["checks"][0]["verdict"] = json!("fail");
    });
    compare(&a, &failing, &[])
        .code(1)
        .stdout(contains("worse  check network.consensus: pass to fail"));
    compare(&failing, &a, &[])
        .code(0)
        .stdout(contains("changed  check network.consensus: fail to pass"));
    let without = folder.changed("passed", |report| {
        report["checks"].as_array_mut().expect("checks").remove(0);
    });
    compare(&a, &without, &[])
        .code(1)
        .stdout(contains("worse  check network.consensus: pass to absent"));
    compare(&without, &a, &[]).code(0);

    // Real ones: a stage that was not reached, and every check that was not made.
    let (stuck, _) = saved("stuck");
    compare(&a, &stuck, &[])
        .code(1)
        .stdout(contains("worse  stage publication home-").and(contains("reached to not reached")));
    compare(&stuck, &a, &[]).code(0);
}

#[test]
fn a_check_that_fails_more_often_got_worse() {
    let folder = Folder::new();
    let (a, sum) = saved("repeat");
    let runs = sum["checks"][0]["runs"].as_u64().expect("runs");
    let flaky = folder.changed("repeat", |sum| {
        sum["checks"][0]["passed"] = json!(runs - 1);
        sum["checks"][0]["failed"] = json!(1);
    });
    compare(&a, &flaky, &[]).code(1).stdout(contains(format!(
        "pass in {runs} runs to fail at worst, not passed in 1 of {runs} runs"
    )));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of mistakes")]
fn what_cannot_be_compared_is_named_with_the_remedy() {
    let folder = Folder::new();
    let (good, _) = saved("passed");
    let (repeat, _) = saved("repeat");
    let cases = [
        (
            folder.0.path().join("nosuch.json"),
            vec![
                "failed to read ",
                "nosuch.json; ",
                "(caused by: No such file",
                "give the path of a report.json",
            ],
        ),
        (
            folder.write("text.json", "not JSON"),
            vec![
                "text.json as a report; give a report.json",
                "that this harness wrote (caused by: expected",
            ],
        ),
        (
            folder.write("other.json", "{\"version\": 2}"),
            vec![
                "other.json as a report; ",
                "that this harness wrote (caused by: it has no kind of a report: ",
            ],
        ),
        (
            folder.write("probe.json", "{\"version\": 2, \"kind\": \"probe\"}"),
            vec![
                "probe.json as a report; give a report.json or a repeat.json",
                "(caused by: it is what `probe` measured, of no run)",
            ],
        ),
        (
            folder.write("cut.json", "{\"version\": 2, \"kind\": \"run\"}"),
            vec![
                "cut.json as a report; ",
                "that this harness wrote (caused by: missing field",
            ],
        ),
        (
            folder.write(
                "old.json",
                "{\"version\": 1, \"topology\": \"two-home-local\"}",
            ),
            vec![
                "old.json: it has version 1",
                "read it with the harness that wrote it",
            ],
        ),
        (
            folder.changed("failed", |report| {
                report["topology"]["name"] = json!("three-hop");
            }),
            vec![
                "the topologies differ in name (two-home-local and three-hop)",
                "of the same topology",
            ],
        ),
        (
            folder.changed("stuck", |report| {
                report["topology"]["network"]["relays"] = json!(5);
            }),
            vec![
                "the topologies differ in the network's size",
                "of the same topology",
            ],
        ),
        (
            repeat,
            vec![
                "one is of a single run, the other of many",
                "give two report.json",
            ],
        ),
    ];
    for (other, messages) in cases {
        let mut assert = compare(&good, &other, &[]).code(2).stdout("");
        for message in messages {
            assert = assert.stderr(contains(message));
        }
    }
}

#[test]
fn wrong_limits_are_wrong_usage() {
    let (good, _) = saved("passed");
    for (option, value, message) in [
        ("--threshold", "fast", "expected a percentage"),
        ("--threshold", "-1%", "unexpected argument"),
        ("--threshold=-1%", "", "expected a percentage"),
        ("--floor", "50", "unit"),
    ] {
        let more: Vec<&str> = [option, value]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        compare(&good, &good, &more)
            .code(2)
            .stderr(contains(message));
    }
}
