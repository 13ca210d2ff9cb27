//! Many runs of one topology, summed up: how often each check failed, and how times spread.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::constraints::{CHECK_ID, exit_codes, named_by_verdicts, named_by_words, time};
use super::model::{ErrorKind, MetricView, Report, ReportKind, VERSION};
use super::topology::TopologyView;
use crate::checks::{Metrics, Verdict};
use crate::probe::Latencies;

/// Many runs of one topology, summed up: repeat.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "repeat", deny_unknown_fields)]
pub struct RepeatReport {
    /// What the report is about.
    #[schemars(with = "String", extend("const" = "repeat"))]
    pub kind: ReportKind,
    /// Version of this shape. It changes when a field is removed or changes its meaning.
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// Version of the harness.
    #[schemars(length(min = 1))]
    pub harness: String,
    /// What was run.
    pub topology: TopologyView,
    /// The worst verdict of all runs.
    pub verdict: Verdict,
    /// The command's exit code.
    #[schemars(transform = exit_codes)]
    pub exit_code: u8,
    /// Start of the first run, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, transform = time)]
    pub started: Option<String>,
    /// End of the last run, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, transform = time)]
    pub finished: Option<String>,
    /// How many runs came out how.
    #[schemars(with = "BTreeMap<Verdict, NonZeroUsize>", transform = named_by_verdicts)]
    pub verdicts: BTreeMap<Verdict, usize>,
    /// The runs, in order.
    #[schemars(length(min = 1))]
    pub runs: Vec<RunTally>,
    /// The checks, in report order.
    pub checks: Vec<CheckTally>,
    /// Runs that ended before their checks.
    pub errors: Vec<ErrorTally>,
    /// Start to verdict, over all runs.
    pub duration: MetricView,
    /// Removing, over all runs that removed.
    pub clean_up: MetricView,
    /// The stages, in the order in which they first began.
    pub stages: Vec<StageTally>,
    /// What was measured, all samples of all runs together.
    #[schemars(transform = named_by_words)]
    pub metrics: BTreeMap<String, MetricView>,
    /// The most memory that all containers of a run had together, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers_bytes_most: Option<u64>,
}

/// One run among many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "runTally", deny_unknown_fields)]
pub struct RunTally {
    /// The run's id. Runs over a topology that `up` left running have its id in common; here each
    /// has that of its folder.
    #[schemars(length(min = 1))]
    pub run: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What its own exit code would be.
    #[schemars(transform = exit_codes)]
    pub exit_code: u8,
    /// The verdict as one sentence.
    #[schemars(length(min = 1))]
    pub headline: String,
    /// Start to verdict, in milliseconds.
    pub duration_ms: u64,
    /// Its folder; absent when its artefacts were removed because it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub artefacts: Option<String>,
}

/// One check over many runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "checkTally", deny_unknown_fields)]
pub struct CheckTally {
    /// `family.name`.
    #[schemars(regex(pattern = CHECK_ID))]
    pub id: String,
    /// What is true when it passes.
    pub says: String,
    /// In how many runs it was judged.
    #[schemars(range(min = 1))]
    pub runs: usize,
    /// In how many it passed.
    pub passed: usize,
    /// In how many it failed.
    pub failed: usize,
    /// In how many of these for a defect that whoever asked accepts; absent where in none.
    #[serde(default, skip_serializing_if = "is_none_of_them")]
    pub accepted: usize,
    /// In how many there was too little to judge by.
    pub inconclusive: usize,
    /// In how many it could not be made.
    pub unsupported: usize,
    /// The first run in which it failed or was inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstFailure>,
}

/// Where something first went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "first", deny_unknown_fields)]
pub struct FirstFailure {
    /// The run's id.
    #[schemars(length(min = 1))]
    pub run: String,
    /// What was seen.
    pub evidence: String,
}

/// A run that ended before its checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "errorTally", deny_unknown_fields)]
pub struct ErrorTally {
    /// The run's id.
    #[schemars(length(min = 1))]
    pub run: String,
    /// The error's kind.
    #[schemars(with = "ErrorKind")]
    pub kind: String,
    /// Its text.
    #[schemars(length(min = 1))]
    pub message: String,
}

/// One stage over many runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "stageTally", deny_unknown_fields)]
pub struct StageTally {
    /// Stage and node as one name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// In how many runs it was not reached.
    pub missed: usize,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_missed: Option<FirstFailure>,
    /// How long it took in the runs that reached it.
    pub took: MetricView,
}

/// What the runs so far came to.
#[derive(Default)]
pub struct Repeats {
    topology: Option<TopologyView>,
    started: Option<String>,
    finished: Option<String>,
    runs: Vec<RunTally>,
    checks: Vec<CheckTally>,
    errors: Vec<ErrorTally>,
    durations: Latencies,
    clean_ups: Latencies,
    stages: Vec<(StageTally, Latencies)>,
    metrics: BTreeMap<String, (MetricView, Latencies)>,
    containers_bytes_most: Option<u64>,
}

