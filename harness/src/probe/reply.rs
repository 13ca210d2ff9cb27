//! What comes back for a request.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Bytes;
use wire::{
    BtpBody, BtpError, BtpFrame, Codec, DecodeError, EncodeError, Fulfill, Packet, Prepare, Reject,
};

use super::websocket::ConnectionEnd;

/// The frame that answered a request, undecoded, and how long it took.
///
/// The bytes are shared with the read buffer and decoding borrows from them, so an answer costs no
/// copy.
#[derive(Debug, Clone)]
pub struct Reply {
    bytes: Bytes,
    codec: Codec,
    round_trip: Duration,
}

impl Reply {
    pub(super) fn new(bytes: Bytes, codec: Codec, round_trip: Duration) -> Self {
        Self {
            bytes,
            codec,
            round_trip,
        }
    }

    /// From the moment the request was handed to the session to the moment its answer was read,
    /// including any wait for room to send.
    #[must_use]
    pub fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// The bytes of the frame.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The frame.
    ///
    /// # Errors
    ///
    /// Never in practice: the session decoded the same bytes to find the request id.
    pub fn frame(&self) -> Result<BtpFrame<'_>, DecodeError> {
        self.codec.decode_frame(&self.bytes)
    }

    /// What the frame says, down to the ILP packet.
    #[must_use]
    pub fn answer(&self) -> Answer<'_> {
        match self.frame() {
            Ok(BtpFrame {
                body: BtpBody::Error(error),
                ..
            }) => Answer::BtpError(error),
            Ok(frame) if frame.ilp().is_empty() => Answer::Empty,
            Ok(frame) => match self.codec.decode_packet(frame.ilp()) {
                Ok(Packet::Fulfill(fulfill)) => Answer::Fulfill(fulfill),
                Ok(Packet::Reject(reject)) => Answer::Reject(reject),
                Ok(Packet::Prepare(prepare)) => Answer::Prepare(prepare),
                Err(error) => Answer::Undecodable(error),
            },
            Err(error) => Answer::Undecodable(error),
        }
    }
}

/// An answer, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A RESPONSE with a FULFILL.
    Fulfill(Fulfill<'a>),
    /// A RESPONSE with a REJECT.
    Reject(Reject<'a>),
    /// A RESPONSE with a PREPARE, which makes no sense.
    Prepare(Prepare<'a>),
    /// A RESPONSE without a packet.
    Empty,
    /// A BTP ERROR.
    BtpError(BtpError<'a>),
    /// A RESPONSE whose packet cannot be decoded.
    Undecodable(DecodeError),
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The time limit ran out; an answer may still come and is then counted as late.
    #[error("get an answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection ended before an answer came, or before the request was sent.
    #[error("get an answer: connection {0}")]
    Lost(ConnectionEnd),
    /// The request cannot be expressed in the dialect.
    #[error("encode the request: {0}")]
    Encode(EncodeError),
}
