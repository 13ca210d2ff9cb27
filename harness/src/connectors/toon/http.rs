//! Requests to the connector and to its business-logic server, and why they fail.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::answer::{self, BodyError};
use crate::causes::with_causes;
use crate::connectors::ControlError;
use crate::onion::redact;
use crate::secret::Secret;
use crate::trace::{Party, Question};

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
        // Neither the body nor the answer: both may hold addresses and tokens.
        let what = format!("{} {} of its {}", asked.method, asked.path, self.part);
        let question = Question::new(Party::Connector, &self.home, what);
        let result = self.exchange(asked).await;
        match &result {
            Ok((status, text)) => {
                question.answered(&format!("status {status}, {} bytes", text.len()));
            }
            Err(error) => question.answered(&with_causes(error).to_string()),
        }
        result
    }

    async fn exchange(&self, asked: Request<'_>) -> Result<(u16, String), ControlError> {
        let path = asked.path;
        let failed = |source: reqwest::Error| self.failed(path, source.without_url());
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
        let text = match answer::body(response, answer::MOST).await {
            Ok(text) => text,
            Err(BodyError::Http(source)) => return Err(failed(source)),
            Err(BodyError::TooLong(source)) => return Err(self.failed(path, source)),
        };
        Ok((status, text))
    }

    /// The body of an answer that says yes.
    pub(super) async fn call(&self, asked: Request<'_>) -> Result<String, ControlError> {
        let path = asked.path;
        let (status, text) = self.ask(asked).await?;
        if (200..300).contains(&status) {
            return Ok(text);
        }
        Err(self.refused(path, status, &text))
    }

    /// The error for an answer that says no.
    pub(super) fn refused(&self, path: &str, status: u16, text: &str) -> ControlError {
        // A refusal says why in its `message`; anything else is quoted as it is.
        let object: Option<Value> = serde_json::from_str(text).ok();
        let message = object
            .as_ref()
            .and_then(|object| object.get("message")?.as_str())
            .unwrap_or(text);
        ControlError::Status {
            home: self.home.clone(),
            part: self.part,
            what: path.to_owned(),
            status,
            // A connector may quote anything, an onion address included.
            message: redact(&message.chars().take(QUOTED).collect::<String>()),
        }
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

    pub(super) fn failed(
        &self,
        path: &str,
        source: impl Error + Send + Sync + 'static,
    ) -> ControlError {
        ControlError::Unreachable {
            home: self.home.clone(),
            part: self.part,
            what: path.to_owned(),
            source: Box::new(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::trace::told_by;

    #[tokio::test]
    async fn neither_what_is_sent_nor_what_comes_back_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let http = Http {
            client: crate::local::client(),
            home: "home-a".to_owned(),
            part: "admin API",
            address: listener.local_addr().expect("has an address"),
            key: Some(Secret::new("k3y".to_owned())),
        };
        let asked = Request {
            method: reqwest::Method::POST,
            path: "/admin/peers",
            body: Some(serde_json::json!({"authToken": "t0ken"})),
            limit: Duration::from_secs(10),
        };
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("is asked");
            let mut request = String::new();
            while !request.contains("t0ken") {
                let mut bytes = [0; 1024];
                let count = stream.read(&mut bytes).await.expect("reads");
                request.push_str(std::str::from_utf8(&bytes[..count]).expect("is text"));
            }
            assert!(request.contains("k3y"), "{request}");
            let answer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 18\r\n\r\nno use for t0ken!!";
            stream.write_all(answer.as_bytes()).await.expect("answers");
        };
        let told = told_by(async {
            let (answer, ()) = tokio::join!(http.ask(asked), serve);
            assert_eq!(answer.expect("answers").0, 400);
        })
        .await;
        for part in [
            "ator_harness::connector: whom=\"home-a\"",
            "asked=\"POST /admin/peers of its admin API\"",
            "outcome=\"status 400, 18 bytes\"",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("k3y") && !told.contains("t0ken"), "{told}");
    }
}
