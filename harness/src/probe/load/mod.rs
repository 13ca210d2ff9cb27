//! Sending many packets over one session and measuring each.
//!
//! - [`ClosedLoop`] keeps a number of packets in flight and sends the next when one is answered:
//!   it finds the highest rate a connection sustains, but slows down together with it.
//! - [`OpenLoop`] sends at a fixed rate whatever comes back, and measures from the moment a packet
//!   was *meant* to be sent, so that a peer which stalls cannot hide its stall by not being asked.

mod closed;
mod open;
mod tally;
mod traffic;

pub use closed::{ClosedLoop, ClosedReport};
pub use open::{OpenLoop, OpenReport};
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
