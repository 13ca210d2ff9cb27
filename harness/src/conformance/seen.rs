//! What the other side did, in comparable form.

use std::fmt;

use tokio_tungstenite::tungstenite::Bytes;
use wire::{BtpBody, Codec, Fulfillment, Packet};

use crate::probe::{ConnectionEnd, Incoming};

/// One thing the other side did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A RESPONSE without a packet.
    Empty {
        /// Its request id.
        id: u32,
    },
    /// A RESPONSE with a FULFILL.
    Fulfill {
        /// Its request id.
        id: u32,
        /// The fulfillment; in an expectation `None` stands for any.
        fulfillment: Option<Fulfillment>,
    },
    /// A RESPONSE with a REJECT.
    Reject {
        /// Its request id.
        id: u32,
        /// The error code; in an expectation `?` stands for any character.
        code: String,
    },
    /// A BTP ERROR.
    Error {
        /// Its request id.
        id: u32,
        /// Code and name, for instance `F00 BTPError`; in an expectation `None` stands for any.
        text: Option<String>,
    },
    /// In an expectation: a BTP ERROR with any request id, code and name.
    AnyError,
    /// A message that is none of these; the text says what.
    Other(String),
    /// A WebSocket close.
    Closed {
        /// The close code.
        code: u16,
        /// The reason; in an expectation `None` stands for any.
        reason: Option<String>,
    },
    /// The connection ended in another way; the text says how.
    Ended(String),
    /// An HTTP status instead of a WebSocket.
    Http(u16),
    /// In an expectation: any answer over HTTP but an upgrade, or none and the connection's end.
    NoUpgrade,
    /// In an expectation: a WebSocket close with any code or without one.
    AnyClose,
    /// In an expectation: the connection ended, however.
    Over,
    /// Nothing within the time limit.
    Silence,
    /// After all that, a PREPARE on the same connection was answered.
    Served,
    /// After all that, authentication on the same connection worked.
    Admitted,
    /// A connection that had nothing to do with it was no longer served.
    OthersHarmed,
    /// An observation of its own kind, in words.
    Note(String),
    /// What is worth telling beside what is judged.
    Aside(String),
}

impl Seen {
    /// A RESPONSE whose packet, if any, is told apart by type.
    pub(super) fn message(bytes: &Bytes, codec: &Codec) -> Self {
        let frame = match codec.decode_frame(bytes) {
            Ok(frame) => frame,
            Err(error) => return Self::Other(format!("undecodable frame ({error})")),
        };
        let id = frame.request_id;
        let data = match frame.body {
            BtpBody::Error(error) => {
                let text = format!("{} {}", error.code, error.name);
                return Self::Error {
                    id,
                    text: Some(text),
                };
            }
            BtpBody::Data(data) => data,
        };
        if frame.type_name() != "RESPONSE" {
            return Self::Other(format!("{} {id}", frame.type_name()));
        }
        if data.ilp.is_empty() {
            return Self::Empty { id };
        }
        match codec.decode_packet(data.ilp) {
            Ok(Packet::Fulfill(fulfill)) => Self::Fulfill {
                id,
                fulfillment: Some(fulfill.fulfillment),
            },
            Ok(Packet::Reject(reject)) => Self::Reject {
                id,
                code: reject.code.to_string(),
            },
            Ok(Packet::Prepare(_)) => Self::Other(format!("RESPONSE {id} with a PREPARE")),
            Err(error) => Self::Other(format!("RESPONSE {id} with a bad packet ({error})")),
        }
    }

    /// Whatever a WebSocket delivered.
    pub(super) fn incoming(incoming: &Incoming, codec: &Codec) -> Self {
        match incoming {
            Incoming::Binary(bytes) => Self::message(bytes, codec),
            Incoming::Text(_) => Self::Other("a text message".to_owned()),
            Incoming::Ended(end) => Self::end(end),
        }
    }

    pub(super) fn end(end: &ConnectionEnd) -> Self {
        match end {
            ConnectionEnd::Closed { code, reason } => Self::Closed {
                code: *code,
                reason: Some(reason.clone()),
            },
            other => Self::Ended(other.to_string()),
        }
    }

    /// Whether the connection is over after this.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Ended(_) | Self::Http(_))
    }

    /// Whether `came` is what this expectation asks for.
    pub(super) fn is_met_by(&self, came: &Self) -> bool {
        match (self, came) {
            (Self::Closed { code, reason: None }, Self::Closed { code: other, .. }) => {
                code == other
            }
            (Self::Error { id, text: None }, Self::Error { id: other, .. }) => id == other,
            (
                Self::Fulfill {
                    id,
                    fulfillment: None,
                },
                Self::Fulfill { id: other, .. },
            ) => id == other,
            (Self::AnyError, came) => matches!(came, Self::Error { .. }),
            (Self::AnyClose, came) => matches!(came, Self::Closed { .. }),
            (Self::NoUpgrade, Self::Http(status)) => *status != 101,
            (Self::Over | Self::NoUpgrade, came) => came.is_end(),
            (
                Self::Reject { id, code },
                Self::Reject {
                    id: other,
                    code: came,
                },
            ) => {
                let fits = |(one, other): (char, char)| one == '?' || one == other;
                id == other && code.len() == came.len() && code.chars().zip(came.chars()).all(fits)
            }
            _ => self == came,
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { id } => write!(f, "RESPONSE {id}"),
            Self::Fulfill { id, fulfillment } => {
                write!(f, "RESPONSE {id} FULFILL")?;
                match fulfillment {
                    // As many as tell one from another.
                    Some(Fulfillment([first, second, third, fourth, ..])) => {
                        write!(f, " {first:02x}{second:02x}{third:02x}{fourth:02x}…")
                    }
                    None => Ok(()),
                }
            }
            Self::Reject { id, code } => write!(f, "RESPONSE {id} REJECT {code}"),
            Self::Error { id, text } => match text {
                Some(text) => write!(f, "ERROR {id} {text}"),
                None => write!(f, "ERROR {id}"),
            },
            Self::AnyError => f.write_str("an ERROR"),
            Self::AnyClose => f.write_str("a close"),
            Self::NoUpgrade => f.write_str("no upgrade"),
            Self::Over => f.write_str("end of the connection"),
            Self::Other(what) | Self::Aside(what) => f.write_str(what),
            Self::Closed { code, reason } => match reason.as_deref() {
                None | Some("") => write!(f, "close {code}"),
                Some(reason) => write!(f, "close {code} {reason:?}"),
            },
            Self::Ended(how) => write!(f, "connection {how}"),
            Self::Http(status) => write!(f, "HTTP {status}"),
            Self::Silence => f.write_str("nothing"),
            Self::Served => f.write_str("then served"),
            Self::Admitted => f.write_str("then authenticated and served"),
            Self::OthersHarmed => f.write_str("OTHER PEERS NOT SERVED"),
            Self::Note(text) => f.write_str(text),
        }
    }
}

/// Whether what came, asides left out, is what these expect, one by one.
pub(super) fn all_met(expected: &[Seen], came: &[Seen]) -> bool {
    let judged = || came.iter().filter(|seen| !matches!(seen, Seen::Aside(_)));
    expected.len() == judged().count()
        && expected
            .iter()
            .zip(judged())
            .all(|(one, other)| one.is_met_by(other))
}

/// A list of them for a table cell.
pub(super) fn list(seen: &[Seen]) -> String {
    if seen.is_empty() {
        return "nothing".to_owned();
    }
    let texts: Vec<_> = seen.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
