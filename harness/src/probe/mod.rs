//! Our own BTP peer: SOCKS5h dial, handshake, packets, load, histograms.
//!
//! From the outside in: [`dial`] opens a byte stream, [`WebSocket`] upgrades it, a
//! [`Session`] authenticates on it and multiplexes requests, and the loops in [`load`] drive a
//! session. [`Session::accept`] is the other end of the same: it takes the place of the peer that
//! is dialled. Each layer reports how long it took and, when it fails, a typed cause.

mod admission;
mod auth;
mod counters;
mod driver;
mod inbound;
mod inflight;
mod io_cause;
mod latency;
pub mod load;
mod packet;
mod reply;
mod route;
mod session;
mod socks;
mod stream;
mod tls;
mod websocket;

pub use admission::{AcceptError, Refusal};
pub use auth::{AuthError, Credentials};
pub use counters::SessionCounters;
pub use inbound::{InboundHandler, InboundReply};
pub use io_cause::IoCause;
pub use latency::{Latencies, LatencySummary};
pub use packet::{Outcome, Outgoing, Payment};
pub use reply::{Answer, Reply, RequestError};
pub use route::Route;
pub use session::{Accepted, ConnectTimes, Paid, Session, SessionError, SessionOptions};
pub use socks::{
    DialError, DialErrorKind, DialPhase, Dialed, Isolation, ReplyCode, Target, dial, dial_direct,
};
pub use stream::{Stream, open};
pub use tls::{Tls, TlsError};
pub use websocket::{ByteStream, ConnectionEnd, Incoming, MAX_MESSAGE, UpgradeError, WebSocket};
