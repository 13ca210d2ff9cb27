//! Times of stages, read from the event stream.

use serde::Serialize;

use crate::events::{Event, EventKind, Stage};

/// How long one stage took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageTime {
    /// Which.
    pub stage: Stage,
    /// Of which node, home or peering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// When it ended, in milliseconds since the run's start.
    pub ended_ms: u64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Whether it was reached.
    pub reached: bool,
    /// What showed it, or the last thing seen.
    pub evidence: String,
}

impl StageTime {
    /// Stage and node as one name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.node {
            Some(node) => format!("{} {node}", self.stage),
            None => self.stage.to_string(),
        }
    }
}

/// Every stage that ended, in order.
#[must_use]
pub fn stage_times(events: &[Event]) -> Vec<StageTime> {
    events
        .iter()
        .filter_map(|event| {
            let (stage, node, millis, reached, evidence) = match &event.kind {
                EventKind::StageReached {
                    stage,
                    node,
                    millis,
                    evidence,
                } => (stage, node, millis, true, evidence),
                EventKind::StageFailed {
                    stage,
                    node,
                    millis,
                    evidence,
                } => (stage, node, millis, false, evidence),
                _ => return None,
            };
            Some(StageTime {
                stage: *stage,
                node: node.clone(),
                ended_ms: event.at_ms,
                millis: *millis,
                reached,
                evidence: evidence.clone(),
            })
        })
        .collect()
}
