//! How a dial fails.

use std::fmt;
use std::time::Duration;

use crate::probe::io_cause::IoCause;

/// How far a dial had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialPhase {
    /// The TCP connection to the proxy (or, without a proxy, to the target).
    Tcp,
    /// Agreement on a SOCKS authentication method.
    Greeting,
    /// The SOCKS user name and password.
    Authentication,
    /// The CONNECT request, which is where an onion daemon builds its circuits.
    Connect,
    /// The TLS handshake with the target.
    Tls,
}

impl fmt::Display for DialPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "the TCP connection",
            Self::Greeting => "the SOCKS greeting",
            Self::Authentication => "the SOCKS authentication",
            Self::Connect => "the SOCKS connect request",
            Self::Tls => "the TLS handshake",
        })
    }
}

/// A SOCKS5 reply other than success: RFC 1928 section 6, and from 0xF0 on the extended codes that
/// tor sends when its `ExtendedErrors` port flag is set (proposal 304).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyCode {
    /// 01: general SOCKS server failure.
    GeneralFailure,
    /// 02: connection not allowed by the rule set.
    NotAllowed,
    /// 03: network unreachable.
    NetworkUnreachable,
    /// 04: host unreachable; without extended codes, every onion failure looks like this.
    HostUnreachable,
    /// 05: connection refused; the circuit stands and the service's port is closed.
    ConnectionRefused,
    /// 06: TTL expired; onion daemons also send it when a circuit timed out.
    TtlExpired,
    /// 07: command not supported.
    CommandNotSupported,
    /// 08: address type not supported.
    AddressTypeNotSupported,
    /// F0: the onion service's descriptor cannot be found.
    DescriptorNotFound,
    /// F1: the onion service's descriptor is invalid.
    DescriptorInvalid,
    /// F2: introduction to the onion service failed.
    IntroductionFailed,
    /// F3: the rendezvous with the onion service failed.
    RendezvousFailed,
    /// F4: the onion service needs client authorization and none was given.
    MissingClientAuthorization,
    /// F5: the client authorization given was wrong.
    WrongClientAuthorization,
    /// F6: the onion address is not well formed.
    InvalidOnionAddress,
    /// F7: introduction to the onion service timed out.
    IntroductionTimedOut,
    /// Any other byte.
    Other(u8),
}

impl ReplyCode {
    /// The meaning of a reply byte; `None` for 0, which is success.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x00 => return None,
            0x01 => Self::GeneralFailure,
            0x02 => Self::NotAllowed,
            0x03 => Self::NetworkUnreachable,
            0x04 => Self::HostUnreachable,
            0x05 => Self::ConnectionRefused,
            0x06 => Self::TtlExpired,
            0x07 => Self::CommandNotSupported,
            0x08 => Self::AddressTypeNotSupported,
            0xF0 => Self::DescriptorNotFound,
            0xF1 => Self::DescriptorInvalid,
            0xF2 => Self::IntroductionFailed,
            0xF3 => Self::RendezvousFailed,
            0xF4 => Self::MissingClientAuthorization,
            0xF5 => Self::WrongClientAuthorization,
            0xF6 => Self::InvalidOnionAddress,
            0xF7 => Self::IntroductionTimedOut,
            other => Self::Other(other),
        })
    }

    /// The byte on the wire.
    #[must_use]
    pub fn to_byte(self) -> u8 {
        match self {
            Self::GeneralFailure => 0x01,
            Self::NotAllowed => 0x02,
            Self::NetworkUnreachable => 0x03,
            Self::HostUnreachable => 0x04,
            Self::ConnectionRefused => 0x05,
            Self::TtlExpired => 0x06,
            Self::CommandNotSupported => 0x07,
            Self::AddressTypeNotSupported => 0x08,
            Self::DescriptorNotFound => 0xF0,
            Self::DescriptorInvalid => 0xF1,
            Self::IntroductionFailed => 0xF2,
            Self::RendezvousFailed => 0xF3,
            Self::MissingClientAuthorization => 0xF4,
            Self::WrongClientAuthorization => 0xF5,
            Self::InvalidOnionAddress => 0xF6,
            Self::IntroductionTimedOut => 0xF7,
            Self::Other(byte) => byte,
        }
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self {
            Self::GeneralFailure => "general failure",
            Self::NotAllowed => "not allowed by the rule set",
            Self::NetworkUnreachable => "network unreachable",
            Self::HostUnreachable => "host unreachable",
            Self::ConnectionRefused => "connection refused",
            Self::TtlExpired => "TTL expired",
            Self::CommandNotSupported => "command not supported",
            Self::AddressTypeNotSupported => "address type not supported",
            Self::DescriptorNotFound => "onion service descriptor not found",
            Self::DescriptorInvalid => "onion service descriptor invalid",
            Self::IntroductionFailed => "onion service introduction failed",
            Self::RendezvousFailed => "onion service rendezvous failed",
            Self::MissingClientAuthorization => "onion service client authorization missing",
            Self::WrongClientAuthorization => "onion service client authorization wrong",
            Self::InvalidOnionAddress => "onion address not well formed",
            Self::IntroductionTimedOut => "onion service introduction timed out",
            Self::Other(_) => "unassigned code",
        };
        write!(f, "{meaning} (SOCKS reply {:02X})", self.to_byte())
    }
}

