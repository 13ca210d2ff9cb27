//! Runs to report about: constructed ones, and what real ones left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ator_harness::checks::{Basis, CheckResult, Metrics, Verdict};
use ator_harness::engine::Deadline;
use ator_harness::events::{Event, EventKind, Recorder, Stage};
use ator_harness::plan::{AddressSpace, Inputs, Plan, Seed};
use ator_harness::probe::Latencies;
use ator_harness::report::{RepeatReport, Report};
use ator_harness::run::Outcome;
use ator_harness::topology::{Metric, Topology};
use serde_json::Value;
use time::macros::datetime;

/// The committed main topology, planned with fixed randomness.
pub(crate) fn plan() -> Plan {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies/two-home-local.toml");
    let text = std::fs::read_to_string(path).expect("the committed topology is there");
    let topology = Topology::parse("two-home-local", &text).expect("and parses");
    let inputs = Inputs {
        seed: Seed::new([7; 32]),
        now: datetime!(2026-11-22 10:00:00 UTC),
        deadline: Deadline {
            unix: 1_795_343_400,
            boot: None,
        },
        space: AddressSpace::default(),
        authorities: Vec::new(),
        standing: None,
        services: std::collections::BTreeMap::new(),
    };
    Plan::new(&topology, &inputs).expect("there is room")
}

pub(crate) fn check(id: &str, verdict: Verdict) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        basis: Basis::Required,
        says: "something is true".to_owned(),
        verdict,
        accepted: false,
        measured: String::new(),
        budget: String::new(),
        evidence: "seen".to_owned(),
    }
}

/// Events of a run that reached one stage and left another.
pub(crate) fn events() -> Vec<Event> {
    let recorder = Recorder::new(Vec::new());
    recorder.record(EventKind::RunStarted {
        run: "20261122-100000-abcdef".to_owned(),
        topology: "two-home-local".to_owned(),
        network: None,
    });
    recorder
        .stage(Stage::Consensus, None)
        .reached("3 authorities agree");
    let left = recorder.stage(
        Stage::Publication,
        ator_harness::evidence::Subject::from("home-a"),
    );
    left.saw("13 of 14 uploads");
    drop(left);
    recorder.events()
}

/// A run whose second check came out as given.
pub(crate) fn outcome(verdict: Verdict) -> Outcome {
    let mut round_trips = Latencies::new();
    round_trips.record(Duration::from_millis(20));
    Outcome {
        plan: plan(),
        checks: vec![
            check("network.consensus", Verdict::Pass),
            CheckResult {
                measured: "20 ms".to_owned(),
                budget: "100 ms".to_owned(),
                ..check("latency.round-trip.p50", verdict)
            },
        ],
        error: None,
        at_fault: None,
        diagnosis: None,
        logs: Vec::new(),
        duration: Duration::from_millis(12_345),
        clean_up: Some(Duration::from_millis(1_500)),
        containers_memory: Some(64 << 20),
        metrics: Metrics::from([(Metric::RoundTrip, round_trips)]),
        events: events(),
        artefacts: PathBuf::from("ator-runs/20261122-100000-abcdef"),
        faults: None,
        unwritten: None,
    }
}

/// The report of an outcome; the exit code is of no interest here.
pub(crate) fn report(outcome: &Outcome) -> Report {
    Report::new(outcome, 0)
}

pub(crate) fn json_of(outcome: &Outcome) -> Value {
    serde_json::from_str(&report(outcome).to_text()).expect("is JSON")
}

/// What a real run left: `passed`, `failed`, `stuck`, `interrupted`, or `repeat` of many.
pub(crate) fn saved(name: &str) -> (PathBuf, Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/report/data")
        .join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).expect("the saved report is there");
    (path, serde_json::from_str(&text).expect("and is JSON"))
}

pub(crate) fn saved_run(name: &str) -> Report {
    serde_json::from_value(saved(name).1).expect("a report of one run")
}

pub(crate) fn saved_repeat() -> RepeatReport {
    serde_json::from_value(saved("repeat").1).expect("a report of many runs")
}
