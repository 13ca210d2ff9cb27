//! Reading a report that an earlier run left.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::build::each_text;
use super::model::{Report, ReportKind, VERSION};
use super::plain::plain;
use super::repeat::RepeatReport;
use super::topology::TopologyView;
use crate::input::{self, InputError};

/// Why a file is not read as a report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("failed to read {path}; give the path of a report.json or a repeat.json")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// The file is no report.
    #[error(
        "failed to read {path} as a report; give a report.json or a repeat.json that this harness wrote"
    )]
    NotAReport {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: Flaw,
    },
    /// The report has another shape.
    #[error(
        "failed to read {path}: it has version {found} and this harness reads version {VERSION}; read it with the harness that wrote it"
    )]
    OtherVersion {
        /// The file.
        path: String,
        /// Its version.
        found: u64,
    },
}

/// What makes a file no report.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// It is no JSON, or lacks what a report has.
    #[error(transparent)]
    Content(#[from] serde_json::Error),
    /// It does not say which version of a report it is.
    #[error("it has no version of a report")]
    NoVersion,
    /// It does not say which kind of a report it is.
    #[error("it has no kind of a report")]
    NoKind(#[source] serde_json::Error),
    /// It is what `probe` prints.
    #[error("it is what `probe` measured, of no run")]
    OfProbe,
    /// It is what `audit` found.
    #[error("it is what `audit` found, of no run")]
    OfAudit,
    /// It is what a command with `--json` printed that failed.
    #[error("it tells how a command failed, of no run")]
    OfFailure,
}

/// A report of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Saved {
    /// Of one run.
    Run(Box<Report>),
    /// Of many.
    Repeat(Box<RepeatReport>),
}

impl Saved {
    /// What was run.
    #[must_use]
    pub fn topology(&self) -> &TopologyView {
        match self {
            Self::Run(report) => &report.topology,
            Self::Repeat(report) => &report.topology,
        }
    }

    /// Reads `report.json` or `repeat.json`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] names the file.
    pub fn read(file: &Path) -> Result<Self, ReadError> {
        let path = file.display().to_string();
        let text = input::text(file, input::BY_PROGRAMS).map_err(|source| {
            let path = path.clone();
            ReadError::Unreadable { path, source }
        })?;
        let not_a_report = |source: Flaw| ReadError::NotAReport {
            path: path.clone(),
            source,
        };
        let value: Value =
            serde_json::from_str(&text).map_err(|error| not_a_report(error.into()))?;
        // The version first: a report of another version has other fields.
        let version = value.get("version").and_then(Value::as_u64);
        match version {
            Some(version) if version == u64::from(VERSION) => {}
            Some(found) if value.get("topology").is_some() => {
                return Err(ReadError::OtherVersion {
                    path: path.clone(),
                    found,
                });
            }
            _ => return Err(not_a_report(Flaw::NoVersion)),
        }
        let kind = value.get("kind").cloned().unwrap_or(Value::Null);
        let kind =
            ReportKind::deserialize(kind).map_err(|error| not_a_report(Flaw::NoKind(error)))?;
        // Whoever wrote the file: what it holds moves no terminal.
        let mut value = value;
        each_text(&mut value, &plain);
        let saved = match kind {
            ReportKind::Probe => return Err(not_a_report(Flaw::OfProbe)),
            ReportKind::Audit => return Err(not_a_report(Flaw::OfAudit)),
            ReportKind::Failure => return Err(not_a_report(Flaw::OfFailure)),
            ReportKind::Run => Report::deserialize(value).map(|report| Self::Run(Box::new(report))),
            ReportKind::Repeat => {
                RepeatReport::deserialize(value).map(|report| Self::Repeat(Box::new(report)))
            }
        };
        saved.map_err(|error| not_a_report(error.into()))
    }
}
