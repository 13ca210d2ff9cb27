//! Latencies: recorded into an HDR histogram, summarised with the number of samples.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Longest latency that is told apart from longer ones.
const HIGHEST: Duration = Duration::from_secs(3600);
/// How many samples are kept with their times at most: more dots than that nobody tells apart. When there are as many,
/// every other one goes, and from then on only every other one that comes is kept.
const KEPT: usize = 2_000;

/// A recorder of durations.
///
/// Resolution is three significant digits from 1 ns to one hour; anything longer counts as an
/// hour.
#[derive(Debug, Clone)]
pub struct Latencies {
    nanoseconds: Histogram<u64>,
    over_time: Vec<(Duration, Duration)>,
    /// Of so many samples with a time one is kept.
    one_of: u32,
    /// How many came since the last that was kept.
    since_kept: u32,
}

impl Latencies {
    /// An empty recorder.
    ///
    /// # Panics
    ///
    /// Never: the bounds are constants that the histogram accepts.
    #[must_use]
    pub fn new() -> Self {
        let highest = u64::try_from(HIGHEST.as_nanos()).unwrap_or(u64::MAX);
        Self {
            nanoseconds: Histogram::new_with_bounds(1, highest, 3)
                .expect("constant bounds are valid"),
            over_time: Vec::new(),
            one_of: 1,
            since_kept: 0,
        }
    }

    /// Adds one sample.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.saturating_record(nanoseconds);
    }

    /// Adds one sample that was taken at a time, counted from wherever the caller counts from.
    pub fn record_at(&mut self, at: Duration, latency: Duration) {
        self.record(latency);
        self.since_kept += 1;
        if self.since_kept < self.one_of {
            return;
        }
        self.since_kept = 0;
        self.over_time.push((at, latency));
        if self.over_time.len() == KEPT {
            let mut number = 0;
            self.over_time.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.one_of = self.one_of.saturating_mul(2);
        }
    }

    /// Samples that were taken at a time that is known, each with that time, as they came: all of fewer than 2,000, else at
    /// least a thousand, evenly spread.
    #[must_use]
    pub fn over_time(&self) -> &[(Duration, Duration)] {
        &self.over_time
    }

    /// Adds all samples of `other`. Their times are not kept.
    pub fn merge(&mut self, other: &Self) {
        self.nanoseconds
            .add(&other.nanoseconds)
            .expect("all recorders have the same bounds");
    }

    /// Number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.nanoseconds.len()
    }

    /// The value below or at which `percentile` percent of the samples lie; zero without samples.
    #[must_use]
    pub fn percentile(&self, percentile: f64) -> Duration {
        Duration::from_nanos(self.nanoseconds.value_at_percentile(percentile))
    }

    /// Every value that was recorded, shortest first, with how often, at the recorder's resolution.
    pub fn recorded(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.nanoseconds.iter_recorded().map(|value| {
            let nanoseconds = value.value_iterated_to();
            (Duration::from_nanos(nanoseconds), value.count_at_value())
        })
    }

    /// The figures that go into reports.
    #[must_use]
    pub fn summary(&self) -> LatencySummary {
        let microseconds = |nanoseconds: u64| nanoseconds as f64 / 1000.0;
        let at = |percentile| microseconds(self.nanoseconds.value_at_percentile(percentile));
        LatencySummary {
            count: self.count(),
            min_us: microseconds(self.nanoseconds.min()),
            p50_us: at(50.0),
            p90_us: at(90.0),
            p95_us: at(95.0),
            p99_us: at(99.0),
            p999_us: at(99.9),
            max_us: microseconds(self.nanoseconds.max()),
            mean_us: self.nanoseconds.mean() / 1000.0,
        }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

/// A distribution of latencies in microseconds, always together with its sample count: a p99 of
/// ten samples is just their maximum, and the count is what shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencySummary {
    /// Number of samples; all other fields are zero when it is.
    pub count: u64,
    /// Shortest, in microseconds.
    pub min_us: f64,
    /// Median, in microseconds.
    pub p50_us: f64,
    /// 90th percentile, in microseconds.
    pub p90_us: f64,
    /// 95th percentile, in microseconds.
    pub p95_us: f64,
    /// 99th percentile, in microseconds.
    pub p99_us: f64,
    /// 99.9th percentile, in microseconds.
    pub p999_us: f64,
    /// Longest, in microseconds.
    pub max_us: f64,
    /// Arithmetic mean, in microseconds.
    pub mean_us: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_samples_some_are_kept_from_the_first_to_the_last() {
        let mut latencies = Latencies::new();
        let all = 50_000;
        for second in 0..all {
            latencies.record_at(Duration::from_secs(second), Duration::from_millis(1));
        }
        let kept = latencies.over_time();
        assert!((1_000..2_000).contains(&kept.len()), "{}", kept.len());
        let at = |place: usize| kept[place].0.as_secs();
        assert!(at(0) < 100 && at(kept.len() - 1) > all - 100);
        let gap = at(1) - at(0);
        let even = kept
            .windows(2)
            .all(|two| (two[1].0 - two[0].0).as_secs() == gap);
        assert!(even, "{gap}");
        assert_eq!(latencies.count(), all);
    }

    #[test]
    fn percentiles_of_a_known_distribution() {
        let mut latencies = Latencies::new();
        for microsecond in 1..=1000 {
            latencies.record(Duration::from_micros(microsecond));
        }
        let summary = latencies.summary();
        assert_eq!(summary.count, 1000);
        let close = |value: f64, expected: f64| (value - expected).abs() <= expected * 0.002;
        assert!(close(summary.min_us, 1.0), "{summary:?}");
        assert!(close(summary.p50_us, 500.0), "{summary:?}");
        assert!(close(summary.p95_us, 950.0), "{summary:?}");
        assert!(close(summary.p90_us, 900.0), "{summary:?}");
        assert!(close(summary.p99_us, 990.0), "{summary:?}");
        assert!(close(summary.p999_us, 999.0), "{summary:?}");
        assert!(close(summary.max_us, 1000.0), "{summary:?}");
        assert!(close(summary.mean_us, 500.5), "{summary:?}");
    }

    #[test]
    fn nothing_recorded_is_all_zeros() {
        let summary = Latencies::new().summary();
        assert_eq!(summary.count, 0);
        assert_eq!(summary.max_us, 0.0);
        assert_eq!(summary.mean_us, 0.0);
    }

    #[test]
    fn merging_keeps_every_sample_and_overlong_ones_saturate() {
        let mut one = Latencies::new();
        one.record(Duration::from_millis(1));
        let mut two = Latencies::new();
        two.record(Duration::from_secs(100_000));
        one.merge(&two);
        assert_eq!(one.count(), 2);
        assert!(one.percentile(100.0) >= HIGHEST);
    }
}
