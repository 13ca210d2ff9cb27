//! What a connector's log tells.

use std::fmt;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Below DEBUG.
    Trace,
    /// What may hold onion addresses.
    Debug,
    /// What an operator sees unless asked for less.
    Info,
    /// What may go wrong.
    Warn,
    /// What went wrong.
    Error,
    /// What ends the program.
    Fatal,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        })
    }
}

/// A line that tells of a session with a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When, in milliseconds since the Unix epoch; `None` where the line does not say.
    pub at_ms: Option<i64>,
    /// The peer's id; empty where the line does not say who was turned away.
    pub peer: String,
    /// What happened.
    pub what: SessionEvent,
}

/// What happened between a connector and a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionEvent {
    /// It began to dial the peer.
    Dialling,
    /// It has a WebSocket to the peer that it dialled.
    Connected,
    /// It told the peer who it is.
    Authenticating,
    /// The peer let it in.
    LetIn,
    /// The peer did not let it in.
    Refused,
    /// It let the peer in, which had dialled.
    Admitted,
    /// It did not let in somebody who dialled, and gave the peer's id.
    TurnedAway,
    /// It handed a packet to the peer.
    Forwarded,
    /// The peer answered a packet with a fulfillment.
    Answered,
}
