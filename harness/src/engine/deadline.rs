//! When anybody may remove what a run has created, told so that no clock that is wrong removes it.
//!
//! A run's deadline is written on its resources twice. Where the harness that looks runs on the same
//! machine, since the same boot, the machine's boot clock decides: nobody sets it, and it goes on
//! while the machine sleeps. Everywhere else Unix time does, by the clock of the engine that both
//! harnesses use, so that it does not matter what their own clocks say.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where Linux tells which boot this is: a random id, the same in every container.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A moment on a machine's boot clock (`CLOCK_BOOTTIME`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootTime {
    /// Which boot of which machine.
    pub boot: String,
    /// Seconds since then.
    pub seconds: i64,
}

impl BootTime {
    /// Now, on this machine; `None` where the system does not tell which boot this is.
    #[must_use]
    pub fn now() -> Option<Self> {
        // Without it the deadline in Unix time decides, as for a run of another machine.
        let boot = std::fs::read_to_string(BOOT_ID).ok()?;
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Some(Self {
            boot: boot.trim().to_owned(),
            seconds: now.tv_sec,
        })
    }

    /// Reads what is printed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (boot, seconds) = text.rsplit_once('/')?;
        Some(Self {
            boot: boot.to_owned(),
            seconds: seconds.parse().ok()?,
        })
    }
}

impl fmt::Display for BootTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.boot, self.seconds)
    }
}

/// What the clocks say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// Unix time in seconds.
    pub unix: i64,
    /// This machine's boot clock, where it can be read.
    pub boot: Option<BootTime>,
}

impl Now {
    /// This moment, with Unix time by the given clock.
    #[must_use]
    pub fn at(unix: i64) -> Self {
        let boot = BootTime::now();
        Self { unix, boot }
    }
}

/// When anybody may remove a run's resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Unix time in seconds.
    pub unix: i64,
    /// The same moment on the boot clock of the machine that the harness runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootTime>,
}

impl Deadline {
    /// A time from now.
    #[must_use]
    pub fn after(lifetime: Duration, now: &Now) -> Self {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        Self {
            unix: now.unix.saturating_add(seconds),
            boot: now.boot.clone().map(|boot| BootTime {
                seconds: boot.seconds.saturating_add(seconds),
                ..boot
            }),
        }
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_over(&self, now: &Now) -> bool {
        match (&self.boot, &now.boot) {
            (Some(deadline), Some(now)) if deadline.boot == now.boot => {
                now.seconds > deadline.seconds
            }
            _ => now.unix > self.unix,
        }
    }

    /// The later of two deadlines of one run.
    #[must_use]
    pub(super) fn later(self, other: Self) -> Self {
        if self.unix >= other.unix { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(unix: i64, boot: Option<(&str, i64)>) -> Now {
        let boot = boot.map(|(boot, seconds)| BootTime {
            boot: boot.to_owned(),
            seconds,
        });
        Now { unix, boot }
    }

    #[test]
    fn the_boot_clock_decides_on_the_same_boot_and_unix_time_elsewhere() {
        let start = now(1_000_000, Some(("here", 500)));
        let deadline = Deadline::after(Duration::from_secs(60), &start);
        for (what, at, over) in [
            ("a moment later", now(1_000_001, Some(("here", 501))), false),
            ("in time", now(1_000_060, Some(("here", 560))), false),
            ("late", now(1_000_061, Some(("here", 561))), true),
            (
                "clock a year ahead",
                now(32_000_000, Some(("here", 510))),
                false,
            ),
            ("late, clock set back", now(5, Some(("here", 561))), true),
            (
                "elsewhere, in time",
                now(1_000_060, Some(("there", 9999))),
                false,
            ),
            ("elsewhere, late", now(1_000_061, Some(("there", 1))), true),
            ("no boot clock, in time", now(1_000_060, None), false),
            ("no boot clock, late", now(1_000_061, None), true),
        ] {
            assert_eq!(deadline.is_over(&at), over, "{what}");
        }
    }

    #[test]
    fn this_machine_has_a_boot_clock_that_goes_forward() {
        let first = BootTime::now().expect("Linux has one");
        let second = BootTime::now().expect("Linux has one");
        assert_eq!(first.boot, second.boot);
        assert!(!first.boot.is_empty() && first.seconds > 0);
        assert!(second.seconds >= first.seconds);
    }
}
