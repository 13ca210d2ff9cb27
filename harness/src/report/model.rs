//! What `report.json` holds. Every other report of a run is drawn from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stages::StageTime;
use crate::checks::{CheckResult, Verdict};
use crate::topology::NetworkKind;

/// Version of the shape of `report.json` and `repeat.json`. It changes when a field is removed or
/// changes its meaning, not when one is added.
pub const VERSION: u32 = 2;

/// What a report file is about, so that a reader can tell one from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportKind {
    /// One run: `report.json`.
    Run,
    /// Many runs of one topology, summed up: `repeat.json`.
    Repeat,
}

/// One run. `harness/schema/report.schema.json` describes it.
///
/// Holds no secret and no onion address: [`Report::new`] redacts every text in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`ReportKind::Run`].
    pub kind: ReportKind,
    /// [`VERSION`].
    pub version: u32,
    /// Version of the harness.
    pub harness: String,
    /// The run's id.
    pub run: String,
    /// What was run.
    pub topology: TopologyView,
    /// How it came out.
    pub verdict: Verdict,
    /// The verdict as one sentence, with what failed.
    pub headline: String,
    /// The command's exit code.
    pub exit_code: u8,
    /// Why the run ended before its checks, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorView>,
    /// What was at the bottom of the error, as far as the evidence tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisView>,
    /// When it started, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When its last event was recorded, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    pub metrics: BTreeMap<String, MetricView>,
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

/// A topology as far as a reader needs it to follow a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyView {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// The onion network.
    pub network: NetworkView,
    /// The homes, in file order.
    pub homes: Vec<HomeView>,
    /// Who dials whom, in file order.
    pub peerings: Vec<PeeringView>,
    /// The harness's own peer.
    pub probe: ProbeView,
}

/// The onion network's size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkView {
    /// `private` for one that the run makes, `public` for one that others run.
    #[serde(default = "private")]
    pub kind: String,
    /// The TLD family, without the dot.
    pub family: String,
    /// Directory authorities.
    pub authorities: usize,
    /// Relays that are no authorities.
    pub relays: usize,
}

impl NetworkView {
    /// Whether others run it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.kind == NetworkKind::Public.name()
    }
}

/// Reports from before there was another kind.
fn private() -> String {
    NetworkKind::Private.name().to_owned()
}

/// One home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeView {
    /// Its id.
    pub id: String,
    /// Its ILP address prefix.
    pub prefix: String,
}

/// One peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringView {
    /// The home that dials.
    pub from: String,
    /// The home that accepts.
    pub to: String,
    /// How the dialling side authenticates, in the topology file's word.
    pub auth: String,
}

/// The harness's own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeView {
    /// Its peer id.
    pub id: String,
    /// The home whose daemon it dials through.
    pub via: String,
    /// The home it dials.
    pub to: String,
}

/// Why a run ended before its checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorView {
    /// Which kind: `engine`, `plan`, `keys`, `artefacts`, `state`, `stage`, `node-died`,
    /// `interrupted`, `already-up` or `other-family`.
    pub kind: String,
    /// The text.
    pub message: String,
}

/// The cause of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosisView {
    /// The cause's name; `unknown` when the evidence supports none.
    pub cause: String,
    /// What is wrong and what helps.
    pub remedy: String,
    /// What was seen, each with where.
    pub evidence: Vec<String>,
}

/// One check's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// `family.name`.
    pub id: String,
    /// What is true when it passes.
    pub says: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was measured, with its unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub measured: String,
    /// The bound, with its unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub budget: String,
    /// What was seen.
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
            says: check.says.clone(),
            verdict: check.verdict,
            measured: check.measured.clone(),
            budget: check.budget.clone(),
            evidence: check.evidence.clone(),
            judged_ms: None,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricView {
    /// Number of samples; all other fields are zero or empty when it is.
    pub count: u64,
    /// Shortest.
    pub min_us: f64,
    /// Median.
    pub p50_us: f64,
    /// 90th percentile.
    pub p90_us: f64,
    /// 95th percentile.
    pub p95_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// Longest.
    pub max_us: f64,
    /// Arithmetic mean.
    pub mean_us: f64,
    /// Counts in buckets of equal ratio, ten to a decade and alike in every report, from the
    /// first bucket with a sample to the last.
    pub histogram: Vec<Bucket>,
    /// What it is held against.
    pub budgets: Vec<BudgetView>,
}

/// Samples from one bound up to, and without, the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Lower bound, in microseconds.
    pub from_us: f64,
    /// Upper bound, in microseconds.
    pub to_us: f64,
    /// How many samples.
    pub count: u64,
}

/// A budget and what was measured for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetView {
    /// The check that judges it.
    pub check: String,
    /// Which percentile, above 0 and up to 100.
    pub percentile: f64,
    /// The bound, in microseconds.
    pub at_most_us: f64,
    /// Fewer samples than this are too few.
    pub samples: u64,
    /// The percentile as measured, in microseconds.
    pub measured_us: f64,
}

/// A container that ended while it was needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeathView {
    /// When, in milliseconds since the run's start.
    pub at_ms: u64,
    /// What it was in the topology.
    pub role: String,
    /// Its exit status.
    pub status: String,
}

/// A text that belongs to no stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteView {
    /// When, in milliseconds since the run's start.
    pub at_ms: u64,
    /// The text.
    pub text: String,
}

/// The end of one container's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTail {
    /// What the container is in the topology.
    pub role: String,
    /// Its last lines; none when it wrote nothing.
    pub tail: Vec<String>,
}

/// Memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The harness at its peak, in bytes (kernel, `VmHWM`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness_peak_bytes: Option<u64>,
    /// All containers together, in bytes (engine, usage less inactive file pages).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers_bytes: Option<u64>,
}

/// What was saved of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtefactsView {
    /// The run's folder.
    pub folder: String,
    /// Files in it, relative to the folder, sorted.
    pub files: Vec<String>,
}
