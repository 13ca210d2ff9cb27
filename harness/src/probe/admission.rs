//! The first exchange on a BTP connection that the other side opened.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use wire::auth::{AUTH, AUTH_TOKEN, AUTH_USERNAME};
use wire::{BtpBody, BtpData, BtpFrame, BtpType, Codec, Dialect, Expiry, ProtocolEntry};

use super::auth::Credentials;
use super::websocket::{ByteStream, ConnectionEnd, Incoming, UpgradeError, WebSocket};
use crate::secret::Secret;

/// Reason of the close after a refusal (contract#auth-refused); RFC-0023 leaves it open.
const CLOSE_REASON: &str = "Authentication failed";

/// How long to wait for the refused side to close as well.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// Why a connection that the other side opened is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// No WebSocket.
    #[error("accept a connection")]
    Upgrade(#[from] UpgradeError),
    /// It said something, but not who it is in a way that is let in. It was answered with an
    /// ERROR and a close.
    #[error("accept a connection: {0}")]
    Refused(Refusal),
    /// It did not say who it is in time.
    #[error("accept a connection: no authentication within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection ended before it had said who it is, or before the answer was written.
    #[error("accept a connection: connection {0}")]
    Ended(ConnectionEnd),
}

/// What is wrong with an authentication.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The first message is no authentication, or none that the dialect allows.
    #[error("the first message is not an authentication: {0}")]
    Malformed(&'static str),
    /// Nobody of that name is expected.
    #[error("peer {0:?} is unknown")]
    UnknownPeer(String),
    /// The secret is not that peer's.
    #[error("peer {0:?} has another secret")]
    WrongSecret(String),
}

/// Who was let in, and how long it took from the upgrade to its authentication.
pub(super) struct Admitted {
    pub(super) peer_id: String,
    pub(super) took: Duration,
}

/// Awaits the authentication for at most `limit`, answers it, and closes if it is refused.
pub(super) async fn admit<S: ByteStream>(
    mut socket: WebSocket<S>,
    codec: &Codec,
    accounts: &[Credentials],
    limit: Duration,
) -> Result<(WebSocket<S>, Admitted), AcceptError> {
    let started = Instant::now();
    let first = async {
        loop {
            let bytes = match socket.receive().await {
                Incoming::Binary(bytes) => bytes,
                Incoming::Text(text) => Bytes::from(text),
                Incoming::Ended(end) => return Err(AcceptError::Ended(end)),
            };
            if codec.decode_frame(&bytes).is_ok() {
                return Ok(bytes);
            }
            // The contract's connector answers what it cannot decode and goes on waiting
            // (contract#undecodable-frame); RFC-0023 has it ignored.
            if codec.dialect() == Dialect::Toon {
                let _ = socket.send(error_frame(codec, 0)).await;
            }
        }
    };
    let Ok(first) = tokio::time::timeout(limit, first).await else {
        close(socket).await;
        return Err(AcceptError::TimedOut(limit));
    };
    let bytes = first?;
    let Ok(frame) = codec.decode_frame(&bytes) else {
        // Decoded once already.
        return Err(AcceptError::Refused(Refusal::Malformed("unreadable")));
    };
    match claim(&frame, codec.dialect())
        .map_err(Refusal::Malformed)
        .and_then(|claim| check(claim, accounts))
    {
        Ok(peer_id) => {
            let took = started.elapsed();
            let answer = encode(codec, &BtpFrame::response_empty(frame.request_id));
            socket.send(answer).await.map_err(AcceptError::Ended)?;
            Ok((socket, Admitted { peer_id, took }))
        }
        Err(refusal) => {
            // Whether the refused side still listens changes nothing.
            let _ = socket.send(error_frame(codec, frame.request_id)).await;
            close(socket).await;
            Err(AcceptError::Refused(refusal))
        }
    }
}

async fn close<S: ByteStream>(socket: WebSocket<S>) {
    let frame = CloseFrame {
        code: CloseCode::Policy,
        reason: CLOSE_REASON.into(),
    };
    socket.close_with(frame, GOODBYE_LIMIT).await;
}

