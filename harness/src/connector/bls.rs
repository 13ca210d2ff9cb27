//! What a home's business-logic server has received (contract#delivery-record).

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the server's record could not be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read what {home}'s business-logic server received")]
pub struct BlsError {
    /// The home.
    pub home: String,
    /// The HTTP client's error.
    pub source: reqwest::Error,
}

/// One delivered packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// ILP destination.
    pub destination: String,
    /// Amount, decimal.
    pub amount: String,
    /// The connector's payment id.
    #[serde(default)]
    pub payment_id: String,
    /// Payload, base64; empty when there was none.
    #[serde(default)]
    pub data: String,
    /// When it expires, ISO 8601.
    #[serde(default)]
    pub expires_at: String,
    /// When it arrived, ISO 8601.
    #[serde(default)]
    pub received_at: String,
}

impl Received {
    /// When it expires, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn expires_ms(&self) -> Option<i64> {
        let at = OffsetDateTime::parse(&self.expires_at, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    received: Vec<Received>,
}

/// One home's business-logic server.
#[derive(Clone)]
pub struct Bls {
    client: reqwest::Client,
    home: String,
    address: SocketAddr,
}

impl Bls {
    /// The server at `address`.
    #[must_use]
    pub fn new(client: &reqwest::Client, home: &str, address: SocketAddr) -> Self {
        Self {
            client: client.clone(),
            home: home.to_owned(),
            address,
        }
    }

    /// Everything it has received so far, in order.
    ///
    /// # Errors
    ///
    /// [`BlsError`] when it does not answer as it should.
    pub async fn received(&self) -> Result<Vec<Received>, BlsError> {
        let failed = |source: reqwest::Error| BlsError {
            home: self.home.clone(),
            source: source.without_url(),
        };
        let answer: Answer = self
            .client
            .get(format!("http://{}/received", self.address))
            .timeout(REQUEST_TIMEOUT)
            .send()
            .await
            .map_err(failed)?
            .error_for_status()
            .map_err(failed)?
            .json()
            .await
            .map_err(failed)?;
        Ok(answer.received)
    }
}
