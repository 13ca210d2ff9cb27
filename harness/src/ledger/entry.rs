//! One line of a ledger: one run, or the many runs of one `--repeat`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::checks::Verdict;
use crate::report::{MetricView, RepeatReport, Report, Saved};

/// Version of the shape of a line. It changes when a field is removed or changes its meaning, not
/// when one is added.
pub const SCHEMA: u32 = 1;

/// The check that every run has: whether it came as far as its checks. A run that ended before
/// them has no other, and would be invisible without it.
pub const RUN_CHECK: &str = "run";

/// Why no line can be made of a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It does not say when it was.
    #[error("it has no `started` time in RFC 3339; give the report as the harness wrote it")]
    NoDate,
    /// What it says is no time.
    #[error("its `started` is no time in RFC 3339; give the report as the harness wrote it")]
    BadDate(#[source] time::error::Parse),
    /// It sums up nothing.
    #[error("it has no runs; give the report as the harness wrote it")]
    NoRuns,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Start of the first run, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub date: OffsetDateTime,
    /// The commit that was tested, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The harness's version.
    pub harness: String,
    /// The topology's name.
    pub topology: String,
    /// The TLD family of its onion network, which tells the daemon's kind.
    pub family: String,
    /// The ids of the runs that are counted here, at least one.
    pub runs: Vec<String>,
    /// The worst verdict of these runs.
    pub verdict: Verdict,
    /// How often each check came out how. [`RUN_CHECK`] is always among them.
    pub checks: BTreeMap<String, Tally>,
    /// The median time of each stage that was reached, in milliseconds.
    pub stages_p50_ms: BTreeMap<String, f64>,
    /// Times of each metric that was measured.
    pub metrics: BTreeMap<String, MetricTimes>,
}

/// How often a check came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// What it says was true.
    pub passed: usize,
    /// What it says was not true.
    pub failed: usize,
    /// There was too little to judge by.
    pub inconclusive: usize,
    /// It could not be made.
    pub unsupported: usize,
}

impl Tally {
    /// One more that came out so.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::Fail => self.failed += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::Unsupported => self.unsupported += 1,
        }
    }

    /// The worst of them; nothing when it was never judged.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        if self.failed > 0 {
            Some(Verdict::Fail)
        } else if self.inconclusive > 0 {
            Some(Verdict::Inconclusive)
        } else if self.unsupported > 0 {
            Some(Verdict::Unsupported)
        } else if self.passed > 0 {
            Some(Verdict::Pass)
        } else {
            None
        }
    }
}

/// Times of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricTimes {
    /// Number of samples, at least one.
    pub samples: u64,
    /// Median, in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile, in milliseconds.
    pub p95_ms: f64,
}

impl Entry {
    /// The line of a report of either kind. `commit` is what was tested.
    ///
    /// # Errors
    ///
    /// [`EntryError`] when the report lacks what a line cannot do without.
    pub fn of(report: &Saved, commit: Option<&str>) -> Result<Self, EntryError> {
        let entry = match report {
            Saved::Run(report) => Self::of_run(report)?,
            Saved::Repeat(report) => Self::of_repeat(report)?,
        };
        Ok(Self {
            commit: commit.map(str::to_owned),
            ..entry
        })
    }

    fn of_run(report: &Report) -> Result<Self, EntryError> {
        let mut checks: BTreeMap<String, Tally> = BTreeMap::new();
        for check in &report.checks {
            let tally = checks.entry(check.id.clone()).or_default();
            tally.count(check.verdict);
        }
        let came_out = match &report.error {
            Some(_) => report.verdict,
            None if report.checks.is_empty() => Verdict::Inconclusive,
            None => Verdict::Pass,
        };
        checks
            .entry(RUN_CHECK.to_owned())
            .or_default()
            .count(came_out);
        let mut stages: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for stage in report.stages.iter().filter(|stage| stage.reached) {
            let times = stages.entry(stage.name()).or_default();
            times.push(stage.millis as f64);
        }
        Ok(Self {
            schema: SCHEMA,
            date: date(report.started.as_deref())?,
            commit: None,
            harness: report.harness.clone(),
            topology: report.topology.name.clone(),
            family: report.topology.network.family.clone(),
            runs: vec![report.folder_name()],
            verdict: report.verdict,
            checks,
            stages_p50_ms: stages
                .into_iter()
                .filter_map(|(name, times)| Some((name, median(times)?)))
                .collect(),
            metrics: times(&report.metrics),
        })
    }

    fn of_repeat(report: &RepeatReport) -> Result<Self, EntryError> {
        if report.runs.is_empty() {
            return Err(EntryError::NoRuns);
        }
        let mut checks: BTreeMap<String, Tally> = BTreeMap::new();
        for check in &report.checks {
            let tally = Tally {
                passed: check.passed,
                failed: check.failed,
                inconclusive: check.inconclusive,
                unsupported: check.unsupported,
            };
            checks.insert(check.id.clone(), tally);
        }
        let came_out = checks.entry(RUN_CHECK.to_owned()).or_default();
        for run in &report.runs {
            let broke_off = report.errors.iter().any(|error| error.run == run.run);
            came_out.count(if broke_off {
                run.verdict
            } else {
                Verdict::Pass
            });
        }
        let reached = report.stages.iter().filter(|stage| stage.took.count > 0);
        Ok(Self {
            schema: SCHEMA,
            date: date(report.started.as_deref())?,
            commit: None,
            harness: report.harness.clone(),
            topology: report.topology.name.clone(),
            family: report.topology.network.family.clone(),
            runs: report.runs.iter().map(|run| run.run.clone()).collect(),
            verdict: report.verdict,
            checks,
            stages_p50_ms: reached
                .map(|stage| (stage.name.clone(), stage.took.p50_us / 1000.0))
                .collect(),
            metrics: times(&report.metrics),
        })
    }

    /// The line as it stands in the file, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Strings, numbers and maps of those; serializing cannot fail.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

fn date(started: Option<&str>) -> Result<OffsetDateTime, EntryError> {
    let date = OffsetDateTime::parse(started.ok_or(EntryError::NoDate)?, &Rfc3339);
    let date = date.map_err(EntryError::BadDate)?;
    Ok(date.to_offset(time::UtcOffset::UTC))
}

fn times(metrics: &BTreeMap<String, MetricView>) -> BTreeMap<String, MetricTimes> {
    let measured = metrics.iter().filter(|(_, view)| view.count > 0);
    measured
        .map(|(name, view)| {
            let times = MetricTimes {
                samples: view.count,
                p50_ms: view.p50_us / 1000.0,
                p95_ms: view.p95_us / 1000.0,
            };
            (name.clone(), times)
        })
        .collect()
}

/// The middle one, or the mean of the two in the middle; nothing of nothing.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], upper)
    } else {
        upper
    })
}
