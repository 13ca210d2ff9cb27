//! Reports of constructed runs: their fields, and what they never show.

use std::path::PathBuf;
use std::time::Duration;

use ator_harness::checks::{CheckResult, Metrics, Verdict};
use ator_harness::engine::Death;
use ator_harness::events::{Event, EventKind, Recorder, Stage};
use ator_harness::onion::{OnionAddress, TldFamily};
use ator_harness::probe::Latencies;
use ator_harness::report::{Repeats, Report, print_outcome, progress_line, stage_times};
use ator_harness::run::{NodeLog, Outcome, RunError, StageFailure};
use ator_harness::topology::Metric;
use serde_json::{Value, json};

fn check(id: &str, verdict: Verdict) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        says: "something is true".to_owned(),
        verdict,
        measured: String::new(),
        budget: String::new(),
        evidence: "seen".to_owned(),
    }
}

/// Events of a run that reached one stage and left another.
fn events() -> Vec<Event> {
    let recorder = Recorder::new(Vec::new());
    recorder.record(EventKind::RunStarted {
        run: "20261122-100000-abcdef".to_owned(),
        topology: "two-home-local".to_owned(),
    });
    recorder
        .stage(Stage::Consensus, None)
        .reached("3 authorities agree");
    let left = recorder.stage(Stage::Publication, Some("home-a"));
    left.saw("13 of 14 uploads");
    drop(left);
    recorder.events()
}

fn outcome(verdict: Verdict) -> Outcome {
    let mut round_trips = Latencies::new();
    round_trips.record(Duration::from_millis(20));
    Outcome {
        run: "20261122-100000-abcdef".to_owned(),
        topology: "two-home-local".to_owned(),
        checks: vec![
            check("network.consensus", Verdict::Pass),
            CheckResult {
                measured: "20 ms".to_owned(),
                budget: "100 ms".to_owned(),
                ..check("latency.round-trip.p50", verdict)
            },
        ],
        error: None,
        diagnosis: None,
        logs: Vec::new(),
        duration: Duration::from_millis(12_345),
        clean_up: Some(Duration::from_millis(1_500)),
        containers_memory: Some(64 << 20),
        metrics: Metrics::from([(Metric::RoundTrip, round_trips)]),
        events: events(),
        artefacts: PathBuf::from("ator-runs/20261122-100000-abcdef"),
    }
}

fn json_of(outcome: &Outcome) -> Value {
    serde_json::from_str(&Report::new(outcome).to_text()).expect("is JSON")
}

fn printed(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    print_outcome(&mut out, outcome).expect("writes");
    String::from_utf8(out).expect("is text")
}

#[test]
fn the_json_report_has_the_documented_fields() {
    let report = json_of(&outcome(Verdict::Pass));
    assert_eq!(report["version"], 1);
    assert_eq!(report["run"], "20261122-100000-abcdef");
    assert_eq!(report["topology"], "two-home-local");
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["duration_ms"], 12_345);
    assert_eq!(report["clean_up_ms"], 1_500);
    assert_eq!(report["artefacts"], "ator-runs/20261122-100000-abcdef");
    assert_eq!(report["memory"]["containers_bytes"], 64 << 20);
    assert!(report["memory"]["harness_peak_bytes"].as_u64() > Some(0));
    assert!(
        report.get("error").is_none(),
        "only a run that broke off has one"
    );
    assert_eq!(
        report["checks"],
        json!([
            {"id": "network.consensus", "says": "something is true", "verdict": "pass", "evidence": "seen"},
            {"id": "latency.round-trip.p50", "says": "something is true", "verdict": "pass",
             "measured": "20 ms", "budget": "100 ms", "evidence": "seen"},
        ])
    );
    let stages = report["stages"].as_array().expect("a list");
    assert_eq!(stages.len(), 2);
    assert_eq!(stages[0]["stage"], "consensus");
    assert_eq!(stages[0]["reached"], true);
    assert_eq!(stages[0]["evidence"], "3 authorities agree");
    assert!(stages[0].get("node").is_none());
    assert_eq!(stages[1]["stage"], "publication");
    assert_eq!(stages[1]["node"], "home-a");
    assert_eq!(stages[1]["reached"], false);
    assert_eq!(stages[1]["evidence"], "13 of 14 uploads");
    assert!(stages[1]["millis"].is_u64() && stages[1]["ended_ms"].is_u64());
    let trips = &report["metrics"]["round-trip"];
    assert_eq!(trips["count"], 1);
    for field in ["min_us", "p50_us", "p95_us", "p99_us", "max_us", "mean_us"] {
        let micros = trips[field].as_f64().expect(field);
        assert!((micros - 20_000.0).abs() < 100.0, "{field} is {micros}");
    }
}