/// Holds a claim against the accounts.
fn check(claim: Claim, accounts: &[Credentials]) -> Result<String, Refusal> {
    // Digests are compared, so that the time it takes says nothing about the secret.
    let digest = |secret: &Secret| Sha256::digest(secret.expose());
    let account = accounts
        .iter()
        .find(|account| account.peer_id == claim.peer_id);
    match account {
        None => Err(Refusal::UnknownPeer(claim.peer_id)),
        Some(account) if digest(&account.secret) == digest(&claim.secret) => Ok(claim.peer_id),
        Some(_) => Err(Refusal::WrongSecret(claim.peer_id)),
    }
}

/// What an authentication says.
struct Claim {
    peer_id: String,
    secret: Secret,
}

fn claim(frame: &BtpFrame<'_>, dialect: Dialect) -> Result<Claim, &'static str> {
    match frame.body {
        BtpBody::Data(data) if data.kind == BtpType::Message => match dialect {
            Dialect::Toon => json_claim(&data),
            Dialect::Rfc => rfc_claim(&data),
        },
        BtpBody::Data(_) | BtpBody::Error(_) => Err("it is not a MESSAGE"),
    }
}

/// One entry `auth` in any place with JSON of two texts, of which the name is not empty; a packet
/// in the same message is dropped (contract#auth-lenient).
fn json_claim(data: &BtpData<'_>) -> Result<Claim, &'static str> {
    let entry = data.protocol_data.get(AUTH).ok_or("no entry `auth`")?;
    let json: serde_json::Value =
        serde_json::from_slice(entry.data).map_err(|_| "`auth` is not JSON")?;
    let text = |name| json.get(name).and_then(serde_json::Value::as_str);
    let peer_id = text("peerId").filter(|id| !id.is_empty());
    Ok(Claim {
        peer_id: peer_id.ok_or("no peerId")?.to_owned(),
        secret: text("secret").ok_or("no secret")?.into(),
    })
}

/// The entry `auth` first, as empty bytes, then name and token as text, no name twice (RFC-0023,
/// section on authentication).
fn rfc_claim(data: &BtpData<'_>) -> Result<Claim, &'static str> {
    let entries = data.protocol_data;
    let first = entries.iter().next().ok_or("no entry `auth`")?;
    if first.name != *AUTH {
        return Err("the first entry is not `auth`");
    }
    if first.content_type != ProtocolEntry::OCTET_STREAM || !first.data.is_empty() {
        return Err("`auth` is not empty bytes");
    }
    if !data.ilp.is_empty() {
        return Err("it carries a packet");
    }
    let mut names = HashSet::new();
    if !entries
        .iter()
        .all(|entry| names.insert(entry.name.as_bytes()))
    {
        return Err("an entry is there twice");
    }
    let text = |name| {
        let entry = entries.get(name)?;
        if entry.content_type != ProtocolEntry::TEXT {
            return None;
        }
        std::str::from_utf8(entry.data).ok()
    };
    Ok(Claim {
        peer_id: text(AUTH_USERNAME)
            .ok_or("no text `auth_username`")?
            .to_owned(),
        secret: text(AUTH_TOKEN).ok_or("no text `auth_token`")?.into(),
    })
}

/// The ERROR that the dialect's servers answer with: code and name of contract#btp-error, or of
/// RFC-0023's table.
pub(super) fn error_frame(codec: &Codec, request_id: u32) -> Vec<u8> {
    let now = Expiry::from(SystemTime::now());
    let (name, time) = match codec.dialect() {
        Dialect::Toon => ("BTPError", now.to_string()),
        Dialect::Rfc => ("NotAcceptedError", now.to_generalized_time()),
    };
    encode(codec, &BtpFrame::error(request_id, "F00", name, &time))
}

fn encode(codec: &Codec, frame: &BtpFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Both kinds of frame that are made here fit into either dialect.
    let _ = codec.encode_frame(frame, &mut bytes);
    bytes
}
