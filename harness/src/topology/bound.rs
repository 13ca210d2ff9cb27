//! Bounds that are given with a command, in place of those of a topology's budgets.

use std::str::FromStr;
use std::time::Duration;

use super::model::{Budget, Metric, Topology};
use crate::suggest::did_you_mean;
use crate::toml_file::{DurationError, parse_duration};

/// The most that a percentile of a metric may be, written as `round-trip:p95=400ms`; without a percentile it is the most
/// that any sample may be, as in `ready=40s`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// What is measured.
    pub metric: Metric,
    /// Which percentile, above 0 and up to 100.
    pub percentile: f64,
    /// The bound.
    pub at_most: Duration,
}

/// Why a text is no bound. Each says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundError {
    /// There is no `=` in it.
    #[error("is no budget; write METRIC:pPERCENTILE=TIME, as in round-trip:p95=400ms")]
    Form,
    /// Nobody measures that.
    #[error("{name:?} is not a metric; use one of {}{}", known.join(", "), meant)]
    Metric {
        /// What was written.
        name: String,
        /// The metrics there are.
        known: Vec<&'static str>,
        /// What may have been meant.
        meant: String,
    },
    /// The percentile is none.
    #[error("{0:?} is not a percentile; write p and a number above 0 and up to 100, as in p95")]
    Percentile(String),
    /// The time is none.
    #[error(transparent)]
    Time(#[from] DurationError),
    /// Nothing takes no time.
    #[error("0 is a bound that nothing keeps to; write a time above it")]
    Zero,
}

impl FromStr for Bound {
    type Err = BoundError;

    fn from_str(text: &str) -> Result<Self, BoundError> {
        let (what, time) = text.trim().split_once('=').ok_or(BoundError::Form)?;
        let (name, percentile) = match what.split_once(':') {
            Some((name, percentile)) => (name.trim(), percentile.trim()),
            None => (what.trim(), "p100"),
        };
        let mut all = Metric::ALL.into_iter();
        let metric = all.find(|metric| metric.name() == name).ok_or_else(|| {
            let known = Metric::ALL.map(Metric::name);
            BoundError::Metric {
                name: name.to_owned(),
                known: known.to_vec(),
                meant: did_you_mean(name, known),
            }
        })?;
        let number = percentile
            .strip_prefix('p')
            .and_then(|number| number.parse::<f64>().ok());
        let percentile = number
            .filter(|number| *number > 0.0 && *number <= 100.0)
            .ok_or_else(|| BoundError::Percentile(percentile.to_owned()))?;
        let at_most = parse_duration(time)?;
        if at_most.is_zero() {
            return Err(BoundError::Zero);
        }
        Ok(Self {
            metric,
            percentile,
            at_most,
        })
    }
}

/// Puts bounds in the place of those of budgets of the same metric and percentile. One that has none is added, and asks
/// for as many samples as the metric's others.
pub(super) fn put<T>(
    bounds: &[Bound],
    into: &mut Vec<T>,
    of: impl Fn(&mut T) -> &mut Budget,
    new: impl Fn(Budget) -> T,
) {
    for bound in bounds {
        let mut samples = 1;
        let mut is_there = false;
        for one in into.iter_mut() {
            let budget = of(one);
            if budget.metric != bound.metric {
                continue;
            }
            samples = budget.samples.max(samples);
            if budget.percentile == bound.percentile {
                budget.at_most = bound.at_most;
                is_there = true;
            }
        }
        if !is_there {
            into.push(new(Budget {
                metric: bound.metric,
                percentile: bound.percentile,
                at_most: bound.at_most,
                samples,
            }));
        }
    }
}

impl Topology {
    /// Has these bounds in the place of those of its budgets.
    pub fn bind(&mut self, bounds: &[Bound]) {
        put(bounds, &mut self.budgets, |budget| budget, |budget| budget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_percentile_and_time_are_read() {
        let bound: Bound = "round-trip:p95=400ms".parse().expect("is one");
        let Bound {
            metric,
            percentile,
            at_most,
        } = bound;
        assert_eq!(
            (metric, percentile, at_most),
            (Metric::RoundTrip, 95.0, Duration::from_millis(400))
        );
        let most: Bound = " ready = 40 s ".parse().expect("is one");
        assert_eq!((most.metric, most.percentile), (Metric::Ready, 100.0));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_write() {
        let told = |text: &str| text.parse::<Bound>().expect_err("is none").to_string();
        for (text, says) in [
            ("round-trip", "round-trip:p95=400ms"),
            ("round-tripp:p95=1s", "round-trip"),
            ("round-trip:95=1s", "as in p95"),
            ("round-trip:p0=1s", "as in p95"),
            ("round-trip:pNaN=1s", "as in p95"),
            ("round-trip:p101=1s", "as in p95"),
            ("ready=40", "has no unit"),
            ("ready=soon", "is not a duration"),
            ("ready=0s", "a time above it"),
        ] {
            assert!(told(text).contains(says), "{text}: {}", told(text));
        }
    }
}
