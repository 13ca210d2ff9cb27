//! Measured values against their budgets: a percentile, a bound and a sample count.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CheckResult, Finding, Metrics, Observations, Verdict, Wait};
use crate::probe::Latencies;
use crate::topology::{Budget, Metric, format_duration};

/// One check per budget.
pub(super) fn judge(seen: &Observations) -> Vec<CheckResult> {
    ids(&seen.budgets)
        .into_iter()
        .zip(&seen.budgets)
        .map(|((id, says), budget)| CheckResult::new(&id, &says, finding(seen, budget)))
        .collect()
}

/// Holds what a load has measured against its budgets, one check each. What was not measured is
/// inconclusive: a load may have ended before it got there.
pub(super) fn judge_measured(metrics: &Metrics, budgets: &[Budget]) -> Vec<CheckResult> {
    ids(budgets)
        .into_iter()
        .zip(budgets)
        .map(|((id, says), budget)| {
            let finding = match metrics.get(&budget.metric) {
                Some(latencies) if latencies.count() > 0 => within(latencies, budget),
                _ => Finding {
                    budget: format_duration(budget.at_most),
                    ..Finding::inconclusive("nothing was measured")
                },
            };
            CheckResult::new(&id, &says, finding)
        })
        .collect()
}

/// The id of each budget's check, and what it says.
pub(super) fn ids(budgets: &[Budget]) -> Vec<(String, String)> {
    budgets
        .iter()
        .map(|budget| {
            let percentile = percentile_name(budget.percentile);
            let metric = budget.metric.name();
            (
                budget_check_id(budget),
                format!("{percentile} of {metric} stays within its budget"),
            )
        })
        .collect()
}

/// The id of the check that holds a metric against a budget.
#[must_use]
pub fn budget_check_id(budget: &Budget) -> String {
    let percentile = percentile_name(budget.percentile);
    format!("latency.{}.{percentile}", budget.metric.name())
}

/// `p95`, or `max` for the hundredth.
fn percentile_name(percentile: f64) -> String {
    if percentile >= 100.0 {
        "max".to_owned()
    } else {
        format!("p{percentile}")
    }
}

fn finding(seen: &Observations, budget: &Budget) -> Finding {
    let bound = format_duration(budget.at_most);
    let measured = seen.metrics.get(&budget.metric);
    let Some(latencies) = measured.filter(|latencies| latencies.count() > 0) else {
        if let Some(reason) = seen
            .probe_missing()
            .filter(|_| budget.metric != Metric::Ready)
        {
            return Finding {
                budget: bound,
                ..Finding::inconclusive(reason)
            };
        }
        return Finding {
            verdict: Verdict::Fail,
            measured: "nothing".to_owned(),
            budget: bound,
            evidence: "nothing was measured".to_owned(),
        };
    };
    let mut finding = within(latencies, budget);
    let apart = match budget.metric {
        Metric::RoundTrip => seen.metrics.get(&Metric::WarmUp),
        Metric::FarRoundTrip => seen.metrics.get(&Metric::FarWarmUp),
        _ => None,
    };
    if let Some(apart) = apart {
        finding.evidence.push_str(&format!(
            "; before them {} of warm-up, kept apart: max {}",
            apart.count(),
            format_duration(apart.percentile(100.0))
        ));
    }
    finding
}

/// From what part of a time on something waited for a processor what was measured then says little of whom it was measured
/// of. docs/measuring.md has what runs alone come to, and what runs side by side do.
const STARVED: f64 = 0.4;
/// The same of what is measured while a topology comes up, which takes every processor by itself.
const STARVED_COMING_UP: f64 = 0.6;
/// What part of all processors' time connectors may have had meanwhile: from there on it is they who kept others waiting.
const OWN_DOING: f64 = 0.25;

/// Takes what was over its budget for unknown where this machine had no processors for it, and the connectors were not
/// what took them. Returns what was waited for, a line for each.
pub fn excuse_machine(
    results: &mut [CheckResult],
    budgets: &[Budget],
    waits: &BTreeMap<Metric, Wait>,
) -> Vec<String> {
    let mut waited = Vec::new();
    for budget in budgets {
        let Some(wait) = waits.get(&budget.metric) else {
            continue;
        };
        let starved = match budget.metric {
            Metric::Ready | Metric::Publication | Metric::Peering => STARVED_COMING_UP,
            _ => STARVED,
        };
        if wait.waited < starved || wait.by_connectors >= OWN_DOING {
            continue;
        }
        let id = budget_check_id(budget);
        let over = |one: &&mut CheckResult| one.id == id && one.verdict == Verdict::Fail;
        if let Some(result) = results.iter_mut().find(over) {
            result.verdict = Verdict::Inconclusive;
            let percent = |part: f64| (part * 100.0).round();
            let line = format!(
                "while {} was measured, programs of this machine waited for a processor {} % of the time; the \
                 connectors had {} % of all processors' time",
                budget.metric.name(),
                percent(wait.waited),
                percent(wait.by_connectors)
            );
            result.evidence = format!("{}; {line}", result.evidence);
            waited.push(line);
        }
    }
    waited.dedup();
    waited
}

/// Holds samples against a budget.
fn within(latencies: &Latencies, budget: &Budget) -> Finding {
    let summary = latencies.summary();
    let value = latencies.percentile(budget.percentile);
    let verdict = if summary.count < budget.samples {
        Verdict::Inconclusive
    } else if value > budget.at_most {
        Verdict::Fail
    } else {
        Verdict::Pass
    };
    let show = |micros: f64| format_duration(Duration::from_secs_f64(micros / 1_000_000.0));
    Finding {
        verdict,
        measured: format_duration(value),
        budget: format_duration(budget.at_most),
        evidence: format!(
            "{} samples (at least {} asked for): min {}, p50 {}, p95 {}, p99 {}, max {}",
            summary.count,
            budget.samples,
            show(summary.min_us),
            show(summary.p50_us),
            show(summary.p95_us),
            show(summary.p99_us),
            show(summary.max_us)
        ),
    }
}
