//! The judgement on each row, and on the table as a whole.

use serde::Serialize;

use super::seen::{self, Seen};
use super::table::{Row, defect_name};
use crate::evidence::Basis;

/// The judgement on one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// What came is a legitimate answer.
    Pass,
    /// What came is a known defect that the user accepts.
    Accepted,
    /// What came is a known defect.
    Defect,
    /// The row needs something that was not given, or that this connector need not have.
    Unsupported,
    /// Something else came.
    Fail,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Accepted => "accepted",
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
    /// What that holds a connector to.
    pub basis: Basis,
    /// By what: a section of a specification, `safety`, `interop`, or `contract`.
    pub by: &'static str,
    /// What was done.
    pub sends: String,
    /// Every legitimate answer.
    pub expected: String,
    /// What came; empty if the row was not run.
    pub came: String,
    /// The judgement.
    pub verdict: Verdict,
    /// What is missing, which defect it is, or what the row did to the connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl RowReport {
    fn new(row: &Row, verdict: Verdict) -> Self {
        Self {
            id: row.id.clone(),
            source: row.source,
            basis: row.basis,
            by: row.by,
            sends: row.sends.clone(),
            expected: row.expected.to_string(),
            came: String::new(),
            verdict,
            why: None,
        }
    }

    /// A row whose need nobody arranged.
    pub(super) fn unsupported(row: &Row) -> Self {
        Self::not_judged(row, format!("needs {}", row.need))
    }

    /// A row that cannot be judged, and why.
    pub(super) fn not_judged(row: &Row, why: String) -> Self {
        Self {
            why: Some(why),
            ..Self::new(row, Verdict::Unsupported)
        }
    }

    pub(super) fn judged(row: &Row, came: &[Seen]) -> Self {
        let report = Self {
            came: seen::list(came),
            ..Self::new(row, Verdict::Pass)
        };
        if row.expected.is_met_by(came) {
            return report;
        }
        let mut defects = row.defects.iter();
        match defects.find(|defect| seen::all_met(&defect.shows, came)) {
            Some(defect) => Self {
                verdict: Verdict::Defect,
                source: defect.source,
                basis: Basis::Defect,
                why: Some(defect.what.to_owned()),
                ..report
            },
            None => Self {
                verdict: Verdict::Fail,
                ..report
            },
        }
    }

    /// After this row the connector was gone, or did not answer any more: whatever came, it fails.
    pub(super) fn killed(self, how: &str) -> Self {
        Self {
            verdict: Verdict::Fail,
            why: Some(format!("the connector was killed by {}: {how}", self.id)),
            ..self
        }
    }

    /// Lets a defect of this name pass, if it is one.
    pub fn accept(&mut self, defects: &[String]) {
        let named = |id: &String| defect_name(self.source) == id;
        if self.verdict == Verdict::Defect && defects.iter().any(named) {
            self.verdict = Verdict::Accepted;
        }
    }
}

/// How many rows were judged how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows that showed a known defect which the user does not accept.
    pub defects: usize,
    /// Rows that showed one which the user accepts.
    pub accepted: usize,
    /// Rows that failed.
    pub failed: usize,
    /// Rows that passed.
    pub passed: usize,
    /// Rows that could not be run or judged.
    pub unsupported: usize,
}

/// Counts the judgements.
#[must_use]
pub fn summarise(rows: &[RowReport]) -> Summary {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    Summary {
        defects: count(Verdict::Defect),
        accepted: count(Verdict::Accepted),
        failed: count(Verdict::Fail),
        passed: count(Verdict::Pass),
        unsupported: count(Verdict::Unsupported),
    }
}
