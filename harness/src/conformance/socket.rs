//! A WebSocket to the subject.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tokio_tungstenite::tungstenite::Bytes;
use wire::{Codec, Packet};

use crate::probe::{Incoming, Stream, WebSocket};

/// What an address begins with that is for whoever stands at the other end of a connection (RFC-0015 Allocation
/// Schemes).
const NEIGHBOUR: &str = "peer.";

/// A WebSocket over which the connector's own requests to its neighbour are passed over: it may ask at any time how
/// routes or settlement stand, and no row is about that.
pub(super) struct Socket {
    inner: WebSocket<Stream>,
    codec: Codec,
}

impl Socket {
    pub(super) fn new(inner: WebSocket<Stream>, codec: Codec) -> Self {
        Self { inner, codec }
    }

    /// As [`WebSocket::next`].
    pub(super) async fn next(&mut self, limit: Duration) -> Option<Incoming> {
        tokio::time::timeout(limit, self.receive()).await.ok()
    }

    /// As [`WebSocket::receive`].
    pub(super) async fn receive(&mut self) -> Incoming {
        loop {
            match self.inner.receive().await {
                Incoming::Binary(bytes) if self.is_to_neighbour(&bytes) => {}
                other => return other,
            }
        }
    }

    fn is_to_neighbour(&self, bytes: &Bytes) -> bool {
        self.codec.decode_frame(bytes).is_ok_and(|frame| {
            frame.type_name() == "MESSAGE"
                && matches!(
                    self.codec.decode_packet(frame.ilp()),
                    Ok(Packet::Prepare(prepare)) if prepare.destination.as_str().starts_with(NEIGHBOUR)
                )
        })
    }

    /// As [`WebSocket::close`].
    pub(super) async fn close(self, limit: Duration) {
        self.inner.close(limit).await;
    }
}

impl Deref for Socket {
    type Target = WebSocket<Stream>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl DerefMut for Socket {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}
