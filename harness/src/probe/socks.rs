//! Dialling through a SOCKS5 proxy, with names resolved by the proxy (SOCKS5h).
//!
//! A small client of its own instead of a crate, because a verdict needs the reply code: "host
//! unreachable" and tor's extended codes each point at a different stage of an onion circuit.
//! The name always travels as a domain (address type 3), even when it looks like an IP address,
//! so that this client cannot resolve, and therefore cannot leak, any name.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where to connect to: a host name or address literal, and a port.
///
/// `Debug` and `Display` show only the port: the host may be an onion address, and those must not
/// reach a log or an error text.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// A target from its parts. The host is not looked at until it is dialled.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
        }
    }

    /// The host, unredacted.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[redacted]:{}", self.port)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// SOCKS user name and password, which onion daemons use to keep circuits apart: two streams with
/// different values never share a circuit.
///
/// When isolation is asked for, only the user name/password method is offered, so that a proxy
/// which ignores it is noticed instead of silently mixing circuits.
#[derive(Clone, PartialEq, Eq)]
pub struct Isolation {
    username: String,
    password: String,
}

impl Isolation {
    /// An isolation key. Each part is 1 to 255 bytes long (RFC 1929).
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
        }
    }
}

impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Isolation([redacted])")
    }
}

/// An open connection and how long it took to get it.
#[derive(Debug)]
pub struct Dialed {
    /// The connection, positioned right after the proxy's reply, with Nagle's algorithm off.
    pub stream: TcpStream,
    /// From the first TCP packet towards the proxy (or the target) to the proxy's success reply.
    pub took: Duration,
}

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
}

impl fmt::Display for DialPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "the TCP connection",
            Self::Greeting => "the SOCKS greeting",
            Self::Authentication => "the SOCKS authentication",
            Self::Connect => "the SOCKS connect request",
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
    ProxyUnreachable(io::ErrorKind),
    /// No TCP connection to the target, dialled without a proxy.
    #[error("reach the target: {0}")]
    TargetUnreachable(io::ErrorKind),
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
        cause: io::ErrorKind,
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

/// Connects to `target` through the SOCKS5 proxy at `proxy`, all within `limit`.
///
/// # Errors
///
/// A [`DialError`] whose kind tells the proxy's own absence, the time limit, a refusal by code and
/// a broken proxy apart. Its text never contains the target's host.
pub async fn dial(
    proxy: SocketAddr,
    target: &Target,
    isolation: Option<&Isolation>,
    limit: Duration,
) -> Result<Dialed, DialError> {
    let started = Instant::now();
    let mut phase = DialPhase::Tcp;
    let result = tokio::time::timeout(limit, async {
        let mut stream = TcpStream::connect(proxy)
            .await
            .map_err(|error| DialErrorKind::ProxyUnreachable(error.kind()))?;
        prepare(&stream);
        handshake(&mut stream, target, isolation, &mut phase).await?;
        Ok(stream)
    })
    .await;
    finish(result, started, phase)
}

/// Connects to `target` without a proxy, within `limit`. Here the host is resolved locally.
///
/// # Errors
///
/// [`DialErrorKind::TargetUnreachable`] or [`DialErrorKind::TimedOut`].
pub async fn dial_direct(target: &Target, limit: Duration) -> Result<Dialed, DialError> {
    let started = Instant::now();
    let result = tokio::time::timeout(limit, async {
        let stream = TcpStream::connect((target.host.as_str(), target.port))
            .await
            .map_err(|error| DialErrorKind::TargetUnreachable(error.kind()))?;
        prepare(&stream);
        Ok(stream)
    })
    .await;
    finish(result, started, DialPhase::Tcp)
}

/// Packets are small and latency is what gets measured, so Nagle's algorithm goes off. A socket
/// that refuses the option still works, so the result does not matter.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
}

fn finish(
    result: Result<Result<TcpStream, DialErrorKind>, tokio::time::error::Elapsed>,
    started: Instant,
    phase: DialPhase,
) -> Result<Dialed, DialError> {
    let elapsed = started.elapsed();
    match result {
        Ok(Ok(stream)) => Ok(Dialed {
            stream,
            took: elapsed,
        }),
        Ok(Err(kind)) => Err(DialError { kind, elapsed }),
        Err(_) => Err(DialError {
            kind: DialErrorKind::TimedOut(phase),
            elapsed,
        }),
    }
}

const VERSION: u8 = 5;
const METHOD_NONE: u8 = 0;
const METHOD_PASSWORD: u8 = 2;
const METHOD_UNACCEPTABLE: u8 = 0xFF;
const PASSWORD_VERSION: u8 = 1;
const COMMAND_CONNECT: u8 = 1;
const ADDRESS_IPV4: u8 = 1;
const ADDRESS_DOMAIN: u8 = 3;
const ADDRESS_IPV6: u8 = 4;

