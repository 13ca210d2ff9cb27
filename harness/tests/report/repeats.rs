//! Many runs summed up.

use std::path::PathBuf;
use std::time::Duration;

use ator_harness::checks::Verdict;
use ator_harness::probe::Latencies;
use ator_harness::report::{Look, RepeatReport, Repeats};
use ator_harness::run::{Outcome, RunError};
use ator_harness::topology::Metric;

use crate::support::{outcome, report, saved_repeat};

/// The `index`th run, with one round trip of as many milliseconds.
fn run(index: u64, verdict: Verdict) -> Outcome {
    let mut run = outcome(verdict);
    run.artefacts = PathBuf::from(format!("ator-runs/run-{index}"));
    run.checks[1].evidence = format!("evidence of run {index}");
    let mut round_trips = Latencies::new();
    round_trips.record(Duration::from_millis(index));
    run.metrics.insert(Metric::RoundTrip, round_trips);
    run
}

fn add(repeats: &mut Repeats, outcome: &Outcome) {
    let kept = outcome.verdict() != Verdict::Pass;
    repeats.add(&report(outcome), &outcome.metrics, kept);
}

fn many() -> RepeatReport {
    let mut repeats = Repeats::default();
    assert!(repeats.report(0).is_none(), "nothing ran");
    add(&mut repeats, &run(1, Verdict::Pass));
    add(&mut repeats, &run(2, Verdict::Inconclusive));
    add(&mut repeats, &run(3, Verdict::Fail));
    add(&mut repeats, &run(4, Verdict::Fail));
    let mut broken = run(5, Verdict::Pass);
    broken.checks.clear();
    broken.error = Some(RunError::Interrupted);
    add(&mut repeats, &broken);
    repeats.report(1).expect("five runs")
}

#[test]
fn each_check_says_how_often_it_failed_and_where_first() {
    let sum = many();
    assert_eq!(sum.verdict, Verdict::Fail);
    assert_eq!(sum.exit_code, 1);
    assert_eq!(sum.runs.len(), 5);
    let counts: Vec<(Verdict, usize)> = sum.verdicts.into_iter().collect();
    assert_eq!(
        counts,
        [
            (Verdict::Pass, 1),
            (Verdict::Inconclusive, 2),
            (Verdict::Fail, 2)
        ]
    );
    let good = &sum.checks[0];
    assert_eq!((good.runs, good.passed, &good.first), (4, 4, &None));
    let bad = &sum.checks[1];
    assert_eq!(
        (
            bad.runs,
            bad.passed,
            bad.failed,
            bad.inconclusive,
            bad.unsupported
        ),
        (4, 1, 2, 1, 0)
    );
    let first = bad.first.as_ref().expect("it failed");
    assert_eq!(
        (first.run.as_str(), first.evidence.as_str()),
        ("run-2", "evidence of run 2")
    );
    assert_eq!(sum.errors.len(), 1);
    assert_eq!(
        (sum.errors[0].run.as_str(), sum.errors[0].kind.as_str()),
        ("run-5", "interrupted")
    );
}

#[test]
fn times_are_those_of_all_runs() {
    let sum = many();
    let trips = &sum.metrics["round-trip"];
    assert_eq!(trips.count, 5);
    assert!((trips.min_us - 1_000.0).abs() < 10.0 && (trips.max_us - 5_000.0).abs() < 50.0);
    assert_eq!(
        trips
            .histogram
            .iter()
            .map(|bucket| bucket.count)
            .sum::<u64>(),
        5
    );
    assert_eq!(trips.budgets.len(), 2);
    assert!((trips.budgets[0].measured_us - trips.p50_us).abs() < 1.0);
    assert_eq!(
        sum.duration.count, 4,
        "a run that broke off has no verdict to wait for"
    );
    assert_eq!(sum.clean_up.count, 5);
    let names: Vec<(&str, usize, u64)> = sum
        .stages
        .iter()
        .map(|stage| (stage.name.as_str(), stage.missed, stage.took.count))
        .collect();
    assert_eq!(names, [("consensus", 0, 5), ("publication home-a", 5, 0)]);
    let missed = sum.stages[1].first_missed.as_ref().expect("was missed");
    assert_eq!(
        (missed.run.as_str(), missed.evidence.as_str()),
        ("run-1", "13 of 14 uploads")
    );
}

#[test]
fn people_see_what_failed_and_what_was_kept() {
    let sum = many();
    let mut out = Vec::new();
    sum.print(&mut out, &Look::default()).expect("writes");
    let text = String::from_utf8(out).expect("is text");
    for part in [
        "latency.round-trip.p50: failed in 2 of 4 runs, inconclusive in 1 of 4 runs",
        "first in run-2: evidence of run 2",
        "stage publication home-a not reached in 5 runs",
        "run-5: interrupted",
        "5 runs: 1 passed, 2 inconclusive, 2 failed",
        "all containers at most 64.0 MiB",
        "start to verdict",
        "metric round-trip",
        "artefacts kept: ator-runs/run-2, ator-runs/run-3, ator-runs/run-4, ator-runs/run-5; \
         those of 1 passed runs are removed (--keep-artefacts keeps them)",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let summary = sum.to_markdown();
    assert!(
        summary.contains("| latency.round-trip.p50 | 2 | 1 | 4 | `run-2` | evidence of run 2 |"),
        "{summary}"
    );
    assert!(summary.contains("| metric round-trip | 5 |"), "{summary}");
}

#[test]
fn junit_has_a_case_per_run_and_a_case_per_check() {
    let xml = many().to_junit().expect("serializes");
    let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("reads back");
    let suites: Vec<(&str, usize, usize, usize)> = parsed
        .test_suites
        .iter()
        .map(|suite| {
            let name = suite.name.as_str();
            (name, suite.tests, suite.failures, suite.errors)
        })
        .collect();
    assert_eq!(
        suites,
        [("run", 5, 2, 2), ("network", 1, 0, 0), ("latency", 1, 1, 0)]
    );
    for part in [
        "1 passed, 2 failed, 1 inconclusive of 4 runs",
        "first in run-2: evidence of run 2",
        "type=\"interrupted\"",
        "artefacts: ator-runs/run-3",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}

#[test]
fn a_check_that_fails_for_accepted_defects_alone_fails_nothing() {
    let mut accepted = run(1, Verdict::Fail);
    accepted.checks[1].accepted = true;
    let counts = |runs: &[&Outcome]| {
        let mut repeats = Repeats::default();
        runs.iter().for_each(|run| add(&mut repeats, run));
        let sum = repeats.report(0).expect("ran");
        assert_eq!(sum.checks[1].accepted, 1);
        let xml = sum.to_junit().expect("serializes");
        let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("reads back");
        (parsed.failures, parsed.errors, parsed.skipped)
    };
    assert_eq!(counts(&[&accepted]), (0, 0, 1));
    assert_eq!(counts(&[&accepted, &run(2, Verdict::Pass)]), (0, 0, 0));
    // The run, and the check in it.
    assert_eq!(counts(&[&accepted, &run(2, Verdict::Fail)]), (2, 0, 0));
}

#[test]
fn a_real_sum_reads_back_as_it_was() {
    let sum = saved_repeat();
    let again: RepeatReport = serde_json::from_str(&sum.to_text()).expect("reads back");
    assert_eq!(again, sum);
}
