//! Many runs of one topology, summed up.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::json::Report;
use super::stages::stage_times;
use crate::checks::Verdict;
use crate::probe::Latencies;
use crate::run::Outcome;
use crate::topology::format_duration;

/// What the runs so far came to.
#[derive(Default)]
pub struct Repeats {
    runs: usize,
    verdicts: BTreeMap<Verdict, usize>,
    durations: Latencies,
    clean_ups: Latencies,
    stages: Vec<(String, Latencies)>,
    failures: Vec<(String, String)>,
    most_containers_memory: u64,
    reports: Vec<Report>,
}

/// The JSON form of [`Repeats`].
#[derive(Serialize)]
struct Summary<'a> {
    runs: usize,
    passed: usize,
    duration_us: crate::probe::LatencySummary,
    reports: &'a [Report],
}

impl Repeats {
    /// Adds one run.
    pub fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        *self.verdicts.entry(outcome.verdict()).or_default() += 1;
        self.durations.record(outcome.duration);
        if let Some(took) = outcome.clean_up {
            self.clean_ups.record(took);
        }
        for stage in stage_times(&outcome.events)
            .iter()
            .filter(|stage| stage.reached)
        {
            let name = stage.name();
            let took = Duration::from_millis(stage.millis);
            match self.stages.iter_mut().find(|(known, _)| *known == name) {
                Some((_, latencies)) => latencies.record(took),
                None => {
                    let mut latencies = Latencies::new();
                    latencies.record(took);
                    self.stages.push((name, latencies));
                }
            }
        }
        if let Some(error) = &outcome.error {
            self.failures.push((outcome.run.clone(), error.to_string()));
        }
        for check in outcome
            .checks
            .iter()
            .filter(|check| check.verdict != Verdict::Pass)
        {
            let what = format!("{} {}: {}", check.id, check.verdict.word(), check.evidence);
            self.failures.push((outcome.run.clone(), what));
        }
        self.most_containers_memory = self
            .most_containers_memory
            .max(outcome.containers_memory.unwrap_or(0));
        self.reports.push(Report::new(outcome));
    }

    /// The verdict over all runs: the worst.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdicts
            .keys()
            .max()
            .copied()
            .unwrap_or(Verdict::Inconclusive)
    }

    /// All reports and the summary as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        let summary = Summary {
            runs: self.runs,
            passed: self.verdicts.get(&Verdict::Pass).copied().unwrap_or(0),
            duration_us: self.durations.summary(),
            reports: &self.reports,
        };
        serde_json::to_string_pretty(&summary).unwrap_or_default()
    }

    /// Prints the summary.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_header(["stage", "runs", "min", "p50", "p95", "max"]);
        let rows = self
            .stages
            .iter()
            .map(|(name, latencies)| (name.as_str(), latencies))
            .chain([
                ("start to verdict", &self.durations),
                ("clean-up", &self.clean_ups),
            ]);
        for (name, latencies) in rows {
            let show = |percentile| format_duration(latencies.percentile(percentile));
            table.add_row([
                name.to_owned(),
                latencies.count().to_string(),
                show(0.0),
                show(50.0),
                show(95.0),
                show(100.0),
            ]);
        }
        writeln!(out, "\n{table}")?;
        for (run, what) in &self.failures {
            writeln!(out, "{run}: {what}")?;
        }
        let counts: Vec<String> = self
            .verdicts
            .iter()
            .map(|(verdict, count)| format!("{count} {}", verdict.word()))
            .collect();
        writeln!(out, "{} runs: {}", self.runs, counts.join(", "))?;
        writeln!(
            out,
            "all containers at most {:.1} MiB",
            self.most_containers_memory as f64 / f64::from(1 << 20)
        )
    }
}
