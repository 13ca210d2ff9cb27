//! BTP frames, the same in both dialects.

use crate::{Expiry, ProtocolData, Text};

/// A BTP frame (contract#btp-frame, contract#btp-error, RFC-0023).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BtpFrame<'a> {
    /// Ties an answer to its request; every value is valid.
    pub request_id: u32,
    /// What it says.
    pub body: BtpBody<'a>,
}

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BtpBody<'a> {
    /// Any type but ERROR.
    Data(BtpData<'a>),
    /// Type 2: the request could not be understood or served.
    Error(BtpError<'a>),
}

/// The body of every type but ERROR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BtpData<'a> {
    /// Which type.
    pub kind: BtpType,
    /// The amount of a TRANSFER in the `rfc` dialect, otherwise 0.
    pub amount: u64,
    /// Named values beside the packet.
    pub protocol_data: ProtocolData<'a>,
    /// The ILP packet, undecoded; empty if there is none.
    pub ilp: &'a [u8],
}

/// The body of an ERROR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BtpError<'a> {
    /// Three characters, for instance `F00`.
    pub code: Text<'a>,
    /// The error's name. The TOON connector always says `BTPError` (contract#btp-error).
    pub name: Text<'a>,
    /// When it arose: ISO 8601 in the `toon` dialect, a generalized time in `rfc`, which lenient
    /// decoders leave as it came.
    pub triggered_at: Text<'a>,
    /// Further detail.
    pub data: &'a [u8],
    /// Named values; only the `rfc` dialect has them here.
    pub protocol_data: ProtocolData<'a>,
}

impl BtpError<'_> {
    /// The time in [`triggered_at`](Self::triggered_at), whichever dialect wrote it; `None` if it
    /// is in neither layout. A generalized time may have trailing zeros here: the package
    /// `btp-packet` leaves them (contract#defect-btp-packet-times).
    pub fn triggered_at_time(&self) -> Option<Expiry> {
        let bytes = self.triggered_at.as_bytes();
        Expiry::from_generalized_time(bytes)
            .or_else(|| Expiry::from_toon_time(bytes))
            .or_else(|| self.triggered_at.as_str()?.parse().ok())
    }
}

/// The types that share one layout: all but ERROR, whose body is [`BtpError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BtpType {
    /// The answer to a request.
    Response = 1,
    /// BTP 1.0 only; the `rfc` dialect no longer has it.
    Prepare = 3,
    /// BTP 1.0 only; the `rfc` dialect no longer has it.
    Fulfill = 4,
    /// BTP 1.0 only; the `rfc` dialect no longer has it.
    Reject = 5,
    /// A request.
    Message = 6,
    /// A request that moves money on the ledger that the two peers share.
    Transfer = 7,
}

/// The type byte of an ERROR.
pub(crate) const ERROR_TYPE: u8 = 2;

impl BtpType {
    /// The type byte.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The name in the documents, for instance `MESSAGE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Response => "RESPONSE",
            Self::Prepare => "PREPARE",
            Self::Fulfill => "FULFILL",
            Self::Reject => "REJECT",
            Self::Message => "MESSAGE",
            Self::Transfer => "TRANSFER",
        }
    }

    /// The type with that byte; `None` for ERROR and for bytes that are no type.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Response,
            3 => Self::Prepare,
            4 => Self::Fulfill,
            5 => Self::Reject,
            6 => Self::Message,
            7 => Self::Transfer,
            _ => return None,
        })
    }
}

impl<'a> BtpFrame<'a> {
    /// A frame of that type with all it can carry.
    pub const fn data(
        request_id: u32,
        kind: BtpType,
        protocol_data: ProtocolData<'a>,
        ilp: &'a [u8],
    ) -> Self {
        Self {
            request_id,
            body: BtpBody::Data(BtpData {
                kind,
                amount: 0,
                protocol_data,
                ilp,
            }),
        }
    }

    /// A MESSAGE that carries a packet and nothing else.
    pub const fn message(request_id: u32, ilp: &'a [u8]) -> Self {
        Self::data(request_id, BtpType::Message, ProtocolData::EMPTY, ilp)
    }

    /// A MESSAGE that carries named values and no packet, for instance to authenticate
    /// (see [`auth`](crate::auth)).
    pub const fn message_with(request_id: u32, protocol_data: ProtocolData<'a>) -> Self {
        Self::data(request_id, BtpType::Message, protocol_data, &[])
    }

    /// A RESPONSE that carries a packet and nothing else.
    pub const fn response(request_id: u32, ilp: &'a [u8]) -> Self {
        Self::data(request_id, BtpType::Response, ProtocolData::EMPTY, ilp)
    }

    /// A RESPONSE without content, which is how authentication is granted.
    pub const fn response_empty(request_id: u32) -> Self {
        Self::response(request_id, &[])
    }

    /// An ERROR without data. `triggered_at` must be in the layout of the dialect: what
    /// [`Expiry`] displays for `toon`, [`Expiry::to_generalized_time`] for `rfc`.
    pub fn error(request_id: u32, code: &'a str, name: &'a str, triggered_at: &'a str) -> Self {
        Self {
            request_id,
            body: BtpBody::Error(BtpError {
                code: code.into(),
                name: name.into(),
                triggered_at: triggered_at.into(),
                data: &[],
                protocol_data: ProtocolData::EMPTY,
            }),
        }
    }

    /// The type byte, 1 to 7.
    pub const fn type_code(&self) -> u8 {
        match self.body {
            BtpBody::Data(data) => data.kind.code(),
            BtpBody::Error(_) => ERROR_TYPE,
        }
    }

    /// The name of the type in the documents, for instance `MESSAGE`.
    pub const fn type_name(&self) -> &'static str {
        match self.body {
            BtpBody::Data(data) => data.kind.name(),
            BtpBody::Error(_) => "ERROR",
        }
    }

    /// The type, unless it is ERROR.
    pub const fn kind(&self) -> Option<BtpType> {
        match self.body {
            BtpBody::Data(data) => Some(data.kind),
            BtpBody::Error(_) => None,
        }
    }

    /// The packet, empty if there is none.
    pub const fn ilp(&self) -> &'a [u8] {
        match self.body {
            BtpBody::Data(data) => data.ilp,
            BtpBody::Error(_) => &[],
        }
    }

    /// The named values.
    pub const fn protocol_data(&self) -> ProtocolData<'a> {
        match self.body {
            BtpBody::Data(data) => data.protocol_data,
            BtpBody::Error(error) => error.protocol_data,
        }
    }
}
