//! What people see while and after a run.

use std::time::Duration;

use ator_harness::checks::Verdict;
use ator_harness::engine::Death;
use ator_harness::events::{Recorder, Stage};
use ator_harness::onion::{OnionAddress, TldFamily};
use ator_harness::report::{print_report, progress_line, stage_times};
use ator_harness::run::{NodeLog, Outcome, RunError, StageFailure};

use crate::support::{events, outcome, report};

fn printed(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    print_report(&mut out, &report(outcome)).expect("writes");
    String::from_utf8(out).expect("is text")
}

fn log(role: &str, line: &str) -> NodeLog {
    NodeLog {
        role: ator_harness::evidence::ContainerRole::from(role),
        tail: vec![line.to_owned()],
    }
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
        "report: ator-runs/20261122-100000-abcdef/report.html",
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
        shown(Some(RunError::from(StageFailure {
            stage: Stage::Publication,
            node: Some(ator_harness::evidence::Subject::from("home-a")),
            dials: Vec::new(),
            known: None,
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
    outcome.error = Some(RunError::from(StageFailure {
        stage: Stage::Publication,
        node: Some(ator_harness::evidence::Subject::from("home-a")),
        dials: Vec::new(),
        known: None,
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
fn stage_times_are_those_of_every_stage() {
    let times = stage_times(&events());
    let names: Vec<String> = times.iter().map(|time| time.name()).collect();
    assert_eq!(names, ["consensus", "publication home-a"]);
    for time in times {
        assert_eq!(time.ended_ms - time.started_ms, time.millis);
    }
    // The process was killed, or the event file could not be written any more.
    let times = stage_times(&events()[..2]);
    assert_eq!(times.len(), 1);
    assert!(
        !times[0].reached && times[0].evidence == "did not end",
        "{times:?}"
    );
}

#[test]
fn stages_are_ordered_by_their_start() {
    let recorder = Recorder::new(Vec::new());
    let late = recorder.stage(Stage::Publication, None);
    late.reached("later");
    let start = std::time::Instant::now();
    recorder.seen(
        Stage::Upload,
        Some("home-a at relay3".into()),
        (
            start + Duration::from_secs(1),
            start + Duration::from_secs(2),
        ),
        "confirmed",
    );
    recorder.seen(Stage::Vote, Some("da1".into()), (start, start), "seen");
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
