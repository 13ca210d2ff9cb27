//! Latencies over time: a dot for each sample, with the metric's budgets.

use maud::{Markup, html as markup};

use super::super::model::{MetricView, Moment, Report};
use super::super::words::{show_percentile, show_us};
use super::bands::{Band, bands, swatches};
use super::scale::{Logarithmic, linear_ticks};

/// The latest time, in milliseconds: no run lasts longer than a day.
const LATEST: f64 = 86_400_000.0;
/// The longest latency, in microseconds: no recorder tells longer ones apart.
const LONGEST: f64 = 3_600_000_000.0;
/// Size of the drawing in its own units; on a page it is about one pixel each.
const WIDTH: f64 = 360.0;
/// Room for dots.
const HEIGHT: f64 = 90.0;
/// Room left, for the labels of the latencies, and right.
const MARGINS: (f64, f64) = (52.0, 12.0);
/// Room above.
const TOP: f64 = 8.0;
/// Height of the axis' labels.
const AXIS: f64 = 20.0;

/// The drawing; nothing of a metric whose samples have no times.
pub(super) fn over_time(report: &Report, name: &str, metric: &MetricView) -> Markup {
    // A report from a file may hold any number.
    let clamped = metric.over_time.iter().map(|sample| Moment {
        at_ms: sample.at_ms.clamp(0.0, LATEST),
        us: sample.us.clamp(1.0, LONGEST),
    });
    let samples: Vec<Moment> = clamped.collect();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return markup! {};
    };
    let bounds = metric.budgets.iter();
    let bounds = bounds.map(|budget| budget.at_most_us.clamp(1.0, LONGEST));
    let times = samples.iter().map(|sample| sample.us);
    let all = times.chain(bounds);
    let least = all.clone().fold(f64::INFINITY, f64::min);
    let most = all.fold(0.0, f64::max);
    let axis = Logarithmic::over(least / 1.2, most * 1.2);
    let y = |micros: f64| TOP + (1.0 - axis.at(micros.clamp(1.0, LONGEST))) * HEIGHT;
    let span = (last.at_ms - first.at_ms).max(1.0);
    let wide = WIDTH - MARGINS.0 - MARGINS.1;
    let x = |at_ms: f64| MARGINS.0 + ((at_ms - first.at_ms) / span).clamp(0.0, 1.0) * wide;
    let floor = TOP + HEIGHT;
    // What was broken while samples were taken.
    let mut broken = bands(report);
    broken.retain(|band| {
        let (from, to) = stretch(band);
        from <= last.at_ms && to >= first.at_ms
    });
    let text = format!(
        "{name} over time: {} samples from {} to {} after the start",
        samples.len(),
        show_us(first.at_ms * 1000.0),
        show_us(last.at_ms * 1000.0)
    );
    markup! {
        svg class="series" viewBox={ "0 0 " (WIDTH) " " (floor + AXIS) } role="img" aria-label=(text) {
            @for band in &broken {
                @let (from, to) = stretch(band);
                rect class={ "band " (band.class()) } x=(short(x(from))) width=(short((x(to) - x(from)).max(1.5)))
                    y=(TOP) height=(HEIGHT) { title { (band.title()) } }
            }
            @for tick in axis.ticks(3) {
                line class="grid" x1=(MARGINS.0) x2=(WIDTH - MARGINS.1) y1=(short(y(tick))) y2=(short(y(tick))) {}
                text class="tick" x=(MARGINS.0 - 5.0) y=(short(y(tick) + 4.0)) text-anchor="end" { (show_us(tick)) }
            }
            @for budget in &metric.budgets {
                line class="budget" x1=(MARGINS.0) x2=(WIDTH - MARGINS.1)
                    y1=(short(y(budget.at_most_us))) y2=(short(y(budget.at_most_us))) {
                    title { (show_percentile(budget.percentile)) " at most " (show_us(budget.at_most_us)) }
                }
            }
            @for sample in &samples {
                circle class="sample" cx=(short(x(sample.at_ms))) cy=(short(y(sample.us))) r="1.6" {}
            }
            line class="floor" x1=(MARGINS.0) x2=(WIDTH - MARGINS.1) y1=(floor) y2=(floor) {}
            @for tick in linear_ticks(span, 3) {
                text class="tick" x=(short(x(first.at_ms + tick))) y=(floor + 15.0)
                    text-anchor=(if tick > span * 0.9 { "end" } else if tick > 0.0 { "middle" } else { "start" }) {
                    (show_us((first.at_ms + tick) * 1000.0))
                }
            }
        }
        @if !broken.is_empty() { p class="legend" { (swatches(&broken)) } }
    }
}

/// A band's time as samples have it.
fn stretch(band: &Band<'_>) -> (f64, f64) {
    let (from, to) = band.span();
    (from as f64, to as f64)
}

/// A coordinate with one decimal.
fn short(value: f64) -> String {
    format!("{value:.1}")
}
