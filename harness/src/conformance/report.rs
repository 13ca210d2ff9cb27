//! The judgement on each row, and on the table as a whole.

use serde::Serialize;

use super::seen::{self, Seen};
use super::table::Row;

/// The judgement on one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// What had to come came.
    Pass,
    /// What came is a known defect.
    Defect,
    /// The row needs something that was not given.
    Unsupported,
    /// Something else came.
    Fail,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Defect => "defect",
            Self::Unsupported => "unsupported",
            Self::Fail => "fail",
        }
    }
}

/// One row with its judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// The row's name.
    pub id: String,
    /// What it stands on in `docs/connector-contract.md`, as `contract#…`: the row's own statement,
    /// or the known defect's that it showed.
    pub source: &'static str,
    /// What was done.
    pub sends: String,
    /// What had to come.
    pub expected: String,
    /// What came; empty if the row was not run.
    pub came: String,
    /// The judgement.
    pub verdict: Verdict,
    /// What is missing, or which defect it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl RowReport {
    /// A row whose need nobody arranged.
    pub(super) fn unsupported(row: &Row) -> Self {
        Self {
            id: row.id.clone(),
            source: row.source,
            sends: row.sends.clone(),
            expected: row.expected.to_string(),
            came: String::new(),
            verdict: Verdict::Unsupported,
            why: Some(format!("needs {}", row.need)),
        }
    }

    pub(super) fn judged(row: &Row, came: Vec<Seen>) -> Self {
        let defect = row
            .defect
            .as_ref()
            .filter(|defect| seen::all_met(&defect.shows, &came));
        let (verdict, source, why) = if row.expected.is_met_by(&came) {
            (Verdict::Pass, row.source, None)
        } else if let Some(defect) = defect {
            let why = Some(defect.what.to_owned());
            (Verdict::Defect, defect.source, why)
        } else {
            (Verdict::Fail, row.source, None)
        };
        Self {
            id: row.id.clone(),
            source,
            sends: row.sends.clone(),
            expected: row.expected.to_string(),
            came: seen::list(&came),
            verdict,
            why,
        }
    }
}

/// How many rows were judged how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows that passed.
    pub passed: usize,
    /// Rows that failed.
    pub failed: usize,
    /// Rows that showed a known defect.
    pub defects: usize,
    /// Rows that could not be run.
    pub unsupported: usize,
}

/// Counts the judgements.
#[must_use]
pub fn summarise(rows: &[RowReport]) -> Summary {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    Summary {
        passed: count(Verdict::Pass),
        failed: count(Verdict::Fail),
        defects: count(Verdict::Defect),
        unsupported: count(Verdict::Unsupported),
    }
}