#[test]
fn the_verdict_is_the_worst_of_the_checks_and_that_of_a_broken_run_says_whose_fault_it_was() {
    assert_eq!(json_of(&outcome(Verdict::Fail))["verdict"], "fail");
    assert_eq!(
        json_of(&outcome(Verdict::Inconclusive))["verdict"],
        "inconclusive"
    );
    let mut broken = outcome(Verdict::Pass);
    broken.checks.clear();
    assert_eq!(
        json_of(&broken)["verdict"],
        "inconclusive",
        "nothing was judged"
    );
    broken.error = Some(RunError::Interrupted);
    let report = json_of(&broken);
    assert_eq!(
        (&report["verdict"], &report["error"]),
        (&json!("inconclusive"), &json!("interrupted"))
    );
    broken.error = Some(RunError::NodeDied(Death {
        container: "ator-abcdef-relay1".to_owned(),
        role: "relay1".to_owned(),
        status: "137".to_owned(),
    }));
    assert_eq!(json_of(&broken)["verdict"], "fail");
    broken.clean_up = None;
    assert!(
        json_of(&broken).get("clean_up_ms").is_none(),
        "left running"
    );
}

#[test]
fn people_see_the_checks_the_verdict_and_where_everything_is() {
    let text = printed(&outcome(Verdict::Pass));
    for part in [
        "network.consensus",
        "latency.round-trip.p50",
        "20 ms",
        "100 ms",
        "verdict: PASS after 12.3 s (removed in 1.5 s)",
        "all containers 64.0 MiB",
        "artefacts: ator-runs/20261122-100000-abcdef",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let mut kept = outcome(Verdict::Fail);
    kept.clean_up = None;
    kept.containers_memory = None;
    let text = printed(&kept);
    assert!(
        text.contains("verdict: FAIL after 12.3 s (left running)"),
        "{text}"
    );
    assert!(text.contains("all containers not measured"), "{text}");
}

fn log(role: &str, line: &str) -> NodeLog {
    NodeLog {
        role: role.to_owned(),
        tail: vec![line.to_owned()],
    }
}

#[test]
fn log_tails_are_shown_without_onion_addresses() {
    for family in TldFamily::ALL {
        let address = OnionAddress::of_key(&[7; 32], family);
        let mut outcome = outcome(Verdict::Fail);
        outcome.logs = vec![
            log(
                "home-a/connector",
                &format!("dialling ws://{}:3000", address.expose()),
            ),
            log(
                "home-b/connector",
                &format!("no descriptor of {}", address.expose_label()),
            ),
        ];
        let text = printed(&outcome);
        assert!(!text.contains(address.expose_label()), "{text}");
        assert!(
            text.contains(&format!("dialling ws://[onion address].{family}:3000")),
            "{text}"
        );
        assert!(text.contains("no descriptor of [onion address]"), "{text}");
    }
}

#[test]
fn a_failure_shows_the_logs_that_explain_it() {
    let logs = || {
        vec![
            log("home-a/connector", "line of the connector"),
            log("home-a/sidecar", "line of the sidecar"),
            log("home-b/sidecar", "line of the other sidecar"),
            log("relay1", "line of the relay"),
        ]
    };
    let shown = |error: Option<RunError>| -> Vec<&'static str> {
        let mut outcome = outcome(Verdict::Fail);
        outcome.logs = logs();
        outcome.error = error;
        let text = printed(&outcome);
        ["connector", "sidecar", "other sidecar", "relay"]
            .into_iter()
            .filter(|what| text.contains(&format!("  line of the {what}\n")))
            .collect()
    };
    // Checks that failed without an error: the connectors.
    assert_eq!(shown(None), ["connector"]);
    assert_eq!(
        shown(Some(RunError::NodeDied(Death {
            container: "ator-abcdef-relay1".to_owned(),
            role: "relay1".to_owned(),
            status: "137".to_owned(),
        }))),
        ["relay"]
    );
    assert_eq!(
        shown(Some(RunError::Stage(StageFailure {
            stage: Stage::Publication,
            node: Some("home-a".to_owned()),
            waited: Duration::from_secs(60),
            cause: "not reached within 60 s".to_owned(),
            evidence: "13 of 14 uploads".to_owned(),
        }))),
        ["connector", "sidecar"]
    );
    let mut passed = outcome(Verdict::Pass);
    passed.logs = logs();
    assert!(
        !printed(&passed).contains("last lines of"),
        "a run that passed needs no logs"
    );
}

