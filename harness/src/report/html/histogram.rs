//! Latencies: a histogram per metric with its budgets, and its figures.

use maud::{Markup, html as markup};

use super::super::model::{BudgetView, MetricView, Report};
use super::super::words::{show_percentile, show_us};
use super::parts::chip;
use super::scale::Logarithmic;
use super::series;
use crate::checks::Verdict;

/// Size of the drawing in its own units; on a page it is about one pixel each.
const WIDTH: f64 = 360.0;
/// Room for bars.
const BARS: f64 = 110.0;
/// Room left and right.
const MARGIN: f64 = 22.0;
/// Height of one budget's label.
const LABEL: f64 = 15.0;
/// Height of the axis' labels.
const AXIS: f64 = 20.0;

/// Every metric.
pub(super) fn histograms(report: &Report) -> Markup {
    if report.metrics.values().all(|metric| metric.count == 0) {
        return markup! { p { "Nothing was measured." } };
    }
    markup! {
        p { "Each bar counts the samples of one range; ranges and axis are logarithmic. Dashed lines are budgets. Below them, where it is known when each sample was taken, a dot for each, in order of time since the start; where something was broken meanwhile, bands behind them show when." }
        div class="metrics" {
            @for (name, metric) in &report.metrics {
                @if metric.count > 0 { (card(report, name, metric)) }
            }
        }
    }
}

fn card(report: &Report, name: &str, metric: &MetricView) -> Markup {
    let figures = [
        ("samples", metric.count.to_string()),
        ("min", show_us(metric.min_us)),
        ("p50", show_us(metric.p50_us)),
        ("p90", show_us(metric.p90_us)),
        ("p95", show_us(metric.p95_us)),
        ("p99", show_us(metric.p99_us)),
        ("max", show_us(metric.max_us)),
    ];
    markup! {
        figure class="metric" {
            figcaption { h3 { (name) } }
            (drawing(report, name, metric))
            (series::over_time(report, name, metric))
            dl class="figures" {
                @for (label, value) in &figures { div { dt { (label) } dd { (value) } } }
            }
            @if metric.budgets.is_empty() {
                p class="no-budget" { "No budget." }
            } @else {
                ul class="budgets" {
                    @for budget in &metric.budgets {
                        li {
                            @if let Some(verdict) = verdict(report, budget) { (chip(verdict)) " " }
                            (show_percentile(budget.percentile)) " at most " (show_us(budget.at_most_us))
                            ": measured " strong { (show_us(budget.measured_us)) }
                            @if metric.count < budget.samples { " of too few samples (" (metric.count) " of " (budget.samples) ")" }
                        }
                    }
                }
            }
        }
    }
}

fn verdict(report: &Report, budget: &BudgetView) -> Option<Verdict> {
    let check = report
        .checks
        .iter()
        .find(|check| check.id == budget.check)?;
    Some(check.verdict)
}

fn drawing(report: &Report, name: &str, metric: &MetricView) -> Markup {
    let bounds = metric.budgets.iter().map(|budget| budget.at_most_us);
    let first = metric
        .histogram
        .first()
        .map_or(metric.min_us, |bucket| bucket.from_us);
    let last = metric
        .histogram
        .last()
        .map_or(metric.max_us, |bucket| bucket.to_us);
    let from = bounds.clone().fold(first, f64::min);
    let axis = Logarithmic::over(from, bounds.fold(last, f64::max) * 1.12);
    let x = |micros: f64| MARGIN + axis.at(micros) * (WIDTH - 2.0 * MARGIN);
    let most = metric.histogram.iter().map(|bucket| bucket.count).max();
    let most = most.unwrap_or(1).max(1) as f64;
    let top = LABEL * metric.budgets.len() as f64 + 6.0;
    let floor = top + BARS;
    let text = format!(
        "{name}: {} samples from {} to {}, half of them within {}",
        metric.count,
        show_us(metric.min_us),
        show_us(metric.max_us),
        show_us(metric.p50_us)
    );
    markup! {
        svg class="histogram" viewBox={ "0 0 " (WIDTH) " " (floor + AXIS) } role="img" aria-label=(text) {
            @for bucket in metric.histogram.iter().filter(|bucket| bucket.count > 0) {
                @let height = (bucket.count as f64 / most * BARS).max(2.0);
                @let left = x(bucket.from_us);
                rect class="bucket" x=(short(left)) y=(short(floor - height))
                    width=(short((x(bucket.to_us) - left - 0.8).max(1.5))) height=(short(height)) {
                    title { (bucket.count) " from " (show_us(bucket.from_us)) " to " (show_us(bucket.to_us)) }
                }
            }
            line class="floor" x1=(MARGIN) x2=(WIDTH - MARGIN) y1=(floor) y2=(floor) {}
            @for tick in axis.ticks(5) {
                line class="floor" x1=(short(x(tick))) x2=(short(x(tick))) y1=(floor) y2=(floor + 4.0) {}
                text class="tick" x=(short(x(tick))) y=(floor + 16.0) text-anchor=(anchor(x(tick))) { (tick_label(tick)) }
            }
            @for (row, budget) in metric.budgets.iter().enumerate() {
                @let at = x(budget.at_most_us);
                @let class = if verdict(report, budget) == Some(Verdict::Fail) { "budget fail" } else { "budget" };
                @let y = LABEL * (row as f64 + 1.0) - 4.0;
                line class=(class) x1=(short(at)) x2=(short(at)) y1=(short(y - 8.0)) y2=(floor) {}
                text class=(class) x=(short(if at > WIDTH / 2.0 { at - 4.0 } else { at + 4.0 })) y=(short(y))
                    text-anchor=(if at > WIDTH / 2.0 { "end" } else { "start" }) {
                    (show_percentile(budget.percentile)) " ≤ " (show_us(budget.at_most_us))
                }
            }
        }
    }
}

/// Whole units on the axis: `50 ms`, not `50.00 ms`.
fn tick_label(micros: f64) -> String {
    let (value, unit) = if micros >= 1_000_000.0 {
        (micros / 1_000_000.0, "s")
    } else if micros >= 1_000.0 {
        (micros / 1_000.0, "ms")
    } else {
        (micros, "µs")
    };
    format!("{} {unit}", (value * 1000.0).round() / 1000.0)
}

fn anchor(x: f64) -> &'static str {
    if x < 20.0 {
        "start"
    } else if x > WIDTH - 20.0 {
        "end"
    } else {
        "middle"
    }
}

/// A coordinate with one decimal.
fn short(value: f64) -> String {
    format!("{value:.1}")
}
