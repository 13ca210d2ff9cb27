//! An authenticated BTP connection with many requests in flight, opened by either side.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use wire::{Codec, Dialect, Mode};

use super::admission::{AcceptError, Admitted, admit};
use super::auth::{AUTH_REQUEST_ID, AuthError, Credentials, authenticate};
use super::counters::{Counters, SessionCounters};
use super::driver::{Command, Driver, Links};
use super::inbound::InboundHandler;
use super::io_cause::IoCause;
use super::packet::{Outcome, Outgoing, Payment};
use super::reply::{Reply, RequestError};
use super::route::Route;
use super::socks::{DialError, Target};
use super::stream::open;
use super::websocket::{ByteStream, ConnectionEnd, UpgradeError, WebSocket};

/// Requests that may wait in front of the driver before a caller has to wait as well.
const QUEUE: usize = 1024;

/// Limits and behaviour of a session.
#[derive(Debug)]
pub struct SessionOptions {
    /// Which bytes are spoken. Decoding is always lenient, as the contract's connector is.
    pub dialect: Dialect,
    /// Longest wait for the byte stream, used by [`Session::open`] only.
    pub dial_limit: Duration,
    /// Longest wait for the answer to the WebSocket upgrade, or for its request.
    pub upgrade_limit: Duration,
    /// Longest wait for the answer to the authentication, or for its request. The default is the
    /// connector's own 5 s (contract#auth-client).
    pub auth_limit: Duration,
    /// What to do with PREPAREs from the other side; without a handler they are rejected with
    /// `F02`.
    pub inbound: Option<InboundHandler>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            dialect: Dialect::Toon,
            dial_limit: Duration::from_secs(30),
            upgrade_limit: Duration::from_secs(30),
            auth_limit: Duration::from_secs(5),
            inbound: None,
        }
    }
}

/// How long the steps towards a usable session took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectTimes {
    /// Getting the byte stream; `None` if the caller brought it.
    pub dial: Option<Duration>,
    /// The WebSocket upgrade, one round trip.
    pub upgrade: Duration,
    /// The BTP authentication, one round trip.
    pub auth: Duration,
}

impl ConnectTimes {
    /// Upgrade and authentication together: from an open byte stream to a usable session, which is
    /// what budgets call "BTP connect".
    #[must_use]
    pub fn btp_connect(&self) -> Duration {
        self.upgrade + self.auth
    }
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// No byte stream.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// No WebSocket.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    /// Not let in.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// How a connection has ended whose driver is gone without a word, as it is after a panic.
const DRIVER_GONE: ConnectionEnd =
    ConnectionEnd::Broken(IoCause::other("the task that served it has ended"));

/// A handle on a session. Clones share the connection; when the last one is dropped, or
/// [`Session::close`] is called, the connection is closed with code 1000.
#[derive(Debug, Clone)]
pub struct Session {
    commands: mpsc::Sender<Command>,
    counters: Arc<Counters>,
    ended: watch::Receiver<Option<ConnectionEnd>>,
    times: ConnectTimes,
    codec: Codec,
}

impl Session {
    /// Dials `target` by `route`, then does what [`Session::connect`] does.
    ///
    /// # Errors
    ///
    /// A [`SessionError`] that says which of the three steps failed and how.
    pub async fn open(
        route: &Route,
        target: &Target,
        credentials: &Credentials,
        options: SessionOptions,
    ) -> Result<Self, SessionError> {
        let (stream, took) = open(route, target, options.dial_limit).await?;
        let mut session = Self::connect(stream, target, credentials, options).await?;
        session.times.dial = Some(took);
        Ok(session)
    }

    /// Upgrades an open byte stream to WebSocket, authenticates, and starts the session's task.
    /// `target` is only what the upgrade request names as its host.
    ///
    /// # Errors
    ///
    /// [`SessionError::Upgrade`] or [`SessionError::Auth`].
    pub async fn connect<S>(
        stream: S,
        target: &Target,
        credentials: &Credentials,
        options: SessionOptions,
    ) -> Result<Self, SessionError>
    where
        S: ByteStream + 'static,
    {
        let codec = Codec::new(options.dialect, Mode::Lenient);
        let mut socket = WebSocket::upgrade(stream, target, options.upgrade_limit).await?;
        let auth = authenticate(&mut socket, &codec, credentials, options.auth_limit).await?;
        let times = ConnectTimes {
            dial: None,
            upgrade: socket.upgrade_time(),
            auth,
        };
        Ok(Self::start(
            socket,
            codec,
            times,
            options.inbound,
            AUTH_REQUEST_ID + 1,
        ))
    }

