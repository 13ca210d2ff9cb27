//! Series of runs that were not made, over what real ones come to.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use serde_json::Value;
use time::macros::datetime;

use super::{Series, run};
use crate::checks::{Basis, CheckResult, Metrics, Verdict};
use crate::cli::exit::Exit;
use crate::cli::run::{Concluded, RunArgs};
use crate::engine::Deadline;
use crate::events::{EventKind, Recorder};
use crate::plan::{AddressSpace, Inputs, Plan, Seed};
use crate::report::Look;
use crate::run::{ArtefactError, Outcome, RunError};
use crate::topology::Topology;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    run: RunArgs,
}

/// A run whose only check came out so, with its report in `folder`.
fn outcome(folder: &Path, verdict: Verdict) -> Outcome {
    let text = include_str!("../../../fixtures/topologies/two-home-local.toml");
    let topology = Topology::parse("two-home-local", text).expect("parses");
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
        services: BTreeMap::new(),
    };
    let recorder = Recorder::new(Vec::new());
    recorder.record(EventKind::Note {
        text: "began".to_owned(),
    });
    Outcome {
        plan: Plan::new(&topology, &inputs).expect("there is room"),
        checks: vec![CheckResult {
            basis: Basis::Required,
            accepted: false,
            id: "packets.once".to_owned(),
            says: "each packet arrives once".to_owned(),
            verdict,
            measured: String::new(),
            budget: String::new(),
            evidence: "seen".to_owned(),
        }],
        error: None,
        at_fault: None,
        diagnosis: None,
        logs: Vec::new(),
        duration: Duration::from_secs(12),
        clean_up: Some(Duration::from_secs(1)),
        containers_memory: None,
        metrics: Metrics::new(),
        events: recorder.events(),
        artefacts: folder.to_owned(),
        faults: None,
        unwritten: None,
    }
}

/// What one of the runs comes to.
#[derive(Debug, Clone, Copy)]
enum Run {
    Judged(Verdict),
    /// Ended by the user.
    Interrupted,
    /// Judged so, but its report cannot be saved.
    Unsaved(Verdict),
    /// Not to be had at all.
    NotMade,
}

/// The exit code of a series, what was printed, and `repeat.json`.
async fn series(runs: &[Run]) -> (Exit, String, Value) {
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path();
    let root_text = root.to_str().expect("is text");
    let summary = root.join("summary.md");
    let cli = Cli::parse_from([
        "verify",
        "two-home-local",
        "--artefacts",
        root_text,
        "--summary",
        summary.to_str().expect("is text"),
    ]);
    let mut left: VecDeque<(usize, Run)> = runs.iter().copied().enumerate().collect();
    let mut out = Vec::new();
    let once = async || {
        let (index, run) = left.pop_front().expect("no more runs than asked for");
        let folder = root.join(format!("run-{index}"));
        match run {
            Run::Judged(verdict) => {
                fs::create_dir(&folder).expect("is made");
                Ok(outcome(&folder, verdict))
            }
            Run::Interrupted => {
                fs::create_dir(&folder).expect("is made");
                let mut broken = outcome(&folder, Verdict::Pass);
                broken.checks.clear();
                broken.error = Some(RunError::Interrupted);
                Ok(broken)
            }
            Run::Unsaved(verdict) => Ok(outcome(&root.join("not-there"), verdict)),
            Run::NotMade => Err(RunError::NotUp {
                topology: "two-home-local".to_owned(),
            }),
        }
    };
    let times = u32::try_from(runs.len()).expect("few");
    let ended = run(
        Series::new(&cli.run, false, Look::default()),
        times,
        once,
        &mut out,
    )
    .await;
    let exit = ended.unwrap_or_else(|error| error.exit());
    let sum = fs::read_to_string(root.join("repeat-run-0/repeat.json")).unwrap_or_default();
    let sum = serde_json::from_str(&sum).unwrap_or(Value::Null);
    let printed = String::from_utf8(out).expect("is text");
    assert_eq!(sum.is_null(), !summary.exists(), "a sum is also summarised");
    (exit, printed, sum)
}

const PASS: Run = Run::Judged(Verdict::Pass);
const FAIL: Run = Run::Judged(Verdict::Fail);
const OPEN: Run = Run::Judged(Verdict::Inconclusive);

