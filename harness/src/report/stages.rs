//! Times of stages, read from the event stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::constraints::WORD;
use crate::events::{Event, EventKind};

/// How long one stage took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "stage", deny_unknown_fields)]
pub struct StageTime {
    /// Which.
    #[schemars(regex(pattern = WORD))]
    pub stage: String,
    /// Of which node, home or peering; absent for the whole topology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub node: Option<String>,
    /// When it began, in milliseconds since the run's start.
    pub started_ms: u64,
    /// When it ended, in milliseconds since the run's start.
    pub ended_ms: u64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Whether it was reached.
    pub reached: bool,
    /// Whether it was left because the user ended the run; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// What showed it, or the last thing seen.
    pub evidence: String,
}

impl StageTime {
    /// Stage and node as one name.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.node {
            Some(node) => format!("{} {node}", self.stage),
            None => self.stage.clone(),
        }
    }

    /// Whether it was not reached, and nobody kept it from that.
    #[must_use]
    pub const fn missed(&self) -> bool {
        !self.reached && !self.interrupted
    }

    /// How it came out, in words.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match (self.reached, self.interrupted) {
            (true, _) => "reached",
            (false, true) => "interrupted",
            (false, false) => "not reached",
        }
    }
}

/// Every stage, by the time it began. One that never ended is there as not reached at the last
/// event.
#[must_use]
pub fn stage_times(events: &[Event]) -> Vec<StageTime> {
    let mut times: Vec<StageTime> = events.iter().filter_map(stage_time).collect();
    let last = events.last().map_or(0, |event| event.at_ms);
    let open = events.iter().filter_map(|event| match &event.kind {
        EventKind::StageStarted { stage, node, .. } => Some(StageTime {
            stage: stage.to_string(),
            node: node.as_ref().map(ToString::to_string),
            started_ms: event.at_ms,
            ended_ms: last,
            millis: last.saturating_sub(event.at_ms),
            reached: false,
            interrupted: false,
            evidence: "did not end".to_owned(),
        }),
        _ => None,
    });
    let open: Vec<StageTime> = open
        .filter(|open| {
            let mut ended = times.iter();
            !ended.any(|time| time.stage == open.stage && time.node == open.node)
        })
        .collect();
    times.extend(open);
    times.sort_by_key(|time| time.started_ms);
    times
}

fn stage_time(event: &Event) -> Option<StageTime> {
    let mut was_interrupted = false;
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
            interrupted,
            evidence,
        } => {
            was_interrupted = *interrupted;
            (stage, node, before(event.at_ms, *millis), false, evidence)
        }
        _ => return None,
    };
    Some(StageTime {
        stage: stage.to_string(),
        node: node.as_ref().map(ToString::to_string),
        started_ms,
        ended_ms,
        millis: ended_ms.saturating_sub(started_ms),
        reached,
        interrupted: was_interrupted,
        evidence: evidence.clone(),
    })
}

/// Start and end of what took `millis` and ended at `ended_ms`.
const fn before(ended_ms: u64, millis: u64) -> (u64, u64) {
    (ended_ms.saturating_sub(millis), ended_ms)
}
