//! The WebSocket layer below BTP: the upgrade, single messages, and how a connection ended.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::io_cause::IoCause;
use super::socks::Target;

/// Largest message that is accepted from the other side. A peer may send 100 MiB
/// (contract#ws-size); a probe never asks for more than this.
pub const MAX_MESSAGE: usize = 16 << 20;

/// The same on both sides.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(32 * 1024)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

/// Any byte stream a session can run over: TCP, a SOCKS connection, an in-memory pipe.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for S {}

/// How a connection ended, as far as this side can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// A close frame arrived. Without a code in it the code is 1005 (RFC 6455 section 7.1.5).
    Closed {
        /// The close code.
        code: u16,
        /// The reason text, possibly empty.
        reason: String,
    },
    /// The byte stream ended without a close frame.
    Eof,
    /// The byte stream broke, for example by a reset.
    Broken(IoCause),
    /// The other side violated the WebSocket protocol; the text says how.
    Violation(String),
    /// This side closed it.
    Local,
}

impl fmt::Display for ConnectionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { code, reason } if reason.is_empty() => write!(f, "closed with {code}"),
            Self::Closed { code, reason } => write!(f, "closed with {code} {reason:?}"),
            Self::Eof => f.write_str("ended without a close frame"),
            Self::Broken(cause) => write!(f, "broken: {cause}"),
            Self::Violation(problem) => write!(f, "WebSocket protocol violated: {problem}"),
            Self::Local => f.write_str("closed by this side"),
        }
    }
}

impl ConnectionEnd {
    /// Translates what the WebSocket library reports.
    pub(crate) fn from_error(error: &Error) -> Self {
        match error {
            Error::ConnectionClosed | Error::AlreadyClosed => Self::Eof,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Eof,
            Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Eof,
            Error::Io(error) => Self::Broken(error.into()),
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                Self::Violation(format!("message of {size} bytes, limit {max_size}"))
            }
            other => Self::Violation(other.to_string()),
        }
    }

    pub(crate) fn from_close(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self::Closed {
                code: frame.code.into(),
                reason: frame.reason.to_string(),
            },
            None => Self::Closed {
                code: 1005,
                reason: String::new(),
            },
        }
    }
}

/// Why there is no WebSocket on an open byte stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The other side did not answer the upgrade request in time.
    #[error("upgrade to WebSocket within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It answered with an HTTP status other than 101.
    #[error("upgrade to WebSocket: HTTP status {0}")]
    Status(u16),
    /// The connection ended before the answer was complete.
    #[error("upgrade to WebSocket: connection {0}")]
    Ended(ConnectionEnd),
    /// The request could not be written, for example because the host is not a host name.
    #[error("write the WebSocket upgrade request")]
    Request,
}

/// One message or the end of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A binary message.
    Binary(Bytes),
    /// A text message.
    Text(String),
    /// The connection is over; nothing follows.
    Ended(ConnectionEnd),
}

/// A WebSocket on which single messages, also nonsensical ones, are sent and awaited.
///
/// This is the layer for cases that a [`Session`](super::Session) would refuse to produce. Pings
/// are answered by the library and not reported.
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: WebSocketStream<S>,
    /// Time from the upgrade request to its answer; on the accepting side, from the moment that
    /// the request was waited for.
    upgrade: Duration,
    ended: Option<ConnectionEnd>,
}

