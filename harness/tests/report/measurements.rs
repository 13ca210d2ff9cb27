//! What `probe` measured: how it is judged, and how it is told.

use std::time::Duration;

use ator_harness::checks::{Load, Measurement, Pace};
use ator_harness::checks::{Verdict, verdict};
use ator_harness::onion::mentions_address;
use ator_harness::probe::Latencies;
use ator_harness::probe::load::{LoadReport, Phase};
use ator_harness::report::{Look, ProbeReport};
use ator_harness::topology::Metric;
use serde_json::{Value, json};

use crate::json::{assert_valid, schema};
use crate::support::plan;

const CLOSED: Pace = Pace::Closed { concurrency: 8 };
const OPEN: Pace = Pace::Open { rate: 50.0 };

fn samples(count: u64, each: Duration) -> Latencies {
    let mut latencies = Latencies::new();
    for _ in 0..count {
        latencies.record(each);
    }
    latencies
}

/// Fulfilled packets of 20 ms; of an open loop each was sent 5 ms late.
fn phase(pace: Pace, count: u64) -> Phase {
    let mut phase = Phase {
        sent: count,
        took: Duration::from_secs(4),
        raw: samples(count, Duration::from_millis(20)),
        corrected: matches!(pace, Pace::Open { .. })
            .then(|| samples(count, Duration::from_millis(25))),
        ..Phase::default()
    };
    phase.outcomes.fulfilled = count;
    phase
}

/// A measurement that went well, not judged yet.
fn measured(pace: Pace, count: u64) -> Measurement {
    let load = Load {
        pace,
        time: Duration::from_secs(4),
        warm_up: Duration::from_secs(1),
        payload: 64,
        to: None,
        dials: 3,
    };
    let mut found = Measurement::new(&plan(), &load, "home-b");
    for metric in [
        Metric::Dial,
        Metric::Redial,
        Metric::BtpConnect,
        Metric::Authentication,
    ] {
        found
            .metrics
            .insert(metric, samples(3, Duration::from_millis(100)));
    }
    found.take(LoadReport {
        warm_up: phase(pace, 50),
        measured: phase(pace, count),
        stopped: false,
    });
    found
}

fn judged(mut found: Measurement) -> Measurement {
    found.judge(&plan());
    found
}

/// The checks that did not pass, with their verdicts.
fn wrong(found: &Measurement) -> Vec<(&str, Verdict)> {
    let checks = found.checks.iter();
    checks
        .filter(|check| check.verdict != Verdict::Pass)
        .map(|check| (check.id.as_str(), check.verdict))
        .collect()
}

#[test]
fn budgets_are_held_against_what_was_measured() {
    let found = judged(measured(CLOSED, 200));
    assert_eq!(wrong(&found), []);
    assert_eq!(verdict(&found.checks), Verdict::Pass);
    assert_eq!(
        found.not_judged,
        ["latency.ready.max: it is measured while a topology is brought up or judged"]
    );

    let both = ["latency.round-trip.p50", "latency.round-trip.p95"];
    let found = judged(measured(CLOSED, 199));
    assert_eq!(wrong(&found), both.map(|id| (id, Verdict::Inconclusive)));
    assert_eq!(verdict(&found.checks), Verdict::Inconclusive);

    let mut slow = measured(OPEN, 200);
    let mut report = slow.report.clone();
    // Fast from when they were sent, slow from when they were meant to be.
    report.measured.corrected = Some(samples(200, Duration::from_secs(1)));
    slow.take(report);
    let found = judged(slow);
    assert_eq!(wrong(&found), both.map(|id| (id, Verdict::Fail)));
}

#[test]
fn a_budget_for_the_way_to_one_home_says_nothing_about_another() {
    let mut found = measured(CLOSED, 200);
    found.to = "home-a".to_owned();
    found.metrics.remove(&Metric::RoundTrip);
    let found = judged(found);
    assert_eq!(wrong(&found), []);
    assert_eq!(
        found.not_judged[1..],
        [
            "latency.round-trip.p50: the packets were for home-a",
            "latency.round-trip.p95: the packets were for home-a"
        ]
    );
}

#[test]
fn every_kind_of_answer_but_a_fulfillment_fails() {
    type Bend = fn(&mut Phase);
    let kinds: [(&str, Bend); 6] = [
        ("1 rejected with T04", |phase| {
            phase.outcomes.rejected.insert("T04".to_owned(), 1);
        }),
        ("1 with a wrong fulfillment", |phase| {
            phase.outcomes.wrong_fulfillment = 1;
        }),
        ("1 answered with a BTP ERROR", |phase| {
            phase.outcomes.btp_errors = 1;
        }),
        ("1 answered with nonsense", |phase| {
            phase.outcomes.nonsense = 1;
        }),
        ("1 not answered in time", |phase| {
            phase.outcomes.timed_out = 1;
        }),
        ("1 lost with the session", |phase| phase.outcomes.lost = 1),
    ];
    for (says, bend) in kinds {
        let mut found = measured(CLOSED, 200);
        bend(&mut found.report.measured);
        let found = judged(found);
        assert_eq!(wrong(&found), [("probe.fulfilled", Verdict::Fail)]);
        assert!(found.checks[2].evidence.contains(says), "{found:?}");
    }
    let mut found = measured(CLOSED, 200);
    found.report.measured.outcomes.unfinished = 8;
    assert_eq!(wrong(&judged(found)), []);
}

