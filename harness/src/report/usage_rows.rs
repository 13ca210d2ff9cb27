//! What was used over time, in words.

use super::soak::{Series, UsageReport};
use super::words::show_bytes;

/// Each figure, in words: its name, from what to what, the highest, and how fast it grows.
pub(super) fn rows(usage: &UsageReport) -> Vec<[String; 4]> {
    let number = |value: u64| value.to_string();
    [
        row("memory", usage.memory.as_ref(), show_bytes),
        row("descriptors", usage.descriptors.as_ref(), number),
        row("threads", usage.threads.as_ref(), number),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn row(name: &str, series: Option<&Series>, show: fn(u64) -> String) -> Option<[String; 4]> {
    let series = series?;
    let sign = if series.per_hour < 0.0 { "-" } else { "+" };
    let grown = show(series.per_hour.abs().round() as u64);
    Some([
        name.to_owned(),
        format!("{} to {}", show(series.first), show(series.last)),
        show(series.max),
        format!("{sign}{grown}"),
    ])
}
