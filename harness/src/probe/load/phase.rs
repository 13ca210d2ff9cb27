//! What a load found.

use std::time::{Duration, Instant};

use wire::Condition;

use super::OutcomeCounts;
use crate::probe::latency::Latencies;
use crate::probe::reply::{Reply, RequestError};

/// What a load found, its warm-up kept apart.
#[derive(Debug, Clone, Default)]
pub struct LoadReport {
    /// The packets before the measurement; nothing without a warm-up.
    pub warm_up: Phase,
    /// The measurement.
    pub measured: Phase,
    /// Whether the load was told to stop before its end.
    pub stopped: bool,
}

/// One stretch of a load.
#[derive(Debug, Clone, Default)]
pub struct Phase {
    /// Packets sent.
    pub sent: u64,
    /// What became of them.
    pub outcomes: OutcomeCounts,
    /// From its first packet to its last answer.
    pub took: Duration,
    /// Latency of the answered packets, each from when it was really sent.
    pub raw: Latencies,
    /// Latency from when each packet was meant to be sent, where a packet that timed out counts
    /// with its whole time limit. Where this is worse than `raw`, the other side, or the probe
    /// itself, did not keep up. A closed loop means to send when there is room, so it has no
    /// intended moment to correct by, and none of these.
    pub corrected: Option<Latencies>,
}

impl Phase {
    /// Answered packets per second; zero when nothing was sent.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.took.as_secs_f64();
        if seconds > 0.0 {
            self.outcomes.answered() as f64 / seconds
        } else {
            0.0
        }
    }

    /// The latencies to hold against a budget: the corrected ones where there are any.
    #[must_use]
    pub fn judged(&self) -> &Latencies {
        self.corrected.as_ref().unwrap_or(&self.raw)
    }

    /// Adds what became of one packet.
    pub(super) fn add(&mut self, answered: &Answered) {
        self.outcomes.add(&answered.result, &answered.condition);
        let (corrected, late) = (&mut self.corrected, answered.late);
        match &answered.result {
            Ok(reply) => {
                self.raw.record(reply.round_trip());
                if let Some(corrected) = corrected {
                    corrected.record(reply.round_trip() + late);
                }
            }
            // Left out, a packet that was never answered would improve the figures.
            Err(RequestError::TimedOut(limit)) => {
                if let Some(corrected) = corrected {
                    corrected.record(*limit + late);
                }
            }
            Err(RequestError::Lost(_) | RequestError::Encode(_)) => {}
        }
    }

    /// Ends it now, with so many packets still in flight.
    pub(super) fn end(mut self, started: Instant, in_flight: usize) -> Self {
        self.took = started.elapsed();
        self.outcomes.unfinished += in_flight as u64;
        self
    }
}

/// A packet that is done.
pub(super) struct Answered {
    pub(super) result: Result<Reply, RequestError>,
    pub(super) condition: Condition,
    /// From when it was meant to be sent to when it was.
    pub(super) late: Duration,
}

impl Answered {
    /// Whether nothing more can be sent.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.result, Err(RequestError::Lost(_)))
    }
}
