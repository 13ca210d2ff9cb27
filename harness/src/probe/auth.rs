//! The first exchange on a BTP connection.

use std::time::{Duration, Instant};

use wire::auth::{auth_json, json_entries, rfc_entries};
use wire::{BtpBody, BtpFrame, BtpType, Codec, Dialect, EncodeError, ProtocolData};

use super::websocket::{ByteStream, ConnectionEnd, Incoming, WebSocket};
use crate::secret::Secret;

/// Request id of the authentication: the first of the connection, as the connector's own client
/// numbers it (contract#request-id).
pub(super) const AUTH_REQUEST_ID: u32 = 1;

/// How long to wait for the close that a connector sends about 100 ms after it refused
/// (contract#auth-refused). Generous, because on an onion circuit it takes another round trip.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// As whom to authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name the other side looks the secret up by.
    pub peer_id: String,
    /// The shared secret; may be empty where the other side allows that.
    pub secret: Secret,
}

impl Credentials {
    /// Credentials from their parts.
    pub fn new(peer_id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self {
            peer_id: peer_id.into(),
            secret: secret.into(),
        }
    }

    /// The BTP frame that presents these credentials in the codec's dialect: for `toon` one entry
    /// `auth` with JSON (contract#auth-message), for `rfc` the three entries of RFC-0023.
    ///
    /// # Errors
    ///
    /// If a part is too long for the dialect.
    pub fn auth_frame(&self, codec: &Codec, request_id: u32) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::new();
        let secret = self.secret.expose();
        match codec.dialect() {
            Dialect::Toon => {
                let json = auth_json(&self.peer_id, secret);
                let entries = json_entries(&json);
                let frame = BtpFrame::message_with(request_id, ProtocolData::new(&entries));
                codec.encode_frame(&frame, &mut bytes)?;
            }
            Dialect::Rfc => {
                let entries = rfc_entries(&self.peer_id, secret);
                let frame = BtpFrame::message_with(request_id, ProtocolData::new(&entries));
                codec.encode_frame(&frame, &mut bytes)?;
            }
        }
        Ok(bytes)
    }
}

/// Why the other side did not let us in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// It answered with a BTP ERROR. The contract's answer to every refusal is `F00`, `BTPError`,
    /// then close 1008 `Authentication failed`.
    #[error("authenticate: refused with {code} {name}, {}", match .end {
        Some(end) => format!("connection {end}"),
        None => "connection kept open".to_owned(),
    })]
    Refused {
        /// The ERROR's code.
        code: String,
        /// The ERROR's name.
        name: String,
        /// How the connection ended after that; `None` if it did not within five seconds.
        end: Option<ConnectionEnd>,
    },
    /// No answer came in time.
    #[error("authenticate: no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection ended without an answer.
    #[error("authenticate: connection {0}")]
    Ended(ConnectionEnd),
    /// Something came that is no answer to an authentication.
    #[error("authenticate: unexpected answer: {0}")]
    Unexpected(String),
    /// The credentials cannot be expressed in the dialect.
    #[error("authenticate: {0}")]
    Encode(EncodeError),
}

/// Sends the credentials and awaits the verdict for at most `limit`; returns how long it took.
pub(super) async fn authenticate<S: ByteStream>(
    socket: &mut WebSocket<S>,
    codec: &Codec,
    credentials: &Credentials,
    limit: Duration,
) -> Result<Duration, AuthError> {
    let frame = credentials
        .auth_frame(codec, AUTH_REQUEST_ID)
        .map_err(AuthError::Encode)?;
    let started = Instant::now();
    let exchange = async {
        // A failed write may hide a close frame that explains it, so the answer is read anyway.
        let _ = socket.send(frame).await;
        socket.receive().await
    };
    let incoming = tokio::time::timeout(limit, exchange)
        .await
        .map_err(|_| AuthError::TimedOut(limit))?;
    let bytes = match incoming {
        Incoming::Binary(bytes) => bytes,
        Incoming::Text(_) => return Err(AuthError::Unexpected("a text message".to_owned())),
        Incoming::Ended(end) => return Err(AuthError::Ended(end)),
    };
    let took = started.elapsed();
    let frame = codec
        .decode_frame(&bytes)
        .map_err(|error| AuthError::Unexpected(format!("a frame undecodable {error}")))?;
    match frame.body {
        BtpBody::Data(data)
            if data.kind == BtpType::Response && frame.request_id == AUTH_REQUEST_ID =>
        {
            Ok(took)
        }
        BtpBody::Error(error) => {
            let code = error.code.to_string();
            let name = error.name.to_string();
            let end = match socket.next(CLOSE_LIMIT).await {
                Some(Incoming::Ended(end)) => Some(end),
                Some(Incoming::Binary(_) | Incoming::Text(_)) | None => None,
            };
            Err(AuthError::Refused { code, name, end })
        }
        BtpBody::Data(_) => Err(AuthError::Unexpected(format!(
            "{} with request id {}",
            frame.type_name(),
            frame.request_id
        ))),
    }
}
