//! What a soak came to: packets, faults, dials, and what was used over time.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checks::{FaultsView, SoakView, Usage, UsageOverTime};
use crate::topology::{Soak, format_age};

/// So many looks of each series are in a report at most.
const POINTS: usize = 120;
/// So many dials that nothing explains are listed.
const LISTED: usize = 50;
const HOUR_MS: f64 = 3_600_000.0;

/// A soak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "soak", deny_unknown_fields)]
pub struct SoakReport {
    /// What the faults were drawn from; absent where none were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// For how long it was meant to be, in milliseconds.
    pub asked_ms: u64,
    /// How long it was, in milliseconds.
    pub took_ms: u64,
    /// Whether the user ended it before its time.
    pub cut_short: bool,
    /// Packets that connectors took.
    pub packets: u64,
    /// Those of them that were not fulfilled.
    pub not_fulfilled: u64,
    /// Faults that were made.
    pub faults: u64,
    /// Dials of peers that failed.
    pub failed_dials: u64,
    /// What explains them, each with how often.
    pub explained: BTreeMap<String, u64>,
    /// Those that nothing explains, the first 50.
    pub unexplained: Vec<UnexplainedDial>,
    /// What the harness and each container used.
    pub usage: Vec<UsageReport>,
}

/// A dial that failed, and nothing tells why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "unexplainedDial", deny_unknown_fields)]
pub struct UnexplainedDial {
    /// The home that dialled.
    pub home: String,
    /// When, in milliseconds since packets began to flow.
    pub at_ms: u64,
}

/// What the harness or a container used over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "usage", deny_unknown_fields)]
pub struct UsageReport {
    /// The container's role, or `harness`.
    #[schemars(length(min = 1))]
    pub of: String,
    /// Memory in bytes: resident of the harness; of a container as the engine accounts it, less inactive file pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Series>,
    /// Open descriptors. Absent where they are not to be seen: on an engine elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<Series>,
    /// Threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<Series>,
}

/// One figure over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "series", deny_unknown_fields)]
pub struct Series {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// The highest.
    pub max: u64,
    /// How fast it grows, in an hour: the slope of the line that fits best (least squares).
    pub per_hour: f64,
    /// When it was looked, in milliseconds since packets began to flow, and what it was; 120 at most, evenly spread.
    pub looks: Vec<(u64, u64)>,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl SoakReport {
    /// Of a topology that was kept busy like this.
    #[must_use]
    pub fn of(soak: &Soak, view: &FaultsView, seen: &SoakView) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let mut explained = BTreeMap::new();
        for why in seen.failed_dials.iter().filter_map(|dial| dial.why.clone()) {
            *explained.entry(why).or_default() += 1;
        }
        let unexplained = seen.failed_dials.iter().filter(|dial| dial.why.is_none());
        let lost = view.packets.iter().filter(|packet| !packet.is_fulfilled());
        Self {
            seed: soak.seed,
            asked_ms: millis(soak.lasts),
            took_ms: millis(seen.took),
            cut_short: seen.cut_short,
            packets: view.fine + count(view.packets.len()),
            not_fulfilled: count(lost.count()),
            faults: count(view.faults.len()),
            failed_dials: count(seen.failed_dials.len()),
            explained,
            unexplained: unexplained
                .take(LISTED)
                .map(|dial| UnexplainedDial {
                    home: dial.home.clone(),
                    at_ms: dial.at,
                })
                .collect(),
            usage: seen.usage.iter().map(UsageReport::of).collect(),
        }
    }

    /// What it came to, in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let took = format_age(Duration::from_millis(self.took_ms));
        let seed = self
            .seed
            .map_or_else(String::new, |seed| format!(" drawn from seed {seed}"));
        let unexplained = self.unexplained_count();
        format!(
            "{took}, {} packets, {} of them not fulfilled, {} faults{seed}, {} failed dials, {unexplained} of them unexplained",
            self.packets, self.not_fulfilled, self.faults, self.failed_dials
        )
    }

    /// How many dials failed and nothing tells why.
    #[must_use]
    pub fn unexplained_count(&self) -> u64 {
        self.failed_dials - self.explained.values().sum::<u64>()
    }
}

impl UsageReport {
    fn of(usage: &UsageOverTime) -> Self {
        let series = |figure: fn(&Usage) -> Option<u64>| {
            let looks = usage.looks.iter();
            Series::of(
                looks
                    .filter_map(|look| Some((look.at, figure(look)?)))
                    .collect(),
            )
        };
        Self {
            of: usage.of.clone(),
            memory: series(|look| look.memory),
            descriptors: series(|look| look.descriptors),
            threads: series(|look| look.threads),
        }
    }
}

impl Series {
    /// Of looks in order; `None` of none.
    fn of(looks: Vec<(u64, u64)>) -> Option<Self> {
        let (first, last) = (looks.first()?.1, looks.last()?.1);
        let max = looks.iter().map(|(_, value)| *value).max()?;
        let per_hour = slope(&looks) * HOUR_MS;
        let step = looks.len().div_ceil(POINTS).max(1);
        Some(Self {
            first,
            last,
            max,
            per_hour: per_hour.round(),
            looks: looks.into_iter().step_by(step).collect(),
        })
    }
}

/// Of the line that fits best, per millisecond; 0 of one look.
fn slope(looks: &[(u64, u64)]) -> f64 {
    let count = looks.len() as f64;
    let mean = |which: fn(&(u64, u64)) -> u64| {
        looks.iter().map(|look| which(look) as f64).sum::<f64>() / count
    };
    let (at, value) = (mean(|look| look.0), mean(|look| look.1));
    let apart = |look: &(u64, u64)| (look.0 as f64 - at, look.1 as f64 - value);
    let (mut both, mut square) = (0.0, 0.0);
    for (x, y) in looks.iter().map(apart) {
        both += x * y;
        square += x * x;
    }
    if square == 0.0 { 0.0 } else { both / square }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_its_ends() {
        let looks: Vec<(u64, u64)> = (0..1000).map(|n| (n * 1000, 500 + n)).collect();
        let series = Series::of(looks).expect("has looks");
        assert_eq!((series.first, series.last, series.max), (500, 1499, 1499));
        assert!((series.per_hour - 3600.0).abs() < 1.0, "{series:?}");
        assert!(series.looks.len() <= POINTS);
        assert_eq!(series.looks[0], (0, 500));
    }

    #[test]
    fn what_stays_has_none_and_one_look_neither() {
        let flat = Series::of(vec![(0, 7), (10, 7), (20, 7)]).expect("has looks");
        assert_eq!(flat.per_hour, 0.0);
        assert_eq!(Series::of(vec![(5, 9)]).map(|one| one.per_hour), Some(0.0));
        assert_eq!(Series::of(Vec::new()), None);
    }
}
