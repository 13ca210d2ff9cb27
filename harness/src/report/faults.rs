//! What was broken, and how long it took to get over it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::{FaultView, FaultsView};
use crate::topology::format_duration;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "fault", deny_unknown_fields)]
pub struct FaultReport {
    /// What was done, such as `cut home-b for 10.0 s`.
    #[schemars(length(min = 1))]
    pub what: String,
    /// Why it could not be made, or undone; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// How long recovery may take, in milliseconds; absent where nothing comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// How long it took until packets were fulfilled in the last of its directions, in milliseconds; absent where they
    /// were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

impl FaultReport {
    fn of(fault: &FaultView) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            what: fault.what.clone(),
            failed: fault.failed.clone(),
            within_ms: fault.within.map(millis),
            took_ms: took(fault).map(millis),
        }
    }

    /// It in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { what, .. } = self;
        let shown = |millis| format_duration(Duration::from_millis(millis));
        match (&self.failed, self.within_ms, self.took_ms) {
            (Some(why), _, _) => format!("{what}: {why}"),
            (None, None, _) => format!("{what}: nothing comes back after it"),
            (None, Some(within), Some(took)) => {
                format!("{what}: back after {}, of {}", shown(took), shown(within))
            }
            (None, Some(within), None) => format!("{what}: not back, of {}", shown(within)),
        }
    }

    /// Whether packets were fulfilled again in time, where they should be.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.failed.is_none()
            && self
                .within_ms
                .is_none_or(|within| self.took_ms.is_some_and(|took| took <= within))
    }
}

/// How long the last direction of a fault took; `None` where one of them is not back.
fn took(fault: &FaultView) -> Option<Duration> {
    let took = fault.concerned.iter().map(|one| one.took);
    took.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// Every fault of a run, in order.
pub(super) fn faults(view: Option<&FaultsView>) -> Vec<FaultReport> {
    let faults = view.into_iter().flat_map(|view| &view.faults);
    faults.map(FaultReport::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_in_a_line() {
        let fault = FaultReport {
            what: "cut home-b for 10.0 s".to_owned(),
            failed: None,
            within_ms: Some(60_000),
            took_ms: Some(3_900),
        };
        let told = [
            fault.clone(),
            FaultReport {
                took_ms: None,
                ..fault.clone()
            },
            FaultReport {
                within_ms: None,
                took_ms: None,
                ..fault.clone()
            },
            FaultReport {
                failed: Some("there is no route".to_owned()),
                ..fault
            },
        ];
        let told = told.map(|one| (one.line(), one.is_over()));
        let line = |rest: &str, over| (format!("cut home-b for 10.0 s: {rest}"), over);
        assert_eq!(
            told,
            [
                line("back after 3.9 s, of 60.0 s", true),
                line("not back, of 60.0 s", false),
                line("nothing comes back after it", true),
                line("there is no route", false),
            ]
        );
    }
}