impl<S: ByteStream> WebSocket<S> {
    /// Sends the upgrade request for the resource of `target` over `stream` and awaits the answer.
    ///
    /// # Errors
    ///
    /// An [`UpgradeError`] that tells silence, an HTTP refusal and a lost connection apart.
    pub async fn upgrade(
        stream: S,
        target: &Target,
        limit: Duration,
    ) -> Result<Self, UpgradeError> {
        let scheme = if target.tls().is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{}", target.authority(), target.resource());
        let request = url
            .into_client_request()
            .map_err(|_| UpgradeError::Request)?;
        let started = Instant::now();
        let handshake =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config()));
        match tokio::time::timeout(limit, Box::pin(handshake)).await {
            Err(_) => Err(UpgradeError::TimedOut(limit)),
            Ok(Ok((stream, _response))) => Ok(Self {
                stream,
                upgrade: started.elapsed(),
                ended: None,
            }),
            Ok(Err(Error::Http(response))) => Err(UpgradeError::Status(response.status().as_u16())),
            Ok(Err(Error::HttpFormat(_) | Error::Url(_))) => Err(UpgradeError::Request),
            Ok(Err(error)) => Err(UpgradeError::Ended(ConnectionEnd::from_error(&error))),
        }
    }

    /// Answers the upgrade request that comes over `stream` within `limit`. Path, query and headers
    /// are not looked at, as the contract's connector does not (contract#ws-upgrade), and no
    /// subprotocol is chosen.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::TimedOut`] or [`UpgradeError::Ended`]; the latter also if what came is no
    /// upgrade request.
    pub async fn accept(stream: S, limit: Duration) -> Result<Self, UpgradeError> {
        let started = Instant::now();
        let handshake = tokio_tungstenite::accept_async_with_config(stream, Some(config()));
        match tokio::time::timeout(limit, Box::pin(handshake)).await {
            Err(_) => Err(UpgradeError::TimedOut(limit)),
            Ok(Ok(stream)) => Ok(Self {
                stream,
                upgrade: started.elapsed(),
                ended: None,
            }),
            Ok(Err(error)) => Err(UpgradeError::Ended(ConnectionEnd::from_error(&error))),
        }
    }

    /// Time from the upgrade request to its answer; on the accepting side, from the moment that
    /// the request was waited for.
    #[must_use]
    pub fn upgrade_time(&self) -> Duration {
        self.upgrade
    }

    /// Sends one binary message at once.
    ///
    /// # Errors
    ///
    /// How the connection ended, if it has.
    pub async fn send(&mut self, message: impl Into<Bytes>) -> Result<(), ConnectionEnd> {
        self.send_message(Message::Binary(message.into())).await
    }

    /// Sends one text message at once.
    ///
    /// # Errors
    ///
    /// How the connection ended, if it has.
    pub async fn send_text(&mut self, text: &str) -> Result<(), ConnectionEnd> {
        self.send_message(Message::text(text)).await
    }

    /// Sends several binary messages in one burst, that is with a single flush.
    ///
    /// # Errors
    ///
    /// How the connection ended, if it has.
    pub async fn send_burst<I>(&mut self, messages: I) -> Result<(), ConnectionEnd>
    where
        I: IntoIterator,
        I::Item: Into<Bytes>,
    {
        for message in messages {
            let message = Message::Binary(message.into());
            if let Err(error) = self.stream.feed(message).await {
                return Err(self.end_by_error(&error));
            }
        }
        match self.stream.flush().await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.end_by_error(&error)),
        }
    }

    async fn send_message(&mut self, message: Message) -> Result<(), ConnectionEnd> {
        match self.stream.send(message).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.end_by_error(&error)),
        }
    }

    fn end_by_error(&mut self, error: &Error) -> ConnectionEnd {
        self.ended
            .get_or_insert_with(|| ConnectionEnd::from_error(error))
            .clone()
    }

    /// The next message or the end of the connection; `None` if neither comes within `limit`.
    ///
    /// After the end, the same end is returned again.
    pub async fn next(&mut self, limit: Duration) -> Option<Incoming> {
        tokio::time::timeout(limit, self.receive()).await.ok()
    }

    /// As [`WebSocket::next`], without a time limit of its own.
    pub async fn receive(&mut self) -> Incoming {
        if let Some(end) = &self.ended {
            return Incoming::Ended(end.clone());
        }
        let end = loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => return Incoming::Binary(bytes),
                Some(Ok(Message::Text(text))) => return Incoming::Text(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => break ConnectionEnd::from_close(frame),
                Some(Err(error)) => break ConnectionEnd::from_error(&error),
                None => break ConnectionEnd::Eof,
            }
        };
        self.ended = Some(end.clone());
        Incoming::Ended(end)
    }

    /// Sends a ping and awaits its pong; returns how long it took, `None` if no pong came within
    /// `limit`. Messages that arrive in the meantime are dropped.
    pub async fn ping(&mut self, limit: Duration) -> Option<Duration> {
        const PAYLOAD: Bytes = Bytes::from_static(b"probe");
        let started = Instant::now();
        let exchange = async {
            self.stream.send(Message::Ping(PAYLOAD)).await.ok()?;
            loop {
                match self.stream.next().await? {
                    Ok(Message::Pong(payload)) if payload == PAYLOAD => return Some(()),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        };
        tokio::time::timeout(limit, exchange).await.ok()??;
        Some(started.elapsed())
    }

    /// Says goodbye with close code 1000 and waits at most `limit` for the other side to close.
    pub async fn close(self, limit: Duration) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.close_with(frame, limit).await;
    }

    /// As [`WebSocket::close`], with a code and a reason.
    pub(super) async fn close_with(mut self, frame: CloseFrame, limit: Duration) {
        let goodbye = async {
            // Whether the other side still listens does not matter to one who leaves.
            let _ = self.stream.close(Some(frame)).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = tokio::time::timeout(limit, goodbye).await;
    }

    /// The byte stream, for bytes that are not a valid WebSocket frame. What the library has
    /// already read ahead stays with it, so this is for writing.
    pub fn byte_stream(&mut self) -> &mut S {
        self.stream.get_mut()
    }

    pub(crate) fn into_stream(self) -> WebSocketStream<S> {
        self.stream
    }
}
