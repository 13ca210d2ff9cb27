//! Two reports side by side: what got slower, and which checks came out differently.

mod page;
mod read;
mod side;
mod text;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

pub use read::CompareError;
use side::{Side, Standing};

/// What counts as slower: by more than both. Without a threshold no figure does: two runs of one thing in a row
/// differ by more than a small change of it would show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// As a share of the first value: 0.2 for 20 %; none where times are shown and not judged.
    pub threshold: Option<f64>,
    /// As a time. Keeps a jump from 1 ms to 2 ms from counting.
    #[serde(serialize_with = "as_micros", rename = "floor_us")]
    pub floor: Duration,
}

/// Two reports side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first file.
    pub a: String,
    /// The second.
    pub b: String,
    /// The topology of both.
    pub topology: String,
    /// What counts as slower.
    pub limits: Limits,
    /// How many figures got slower.
    pub slower: usize,
    /// How many checks and stages came out worse.
    pub worse: usize,
    /// Every figure that either has.
    pub times: Vec<TimeRow>,
    /// Checks and stages that came out differently.
    pub changes: Vec<Change>,
}

/// One figure of one stage or metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeRow {
    /// The stage or metric.
    pub name: String,
    /// Which figure: `took`, `p50`, `p95` or `max`.
    pub figure: &'static str,
    /// In the first report, in microseconds; absent when it has none.
    pub a_us: Option<f64>,
    /// In the second.
    pub b_us: Option<f64>,
    /// By how much it changed, as a share of the first: 0.5 is half as much again.
    pub change: Option<f64>,
    /// Whether that is more than the limits allow.
    pub slower: bool,
}

/// A check or stage that came out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `check ID` or `stage NAME`.
    pub what: String,
    /// In the first report.
    pub a: String,
    /// In the second.
    pub b: String,
    /// Whether it got worse. A check that is no longer judged has.
    pub worse: bool,
}

impl Comparison {
    /// Reads two reports of the same kind and topology and compares them.
    ///
    /// # Errors
    ///
    /// [`CompareError`] names the file that cannot be compared, why, and what to give instead.
    pub fn of_files(a: &Path, b: &Path, limits: Limits) -> Result<Self, CompareError> {
        let (first, second) = (read::read(a)?, read::read(b)?);
        read::check_same(&first, &second)?;
        let (left, right) = (Side::of(&first.content), Side::of(&second.content));
        let times = times(&left, &right, limits);
        let changes = changes(&left, &right);
        Ok(Self {
            a: first.path,
            b: second.path,
            topology: left.topology,
            limits,
            slower: times.iter().filter(|row| row.slower).count(),
            worse: changes.iter().filter(|change| change.worse).count(),
            times,
            changes,
        })
    }

    /// Whether nothing got slower or worse.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.slower == 0 && self.worse == 0
    }
}

fn times(a: &Side, b: &Side, limits: Limits) -> Vec<TimeRow> {
    let only_b = b.times.iter().filter(|time| a.time(time).is_none());
    a.times
        .iter()
        .chain(only_b)
        .map(|time| {
            let (a_us, b_us) = (a.time(time), b.time(time));
            let pair = a_us.zip(b_us);
            let change = pair.filter(|(a, _)| *a > 0.0).map(|(a, b)| (b - a) / a);
            let floor = limits.floor.as_secs_f64() * 1_000_000.0;
            let slower = pair.zip(limits.threshold);
            let slower = slower.is_some_and(|((a, b), share)| b - a > floor && b - a > a * share);
            TimeRow {
                name: time.name.clone(),
                figure: time.figure,
                a_us,
                b_us,
                change,
                slower,
            }
        })
        .collect()
}

fn changes(a: &Side, b: &Side) -> Vec<Change> {
    let only_b = b
        .standings
        .iter()
        .filter(|(what, _)| a.standing(what).is_none());
    a.standings
        .iter()
        .chain(only_b)
        .filter_map(|(what, _)| {
            let (left, right) = (a.standing(what), b.standing(what));
            let word = |standing: Option<&Standing>| {
                standing.map_or_else(|| "absent".to_owned(), ToString::to_string)
            };
            (left != right).then(|| Change {
                what: what.clone(),
                a: word(left),
                b: word(right),
                worse: Standing::is_worse(left, right),
            })
        })
        .collect()
}

fn as_micros<S: serde::Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.as_secs_f64() * 1_000_000.0)
}
