//! The connector's admin API (contract#admin).

use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::onion::redact;
use crate::secret::Secret;
use crate::topology::Transport;

/// How long one request may take beyond what it asks for. Registering a peer is answered within
/// 5 s (contract#admin-peers), and may take longer while the dial is under way.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why an admin request gave no usable answer. No text names an onion address or a secret.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No HTTP answer.
    #[error("{home}'s admin API did not answer {what}")]
    Unreachable {
        /// The home.
        home: String,
        /// The request.
        what: String,
        /// The HTTP client's error.
        source: reqwest::Error,
    },
    /// An answer with another status than the contract's.
    #[error("{home}'s admin API answered {what} with status {status}: {message}")]
    Status {
        /// The home.
        home: String,
        /// The request.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The answer's `message`, cut short.
        message: String,
    },
}

/// A connector's answer to `POST /admin/ilp/send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct SendAnswer {
    /// Whether the packet was fulfilled.
    #[serde(default)]
    pub accepted: bool,
    /// The fulfillment, base64.
    #[serde(default)]
    pub fulfillment: Option<String>,
    /// The reject's code.
    #[serde(default)]
    pub code: Option<String>,
    /// The reject's message.
    #[serde(default)]
    pub message: Option<String>,
}

/// One connector's admin API.
#[derive(Clone)]
pub struct Admin {
    client: reqwest::Client,
    home: String,
    address: SocketAddr,
    key: Secret,
}

impl Admin {
    /// The admin API at `address`.
    #[must_use]
    pub fn new(client: &reqwest::Client, home: &str, address: SocketAddr, key: &Secret) -> Self {
        Self {
            client: client.clone(),
            home: home.to_owned(),
            address,
            key: key.clone(),
        }
    }

    async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
        limit: Duration,
    ) -> Result<Value, AdminError> {
        let unreachable = |source: reqwest::Error| AdminError::Unreachable {
            home: self.home.clone(),
            what: path.to_owned(),
            source: source.without_url(),
        };
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.address))
            .header("X-Api-Key", self.key.expose())
            .timeout(limit);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(value);
        }
        let message = value
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or(&text);
        Err(AdminError::Status {
            home: self.home.clone(),
            what: path.to_owned(),
            status: status.as_u16(),
            // A connector may quote anything, an onion address included.
            message: redact(&message.chars().take(200).collect::<String>()),
        })
    }

    /// Whether the admin server answers.
    ///
    /// # Errors
    ///
    /// [`AdminError`] while it does not.
    pub async fn alive(&self) -> Result<(), AdminError> {
        let limit = Duration::from_secs(2);
        self.call(reqwest::Method::GET, "/health", None, limit)
            .await?;
        Ok(())
    }

    /// Registers a peer and starts to dial it.
    ///
    /// # Errors
    ///
    /// [`AdminError`] when it is refused.
    pub async fn add_peer(
        &self,
        id: &str,
        url: &Secret,
        token: &Secret,
        transport: Transport,
    ) -> Result<(), AdminError> {
        let transport = match transport {
            Transport::Onion => "socks5",
            Transport::Direct => "direct",
        };
        let body = json!({
            "id": id,
            "url": url.expose(),
            "authToken": token.expose(),
            "transport": transport,
        });
        self.call(
            reqwest::Method::POST,
            "/admin/peers",
            Some(body),
            REQUEST_TIMEOUT,
        )
        .await?;
        Ok(())
    }

    /// Forgets a peer.
    ///
    /// # Errors
    ///
    /// [`AdminError`] when it is not known, or the connector does not answer.
    pub async fn remove_peer(&self, id: &str) -> Result<(), AdminError> {
        let path = format!("/admin/peers/{id}");
        self.call(reqwest::Method::DELETE, &path, None, REQUEST_TIMEOUT)
            .await?;
        Ok(())
    }

    /// The peers that this connector dials: id, and whether it is connected.
    ///
    /// # Errors
    ///
    /// [`AdminError`] when the list cannot be had.
    pub async fn peers(&self) -> Result<Vec<(String, bool)>, AdminError> {
        let list = self
            .call(reqwest::Method::GET, "/admin/peers", None, REQUEST_TIMEOUT)
            .await?;
        let peers = list.get("peers").and_then(Value::as_array);
        Ok(peers
            .into_iter()
            .flatten()
            .filter_map(|peer| {
                let id = peer.get("id")?.as_str()?.to_owned();
                Some((id, peer.get("connected")?.as_bool()?))
            })
            .collect())
    }

    /// Whether the peer that this connector dials is connected; `None` when it is not known.
    ///
    /// # Errors
    ///
    /// [`AdminError`] when the list cannot be had.
    pub async fn connected(&self, id: &str) -> Result<Option<bool>, AdminError> {
        let peers = self.peers().await?;
        Ok(peers
            .into_iter()
            .find(|(peer, _)| peer == id)
            .map(|(_, connected)| connected))
    }

    /// The onion address that a connector with a daemon of its own hands out; `None` while there
    /// is none (contract#admin-hostname).
    ///
    /// # Errors
    ///
    /// [`AdminError`] when it has no daemon, or does not answer.
    pub async fn hostname(&self) -> Result<Option<Secret>, AdminError> {
        let path = "/admin/hs-hostname";
        let answer = self
            .call(reqwest::Method::GET, path, None, REQUEST_TIMEOUT)
            .await?;
        Ok(answer
            .get("hostname")
            .and_then(Value::as_str)
            .map(Secret::new))
    }

    /// Sends one packet and waits for its answer, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`AdminError`] for anything but a fulfil or a reject.
    pub async fn send(
        &self,
        destination: &str,
        amount: u64,
        data: &[u8],
        limit: Duration,
    ) -> Result<SendAnswer, AdminError> {
        let body = json!({
            "destination": destination,
            "amount": amount.to_string(),
            "data": BASE64.encode(data),
            "timeoutMs": u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        });
        let value = self
            .call(
                reqwest::Method::POST,
                "/admin/ilp/send",
                Some(body),
                limit + Duration::from_secs(2),
            )
            .await?;
        Ok(serde_json::from_value(value).unwrap_or_default())
    }
}