#[test]
fn a_failed_stage_says_which_since_when_and_what_was_seen_last() {
    let mut outcome = outcome(Verdict::Pass);
    outcome.error = Some(RunError::Stage(StageFailure {
        stage: Stage::Publication,
        node: Some("home-a".to_owned()),
        waited: Duration::from_secs(60),
        cause: "not reached within 60 s".to_owned(),
        evidence: "13 of 14 uploads".to_owned(),
    }));
    let text = printed(&outcome);
    assert!(
        text.contains(
            "failed: stage publication of home-a failed after 60.0 s: not reached within 60 s \
             (last seen: 13 of 14 uploads)"
        ),
        "{text}"
    );
}

#[test]
fn progress_has_a_line_for_what_people_wait_for() {
    let lines: Vec<String> = events().iter().filter_map(progress_line).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].ends_with("two-home-local, run 20261122-100000-abcdef"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("ok    consensus") && lines[1].ends_with("3 authorities agree"));
    assert!(lines[2].contains("left  publication home-a"));
    assert!(lines[2].ends_with("last seen: 13 of 14 uploads"));
}

#[test]
fn stage_times_are_those_of_the_stages_that_ended() {
    let times = stage_times(&events());
    let names: Vec<String> = times.iter().map(|time| time.name()).collect();
    assert_eq!(names, ["consensus", "publication home-a"]);
}

#[test]
fn stages_are_ordered_by_their_start() {
    let recorder = Recorder::new(Vec::new());
    let late = recorder.stage(Stage::Publication, None);
    late.reached("later");
    let start = std::time::Instant::now();
    recorder.seen(
        Stage::Upload,
        Some("home-a at relay3"),
        (
            start + Duration::from_secs(1),
            start + Duration::from_secs(2),
        ),
        "confirmed",
    );
    recorder.seen(Stage::Vote, Some("da1"), (start, start), "seen");
    let events = recorder.events();
    let names: Vec<String> = stage_times(&events)
        .iter()
        .map(|time| time.name())
        .collect();
    assert_eq!(
        names.last().map(String::as_str),
        Some("upload home-a at relay3")
    );
    assert!(names.contains(&"vote da1".to_owned()));
    let shown: Vec<String> = events.iter().filter_map(progress_line).collect();
    assert!(
        shown.iter().any(|line| line.contains("seen  vote da1")),
        "{shown:?}"
    );
    assert!(
        !shown.iter().any(|line| line.contains("upload")),
        "{shown:?}"
    );
}

#[test]
fn many_runs_are_summed_up_by_the_worst() {
    let mut repeats = Repeats::default();
    assert_eq!(repeats.verdict(), Verdict::Inconclusive);
    repeats.add(&outcome(Verdict::Pass));
    assert_eq!(repeats.verdict(), Verdict::Pass);
    repeats.add(&outcome(Verdict::Fail));
    repeats.add(&outcome(Verdict::Pass));
    assert_eq!(repeats.verdict(), Verdict::Fail);
    let summary: Value = serde_json::from_str(&repeats.to_text()).expect("is JSON");
    assert_eq!(
        (&summary["runs"], &summary["passed"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(summary["duration_us"]["count"], 3);
    assert_eq!(summary["reports"].as_array().map(Vec::len), Some(3));
    assert_eq!(summary["reports"][1]["verdict"], "fail");
    let mut out = Vec::new();
    repeats.print(&mut out).expect("writes");
    let text = String::from_utf8(out).expect("is text");
    assert!(text.contains("3 runs: 2 pass, 1 fail"), "{text}");
    assert!(text.contains("latency.round-trip.p50 fail: seen"), "{text}");
    assert!(text.contains("all containers at most 64.0 MiB"), "{text}");
    assert!(text.contains("start to verdict"), "{text}");
}
