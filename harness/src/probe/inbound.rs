//! PREPAREs that the other side sends over our own connection.

use std::fmt;

use wire::{Address, Codec, Fulfill, Fulfillment, Packet, Prepare, Reject, RejectCode};

/// How to answer an inbound PREPARE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundReply {
    /// With a FULFILL.
    Fulfill {
        /// The fulfillment, right or wrong.
        fulfillment: Fulfillment,
        /// Data for the sender.
        data: Vec<u8>,
    },
    /// With a REJECT, without data.
    Reject {
        /// The error code.
        code: RejectCode,
        /// Address of the rejecting node; left out if it is not a valid address.
        triggered_by: String,
        /// Human-readable reason.
        message: String,
    },
    /// Not at all.
    Silence,
}

impl InboundReply {
    /// The FULFILL that fits by the TOON convention, fulfillment = SHA-256 of the data
    /// (contract#fulfillment-convention), with no data of its own.
    #[must_use]
    pub fn fulfilling(prepare: &Prepare<'_>) -> Self {
        Self::Fulfill {
            fulfillment: Fulfillment::for_data(prepare.data),
            data: Vec::new(),
        }
    }

    /// What a session without a handler answers: it has no routes.
    pub(super) fn no_route() -> Self {
        Self::Reject {
            code: RejectCode::F02,
            triggered_by: String::new(),
            message: "the probe accepts no packets".to_owned(),
        }
    }

    /// The packet to send; `None` for silence or if the dialect cannot express the reply.
    pub(super) fn encode(&self, codec: &Codec) -> Option<Vec<u8>> {
        let packet = match self {
            Self::Fulfill { fulfillment, data } => Packet::Fulfill(Fulfill {
                fulfillment: *fulfillment,
                data,
            }),
            Self::Reject {
                code,
                triggered_by,
                message,
            } => Packet::Reject(Reject {
                code: *code,
                triggered_by: Address::for_dialect(triggered_by, codec.dialect()).ok(),
                message: message.as_str().into(),
                data: &[],
            }),
            Self::Silence => return None,
        };
        let mut bytes = Vec::new();
        codec.encode_packet(&packet, &mut bytes).ok()?;
        Some(bytes)
    }
}

/// Sees every inbound PREPARE and decides on the reply. It runs inside the session's driver, so it
/// must not block; to record, let it push into a channel.
pub struct InboundHandler(Box<dyn FnMut(&Prepare<'_>) -> InboundReply + Send>);

impl InboundHandler {
    /// A handler from a closure.
    pub fn new(handler: impl FnMut(&Prepare<'_>) -> InboundReply + Send + 'static) -> Self {
        Self(Box::new(handler))
    }

    pub(super) fn reply(&mut self, prepare: &Prepare<'_>) -> InboundReply {
        (self.0)(prepare)
    }
}

impl fmt::Debug for InboundHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InboundHandler")
    }
}
