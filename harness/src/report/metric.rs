//! Distributions for reports: percentiles, and a histogram on one grid for all reports.

use std::time::Duration;

use super::model::{Bucket, BudgetView, MetricView, Moment};
use crate::probe::Latencies;

/// Buckets to a decade.
const PER_DECADE: f64 = 10.0;

/// A duration in microseconds.
pub(super) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000_000.0
}

impl MetricView {
    /// The figures of a recorder.
    #[must_use]
    pub fn of(latencies: &Latencies, budgets: Vec<BudgetView>) -> Self {
        let summary = latencies.summary();
        Self {
            count: summary.count,
            min_us: summary.min_us,
            p50_us: summary.p50_us,
            p90_us: summary.p90_us,
            p95_us: summary.p95_us,
            p99_us: summary.p99_us,
            max_us: summary.max_us,
            mean_us: summary.mean_us,
            histogram: histogram(latencies),
            over_time: over_time(latencies),
            budgets,
        }
    }
}

/// Every sample with its time, to the microsecond.
fn over_time(latencies: &Latencies) -> Vec<Moment> {
    let kept = latencies.over_time().iter();
    kept.map(|(at, latency)| Moment {
        at_ms: at.as_micros() as f64 / 1000.0,
        us: latency.as_micros() as f64,
    })
    .collect()
}

/// Counts of the buckets that have samples, shortest first.
fn histogram(latencies: &Latencies) -> Vec<Bucket> {
    let mut buckets: Vec<(i32, u64)> = Vec::new();
    // Values come shortest first.
    for (latency, count) in latencies.recorded() {
        let index = bucket_of(latency);
        match buckets.last_mut() {
            Some((last, total)) if *last == index => *total += count,
            _ => buckets.push((index, count)),
        }
    }
    buckets
        .into_iter()
        .map(|(index, count)| Bucket {
            from_us: lower_bound(index) / 1000.0,
            to_us: lower_bound(index + 1) / 1000.0,
            count,
        })
        .collect()
}

/// The bucket's lower bound in whole nanoseconds.
fn lower_bound(index: i32) -> f64 {
    10f64.powf(f64::from(index) / PER_DECADE).round()
}

fn bucket_of(latency: Duration) -> i32 {
    let nanoseconds = (latency.as_nanos() as f64).max(1.0);
    let mut index = (nanoseconds.log10() * PER_DECADE).floor() as i32;
    // Bounds are rounded, and so is the logarithm.
    while lower_bound(index + 1) <= nanoseconds {
        index += 1;
    }
    while lower_bound(index) > nanoseconds {
        index -= 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_in_exactly_one_bucket_that_holds_it() {
        let mut latencies = Latencies::new();
        for exponent in 0..=11 {
            for digit in [1, 2, 3, 7, 9] {
                latencies.record(Duration::from_nanos(digit * 10u64.pow(exponent)));
            }
        }
        let view = MetricView::of(&latencies, Vec::new());
        let total: u64 = view.histogram.iter().map(|bucket| bucket.count).sum();
        assert_eq!(total, view.count);
        for pair in view.histogram.windows(2) {
            assert!(pair[0].to_us <= pair[1].from_us, "{pair:?}");
        }
        assert!(view.histogram.len() > 30, "{:?}", view.histogram);
        assert!(
            view.histogram
                .iter()
                .all(|bucket| bucket.from_us <= bucket.to_us)
        );
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_above_it() {
        for micros in [1, 10, 1_000, 1_000_000] {
            let mut latencies = Latencies::new();
            latencies.record(Duration::from_micros(micros));
            let view = MetricView::of(&latencies, Vec::new());
            assert_eq!(view.histogram.len(), 1);
            let bucket = view.histogram[0];
            assert!(
                bucket.from_us <= micros as f64 && bucket.to_us > micros as f64,
                "{bucket:?}"
            );
        }
    }

    #[test]
    fn a_bucket_without_samples_is_left_out() {
        let mut latencies = Latencies::new();
        // A stage that took no whole millisecond, and one that took some.
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_millis(150));
        let view = MetricView::of(&latencies, Vec::new());
        let counts: Vec<u64> = view.histogram.iter().map(|bucket| bucket.count).collect();
        assert_eq!(counts, [1, 1], "{:?}", view.histogram);
    }

    #[test]
    fn nothing_measured_has_no_bucket() {
        assert!(
            MetricView::of(&Latencies::new(), Vec::new())
                .histogram
                .is_empty()
        );
    }
}
