//! What `report.json` holds. Every other report of a run is drawn from it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::constraints::{CHECK_ID, WORD, exit_codes, named_by_words, time};
use super::faults::FaultReport;
use super::soak::SoakReport;
use super::stages::StageTime;
use super::topology::TopologyView;
use crate::checks::{Basis, CheckResult, Verdict};
use crate::events::StandingNetwork;

/// Version of the shape of reports. It changes when a field is removed or
/// changes its meaning, not when one is added.
pub const VERSION: u32 = 2;

/// What a report is about, so that a reader can tell one from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportKind {
    /// One run: `report.json`.
    Run,
    /// Many runs of one topology, summed up: `repeat.json`.
    Repeat,
    /// A measurement of a topology that was left running: what `probe --json` prints.
    Probe,
    /// What an operator's files say of a deployment: what `audit --json` prints.
    Audit,
    /// A command that failed and has no report: what it prints with `--json`.
    Failure,
}

/// One run: report.json. Holds no secret and no onion address: every text in it is redacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "run", deny_unknown_fields)]
pub struct Report {
    /// What the report is about.
    #[schemars(with = "String", extend("const" = "run"))]
    pub kind: ReportKind,
    /// Version of this shape. It changes when a field is removed or changes its meaning.
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// Version of the harness.
    #[schemars(length(min = 1))]
    pub harness: String,
    /// The run's id.
    #[schemars(length(min = 1))]
    pub run: String,
    /// What was run.
    pub topology: TopologyView,
    /// The private network that stood already and that the homes joined; absent where the run made one
    /// or joined the public one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_network: Option<StandingNetwork>,
    /// How it came out.
    pub verdict: Verdict,
    /// The verdict as one sentence, with what failed.
    #[schemars(length(min = 1))]
    pub headline: String,
    /// The command's exit code.
    #[schemars(transform = exit_codes)]
    pub exit_code: u8,
    /// Why the run ended before its checks; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorView>,
    /// What was at the bottom of the error, as far as the evidence tells; absent without an error, and
    /// when nothing was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisView>,
    /// When it started, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, transform = time)]
    pub started: Option<String>,
    /// When its last event was recorded, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, transform = time)]
    pub finished: Option<String>,
    /// Start to verdict, in milliseconds.
    pub duration_ms: u64,
    /// Removing, in milliseconds; absent when the topology was left running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean_up_ms: Option<u64>,
    /// Every check that was judged, in report order.
    pub checks: Vec<CheckView>,
    /// Every stage, by the time it began.
    pub stages: Vec<StageTime>,
    /// What was measured, by metric.
    #[schemars(transform = named_by_words)]
    pub metrics: BTreeMap<String, MetricView>,
    /// What was broken; absent where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultReport>,
    /// What a soak came to; absent of any other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<SoakReport>,
    /// Containers that ended while they were needed.
    pub deaths: Vec<DeathView>,
    /// What a reader should know that belongs to no stage.
    pub notes: Vec<NoteView>,
    /// Ends of the logs that explain a run that did not pass.
    pub logs: Vec<LogTail>,
    /// Memory.
    pub memory: Memory,
    /// What was saved.
    pub artefacts: ArtefactsView,
}

/// Why a run ended before its checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "error", deny_unknown_fields)]
pub struct ErrorView {
    /// Which kind.
    #[schemars(with = "ErrorKind")]
    pub kind: String,
    /// The text.
    #[schemars(length(min = 1))]
    pub message: String,
}

/// The kinds of errors that end a run before its checks. Reports hold the word as a text, so that a
/// report with a kind from a later version can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "errorKind")]
pub enum ErrorKind {
    /// An engine refused something or is not there.
    Engine,
    /// No plan could be made.
    Plan,
    /// Keys could not be made or kept.
    Keys,
    /// The run's folder could not be written.
    Artefacts,
    /// The state folder could not be read or written.
    State,
    /// A stage was not reached in its time.
    Stage,
    /// A container ended while it was needed.
    NodeDied,
    /// The user ended it.
    Interrupted,
    /// The topology is up already.
    AlreadyUp,
    /// The topology is being brought up by another process.
    BeingStarted,
    /// A port of a home cannot be reached.
    NoPort,
    /// An engine on which the topology stands is out of reach.
    OutOfReach,
    /// The topology is not up.
    NotUp,
    /// Not all of the topology is up.
    NotInFull,
    /// The homes' daemons are not let into the network that they join.
    Preflight,
    /// The topology cannot be run in the way that was asked for.
    Unfit,
    /// A daemon is of another TLD family than the run is for.
    OtherFamily,
}

/// The cause of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "diagnosis", deny_unknown_fields)]
pub struct DiagnosisView {
    /// The cause's name; `unknown` when the evidence supports none.
    #[schemars(regex(pattern = WORD))]
    pub cause: String,
    /// What is wrong and what helps.
    #[schemars(length(min = 1))]
    pub remedy: String,
    /// Whose fault it is: `subject`, the topology under test; `surroundings`, this machine, its engine or
    /// the onion daemon; `unknown`. Absent in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = WORD))]
    pub at_fault: Option<String>,
    /// What was seen, each with where.
    pub evidence: Vec<String>,
}

