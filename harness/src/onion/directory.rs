//! A directory authority's DirPort, read over HTTP (dir-spec, "directory document URLs").

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{RequestBuilder, Response};

use super::consensus::Consensus;
use crate::answer::{self, BodyError, TooLong};
use crate::causes::with_causes;
use crate::trace::{Party, Question};

/// How long one request may take. The authorities are on this machine.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of a path is traced, in characters.
const SHOWN: usize = 80;

/// Why a DirPort could not be read. "Not there yet" is not an error, see [`Directory::get`].
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// No HTTP answer came.
    #[error("failed to reach {nickname}'s directory port")]
    Unreachable {
        /// The authority.
        nickname: String,
        /// The HTTP client's error.
        source: reqwest::Error,
    },
    /// An answer without an end.
    #[error("failed to read what {nickname}'s directory port answers")]
    TooLong {
        /// The authority.
        nickname: String,
        /// How long it may be.
        source: TooLong,
    },
    /// An answer other than 200 and 404.
    #[error("{nickname}'s directory port answered status {status}")]
    Status {
        /// The authority.
        nickname: String,
        /// The HTTP status.
        status: u16,
    },
}

/// One authority's DirPort.
#[derive(Clone)]
pub struct Directory {
    client: reqwest::Client,
    nickname: String,
    address: SocketAddr,
}

impl Directory {
    /// A reader for the DirPort at `address`.
    #[must_use]
    pub fn new(client: &reqwest::Client, nickname: &str, address: SocketAddr) -> Self {
        Self {
            client: client.clone(),
            nickname: nickname.to_owned(),
            address,
        }
    }

    /// The authority's nickname.
    #[must_use]
    pub fn nickname(&self) -> &str {
        &self.nickname
    }

    /// A document, or `None` when the authority does not have it (status 404 or 503).
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] when there is no answer, or an unexpected one.
    pub async fn get(&self, path: &str) -> Result<Option<String>, DirectoryError> {
        // A path may name a hundred digests.
        let head: String = path.chars().take(SHOWN).collect();
        let question = Question::new(Party::Daemon, &self.nickname, format!("GET {head}"));
        let result = self.fetch(path).await;
        match &result {
            Ok(Some(document)) => question.answered(&format!("{} bytes", document.len())),
            Ok(None) => question.answered("not there"),
            Err(error) => question.answered(&with_causes(error).to_string()),
        }
        result
    }

    async fn fetch(&self, path: &str) -> Result<Option<String>, DirectoryError> {
        let response = self.send(self.client.get(self.url(path))).await?;
        match response.status().as_u16() {
            200 => match answer::body(response, answer::MOST).await {
                Ok(document) => Ok(Some(document)),
                Err(BodyError::Http(source)) => Err(self.unreachable(source)),
                Err(BodyError::TooLong(source)) => Err(DirectoryError::TooLong {
                    nickname: self.nickname.clone(),
                    source,
                }),
            },
            404 | 503 => Ok(None),
            status => Err(self.refused(status)),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, DirectoryError> {
        let sent = request.timeout(REQUEST_TIMEOUT).send().await;
        sent.map_err(|source| self.unreachable(source))
    }

    fn unreachable(&self, source: reqwest::Error) -> DirectoryError {
        DirectoryError::Unreachable {
            nickname: self.nickname.clone(),
            source: source.without_url(),
        }
    }

    fn refused(&self, status: u16) -> DirectoryError {
        DirectoryError::Status {
            nickname: self.nickname.clone(),
            status,
        }
    }

    /// The authority's own descriptor, or `None` while it has none.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn own_descriptor(&self) -> Result<Option<String>, DirectoryError> {
        self.get("/tor/server/authority").await
    }

    /// Hands a relay's descriptor to this authority, as the relay itself does (dir-spec, "uploading
    /// server descriptors").
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] when there is no answer, or the descriptor is not accepted.
    pub async fn take(&self, descriptor: String) -> Result<(), DirectoryError> {
        let question = Question::new(Party::Daemon, &self.nickname, "POST /tor/");
        let posted = self.client.post(self.url("/tor/")).body(descriptor);
        let result = match self.send(posted).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(self.refused(answer.status().as_u16())),
            Err(error) => Err(error),
        };
        question.came(&result);
        result
    }

    /// The nicknames of all relays whose descriptor this authority holds.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn known_relays(&self) -> Result<Vec<String>, DirectoryError> {
        let text = self.get("/tor/server/all").await?.unwrap_or_default();
        Ok(text
            .lines()
            .filter_map(|line| line.strip_prefix("router "))
            .filter_map(|rest| rest.split(' ').next())
            .map(str::to_owned)
            .collect())
    }

    /// The microdescriptor consensus that this authority serves, if it has one.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn consensus(&self) -> Result<Option<Consensus>, DirectoryError> {
        let text = self.consensus_text().await?;
        Ok(text.map(|text| Consensus::parse(&text)))
    }

    /// The text of the microdescriptor consensus that this authority serves, if it has one.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn consensus_text(&self) -> Result<Option<String>, DirectoryError> {
        self.get("/tor/status-vote/current/consensus-microdesc")
            .await
    }

    /// The texts of this authority's own votes: on the consensus that it serves, and on the one that is being
    /// made. Either may not be there.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn votes(&self) -> Result<[Option<String>; 2], DirectoryError> {
        let current = self.get("/tor/status-vote/current/authority").await?;
        let next = self.get("/tor/status-vote/next/authority").await?;
        Ok([current, next])
    }

    /// The certificates of all authorities that this one knows.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn certificates(&self) -> Result<Certificates, DirectoryError> {
        let text = self.get("/tor/keys/all").await?.unwrap_or_default();
        Ok(Certificates {
            count: text.matches("dir-key-certificate-version ").count(),
            with_address: text.lines().any(|line| line.starts_with("dir-address ")),
        })
    }

    /// How many of these microdescriptors (base64 digests of a consensus) the authority serves.
    ///
    /// # Errors
    ///
    /// As [`Directory::get`].
    pub async fn microdescriptors(&self, digests: &[&str]) -> Result<usize, DirectoryError> {
        let path = format!("/tor/micro/d/{}", digests.join("-"));
        let text = self.get(&path).await?.unwrap_or_default();
        // Each has exactly one ntor key.
        let found = text
            .lines()
            .filter(|line| line.starts_with("ntor-onion-key "));
        Ok(found.count())
    }
}

/// What an authority knows of all authorities' certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificates {
    /// How many there are.
    pub count: usize,
    /// Whether one carries a `dir-address`, which overrides the configured one.
    pub with_address: bool,
}
