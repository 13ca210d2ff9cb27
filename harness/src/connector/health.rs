//! A connector's health port (contract#health).

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

/// How long the answer may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a connector's health could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{home}'s health port did not answer as it should")]
pub struct HealthError {
    /// The home.
    pub home: String,
    /// The HTTP client's error.
    pub source: reqwest::Error,
}

/// What `GET /health` says. It answers with status 503 when it is unhealthy, with the same body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `healthy`, `unhealthy` or `starting`.
    pub status: String,
    /// Peers that are connected.
    pub peers_connected: u64,
    /// All peers.
    pub total_peers: u64,
}

/// Asks a connector how it is.
///
/// # Errors
///
/// [`HealthError`] when there is no answer, or one of another form.
pub async fn health(
    client: &reqwest::Client,
    home: &str,
    address: SocketAddr,
) -> Result<Health, HealthError> {
    let failed = |source: reqwest::Error| HealthError {
        home: home.to_owned(),
        source: source.without_url(),
    };
    client
        .get(format!("http://{address}/health"))
        .timeout(REQUEST_TIMEOUT)
        .send()
        .await
        .map_err(failed)?
        .json()
        .await
        .map_err(failed)
}
