//! Packets that are sent from homes and delivered to them.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A packet to be sent from a home.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Its ILP destination.
    pub destination: &'a str,
    /// Its amount.
    pub amount: u64,
    /// Its payload. The condition is that of the network's convention for it.
    pub data: &'a [u8],
    /// How long it lives, and the answer is waited for.
    pub limit: Duration,
}

/// The answer to a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A fulfill.
    Fulfilled {
        /// Whether the fulfillment fits the packet's condition.
        fits: bool,
    },
    /// A reject.
    Rejected {
        /// Its code; empty when it has none.
        code: String,
        /// Its message.
        message: String,
    },
}

/// A packet that was delivered to a home, as the home's server was told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// ILP destination.
    pub destination: String,
    /// Amount, decimal.
    pub amount: String,
    /// What tells it from every other packet; empty when there was nothing.
    pub payment_id: String,
    /// Payload, base64; empty when there was none.
    pub data: String,
    /// When it expires, ISO 8601.
    pub expires_at: String,
}

impl Received {
    /// When it expires, in milliseconds since the Unix epoch; `None` when what was told is no time.
    #[must_use]
    pub fn expires_ms(&self) -> Option<i64> {
        let at = OffsetDateTime::parse(&self.expires_at, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
    }
}
