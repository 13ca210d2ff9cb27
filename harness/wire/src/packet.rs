//! ILP packets, the same in both dialects.

use std::fmt;

use crate::{Address, Amount, Condition, Expiry, Fulfillment, Text};

/// An ILP packet (RFC-0027, contract#ilp-packet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Type 12: a conditional payment.
    Prepare(Prepare<'a>),
    /// Type 13: it was delivered, here is the proof.
    Fulfill(Fulfill<'a>),
    /// Type 14: it was not delivered, here is why.
    Reject(Reject<'a>),
}

impl Packet<'_> {
    /// The type byte: 12, 13 or 14.
    pub const fn type_code(&self) -> u8 {
        match self {
            Self::Prepare(_) => packet_type::PREPARE,
            Self::Fulfill(_) => packet_type::FULFILL,
            Self::Reject(_) => packet_type::REJECT,
        }
    }

    /// `PREPARE`, `FULFILL` or `REJECT`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Prepare(_) => "PREPARE",
            Self::Fulfill(_) => "FULFILL",
            Self::Reject(_) => "REJECT",
        }
    }
}

pub(crate) mod packet_type {
    pub(crate) const PREPARE: u8 = 12;
    pub(crate) const FULFILL: u8 = 13;
    pub(crate) const REJECT: u8 = 14;
}

/// A conditional payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepare<'a> {
    /// How much, in the smallest unit of the asset of the two peers.
    pub amount: Amount<'a>,
    /// Until when it may be fulfilled.
    pub expires_at: Expiry,
    /// The hash that the fulfillment must have.
    pub condition: Condition,
    /// To whom.
    pub destination: Address<'a>,
    /// End-to-end payload.
    pub data: &'a [u8],
}

/// A delivered payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fulfill<'a> {
    /// The preimage of the PREPARE's condition.
    pub fulfillment: Fulfillment,
    /// End-to-end payload.
    pub data: &'a [u8],
}

/// A payment that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject<'a> {
    /// Why, in three characters.
    pub code: RejectCode,
    /// Who says so; peers leave it empty for rejects that a receiver's own logic caused.
    pub triggered_by: Option<Address<'a>>,
    /// Why, in words.
    pub message: Text<'a>,
    /// Further detail for machines.
    pub data: &'a [u8],
}

impl<'a> From<Prepare<'a>> for Packet<'a> {
    fn from(prepare: Prepare<'a>) -> Self {
        Self::Prepare(prepare)
    }
}

impl<'a> From<Fulfill<'a>> for Packet<'a> {
    fn from(fulfill: Fulfill<'a>) -> Self {
        Self::Fulfill(fulfill)
    }
}

impl<'a> From<Reject<'a>> for Packet<'a> {
    fn from(reject: Reject<'a>) -> Self {
        Self::Reject(reject)
    }
}

/// The code of a REJECT: three bytes, in practice a letter (`F`inal, `T`emporary, `R`elative)
/// and two digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RejectCode([u8; 3]);

/// A reject code must be three printable ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reject code is three printable ASCII characters")]
pub struct RejectCodeError;

impl RejectCode {
    /// Bad request.
    pub const F00: Self = Self(*b"F00");
    /// Invalid packet.
    pub const F01: Self = Self(*b"F01");
    /// Unreachable: no route.
    pub const F02: Self = Self(*b"F02");
    /// Unexpected payment.
    pub const F06: Self = Self(*b"F06");
    /// Application error.
    pub const F99: Self = Self(*b"F99");
    /// Internal error.
    pub const T00: Self = Self(*b"T00");
    /// Peer unreachable.
    pub const T01: Self = Self(*b"T01");
    /// Transfer timed out.
    pub const R00: Self = Self(*b"R00");
    /// Insufficient timeout.
    pub const R02: Self = Self(*b"R02");

    /// Any three bytes. Those that are not printable ASCII are refused by encoders only.
    pub const fn from_bytes(bytes: [u8; 3]) -> Self {
        Self(bytes)
    }

    /// The three bytes.
    pub const fn as_bytes(&self) -> &[u8; 3] {
        &self.0
    }

    /// The code as text; three U+FFFD if a peer sent bytes that are not UTF-8.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("\u{fffd}\u{fffd}\u{fffd}")
    }

    pub(crate) fn is_printable(&self) -> bool {
        self.0.iter().all(u8::is_ascii_graphic)
    }

    /// Whether JavaScript sees three characters in these bytes, which is what the TOON
    /// connector asks of a code. It counts UTF-16 units and replaces what is not UTF-8.
    pub(crate) fn is_three_utf16_units(&self) -> bool {
        let units: usize = self
            .0
            .utf8_chunks()
            .map(|chunk| {
                let replaced = usize::from(!chunk.invalid().is_empty());
                chunk.valid().encode_utf16().count() + replaced
            })
            .sum();
        units == 3
    }
}

impl std::str::FromStr for RejectCode {
    type Err = RejectCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = Self(text.as_bytes().try_into().map_err(|_| RejectCodeError)?);
        code.is_printable().then_some(code).ok_or(RejectCodeError)
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}
