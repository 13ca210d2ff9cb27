//! Requests to the connector and to its business-logic server, and why they fail.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::connectors::ControlError;
use crate::onion::redact;
use crate::secret::Secret;

/// How much of a message is quoted, in characters.
const QUOTED: usize = 200;

/// An answer that is not what it has to be. Without the parser's words, which quote the answer: it may
/// hold anything.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not what it has to be, at line {line}, column {column}")]
struct Unreadable {
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for Unreadable {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
    }
}

/// One HTTP server of a home.
#[derive(Clone)]
pub(super) struct Http {
    pub(super) client: reqwest::Client,
    pub(super) home: String,
    /// What it is, for messages.
    pub(super) part: &'static str,
    pub(super) address: SocketAddr,
    /// The key that it asks for.
    pub(super) key: Option<Secret>,
}

/// What is asked of a server.
pub(super) struct Request<'a> {
    pub(super) method: reqwest::Method,
    pub(super) path: &'a str,
    pub(super) body: Option<Value>,
    /// How long the answer may take.
    pub(super) limit: Duration,
}

impl Http {
    /// The answer's status and body.
    pub(super) async fn ask(&self, asked: Request<'_>) -> Result<(u16, String), ControlError> {
        let failed = |source: reqwest::Error| self.failed(asked.path, source.without_url());
        let url = format!("http://{}{}", self.address, asked.path);
        let mut request = self.client.request(asked.method, url).timeout(asked.limit);
        if let Some(key) = &self.key {
            request = request.header("X-Api-Key", key.expose());
        }
        if let Some(body) = asked.body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(failed)?;
        Ok((status, text))
    }

    /// The body of an answer that says yes.
    pub(super) async fn call(&self, asked: Request<'_>) -> Result<String, ControlError> {
        let path = asked.path;
        let (status, text) = self.ask(asked).await?;
        if (200..300).contains(&status) {
            return Ok(text);
        }
        // A refusal says why in its `message`; anything else is quoted as it is.
        let object: Option<Value> = serde_json::from_str(&text).ok();
        let message = object
            .as_ref()
            .and_then(|object| object.get("message")?.as_str())
            .unwrap_or(&text);
        Err(ControlError::Status {
            home: self.home.clone(),
            part: self.part,
            what: path.to_owned(),
            status,
            // A connector may quote anything, an onion address included.
            message: redact(&message.chars().take(QUOTED).collect::<String>()),
        })
    }

    /// The body of an answer that says yes, as what it has to be.
    pub(super) async fn read<T: serde::de::DeserializeOwned>(
        &self,
        asked: Request<'_>,
    ) -> Result<T, ControlError> {
        let path = asked.path;
        let text = self.call(asked).await?;
        self.parse(path, &text)
    }

    /// A body as what it has to be.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        text: &str,
    ) -> Result<T, ControlError> {
        serde_json::from_str(text).map_err(|error| self.failed(path, Unreadable::from(&error)))
    }

    fn failed(&self, path: &str, source: impl Error + Send + Sync + 'static) -> ControlError {
        ControlError::Unreachable {
            home: self.home.clone(),
            part: self.part,
            what: path.to_owned(),
            source: Box::new(source),
        }
    }
}
