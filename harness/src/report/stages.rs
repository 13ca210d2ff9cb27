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
    /// When it began, in milliseconds since the run's start.
    pub started_ms: u64,
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

/// Every stage that ended, by the time it began.
#[must_use]
pub fn stage_times(events: &[Event]) -> Vec<StageTime> {
    let mut times: Vec<StageTime> = events.iter().filter_map(stage_time).collect();
    times.sort_by_key(|time| time.started_ms);
    times
}

fn stage_time(event: &Event) -> Option<StageTime> {
    let (stage, node, (started_ms, ended_ms), reached, evidence) = match &event.kind {
        EventKind::StageReached {
            stage,
            node,
            millis,
            evidence,
        } => (stage, node, before(event.at_ms, *millis), true, evidence),
        EventKind::StageSeen {
            stage,
            node,
            started_ms,
            ended_ms,
            evidence,
        } => (stage, node, (*started_ms, *ended_ms), true, evidence),
        EventKind::StageFailed {
            stage,
            node,
            millis,
            evidence,
        } => (stage, node, before(event.at_ms, *millis), false, evidence),
        _ => return None,
    };
    Some(StageTime {
        stage: *stage,
        node: node.clone(),
        started_ms,
        ended_ms,
        millis: ended_ms.saturating_sub(started_ms),
        reached,
        evidence: evidence.clone(),
    })
}

/// Start and end of what took `millis` and ended at `ended_ms`.
const fn before(ended_ms: u64, millis: u64) -> (u64, u64) {
    (ended_ms.saturating_sub(millis), ended_ms)
}