#[test]
fn a_lost_session_and_a_failed_dial_fail_with_their_causes() {
    let plan = plan();
    let address = plan.homes[1]
        .onion()
        .expect("has a daemon")
        .address
        .expose();
    let mut found = measured(CLOSED, 200);
    found.lost = Some(format!("the connection to {address} ended"));
    found.failed_dials = vec![format!("redial failed: {address} is unreachable")];
    let found = judged(found);
    assert_eq!(
        wrong(&found),
        [
            ("probe.dials", Verdict::Fail),
            ("probe.session", Verdict::Fail)
        ]
    );
    let report = ProbeReport::new(&found, 1);
    let mut text = Vec::new();
    report.print(&mut text, &Look::default()).unwrap();
    let text = String::from_utf8(text).unwrap();
    for text in [text, report.to_text()] {
        assert!(text.contains("redial failed"), "{text}");
        assert!(!mentions_address(&text), "{text}");
    }

    let load = measured(CLOSED, 200).load;
    let mut none = Measurement::new(&plan, &load, "home-b");
    none.lost = Some("not let in: refused".to_owned());
    none.failed_dials = vec!["not let in: refused".to_owned()];
    let none = judged(none);
    assert_eq!(verdict(&none.checks), Verdict::Fail);
    assert!(none.checks[1].evidence.starts_with("there was none"));
}

#[test]
fn an_interrupted_load_is_inconclusive_and_shows_what_there_is() {
    let mut found = measured(OPEN, 10);
    let mut report = found.report.clone();
    report.stopped = true;
    found.take(report);
    let found = judged(found);
    assert_eq!(verdict(&found.checks), Verdict::Inconclusive);
    let mut text = Vec::new();
    ProbeReport::new(&found, 130)
        .print(&mut text, &Look::default())
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("10 sent in 4.0 s"), "{text}");
    assert!(text.contains("INCONCLUSIVE (interrupted"), "{text}");
}

#[test]
fn the_tables_show_raw_and_corrected_side_by_side() {
    let mut text = Vec::new();
    let found = judged(measured(OPEN, 200));
    ProbeReport::new(&found, 0)
        .print(&mut text, &Look::default())
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    let row = |name: &str| {
        let line = text.lines().find(|line| line.contains(name));
        line.unwrap_or_else(|| panic!("no {name}: {text}"))
            .split('┆')
            .map(|cell| cell.trim_matches([' ', '│']).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        row("samples"),
        [
            "metric", "samples", "min", "p50", "p90", "p95", "p99", "p99.9", "max"
        ]
    );
    assert_eq!(
        row("round trip, raw")[..3],
        ["round trip, raw", "200", "20 ms"]
    );
    assert_eq!(row("round trip, corrected")[8], "25 ms");
    assert_eq!(row("warm-up, corrected")[1], "50");
    assert_eq!(row("dial, fresh circuit")[1], "3");
    assert!(text.contains("open loop, 50 a second asked for"), "{text}");
    assert!(text.contains("(50.0 answered a second)"), "{text}");
}

#[test]
fn json_is_as_its_schema_and_always_in_the_same_order() {
    let schema = schema();
    for pace in [CLOSED, OPEN] {
        let found = judged(measured(pace, 200));
        let report = ProbeReport::new(&found, 0);
        let text = report.to_text();
        assert_eq!(text, ProbeReport::new(&found, 0).to_text());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_valid(&schema, &value, "a measurement");
        assert!(value["measured"]["raw"]["p999_us"].as_f64() > Some(0.0));
        let open = pace == OPEN;
        assert_eq!(value["load"]["loop"], if open { "open" } else { "closed" });
        assert_eq!(value["measured"].get("corrected").is_some(), open);
        for (pointer, spoilt) in [
            ("/measured/raw/count", json!(-1)),
            ("/measured/outcomes/lost", json!("many")),
            ("/load/loop", json!("both")),
            ("/connecting", json!({"walk": 1})),
        ] {
            let mut bad = value.clone();
            *bad.pointer_mut(pointer).expect(pointer) = spoilt;
            assert!(!schema.is_valid(&bad), "a spoilt {pointer}");
        }
    }
}
