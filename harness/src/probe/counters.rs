//! What a session counts besides the answers it hands out.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Live counters, written by the driver of a session only.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) sent: AtomicU64,
    pub(super) answered: AtomicU64,
    pub(super) timed_out: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) duplicate: AtomicU64,
    pub(super) unknown_id: AtomicU64,
    pub(super) errors_without_request: AtomicU64,
    pub(super) undecodable: AtomicU64,
    pub(super) text_frames: AtomicU64,
    pub(super) inbound_prepares: AtomicU64,
    pub(super) inbound_other: AtomicU64,
}

/// Counts one. Only the sum matters, so no ordering with other memory is needed.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn snapshot(&self) -> SessionCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SessionCounters {
            sent: read(&self.sent),
            answered: read(&self.answered),
            timed_out: read(&self.timed_out),
            late: read(&self.late),
            duplicate: read(&self.duplicate),
            unknown_id: read(&self.unknown_id),
            errors_without_request: read(&self.errors_without_request),
            undecodable: read(&self.undecodable),
            text_frames: read(&self.text_frames),
            inbound_prepares: read(&self.inbound_prepares),
            inbound_other: read(&self.inbound_other),
        }
    }
}

/// What a session has seen so far, as frame counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SessionCounters {
    /// Requests sent, without the authentication.
    pub sent: u64,
    /// Requests answered in time, by whatever answer.
    pub answered: u64,
    /// Requests given up at their time limit.
    pub timed_out: u64,
    /// First answers to requests that had already been given up.
    pub late: u64,
    /// Further answers to requests that had already been answered.
    pub duplicate: u64,
    /// Answers whose request id was never sent, or is older than the last 4096.
    pub unknown_id: u64,
    /// ERROR frames with request id 0, which is how a connector answers what it cannot decode
    /// (contract#undecodable-frame).
    pub errors_without_request: u64,
    /// Frames that the dialect cannot decode.
    pub undecodable: u64,
    /// WebSocket text messages; their bytes are decoded like those of binary ones.
    pub text_frames: u64,
    /// MESSAGE frames from the other side that carry an ILP PREPARE.
    pub inbound_prepares: u64,
    /// Other frames from the other side that are neither RESPONSE nor ERROR.
    pub inbound_other: u64,
}

impl SessionCounters {
    /// Number of frames that a well-behaved peer never sends.
    #[must_use]
    pub fn irregular(&self) -> u64 {
        self.late
            + self.duplicate
            + self.unknown_id
            + self.errors_without_request
            + self.undecodable
            + self.text_frames
    }
}
