//! Building a PREPARE and judging what comes back for it.

use std::time::{Duration, SystemTime};

use wire::{Address, Amount, Codec, Condition, EncodeError, Expiry, Fulfillment, Packet, Prepare};

use super::reply::Answer;

/// What to send to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment<'a> {
    /// The receiver's ILP address.
    pub destination: Address<'a>,
    /// The amount, in the units of the connection.
    pub amount: u64,
    /// The payload, from which condition and fulfillment follow.
    pub data: &'a [u8],
    /// How long from now the packet is valid. Every hop takes one second of it
    /// (contract#hop-changes).
    pub lifetime: Duration,
}

/// A PREPARE ready to be sent, with what its answer is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The encoded ILP packet.
    pub ilp: Vec<u8>,
    /// The condition in it: SHA-256 of SHA-256 of the data, the convention of the TOON network
    /// (contract#fulfillment-convention).
    pub condition: Condition,
}

impl Outgoing {
    /// Encodes the PREPARE, expiring `lifetime` from now.
    ///
    /// # Errors
    ///
    /// If the dialect cannot express the payment.
    pub fn new(codec: &Codec, payment: &Payment<'_>) -> Result<Self, EncodeError> {
        let lifetime = u64::try_from(payment.lifetime.as_millis()).unwrap_or(u64::MAX);
        let condition = Condition::for_data(payment.data);
        let prepare = Packet::Prepare(Prepare {
            amount: Amount::from(payment.amount),
            expires_at: Expiry::from(SystemTime::now()).plus_millis(lifetime),
            condition,
            destination: payment.destination,
            data: payment.data,
        });
        let mut ilp = Vec::with_capacity(payment.data.len() + 128);
        codec.encode_packet(&prepare, &mut ilp)?;
        Ok(Self { ilp, condition })
    }
}

/// The judgement on an answer to a PREPARE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Fulfilled, and the fulfillment fits the condition.
    Fulfilled {
        /// The fulfillment.
        fulfillment: Fulfillment,
        /// The receiver's data.
        data: Vec<u8>,
    },
    /// A FULFILL whose fulfillment does not fit the condition.
    WrongFulfillment {
        /// The fulfillment that came.
        fulfillment: Fulfillment,
    },
    /// Rejected.
    Rejected {
        /// The error code, three characters.
        code: String,
        /// Address of the rejecting node; empty when a receiver's own logic rejected.
        triggered_by: String,
        /// The reason in words.
        message: String,
        /// Data for machines.
        data: Vec<u8>,
    },
    /// A BTP ERROR instead of an ILP packet.
    BtpError {
        /// Its code.
        code: String,
        /// Its name.
        name: String,
    },
    /// An answer that is none to a PREPARE; the text says what it is.
    Nonsense(String),
}

impl Outcome {
    /// Holds an answer against the condition of its PREPARE.
    #[must_use]
    pub fn judge(answer: &Answer<'_>, condition: &Condition) -> Self {
        match answer {
            Answer::Fulfill(fulfill) if fulfill.fulfillment.fulfills(condition) => {
                Self::Fulfilled {
                    fulfillment: fulfill.fulfillment,
                    data: fulfill.data.to_vec(),
                }
            }
            Answer::Fulfill(fulfill) => Self::WrongFulfillment {
                fulfillment: fulfill.fulfillment,
            },
            Answer::Reject(reject) => Self::Rejected {
                code: reject.code.to_string(),
                triggered_by: reject
                    .triggered_by
                    .map_or_else(String::new, |address| address.as_str().to_owned()),
                message: reject.message.to_string(),
                data: reject.data.to_vec(),
            },
            Answer::BtpError(error) => Self::BtpError {
                code: error.code.to_string(),
                name: error.name.to_string(),
            },
            Answer::Prepare(_) => Self::Nonsense("a PREPARE".to_owned()),
            Answer::Empty => Self::Nonsense("a RESPONSE without a packet".to_owned()),
            Answer::Undecodable(error) => Self::Nonsense(format!("an undecodable packet: {error}")),
        }
    }

    /// Whether the payment was fulfilled with the right fulfillment.
    #[must_use]
    pub fn is_fulfilled(&self) -> bool {
        matches!(self, Self::Fulfilled { .. })
    }

    /// The code, if it was rejected.
    #[must_use]
    pub fn reject_code(&self) -> Option<&str> {
        match self {
            Self::Rejected { code, .. } => Some(code),
            _ => None,
        }
    }
}