/// One check's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "check", deny_unknown_fields)]
pub struct CheckView {
    /// `family.name`.
    #[schemars(regex(pattern = CHECK_ID))]
    pub id: String,
    /// What it holds its subject to; absent in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// What is true when it passes.
    #[schemars(length(min = 1))]
    pub says: String,
    /// How it came out.
    pub verdict: Verdict,
    /// Whether it failed for a defect that whoever asked accepts, which is then left out of the run's
    /// verdict; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// What was measured, with its unit; absent for a yes-or-no check.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 1))]
    pub measured: String,
    /// The bound, with its unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 1))]
    pub budget: String,
    /// What was seen.
    #[schemars(length(min = 1))]
    pub evidence: String,
    /// When it was judged, in milliseconds since the run's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_ms: Option<u64>,
}

impl CheckView {
    /// A check that was judged at no particular time.
    #[must_use]
    pub fn of(check: &CheckResult) -> Self {
        Self {
            id: check.id.clone(),
            basis: Some(check.basis),
            accepted: check.accepted,
            says: check.says.clone(),
            verdict: check.verdict,
            measured: check.measured.clone(),
            budget: check.budget.clone(),
            evidence: check.evidence.clone(),
            judged_ms: None,
        }
    }

    /// Whether it failed, and nobody accepted that.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.verdict == Verdict::Fail && !self.accepted
    }

    /// How it came out, in words.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match (self.verdict, self.basis, self.accepted) {
            (Verdict::Fail, _, true) => "accepted defect",
            (Verdict::Fail, Some(Basis::Defect), false) => "defect",
            (verdict, _, _) => verdict.word(),
        }
    }

    /// The part of the id before the first dot.
    #[must_use]
    pub fn family(&self) -> &str {
        self.id.split('.').next().unwrap_or(&self.id)
    }
}

/// A distribution, always with its number of samples. All times are in microseconds, at a
/// resolution of three significant digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "metric", deny_unknown_fields)]
pub struct MetricView {
    /// Number of samples; all other fields are zero or empty when it is.
    pub count: u64,
    /// Shortest.
    #[schemars(range(min = 0))]
    pub min_us: f64,
    /// Median.
    #[schemars(range(min = 0))]
    pub p50_us: f64,
    /// 90th percentile.
    #[schemars(range(min = 0))]
    pub p90_us: f64,
    /// 95th percentile.
    #[schemars(range(min = 0))]
    pub p95_us: f64,
    /// 99th percentile.
    #[schemars(range(min = 0))]
    pub p99_us: f64,
    /// Longest.
    #[schemars(range(min = 0))]
    pub max_us: f64,
    /// Arithmetic mean.
    #[schemars(range(min = 0))]
    pub mean_us: f64,
    /// Counts in buckets of equal ratio, ten to a decade and alike in every report. Only those with
    /// samples, shortest first; earlier reports have those between them too, with a count of 0.
    pub histogram: Vec<Bucket>,
    /// Samples with when they were taken, as they came: all of fewer than 2,000, else at least a thousand, evenly spread.
    /// Absent of a metric whose samples have no time of their own, of many runs, and in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_time: Vec<Moment>,
    /// What it is held against.
    pub budgets: Vec<BudgetView>,
}

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "moment", deny_unknown_fields)]
pub struct Moment {
    /// When its answer was there, in milliseconds since the run's start.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    /// How long it took, in microseconds.
    #[schemars(range(min = 0))]
    pub us: f64,
}

/// Samples from one bound up to, and without, the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "bucket", deny_unknown_fields)]
pub struct Bucket {
    /// Lower bound, in microseconds.
    #[schemars(range(min = 0))]
    pub from_us: f64,
    /// Upper bound, in microseconds.
    #[schemars(range(min = 0))]
    pub to_us: f64,
    /// How many samples.
    pub count: u64,
}

/// A budget and what was measured for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "budget", deny_unknown_fields)]
pub struct BudgetView {
    /// The check that judges it.
    #[schemars(regex(pattern = CHECK_ID))]
    pub check: String,
    /// Which percentile, above 0 and up to 100.
    #[schemars(range(max = 100), extend("exclusiveMinimum" = 0))]
    pub percentile: f64,
    /// The bound, in microseconds.
    #[schemars(range(min = 0))]
    pub at_most_us: f64,
    /// Fewer samples than this are too few.
    pub samples: u64,
    /// The percentile as measured, in microseconds.
    #[schemars(range(min = 0))]
    pub measured_us: f64,
}

/// A container that ended while it was needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "death", deny_unknown_fields)]
pub struct DeathView {
    /// When, in milliseconds since the run's start.
    pub at_ms: u64,
    /// What it was in the topology.
    #[schemars(length(min = 1))]
    pub role: String,
    /// Its exit status.
    pub status: String,
}

/// A text that belongs to no stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "note", deny_unknown_fields)]
pub struct NoteView {
    /// When, in milliseconds since the run's start.
    pub at_ms: u64,
    /// The text.
    pub text: String,
}

/// The end of one container's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "log", deny_unknown_fields)]
pub struct LogTail {
    /// What the container is in the topology.
    #[schemars(length(min = 1))]
    pub role: String,
    /// Its last lines; none when it wrote nothing.
    pub tail: Vec<String>,
}

/// Memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "memory", deny_unknown_fields)]
pub struct Memory {
    /// The harness at its peak, in bytes (kernel, `VmHWM`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness_peak_bytes: Option<u64>,
    /// All containers together, in bytes (engine, usage less inactive file pages).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers_bytes: Option<u64>,
}

/// What was saved of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "artefacts", deny_unknown_fields)]
pub struct ArtefactsView {
    /// The run's folder.
    #[schemars(length(min = 1))]
    pub folder: String,
    /// Files in it, relative to the folder, sorted.
    #[schemars(inner(length(min = 1)), extend("uniqueItems" = true))]
    pub files: Vec<String>,
}
