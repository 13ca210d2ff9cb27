//! Sending many packets over one session and measuring each.
//!
//! - [`ClosedLoop`] keeps a number of packets in flight and sends the next when one is answered:
//!   it finds the highest rate a connection sustains, but slows down together with it.
//! - [`OpenLoop`] sends at a fixed rate whatever comes back, and measures from the moment a packet
//!   was *meant* to be sent, so that a peer which stalls cannot hide its stall by not being asked.
//!
//! Both warm up first: circuits, windows and caches are cold for the first packets of a session.
//! The warm-up is measured too, in a [`Phase`] of its own, and awaited before the measurement
//! starts.

mod closed;
mod open;
mod phase;
mod tally;
mod traffic;

pub use closed::ClosedLoop;
pub use open::OpenLoop;
pub use phase::{LoadReport, Phase};
pub use tally::OutcomeCounts;
pub use traffic::Traffic;

use std::time::Duration;

/// When a load ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After that many packets.
    Packets(u64),
    /// After that long; packets then in flight are still awaited.
    Elapsed(Duration),
}

impl Until {
    /// Never begun: what a load without a warm-up has as one.
    pub const NONE: Self = Self::Packets(0);
}