impl Repeats {
    /// Adds one run: its report, the samples behind it, and whether its artefacts are kept.
    pub fn add(&mut self, report: &Report, metrics: &Metrics, kept: bool) {
        self.topology.get_or_insert_with(|| report.topology.clone());
        if self.started.is_none() {
            self.started.clone_from(&report.started);
        }
        self.finished.clone_from(&report.finished);
        let run = report.folder_name();
        self.runs.push(RunTally {
            run: run.clone(),
            verdict: report.verdict,
            exit_code: report.exit_code,
            headline: report.headline.clone(),
            duration_ms: report.duration_ms,
            artefacts: kept.then(|| report.artefacts.folder.clone()),
        });
        // A run that broke off has no time to a verdict.
        if let Some(error) = &report.error {
            self.errors.push(ErrorTally {
                run: run.clone(),
                kind: error.kind.clone(),
                message: error.message.clone(),
            });
        } else {
            self.durations.record(millis(report.duration_ms));
        }
        if let Some(took) = report.clean_up_ms {
            self.clean_ups.record(millis(took));
        }
        self.add_checks(report);
        self.add_stages(report);
        for (metric, latencies) in metrics {
            let name = metric.name();
            let Some(view) = report.metrics.get(name) else {
                continue;
            };
            let entry = self.metrics.entry(name.to_owned());
            let (_, all) = entry.or_insert_with(|| (view.clone(), Latencies::new()));
            all.merge(latencies);
        }
        self.containers_bytes_most = self
            .containers_bytes_most
            .max(report.memory.containers_bytes);
    }

    fn add_checks(&mut self, report: &Report) {
        for check in &report.checks {
            let place = self.checks.iter().position(|known| known.id == check.id);
            let place = place.unwrap_or_else(|| {
                self.checks.push(CheckTally {
                    id: check.id.clone(),
                    says: check.says.clone(),
                    runs: 0,
                    passed: 0,
                    failed: 0,
                    accepted: 0,
                    inconclusive: 0,
                    unsupported: 0,
                    first: None,
                });
                self.checks.len() - 1
            });
            let tally = &mut self.checks[place];
            tally.runs += 1;
            tally.accepted += usize::from(check.verdict == Verdict::Fail && check.accepted);
            match check.verdict {
                Verdict::Pass => tally.passed += 1,
                Verdict::Fail => tally.failed += 1,
                Verdict::Inconclusive => tally.inconclusive += 1,
                Verdict::Unsupported => tally.unsupported += 1,
            }
            if matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive) {
                tally.first.get_or_insert_with(|| FirstFailure {
                    run: report.folder_name(),
                    evidence: check.evidence.clone(),
                });
            }
        }
    }

    fn add_stages(&mut self, report: &Report) {
        // What the user interrupted says nothing of the stage.
        for stage in report.stages.iter().filter(|stage| !stage.interrupted) {
            let name = stage.name();
            let place = self.stages.iter().position(|(known, _)| known.name == name);
            let place = place.unwrap_or_else(|| {
                let tally = StageTally {
                    name,
                    missed: 0,
                    first_missed: None,
                    took: MetricView::of(&Latencies::new(), Vec::new()),
                };
                self.stages.push((tally, Latencies::new()));
                self.stages.len() - 1
            });
            let (tally, latencies) = &mut self.stages[place];
            if stage.reached {
                latencies.record(millis(stage.millis));
            } else {
                tally.missed += 1;
                tally.first_missed.get_or_insert_with(|| FirstFailure {
                    run: report.folder_name(),
                    evidence: stage.evidence.clone(),
                });
            }
        }
    }

    /// The sum, or nothing before the first run. `exit_code` is the command's.
    #[must_use]
    pub fn report(&self, exit_code: u8) -> Option<RepeatReport> {
        let mut verdicts = BTreeMap::new();
        for run in &self.runs {
            *verdicts.entry(run.verdict).or_default() += 1;
        }
        let figures = |latencies: &Latencies| MetricView::of(latencies, Vec::new());
        Some(RepeatReport {
            kind: ReportKind::Repeat,
            version: VERSION,
            harness: env!("CARGO_PKG_VERSION").to_owned(),
            topology: self.topology.clone()?,
            verdict: self.runs.iter().map(|run| run.verdict).max()?,
            exit_code,
            started: self.started.clone(),
            finished: self.finished.clone(),
            verdicts,
            runs: self.runs.clone(),
            checks: self.checks.clone(),
            errors: self.errors.clone(),
            duration: figures(&self.durations),
            clean_up: figures(&self.clean_ups),
            stages: self
                .stages
                .iter()
                .map(|(tally, latencies)| StageTally {
                    took: figures(latencies),
                    ..tally.clone()
                })
                .collect(),
            metrics: self
                .metrics
                .iter()
                .map(|(name, (view, latencies))| {
                    let mut budgets = view.budgets.clone();
                    for budget in &mut budgets {
                        budget.measured_us =
                            super::metric::micros(latencies.percentile(budget.percentile));
                    }
                    (name.clone(), MetricView::of(latencies, budgets))
                })
                .collect(),
            containers_bytes_most: self.containers_bytes_most,
        })
    }
}

impl Report {
    /// The name of the run's folder: the run's id, or for a run over a topology that `up` left
    /// running, whose id is that of the topology, what tells it from the others.
    #[must_use]
    pub fn folder_name(&self) -> String {
        let folder = Path::new(&self.artefacts.folder);
        folder.file_name().map_or_else(
            || self.run.clone(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_none_of_them(count: &usize) -> bool {
    *count == 0
}

fn millis(millis: u64) -> std::time::Duration {
    std::time::Duration::from_millis(millis)
}
