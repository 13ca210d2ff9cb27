//! The SOCKS5 conversation (RFC 1928, RFC 1929).

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{DialErrorKind, DialPhase, ReplyCode};
use super::target::{Isolation, Target};

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
pub(super) async fn handshake<S>(
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
    let host = target.host().as_bytes();
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
    request.extend_from_slice(&target.port().to_be_bytes());
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
            cause: error.into(),
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
            cause: error.into(),
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
