//! Lines of logs as evidence.

use super::evidence::{Evidence, NodeText};

/// The log of the container that ended.
pub(super) fn ended(evidence: &Evidence) -> impl Iterator<Item = &NodeText> {
    let role = evidence.ending.as_ref().map(|ending| &ending.role);
    evidence
        .logs
        .iter()
        .filter(move |log| Some(&log.role) == role)
}

/// A line, with whose it is.
pub(super) fn quote(log: &NodeText, line: &str) -> String {
    format!("{}: {}", log.role, line.trim())
}