/// The SOCKS5 conversation on an open connection. `phase` always names the step under way, also
/// when the future is dropped by a time limit.
async fn handshake<S>(
    stream: &mut S,
    target: &Target,
    isolation: Option<&Isolation>,
    phase: &mut DialPhase,
) -> Result<(), DialErrorKind>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = connect_request(target)?;

    *phase = DialPhase::Greeting;
    let method = if isolation.is_some() {
        METHOD_PASSWORD
    } else {
        METHOD_NONE
    };
    send(stream, &[VERSION, 1, method], *phase).await?;
    let [version, chosen] = receive(stream, *phase).await?;
    if version != VERSION {
        return Err(protocol(*phase, "the version is not 5"));
    }
    if chosen == METHOD_UNACCEPTABLE {
        return Err(DialErrorKind::NoAcceptableMethod);
    }
    if chosen != method {
        return Err(protocol(*phase, "it chose a method that was not offered"));
    }

    if let Some(isolation) = isolation {
        *phase = DialPhase::Authentication;
        send(stream, &password_request(isolation)?, *phase).await?;
        let [_version, status] = receive(stream, *phase).await?;
        if status != 0 {
            return Err(DialErrorKind::AuthenticationRefused(status));
        }
    }

    *phase = DialPhase::Connect;
    send(stream, &request, *phase).await?;
    let [version, reply, _reserved, address_type] = receive(stream, *phase).await?;
    if version != VERSION {
        return Err(protocol(*phase, "the version is not 5"));
    }
    if let Some(code) = ReplyCode::from_byte(reply) {
        return Err(DialErrorKind::Refused(code));
    }
    // The bound address is of no use to anyone behind an onion daemon, but must be read to the
    // last byte, or it would be taken for the peer's first bytes.
    let length = match address_type {
        ADDRESS_IPV4 => 4,
        ADDRESS_IPV6 => 16,
        ADDRESS_DOMAIN => {
            let [length] = receive(stream, *phase).await?;
            usize::from(length)
        }
        _ => return Err(protocol(*phase, "the bound address has an unknown type")),
    };
    let mut rest = [0u8; 255 + 2];
    read(stream, &mut rest[..length + 2], *phase).await
}

fn connect_request(target: &Target) -> Result<Vec<u8>, DialErrorKind> {
    let host = target.host.as_bytes();
    let length = match u8::try_from(host.len()) {
        Ok(0) => return Err(DialErrorKind::Unencodable("the host is empty")),
        Ok(length) => length,
        Err(_) => {
            return Err(DialErrorKind::Unencodable(
                "the host is longer than 255 bytes",
            ));
        }
    };
    let mut request = Vec::with_capacity(7 + host.len());
    request.extend_from_slice(&[VERSION, COMMAND_CONNECT, 0, ADDRESS_DOMAIN, length]);
    request.extend_from_slice(host);
    request.extend_from_slice(&target.port.to_be_bytes());
    Ok(request)
}

fn password_request(isolation: &Isolation) -> Result<Vec<u8>, DialErrorKind> {
    let mut request = vec![PASSWORD_VERSION];
    for part in [&isolation.username, &isolation.password] {
        match u8::try_from(part.len()) {
            Ok(length) if length > 0 => request.push(length),
            _ => {
                return Err(DialErrorKind::Unencodable(
                    "a part of the isolation key is not 1 to 255 bytes long",
                ));
            }
        }
        request.extend_from_slice(part.as_bytes());
    }
    Ok(request)
}

fn protocol(phase: DialPhase, problem: &'static str) -> DialErrorKind {
    DialErrorKind::Protocol { phase, problem }
}

async fn send<S>(stream: &mut S, bytes: &[u8], phase: DialPhase) -> Result<(), DialErrorKind>
where
    S: AsyncWrite + Unpin,
{
    stream
        .write_all(bytes)
        .await
        .map_err(|error| DialErrorKind::Lost {
            phase,
            cause: error.kind(),
        })
}

async fn read<S>(stream: &mut S, buffer: &mut [u8], phase: DialPhase) -> Result<(), DialErrorKind>
where
    S: AsyncRead + Unpin,
{
    stream
        .read_exact(buffer)
        .await
        .map(|_| ())
        .map_err(|error| DialErrorKind::Lost {
            phase,
            cause: error.kind(),
        })
}

async fn receive<S, const N: usize>(
    stream: &mut S,
    phase: DialPhase,
) -> Result<[u8; N], DialErrorKind>
where
    S: AsyncRead + Unpin,
{
    let mut buffer = [0u8; N];
    read(stream, &mut buffer, phase).await?;
    Ok(buffer)
}
