//! Reading two reports and making sure that they can be compared.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::model::{Report, ReportKind, TopologyView, VERSION};
use super::super::repeat::RepeatReport;

/// Why two files cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The file cannot be read.
    #[error("read {path}: {source}; give the path of a report.json or a repeat.json")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no report.
    #[error(
        "read {path} as a report: {reason}; give a report.json or a repeat.json that this harness wrote"
    )]
    NotAReport {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The report has another shape.
    #[error(
        "read {path}: it has version {found} and this harness reads version {VERSION}; run both with the same harness"
    )]
    OtherVersion {
        /// The file.
        path: String,
        /// Its version.
        found: u64,
    },
    /// One is of a run, the other of many.
    #[error(
        "compare {a} with {b}: one is of a single run, the other of many; give two report.json or two repeat.json"
    )]
    OtherKind {
        /// The first file.
        a: String,
        /// The second.
        b: String,
    },
    /// The topologies differ.
    #[error(
        "compare {a} with {b}: the topologies differ in {difference}; give two reports of the same topology"
    )]
    OtherTopology {
        /// The first file.
        a: String,
        /// The second.
        b: String,
        /// The first difference.
        difference: String,
    },
}

/// A report with the file that it came from.
pub(super) struct Read {
    pub(super) path: String,
    pub(super) content: Content,
}

/// Either kind.
pub(super) enum Content {
    Run(Box<Report>),
    Repeat(Box<RepeatReport>),
}

impl Content {
    fn topology(&self) -> &TopologyView {
        match self {
            Self::Run(report) => &report.topology,
            Self::Repeat(report) => &report.topology,
        }
    }
}

/// Reads one file.
pub(super) fn read(file: &Path) -> Result<Read, CompareError> {
    let path = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| CompareError::Unreadable {
        path: path.clone(),
        source,
    })?;
    let not_a_report = |reason: String| CompareError::NotAReport {
        path: path.clone(),
        reason,
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|error| not_a_report(error.to_string()))?;
    // The version first: a report of another version has other fields.
    let version = value.get("version").and_then(Value::as_u64);
    match version {
        Some(version) if version == u64::from(VERSION) => {}
        Some(found) if value.get("topology").is_some() => {
            return Err(CompareError::OtherVersion {
                path: path.clone(),
                found,
            });
        }
        _ => return Err(not_a_report("it has no version of a report".to_owned())),
    }
    let kind = value.get("kind").cloned().unwrap_or(Value::Null);
    let kind =
        ReportKind::deserialize(kind).map_err(|error| not_a_report(format!("kind: {error}")))?;
    let content = match kind {
        ReportKind::Run => Report::deserialize(value).map(|report| Content::Run(Box::new(report))),
        ReportKind::Repeat => {
            RepeatReport::deserialize(value).map(|report| Content::Repeat(Box::new(report)))
        }
    };
    let content = content.map_err(|error| not_a_report(error.to_string()))?;
    Ok(Read { path, content })
}

/// Makes sure that both are of one kind and one topology.
pub(super) fn check_same(a: &Read, b: &Read) -> Result<(), CompareError> {
    if std::mem::discriminant(&a.content) != std::mem::discriminant(&b.content) {
        return Err(CompareError::OtherKind {
            a: a.path.clone(),
            b: b.path.clone(),
        });
    }
    let (left, right) = (a.content.topology(), b.content.topology());
    let difference = if left.name != right.name {
        format!("name ({} and {})", left.name, right.name)
    } else if left.network != right.network {
        "the network's size or family".to_owned()
    } else if left.homes != right.homes {
        format!("homes ({} and {})", left.homes.len(), right.homes.len())
    } else if left.peerings != right.peerings {
        format!(
            "peerings ({} and {})",
            left.peerings.len(),
            right.peerings.len()
        )
    } else {
        return Ok(());
    };
    Err(CompareError::OtherTopology {
        a: a.path.clone(),
        b: b.path.clone(),
        difference,
    })
}