#[tokio::test]
async fn the_most_severe_run_decides_whenever_it_comes() {
    for (runs, exit, verdict) in [
        (&[PASS, PASS][..], Exit::Pass, "pass"),
        (&[PASS, OPEN, PASS], Exit::Inconclusive, "inconclusive"),
        (&[FAIL, OPEN, PASS], Exit::Fail, "fail"),
        (&[OPEN, FAIL, PASS], Exit::Fail, "fail"),
        (&[OPEN, PASS, FAIL], Exit::Fail, "fail"),
        (&[FAIL, Run::Interrupted], Exit::Interrupted, "fail"),
    ] {
        let (found, _, sum) = series(runs).await;
        assert_eq!(found, exit, "{runs:?}");
        assert_eq!(sum["exit_code"], exit.code(), "{runs:?}");
        assert_eq!(sum["verdict"], verdict, "{runs:?}");
        assert_eq!(sum["runs"].as_array().map(Vec::len), Some(runs.len()));
    }
}

#[tokio::test]
async fn a_run_whose_report_cannot_be_saved_is_counted_and_ends_the_series() {
    for (before, unsaved, exit) in [
        (PASS, Verdict::Pass, Exit::Environment),
        (OPEN, Verdict::Pass, Exit::Environment),
        (FAIL, Verdict::Pass, Exit::Fail),
        (PASS, Verdict::Fail, Exit::Fail),
    ] {
        let runs = [before, Run::Unsaved(unsaved), PASS];
        let (found, printed, sum) = series(&runs).await;
        assert_eq!(found, exit, "{runs:?}");
        assert_eq!(sum["exit_code"], exit.code(), "{runs:?}");
        assert_eq!(sum["runs"].as_array().map(Vec::len), Some(2), "{sum}");
        assert!(printed.contains("2 runs: "), "{printed}");
    }
}

#[test]
fn a_verdict_outlives_a_report_that_cannot_be_saved_and_a_reader_that_cannot_take_it() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let nowhere = Path::new("/nonexistent");
    for (verdict, exit) in [
        (Verdict::Pass, Exit::Environment),
        (Verdict::Inconclusive, Exit::Environment),
        (Verdict::Fail, Exit::Fail),
    ] {
        let mut outcome = outcome(nowhere, verdict);
        let concluded = Concluded::of(&outcome, Exit::of_verdict(verdict));
        let summary = "/nonexistent/summary.md";
        let cli = Cli::parse_from(["verify", "two-home-local", "--summary", summary]);
        let saved = concluded.save(&mut outcome);
        let concluded = concluded.after(saved);
        cli.run.show(&mut Full, &concluded.report, &Look::default());
        assert_eq!(concluded.exit, exit, "{verdict:?}");
        assert_eq!(concluded.report.exit_code, exit.code(), "{verdict:?}");
    }
}

#[test]
fn what_could_not_be_written_meanwhile_costs_no_verdict_and_is_told_once() {
    for (verdict, exit) in [
        (Verdict::Pass, Exit::Environment),
        (Verdict::Inconclusive, Exit::Environment),
        (Verdict::Fail, Exit::Fail),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut outcome = outcome(folder.path(), verdict);
        outcome.unwritten = Some(ArtefactError {
            path: "ator-runs/x/events.jsonl".to_owned(),
            source: std::io::ErrorKind::StorageFull.into(),
        });
        let concluded = Concluded::of(&outcome, Exit::of_verdict(verdict));
        assert_eq!(concluded.report.verdict, verdict);
        let saved = concluded.save(&mut outcome);
        let told = saved.as_ref().expect_err("is told").to_string();
        assert!(told.contains("events.jsonl"), "{told}");
        assert!(folder.path().join("report.json").exists());
        assert!(concluded.save(&mut outcome).is_ok());
        assert_eq!(concluded.after(saved).exit, exit);
    }
}

#[tokio::test]
async fn a_run_that_cannot_be_made_leaves_the_sum_of_those_before() {
    let (exit, printed, sum) = series(&[FAIL, OPEN, Run::NotMade, PASS]).await;
    assert_eq!(exit, Exit::Fail);
    assert_eq!(sum["runs"].as_array().map(Vec::len), Some(2));
    assert!(printed.contains("2 runs: "), "{printed}");

    let (exit, printed, sum) = series(&[Run::NotMade]).await;
    assert_eq!((exit, printed.as_str()), (Exit::Environment, ""));
    assert_eq!(sum, Value::Null, "nothing to sum up");
}

#[test]
fn exit_codes_are_ordered_by_severity() {
    let order = [
        Exit::Pass,
        Exit::Inconclusive,
        Exit::Environment,
        Exit::Usage,
        Exit::Fail,
        Exit::Interrupted,
    ];
    assert!(order.is_sorted_by(|less, more| less < more));
}
