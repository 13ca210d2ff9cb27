//! How long what runs on this machine waits for its processors, while a topology comes up and is measured.

use std::fs::read_to_string;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use crate::checks::Wait;

/// Where Linux tells it: in microseconds since it was started, in the line of `some`
/// (Documentation/accounting/psi.rst).
const PRESSURE: &str = "/proc/pressure/cpu";

/// A moment, and how long something that could run had waited for a processor until then.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Moment {
    at: Instant,
    waited: Duration,
    /// How long the connectors have had processors, all of them together.
    connectors: Duration,
}

impl Moment {
    /// Now, when connectors have had processors for so long. `None` where this machine's kernel does not tell.
    pub(in crate::run) fn now(connectors: Duration) -> Option<Self> {
        Some(Self {
            at: Instant::now(),
            waited: waited(&read_to_string(PRESSURE).ok()?)?,
            connectors,
        })
    }

    /// What was waited for from then until a later moment.
    fn until(self, later: Self, processors: usize) -> Wait {
        let time = later.at.duration_since(self.at).as_secs_f64();
        let share = |part: Duration, whole: f64| match whole > 0.0 {
            true => (part.as_secs_f64() / whole).min(1.0),
            false => 0.0,
        };
        let connectors = later.connectors.saturating_sub(self.connectors);
        Wait {
            waited: share(later.waited.saturating_sub(self.waited), time),
            by_connectors: share(connectors, time * processors as f64),
        }
    }
}

/// What was waited for between two moments, where both are known.
pub(in crate::run) fn between(from: Option<Moment>, until: Option<Moment>) -> Option<Wait> {
    Some(from?.until(until?, available_parallelism().ok()?.get()))
}

/// The time in the line of what has kept some waiting.
fn waited(pressure: &str) -> Option<Duration> {
    let mut lines = pressure.lines();
    let some = lines.find_map(|line| line.strip_prefix("some "))?;
    let total = some
        .split(' ')
        .find_map(|field| field.strip_prefix("total="))?;
    Some(Duration::from_micros(total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_is_read_from_the_line_of_some() {
        let told = "some avg10=4.06 avg60=1.87 avg300=0.59 total=2448692\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        assert_eq!(waited(told), Some(Duration::from_micros(2_448_692)));
        assert_eq!(waited("full avg10=0.00 total=7\n"), None);
        assert_eq!(waited("some avg10=4.06 total=-\n"), None);
        assert_eq!(waited(""), None);
    }

    #[test]
    fn a_wait_is_told_as_shares_of_the_time_between_two_moments() {
        let start = Instant::now();
        let moment = |millis, waited, connectors| Moment {
            at: start + Duration::from_millis(millis),
            waited: Duration::from_millis(waited),
            connectors: Duration::from_millis(connectors),
        };
        let wait = moment(0, 700, 100).until(moment(2000, 2200, 1100), 2);
        assert_eq!((wait.waited, wait.by_connectors), (0.75, 0.25));
        let none = moment(5, 0, 0).until(moment(5, 0, 0), 2);
        assert_eq!((none.waited, none.by_connectors), (0.0, 0.0));
        // A connector that was started again has had less.
        let again = moment(0, 0, 500).until(moment(1000, 0, 100), 2);
        assert_eq!(again.by_connectors, 0.0);
    }
}
