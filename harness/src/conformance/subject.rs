//! The connector under test, as far as its tester knows it.

use std::time::Duration;

use wire::{Codec, Dialect, Mode};

use super::seen::Seen;
use super::socket::Socket;
use crate::probe::{
    ConnectionEnd, Credentials, DialError, Incoming, Route, Session, SessionError, SessionOptions,
    Stream, Target, UpgradeError, WebSocket, open,
};

/// Where the connector is and what its tester knows about its configuration.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Host and port of its BTP server.
    pub target: Target,
    /// How to get there.
    pub route: Route,
    /// Which bytes it speaks.
    pub dialect: Dialect,
    /// A peer id and secret that it must let in.
    pub peer: Credentials,
    /// Whether it lets in empty secrets; `None` if unknown.
    pub noauth: Option<bool>,
    /// An ILP address for which it fulfils whatever comes, by local delivery; `None` if unknown.
    pub fulfils: Option<String>,
    /// An ILP address that it forwards to `peer`; `None` if there is none or it is unknown.
    pub forwards: Option<String>,
    /// Another account, from which packets to `peer` are sent; `None` if they come from `peer` itself,
    /// which not every connector routes back to it.
    pub sender: Option<Account>,
    /// Longest wait for anything.
    pub limit: Duration,
}

/// Somebody whom the connector lets in.
#[derive(Debug, Clone)]
pub struct Account {
    /// Where its BTP server is for that account.
    pub target: Target,
    /// The peer id and the secret.
    pub peer: Credentials,
}

/// Why not even a connection could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReachable {
    /// No byte stream.
    #[error("failed to reach the connector")]
    Dial(#[from] DialError),
    /// No WebSocket.
    #[error("failed to reach the connector")]
    Upgrade(#[from] UpgradeError),
    /// A WebSocket on which the right secret was accepted, and then a packet was not answered.
    #[error("failed to have a packet answered by the connector: {how}")]
    Silent {
        /// What came instead.
        how: String,
    },
    /// A WebSocket on which the right secret was not accepted.
    #[error("failed to reach the connector: the right secret was not accepted: {how}")]
    NotAdmitted {
        /// What came instead.
        how: String,
    },
}

impl Subject {
    /// Request line and host of an HTTP request for what the WebSocket is at.
    pub(super) fn request_head(&self) -> String {
        let (resource, host) = (self.target.resource(), self.target.authority());
        format!("GET {resource} HTTP/1.1\r\nHost: {host}\r\n")
    }

    /// A codec of its dialect, as lenient as the probe always is.
    pub(super) fn codec(&self) -> Codec {
        Codec::new(self.dialect, Mode::Lenient)
    }

    /// The right authentication.
    pub(super) fn auth(&self, id: u32) -> Vec<u8> {
        self.auth_as(&self.peer, id)
    }

    /// An authentication with other credentials. Should the dialect have no way to say them, the
    /// empty message stands out in the report as what it is.
    pub(super) fn auth_as(&self, peer: &Credentials, id: u32) -> Vec<u8> {
        peer.auth_frame(&self.codec(), id).unwrap_or_default()
    }

    /// A byte stream.
    pub(super) async fn stream(&self) -> Result<Stream, NotReachable> {
        Ok(Box::pin(open(&self.route, &self.target, self.limit))
            .await?
            .0)
    }

    /// A WebSocket on which nothing was sent yet.
    pub(super) async fn socket(&self) -> Result<Socket, NotReachable> {
        self.socket_to(&self.target).await
    }

    async fn socket_to(&self, target: &Target) -> Result<Socket, NotReachable> {
        let (stream, _) = Box::pin(open(&self.route, target, self.limit)).await?;
        let socket = WebSocket::upgrade(stream, target, self.limit).await?;
        Ok(Socket::new(socket, self.codec()))
    }

    /// A WebSocket on which `peer` was let in.
    pub(super) async fn admitted(&self) -> Result<Socket, NotReachable> {
        self.let_in(&self.target, &self.peer).await
    }

    /// A WebSocket on which another account was let in.
    pub(super) async fn admitted_as(&self, account: &Account) -> Result<Socket, NotReachable> {
        self.let_in(&account.target, &account.peer).await
    }

    async fn let_in(&self, target: &Target, peer: &Credentials) -> Result<Socket, NotReachable> {
        let mut socket = self.socket_to(target).await?;
        // A failed write shows itself when the answer is read.
        let _ = socket.send(self.auth_as(peer, 1)).await;
        match socket.next(self.limit).await {
            Some(Incoming::Binary(bytes))
                if self
                    .codec()
                    .decode_frame(&bytes)
                    .is_ok_and(|frame| frame.type_name() == "RESPONSE") =>
            {
                Ok(socket)
            }
            Some(Incoming::Ended(end)) => Err(not_let_in(&end.to_string())),
            Some(_) => Err(not_let_in("refused")),
            None => Err(not_let_in("no answer")),
        }
    }

    /// A session as `peer`, which also proves that the connector is there.
    ///
    /// # Errors
    ///
    /// If there is no connection. That the peer is not let in is no such error: it is what the
    /// table is there to find out.
    pub async fn session(&self) -> Result<Option<Session>, NotReachable> {
        let options = SessionOptions {
            dialect: self.dialect,
            dial_limit: self.limit,
            upgrade_limit: self.limit,
            auth_limit: self.limit,
            inbound: None,
        };
        match Session::open(&self.route, &self.target, &self.peer, options).await {
            Ok(session) => Ok(Some(session)),
            Err(SessionError::Auth(_)) => Ok(None),
            Err(SessionError::Dial(error)) => Err(error.into()),
            Err(SessionError::Upgrade(error)) => Err(error.into()),
        }
    }
}

fn not_let_in(how: &str) -> NotReachable {
    NotReachable::NotAdmitted {
        how: how.to_owned(),
    }
}

/// How a socket ended, when a send on it failed.
pub(super) fn ended(end: &ConnectionEnd) -> Seen {
    Seen::end(end)
}
