//! What people see after a run.

use std::time::Duration;

use ator_harness::checks::Verdict;
use ator_harness::engine::Death;
use ator_harness::events::Stage;
use ator_harness::onion::{OnionAddress, TldFamily};
use ator_harness::report::{Look, print_report, stage_times};
use ator_harness::run::{NodeLog, Outcome, RunError, StageFailure};

use crate::support::{check, events, outcome, report};

fn printed(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    print_report(&mut out, &report(outcome), &Look::default()).expect("writes");
    String::from_utf8(out).expect("is text")
}

fn log(role: &str, line: &str) -> NodeLog {
    NodeLog {
        role: ator_harness::evidence::ContainerRole::from(role),
        tail: vec![line.to_owned()],
    }
}

/// A run that asks for everything to be listed.
fn verbose(outcome: &Outcome) -> String {
    let look = Look {
        verbose: true,
        ..Look::default()
    };
    let mut out = Vec::new();
    print_report(&mut out, &report(outcome), &look).expect("writes");
    String::from_utf8(out).expect("is text")
}

#[test]
fn the_verdict_comes_first_then_counts_figures_and_where_the_page_is() {
    let text = printed(&outcome(Verdict::Pass));
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "",
            "verdict: PASS after 12.3 s (removed in 1.5 s)",
            "",
            "checks: 2 passed (-v lists them)",
            "figures: round-trip 20 ms, memory HARNESS (harness), 64.0 MiB (all containers)"
                .replace("HARNESS", figure(&text, "memory ", " (harness)"))
                .as_str(),
            "page: ator-runs/20261122-100000-abcdef/report.html",
        ]
    );
    let mut kept = outcome(Verdict::Fail);
    kept.clean_up = None;
    kept.containers_memory = None;
    let text = printed(&kept);
    assert!(
        text.starts_with("\nverdict: FAIL after 12.3 s (left running)\n"),
        "{text}"
    );
    assert!(text.contains("not measured (all containers)"), "{text}");
}

/// What stands between two parts of a text.
fn figure<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).expect("is told");
    rest.split_once(after).expect("with its unit").0
}

#[test]
fn what_failed_is_told_with_what_was_wanted_seen_and_is_to_be_done() {
    let mut failed = outcome(Verdict::Fail);
    failed
        .checks
        .push(check("handshake.wrong-secret", Verdict::Fail));
    failed
        .checks
        .push(check("names.dns", Verdict::Inconclusive));
    failed
        .checks
        .push(check("names.socks", Verdict::Inconclusive));
    failed
        .checks
        .push(check("packets.once", Verdict::Unsupported));
    let text = printed(&failed);
    for part in [
        "\nfailed: latency.round-trip.p50\n  wanted: something is true\n  evidence: 20 ms, at most 100 ms: seen\n  \
         remedy: make it faster, or allow for more in the topology's budgets\n",
        "\nfailed: handshake.wrong-secret\n  wanted: something is true\n  evidence: seen\n  \
         remedy: what the connector has to do is in docs/connector-contract.md",
        "\ninconclusive: names.dns, names.socks: seen\n",
        "\nnot judged: packets.once: seen\n",
        "\nchecks: 1 passed, 2 failed, 2 inconclusive, 1 unsupported (-v lists them)\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("network.consensus"), "it passed: {text}");
}

#[test]
fn whoever_asks_for_everything_gets_every_check_and_every_stage() {
    let text = verbose(&outcome(Verdict::Pass));
    for part in [
        "\n  pass          network.consensus             seen\n",
        "latency.round-trip.p50        20 ms, at most 100 ms: seen\n",
        "reached      consensus",
        "not reached  publication home-a",
        "\nchecks: 2 passed\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.starts_with("\nverdict: PASS"), "{text}");
}

#[test]
fn nothing_is_wider_than_the_terminal_and_without_one_no_line_is_broken() {
    let mut failed = outcome(Verdict::Fail);
    failed.checks[1].evidence = "so much was seen that no line holds it ".repeat(9);
    failed.logs = vec![log("home-a/connector", &"a word and another ".repeat(30))];
    for columns in [40, 80, 200] {
        for colours in [false, true] {
            let look = Look {
                colours,
                columns: Some(columns),
                verbose: true,
            };
            let mut out = Vec::new();
            print_report(&mut out, &report(&failed), &look).expect("writes");
            let text = String::from_utf8(out).expect("is text");
            assert_eq!(text.contains('\u{1b}'), colours, "{text}");
            for line in text.lines() {
                let wide = console::measure_text_width(line);
                // A path stays whole, for whoever copies it.
                let whole = line.starts_with("page: ") || !line.trim().contains(' ');
                assert!(wide < columns || whole, "{line}");
            }
        }
    }
    let text = printed(&failed);
    assert!(
        text.contains(failed.checks[1].evidence.trim_end()),
        "{text}"
    );
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
        let text = verbose(&outcome);
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
    let failed = |error: Option<RunError>| {
        let mut outcome = outcome(Verdict::Fail);
        outcome.logs = logs();
        outcome.error = error;
        outcome
    };
    let named = |text: String| -> Vec<&'static str> {
        ["connector", "sidecar", "other sidecar", "relay"]
            .into_iter()
            .filter(|what| text.contains(&format!("  line of the {what}\n")))
            .collect()
    };
    let shown = |error| named(printed(&failed(error)));
    // Checks that failed without an error have their evidence, and the connectors' logs are for whoever asks.
    assert_eq!(shown(None), [""; 0]);
    assert_eq!(named(verbose(&failed(None))), ["connector"]);
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
