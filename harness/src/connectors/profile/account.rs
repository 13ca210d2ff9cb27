//! A connector that is neither told nor asked anything: the harness sends from its home, and receives
//! there, as an account of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::{Address, Dialect};

use super::ready::Ready;
use crate::connectors::accounts::Account;
use crate::connectors::{ACCOUNT, Contact, Control, ControlError, Outgoing, Received, Reply};
use crate::probe::{Credentials, Outcome, Payment, Route, Session, SessionOptions, Target};
use crate::secret::Secret;
use crate::trace::{Party, ask};

/// How long it may take to be let in, or to be told that the connector is ready.
const LIMIT: Duration = Duration::from_secs(5);
/// How much longer than the packet's own time its answer is waited for.
const SEND_GRACE: Duration = Duration::from_secs(2);
/// What is asked, for messages.
const PART: &str = "BTP account";

/// A handle on a home's connector by its account.
pub(super) struct AccountControl {
    home: String,
    account: Arc<Account>,
    secret: Secret,
    address: SocketAddr,
    dialect: Dialect,
    ready: Option<(SocketAddr, Ready)>,
    http: reqwest::Client,
}

impl AccountControl {
    pub(super) fn new(
        contact: &Contact<'_>,
        dialect: Dialect,
        port: u16,
        ready: Option<Ready>,
    ) -> Self {
        Self {
            home: contact.home.to_owned(),
            account: contact.accounts.of(contact.home),
            secret: contact.key.clone(),
            address: (contact.socket)(port),
            dialect,
            ready: ready.map(|ready| ((contact.socket)(ready.port), ready)),
            http: contact.http.clone(),
        }
    }

    /// The account's session, which is opened when there is none, or none any more.
    async fn session(&self) -> Result<Session, ControlError> {
        let mut slot = self.account.session.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| session.end().is_none()) {
            return Ok(session.clone());
        }
        let target = Target::new(self.address.ip().to_string(), self.address.port());
        let credentials = Credentials::new(ACCOUNT, self.secret.clone());
        let options = SessionOptions {
            dialect: self.dialect,
            dial_limit: LIMIT,
            upgrade_limit: LIMIT,
            auth_limit: LIMIT,
            inbound: Some(self.account.inbound()),
        };
        let opening = Session::open(&Route::Direct, &target, &credentials, options);
        let asked = format!("let {ACCOUNT} in");
        let session = ask(Party::Connector, &self.home, asked, opening)
            .await
            .map_err(|source| self.unreachable("a login", source))?;
        Ok(slot.insert(session).clone())
    }

    /// Whether what says so says that the connector is ready.
    async fn ready(&self) -> Result<(), ControlError> {
        let Some((address, Ready { path, .. })) = &self.ready else {
            return Ok(());
        };
        let Some(path) = path else {
            return match timeout(LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(source)) => Err(self.unreachable("a dial to its ready port", source)),
                Err(late) => Err(self.unreachable("a dial to its ready port", late)),
            };
        };
        let what = format!("GET {path}");
        let answer = self
            .http
            .get(format!("http://{address}{path}"))
            .timeout(LIMIT);
        let answer = answer.send().await;
        let answer = answer.map_err(|source| self.unreachable(&what, source.without_url()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(ControlError::Status {
            home: self.home.clone(),
            part: "ready port",
            what,
            status: status.as_u16(),
            message: "it is not ready".to_owned(),
        })
    }

    fn unreachable(
        &self,
        what: &str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> ControlError {
        ControlError::Unreachable {
            home: self.home.clone(),
            part: PART,
            what: what.to_owned(),
            source: Box::new(source),
        }
    }
}

#[async_trait]
impl Control for AccountControl {
    fn home(&self) -> &str {
        &self.home
    }

    async fn alive(&self) -> Result<(), ControlError> {
        self.ready().await?;
        self.session().await.map(drop)
    }

    async fn send(&self, packet: &Outgoing<'_>) -> Result<Reply, ControlError> {
        let what = "a packet";
        let destination = Address::for_dialect(packet.destination, self.dialect)
            .map_err(|source| self.unreachable(what, source))?;
        let payment = Payment {
            destination,
            amount: packet.amount,
            data: packet.data,
            lifetime: packet.limit,
        };
        let session = self.session().await?;
        let paid = session
            .pay(&payment, packet.limit + SEND_GRACE)
            .await
            .map_err(|source| self.unreachable(what, source))?;
        match paid.outcome {
            Outcome::Fulfilled { .. } => Ok(Reply::Fulfilled { fits: true }),
            Outcome::WrongFulfillment { .. } => Ok(Reply::Fulfilled { fits: false }),
            Outcome::Rejected { code, message, .. } => Ok(Reply::Rejected { code, message }),
            Outcome::BtpError { code, name } => {
                Err(self.unreachable(what, NoPacket(format!("a BTP ERROR {code} {name}"))))
            }
            Outcome::Nonsense(what_came) => Err(self.unreachable(what, NoPacket(what_came))),
        }
    }

    async fn received(&self) -> Result<Vec<Received>, ControlError> {
        Ok(self.account.received())
    }
}

/// An answer that is neither a fulfill nor a reject.
#[derive(Debug, thiserror::Error)]
#[error("the answer was {0}")]
struct NoPacket(String);
