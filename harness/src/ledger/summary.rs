//! What the last lines of a ledger come to, per topology and check.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;

use super::entry::{Entry, SCHEMA, Tally, median};
use super::lines::Ledger;
use crate::checks::Verdict;

/// A check is flagged when it failed in this many of the last [`FLAG_WINDOW`] lines.
pub const FLAG_FAILURES: usize = 2;

/// How many of the last lines decide whether a check is flagged.
pub const FLAG_WINDOW: usize = 7;

/// A ledger, summed up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: u32,
    /// How many of the last lines each window looks at.
    pub last: Vec<usize>,
    /// One per topology and family, by name.
    pub topologies: Vec<TopologySummary>,
}

/// The lines of one topology on one family of daemon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopologySummary {
    /// The topology's name.
    pub topology: String,
    /// The TLD family.
    pub family: String,
    /// How many lines it has.
    pub entries: usize,
    /// Date of the last line.
    #[serde(with = "time::serde::rfc3339")]
    pub latest: OffsetDateTime,
    /// Commit of the last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Verdict of the last line.
    pub verdict: Verdict,
    /// Every check that a line has, the flagged first, then by id.
    pub checks: Vec<CheckSummary>,
    /// Every stage that a line has, by name.
    pub stages: Vec<StageTrend>,
    /// The medians of every metric that a line has, by name.
    pub metrics: Vec<StageTrend>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckSummary {
    /// Its id.
    pub id: String,
    /// Whether it failed in at least [`FLAG_FAILURES`] of the last [`FLAG_WINDOW`] lines.
    pub flagged: bool,
    /// What the windows hold, in the order they were asked for.
    pub windows: Vec<Window>,
}

/// How a check came out in the last lines of its topology.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Window {
    /// How many lines were looked at: fewer than asked for while the ledger is young.
    pub entries: usize,
    /// Lines in which it failed in at least one run.
    pub failed: usize,
    /// Lines in which it did not fail, but there was too little to judge by.
    pub inconclusive: usize,
    /// Lines in which it neither failed nor was inconclusive, but could not be made.
    pub unsupported: usize,
    /// Lines in which it passed in every run.
    pub passed: usize,
    /// Lines in which it was not judged at all.
    pub absent: usize,
    /// Runs behind these lines, by how it came out in each.
    pub runs: Tally,
}

/// How a time went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageTrend {
    /// The stage, with its node, or the metric.
    pub name: String,
    /// Its median in the last line, in milliseconds; absent when it has none there.
    pub latest_ms: Option<f64>,
    /// The median of each window's medians, in milliseconds.
    pub windows_ms: Vec<Option<f64>>,
}

impl Summary {
    /// Sums a ledger up, with one window for each of `last`, which are numbers of lines.
    #[must_use]
    pub fn of(ledger: &Ledger, last: &[usize]) -> Self {
        let mut groups: BTreeMap<(&str, &str), Vec<&Entry>> = BTreeMap::new();
        for entry in ledger.entries() {
            let key = (entry.topology.as_str(), entry.family.as_str());
            groups.entry(key).or_default().push(entry);
        }
        Self {
            schema: SCHEMA,
            last: last.to_vec(),
            topologies: groups
                .into_values()
                .filter_map(|entries| topology(entries, last))
                .collect(),
        }
    }

    /// Whether any check is flagged.
    #[must_use]
    pub fn flags(&self) -> bool {
        let mut checks = self.topologies.iter().flat_map(|topology| &topology.checks);
        checks.any(|check| check.flagged)
    }
}

fn topology(mut entries: Vec<&Entry>, last: &[usize]) -> Option<TopologySummary> {
    // By date and not by place in the file; runs tell apart what began in the same instant.
    entries.sort_by(|a, b| (a.date, &a.runs).cmp(&(b.date, &b.runs)));
    let latest = *entries.last()?;
    let ids: BTreeSet<&String> = entries
        .iter()
        .flat_map(|entry| entry.checks.keys())
        .collect();
    let mut checks: Vec<CheckSummary> = ids.iter().map(|id| check(id, &entries, last)).collect();
    checks.sort_by_key(|check| !check.flagged);
    let stage = |entry: &Entry, name: &str| entry.stages_p50_ms.get(name).copied();
    let metric = |entry: &Entry, name: &str| Some(entry.metrics.get(name)?.p50_ms);
    let stages = entries.iter().flat_map(|entry| entry.stages_p50_ms.keys());
    let metrics = entries.iter().flat_map(|entry| entry.metrics.keys());
    Some(TopologySummary {
        topology: latest.topology.clone(),
        family: latest.family.clone(),
        entries: entries.len(),
        latest: latest.date,
        commit: latest.commit.clone(),
        verdict: latest.verdict,
        checks,
        stages: trends(stages.collect(), &entries, last, stage),
        metrics: trends(metrics.collect(), &entries, last, metric),
    })
}

/// The last `count` of them.
fn trailing<'a, 'b>(entries: &'a [&'b Entry], count: usize) -> &'a [&'b Entry] {
    &entries[entries.len().saturating_sub(count)..]
}

fn check(id: &str, entries: &[&Entry], last: &[usize]) -> CheckSummary {
    CheckSummary {
        id: id.to_owned(),
        flagged: window(id, trailing(entries, FLAG_WINDOW)).failed >= FLAG_FAILURES,
        windows: last
            .iter()
            .map(|count| window(id, trailing(entries, *count)))
            .collect(),
    }
}

fn window(id: &str, entries: &[&Entry]) -> Window {
    let mut window = Window {
        entries: entries.len(),
        ..Window::default()
    };
    for entry in entries {
        let tally = entry.checks.get(id).copied().unwrap_or_default();
        let lines = match tally.verdict() {
            Some(Verdict::Fail) => &mut window.failed,
            Some(Verdict::Inconclusive) => &mut window.inconclusive,
            Some(Verdict::Unsupported) => &mut window.unsupported,
            Some(Verdict::Pass) => &mut window.passed,
            None => &mut window.absent,
        };
        *lines += 1;
        window.runs.passed += tally.passed;
        window.runs.failed += tally.failed;
        window.runs.inconclusive += tally.inconclusive;
        window.runs.unsupported += tally.unsupported;
    }
    window
}

fn trends(
    names: BTreeSet<&String>,
    entries: &[&Entry],
    last: &[usize],
    time: impl Fn(&Entry, &str) -> Option<f64>,
) -> Vec<StageTrend> {
    let of = |name: &str| StageTrend {
        name: name.to_owned(),
        latest_ms: entries.last().and_then(|entry| time(entry, name)),
        windows_ms: last
            .iter()
            .map(|count| {
                let times = trailing(entries, *count).iter();
                median(times.filter_map(|entry| time(entry, name)).collect())
            })
            .collect(),
    };
    names.into_iter().map(|name| of(name)).collect()
}
