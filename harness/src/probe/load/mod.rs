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
mod until;

pub use closed::ClosedLoop;
pub use open::OpenLoop;
pub use phase::{LoadReport, Phase};
pub use tally::OutcomeCounts;
pub use traffic::Traffic;
pub use until::Until;
