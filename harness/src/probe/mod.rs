//! Our own BTP peer: SOCKS5h dial, handshake, packets, load, histograms.
//!
//! From the outside in: [`dial`] opens a byte stream, [`WebSocket`] upgrades it, a
//! [`Session`] authenticates on it and multiplexes requests, and the load generators drive a
//! session. Each layer reports how long it took and, when it fails, a typed cause.

mod inflight;
mod latency;
mod socks;
mod websocket;

pub use latency::{Latencies, LatencySummary};
pub use socks::{
    DialError, DialErrorKind, DialPhase, Dialed, Isolation, ReplyCode, Target, dial, dial_direct,
};
pub use websocket::{ByteStream, ConnectionEnd, Incoming, MAX_MESSAGE, UpgradeError, WebSocket};