/// What went wrong with a dial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialErrorKind {
    /// No TCP connection to the proxy; nothing is known about the target.
    #[error("reach the SOCKS proxy: {0}")]
    ProxyUnreachable(IoCause),
    /// No TCP connection to the target, dialled without a proxy.
    #[error("reach the target: {0}")]
    TargetUnreachable(IoCause),
    /// The target was reached, and TLS with it was not to be had.
    #[error("agree on TLS with the target: {0}")]
    Tls(String),
    /// The time limit ran out.
    #[error("finish {0} within the time limit")]
    TimedOut(DialPhase),
    /// The proxy answered the connect request with a code other than success.
    #[error("connect through the SOCKS proxy: {0}")]
    Refused(ReplyCode),
    /// The proxy accepts none of the offered authentication methods.
    #[error("agree with the SOCKS proxy on an authentication method")]
    NoAcceptableMethod,
    /// The proxy refused the user name and password.
    #[error("authenticate at the SOCKS proxy: status {0}")]
    AuthenticationRefused(u8),
    /// What answered does not speak SOCKS5.
    #[error("understand the SOCKS proxy in {phase}: {problem}")]
    Protocol {
        /// Where it happened.
        phase: DialPhase,
        /// What was wrong with the answer.
        problem: &'static str,
    },
    /// The proxy closed or reset the connection before it had answered.
    #[error("keep the connection to the SOCKS proxy in {phase}: {cause}")]
    Lost {
        /// Where it happened.
        phase: DialPhase,
        /// How the connection ended.
        cause: IoCause,
    },
    /// The target or the isolation key cannot be put into a SOCKS request.
    #[error("write the SOCKS request: {0}")]
    Unencodable(&'static str),
}

/// A dial that failed, and after how long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (after {} ms)", .elapsed.as_millis())]
pub struct DialError {
    /// What went wrong.
    pub kind: DialErrorKind,
    /// Time from the start of the dial to the failure.
    pub elapsed: Duration,
}

impl DialErrorKind {
    /// Whether a dial of an onion service came to nothing on the way there, without a word from its end. A port that leads
    /// nowhere is told through the circuit, as a refusal or as a general failure.
    #[must_use]
    pub const fn is_of_the_way(&self) -> bool {
        matches!(
            self,
            Self::TimedOut(_)
                | Self::Refused(
                    ReplyCode::NetworkUnreachable
                        | ReplyCode::HostUnreachable
                        | ReplyCode::TtlExpired
                        | ReplyCode::DescriptorNotFound
                        | ReplyCode::IntroductionFailed
                        | ReplyCode::RendezvousFailed
                )
        )
    }
}
