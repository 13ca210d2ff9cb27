//! Whether time passes here as it does elsewhere: a process that is stopped, a machine that is suspended, or
//! a clock that is set, makes whatever is measured meanwhile worthless.

use std::time::{Duration, Instant, SystemTime};

use tokio::time::sleep;

use crate::run::preflight_failure::{CLOCKS_DIFFER, PreflightFailure};

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(500);
/// How late a look may be. A busy machine is late by less.
const LATE: Duration = Duration::from_secs(5);

/// Waits until time does not pass as it should.
pub(in crate::run) async fn disturbed() -> PreflightFailure {
    let (mut then, mut clock) = (Instant::now(), SystemTime::now());
    loop {
        sleep(TICK).await;
        let (now, told) = (Instant::now(), SystemTime::now());
        let clock_moved = match told.duration_since(clock) {
            Ok(ahead) => millis(ahead),
            Err(behind) => -millis(behind.duration()),
        };
        if let Some(failure) = judge(now - then, clock_moved) {
            return failure;
        }
        (then, clock) = (now, told);
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// What is wrong when so much time has passed between two looks, and the clock has moved by so many
/// milliseconds.
fn judge(passed: Duration, clock_moved: i64) -> Option<PreflightFailure> {
    let by_s = clock_moved.saturating_sub(millis(passed)) / 1000;
    if by_s.abs() > CLOCKS_DIFFER {
        Some(PreflightFailure::ClockMoved { by_s })
    } else if passed > TICK + LATE {
        let for_s = passed.as_secs();
        Some(PreflightFailure::StoodStill { for_s })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_a_suspension_and_a_clock_that_is_set_are_told_apart() {
        let half = Duration::from_millis(500);
        assert_eq!(judge(half, 500), None);
        assert_eq!(judge(half * 4, 2100), None, "a busy machine");
        assert_eq!(judge(half, 1900), None, "a clock that is drawn near");
        let stopped = Duration::from_secs(9);
        assert_eq!(
            judge(stopped, 9000),
            Some(PreflightFailure::StoodStill { for_s: 9 })
        );
        for (moved, by_s) in [(3_600_500, 3600), (-59_500, -60)] {
            assert_eq!(
                judge(half, moved),
                Some(PreflightFailure::ClockMoved { by_s })
            );
        }
    }
}