    /// Takes the other side's part: answers the upgrade on a byte stream that somebody else opened,
    /// lets in whoever is one of `accounts`, and starts the session's task. So it can stand in for
    /// a peer; what that peer does with PREPAREs is up to [`SessionOptions::inbound`].
    ///
    /// Who is not let in gets the dialect's refusal: an ERROR, then a close with 1008.
    ///
    /// # Errors
    ///
    /// An [`AcceptError`] that says whether there was no WebSocket, no authentication in time, or
    /// a refusal and why.
    pub async fn accept<S>(
        stream: S,
        accounts: &[Credentials],
        options: SessionOptions,
    ) -> Result<Accepted, AcceptError>
    where
        S: ByteStream + 'static,
    {
        let codec = Codec::new(options.dialect, Mode::Lenient);
        let socket = WebSocket::accept(stream, options.upgrade_limit).await?;
        let (socket, Admitted { peer_id, took }) =
            admit(socket, &codec, accounts, options.auth_limit).await?;
        let times = ConnectTimes {
            dial: None,
            upgrade: socket.upgrade_time(),
            auth: took,
        };
        let session = Self::start(socket, codec, times, options.inbound, 1);
        Ok(Accepted { session, peer_id })
    }

    fn start<S>(
        socket: WebSocket<S>,
        codec: Codec,
        times: ConnectTimes,
        inbound: Option<InboundHandler>,
        first_request_id: u32,
    ) -> Self
    where
        S: ByteStream + 'static,
    {
        let (commands, receiver) = mpsc::channel(QUEUE);
        let (ended, watcher) = watch::channel(None);
        let counters = Arc::new(Counters::default());
        let links = Links {
            commands: receiver,
            counters: Arc::clone(&counters),
            ended,
        };
        let driver = Driver::new(
            socket.into_stream(),
            codec,
            links,
            inbound,
            first_request_id,
        );
        // Ends with the connection, and tells how that ended in `ended`.
        tokio::spawn(Box::pin(driver.run()));
        Self {
            commands,
            counters,
            ended: watcher,
            times,
            codec,
        }
    }

    /// How long it took to get here.
    #[must_use]
    pub fn connect_times(&self) -> ConnectTimes {
        self.times
    }

    /// The codec of the session's dialect.
    #[must_use]
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// What the session has counted so far.
    #[must_use]
    pub fn counters(&self) -> SessionCounters {
        self.counters.snapshot()
    }

    /// Sends an encoded ILP packet in a MESSAGE and awaits its answer for at most `limit`.
    ///
    /// Any number of requests may be awaited at once; answers come in any order. Dropping the
    /// future gives up waiting, not the request.
    ///
    /// # Errors
    ///
    /// [`RequestError::TimedOut`] or [`RequestError::Lost`], the latter at once when the
    /// connection ends.
    pub async fn request(&self, ilp: Vec<u8>, limit: Duration) -> Result<Reply, RequestError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Request {
            ilp,
            submitted: Instant::now(),
            limit,
            reply,
        };
        if self.commands.send(command).await.is_err() {
            return Err(RequestError::Lost(self.end_or_local()));
        }
        match answer.await {
            Ok(result) => result,
            // The driver is gone without a word, because its runtime was shut down.
            Err(_) => Err(RequestError::Lost(self.end_or_local())),
        }
    }

    /// Sends a PREPARE for `payment` and judges the answer.
    ///
    /// # Errors
    ///
    /// As [`Session::request`], and [`RequestError::Encode`] if the dialect cannot express the
    /// payment.
    pub async fn pay(&self, payment: &Payment<'_>, limit: Duration) -> Result<Paid, RequestError> {
        let outgoing = Outgoing::new(&self.codec, payment).map_err(RequestError::Encode)?;
        let reply = self.request(outgoing.ilp, limit).await?;
        Ok(Paid {
            outcome: Outcome::judge(&reply.answer(), &outgoing.condition),
            round_trip: reply.round_trip(),
        })
    }

    /// How the connection ended; `None` while it stands.
    #[must_use]
    pub fn end(&self) -> Option<ConnectionEnd> {
        self.ended.borrow().clone()
    }

    /// Waits until the connection has ended, by either side.
    pub async fn ended(&self) -> ConnectionEnd {
        let mut watcher = self.ended.clone();
        match watcher.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(ConnectionEnd::Local),
            Err(_) => DRIVER_GONE,
        }
    }

    /// Closes the connection with code 1000. What is in flight fails with
    /// [`ConnectionEnd::Local`].
    pub async fn close(&self) {
        // If the queue is closed, so is the connection.
        let _ = self.commands.send(Command::Close).await;
        self.ended().await;
    }

    fn end_or_local(&self) -> ConnectionEnd {
        self.end().unwrap_or(ConnectionEnd::Local)
    }
}

/// A session that the other side opened.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The session.
    pub session: Session,
    /// Which of the accounts it is.
    pub peer_id: String,
}

/// The result of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// What came back.
    pub outcome: Outcome,
    /// From handing over the PREPARE to its answer.
    pub round_trip: Duration,
}
