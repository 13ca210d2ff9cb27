//! What a soak came to.

use maud::{Markup, html as markup};

use crate::report::soak::{Series, SoakReport, UsageReport};
use crate::report::usage_rows;
use crate::report::words::show_ms;

/// Size of a line over time, in its own units.
const SIZE: (f64, f64) = (160.0, 28.0);

/// The section.
pub(super) fn soak(soak: &SoakReport) -> Markup {
    markup! {
        p { (soak.line()) "." }
        @if !soak.explained.is_empty() || !soak.unexplained.is_empty() {
            h3 { "Failed dials" }
            ul {
                @for (why, count) in &soak.explained { li { (count) ": " (why) } }
                @for dial in &soak.unexplained {
                    li { strong { "unexplained" } ": " (dial.home) ", after " (show_ms(dial.at_ms)) }
                }
            }
        }
        h3 { "What was used" }
        table class="checks" {
            caption { "What each container and the harness itself used over time." }
            thead { tr {
                @for head in ["Used by", "What", "From, to", "At most", "Grows in an hour", "Over time"] {
                    th scope="col" { (head) }
                }
            } }
            tbody { @for usage in &soak.usage { (rows(usage)) } }
        }
    }
}

fn rows(usage: &UsageReport) -> Markup {
    let series = [&usage.memory, &usage.descriptors, &usage.threads];
    let series = series.into_iter().flatten();
    markup! {
        @for ([name, range, max, grown], series) in usage_rows::rows(usage).iter().zip(series) {
            tr {
                th scope="row" { (usage.of) }
                td { (name) }
                td { (range) }
                td data-label="at most " { (max) }
                td data-label="grows in an hour " { (grown) }
                td { (line(&format!("{} of {}", name, usage.of), series)) }
            }
        }
    }
}

/// A figure over time, from zero.
fn line(name: &str, series: &Series) -> Markup {
    let (width, height) = SIZE;
    let end = series.looks.last().map_or(1, |look| look.0).max(1) as f64;
    let top = series.max.max(1) as f64;
    let points: Vec<String> = series
        .looks
        .iter()
        .map(|(at, value)| {
            let x = *at as f64 / end * width;
            let y = height - *value as f64 / top * (height - 2.0);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    markup! {
        svg class="spark" viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="img" aria-label=(name) {
            polyline points=(points.join(" ")) fill="none" stroke="currentColor" stroke-width="1.5" {}
        }
    }
}
