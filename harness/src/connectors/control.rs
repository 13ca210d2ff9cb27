//! Talking with a connector that runs.

use std::error::Error;
use std::net::SocketAddr;

use async_trait::async_trait;

use super::accounts::Accounts;
use super::packets::{Outgoing, Received, Reply};
use super::site::PeerToDial;
use crate::secret::Secret;

/// How the harness gets at a connector that runs.
#[derive(Clone, Copy)]
pub struct Contact<'a> {
    /// The home, for messages.
    pub home: &'a str,
    /// The key of [`Site::control_key`](super::Site::control_key).
    pub key: &'a Secret,
    /// Where a port of the home is dialled.
    pub socket: &'a dyn Fn(u16) -> SocketAddr,
    /// The client for what is asked by HTTP.
    pub http: &'a reqwest::Client,
    /// The harness's own accounts of the run's connectors.
    pub accounts: &'a Accounts,
}

/// What a running connector, and the server beside it, can be told and asked.
///
/// What a connector has no means for is left as it is here: unsupported.
#[async_trait]
pub trait Control: Send + Sync {
    /// The home, for messages.
    fn home(&self) -> &str;

    /// Whether the connector serves.
    ///
    /// # Errors
    ///
    /// [`ControlError`] while it does not.
    async fn alive(&self) -> Result<(), ControlError>;

    /// Has it dial a peer from now on.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when it refuses.
    async fn register(&self, _peer: &PeerToDial) -> Result<(), ControlError> {
        Err(self.unsupported("to be told of a peer"))
    }

    /// Has it forget a peer. Where packets go stays as it was.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when the peer is not known, or the connector does not answer.
    async fn forget(&self, _id: &str) -> Result<(), ControlError> {
        Err(self.unsupported("to forget a peer"))
    }

    /// The peers that it dials.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when they cannot be had.
    async fn peers(&self) -> Result<Vec<PeerState>, ControlError> {
        Err(self.unsupported("to list its peers"))
    }

    /// Whether a peer that it dials is connected; `None` when it does not know the peer.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when its peers cannot be had.
    async fn connected(&self, id: &str) -> Result<Option<bool>, ControlError> {
        let peers = self.peers().await?;
        // Ids that differ in case alone may be one (contract#auth-id-spelling).
        let found = peers
            .into_iter()
            .find(|peer| peer.id.eq_ignore_ascii_case(id));
        Ok(found.map(|peer| peer.connected))
    }

    /// Sends a packet from the home, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`ControlError`] for anything but a fulfill or a reject.
    async fn send(&self, packet: &Outgoing<'_>) -> Result<Reply, ControlError>;

    /// Every packet that was delivered to the home, in order.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when the record cannot be had.
    async fn received(&self) -> Result<Vec<Received>, ControlError> {
        Err(self.unsupported("to record what is delivered"))
    }

    /// The same without the first so many, for whoever knows them.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when the record cannot be had, or not whole: it was begun anew meanwhile, or has dropped some
    /// that are asked for.
    async fn received_from(&self, first: u64) -> Result<Vec<Received>, ControlError> {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        Ok(self.received().await?.into_iter().skip(first).collect())
    }

    /// What it says of its own health.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when it does not say.
    async fn health(&self) -> Result<Health, ControlError> {
        Err(self.unsupported("to tell its health"))
    }

    /// The onion address that a connector with a daemon of its own hands out; `None` while there is
    /// none.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when it has no daemon, or does not answer.
    async fn hostname(&self) -> Result<Option<Secret>, ControlError> {
        Err(self.unsupported("to run an onion daemon"))
    }

    /// The error for what this connector has no means for.
    fn unsupported(&self, what: &'static str) -> ControlError {
        ControlError::Unsupported {
            home: self.home().to_owned(),
            what,
        }
    }
}

/// Why a connector gave no usable answer. No text names an onion address or a secret.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No answer, or one that cannot be read.
    #[error("{home}'s {part} did not answer {what} as it should")]
    Unreachable {
        /// The home.
        home: String,
        /// What was asked: the connector, or the server beside it.
        part: &'static str,
        /// The request.
        what: String,
        /// The client's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A refusal.
    #[error("{home}'s {part} answered {what} with status {status}: {message}")]
    Status {
        /// The home.
        home: String,
        /// What was asked.
        part: &'static str,
        /// The request.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The answer's message, cut short and redacted.
        message: String,
    },
    /// The connector has no means for it.
    #[error("{home}'s connector has no means {what}")]
    Unsupported {
        /// The home.
        home: String,
        /// For what, as an infinitive.
        what: &'static str,
    },
}

impl ControlError {
    /// Whether there is nothing to be asked: no such port, no such path, no means. That is no fault of a
    /// connector that lacks the interface as a whole.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Unsupported { .. } => true,
            Self::Status { status, .. } => matches!(status, 404 | 405 | 501),
            Self::Unreachable { source, .. } => {
                let mut next: Option<&(dyn Error + 'static)> = Some(&**source);
                while let Some(error) = next {
                    let refused = error
                        .downcast_ref::<std::io::Error>()
                        .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
                    if refused {
                        return true;
                    }
                    next = error.source();
                }
                false
            }
        }
    }
}

/// A peer that a connector dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerState {
    /// Its id.
    pub id: String,
    /// Whether there is a session with it.
    pub connected: bool,
}

/// What a connector says of its own health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How it is, in its own word; `None` where it says none.
    pub status: Option<String>,
    /// Peers that are connected.
    pub connected: u64,
    /// All peers.
    pub total: u64,
}
