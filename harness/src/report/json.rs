//! The report for machines.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::stages::{StageTime, stage_times};
use crate::checks::{CheckResult, Verdict};
use crate::diagnosis::Diagnosis;
use crate::probe::LatencySummary;
use crate::run::Outcome;

/// Version of the report's shape. It changes when a field is removed or changes its meaning.
const VERSION: u32 = 1;

/// What `--json` prints and `report.json` holds. The README documents the fields.
#[derive(Debug, Serialize)]
pub struct Report {
    version: u32,
    run: String,
    topology: String,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<Diagnosis>,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    clean_up_ms: Option<u64>,
    checks: Vec<CheckResult>,
    stages: Vec<StageTime>,
    metrics: BTreeMap<&'static str, LatencySummary>,
    memory: Memory,
    artefacts: String,
}

#[derive(Debug, Serialize)]
struct Memory {
    #[serde(skip_serializing_if = "Option::is_none")]
    harness_peak_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    containers_bytes: Option<u64>,
}

impl Report {
    /// The report of a run.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Self {
        Self {
            version: VERSION,
            run: outcome.run.clone(),
            topology: outcome.topology.clone(),
            verdict: outcome.verdict(),
            error: outcome.error.as_ref().map(ToString::to_string),
            diagnosis: outcome.diagnosis.clone(),
            duration_ms: millis(outcome.duration),
            clean_up_ms: outcome.clean_up.map(millis),
            checks: outcome.checks.clone(),
            stages: stage_times(&outcome.events),
            metrics: outcome
                .metrics
                .iter()
                .map(|(metric, latencies)| (metric.name(), latencies.summary()))
                .collect(),
            memory: Memory {
                harness_peak_bytes: peak_memory_bytes(),
                containers_bytes: outcome.containers_memory,
            },
            artefacts: outcome.artefacts.display().to_string(),
        }
    }

    /// The report as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Every field is a string, a number or a list of those; serializing cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The most memory that this process has had resident, from the kernel (`VmHWM`).
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
