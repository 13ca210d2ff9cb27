//! Why `conformance` did not end with a pass.

use std::io;

use super::url;
use crate::cli::exit::Exit;
use crate::conformance::NotReachable;
use crate::onion::HostError;
use crate::probe::TlsError;
use crate::stand::StandError;

/// Why `conformance` did not end with a pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Options that do not go together, or are missing.
    #[error("failed to take the options: {}", mistakes.join("; "))]
    Usage {
        /// Everything that is wrong.
        mistakes: Vec<String>,
    },
    /// The connector by itself could not be judged.
    #[error(transparent)]
    Stand(#[from] StandError),
    /// Rows failed or showed defects; the report that was printed says which.
    #[error("failed to find {} of {total} rows as the contract has them: {defects} known defects, {failed} others", .failed + .defects)]
    Rows {
        /// How many showed a known defect that is not accepted.
        defects: usize,
        /// How many failed otherwise.
        failed: usize,
        /// How many there are.
        total: usize,
    },
    /// `--accept-defects` names what no row of the dialect finds.
    #[error("failed to accept the defect {id}: conformance knows {}", .known.join(", "))]
    UnknownDefect {
        /// What was named.
        id: String,
        /// What can be.
        known: Vec<&'static str>,
    },
    /// No row's name begins with what `--only` says.
    #[error("failed to find a row: no name begins with {}", .0.join(" or "))]
    NoRows(Vec<String>),
    /// The host cannot be reached that way.
    #[error("failed to reach the connector")]
    Host(#[from] HostError),
    /// Certificates cannot be judged.
    #[error("failed to prepare TLS for the connector")]
    Tls(#[from] TlsError),
    /// The proxy's name has no address.
    #[error("failed to find the SOCKS proxy {proxy}")]
    NoProxy {
        /// What --socks said.
        proxy: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The variable with a secret is not set, or not text.
    #[error("failed to read the secret: the environment variable {0} is not set")]
    NoSecret(String),
    /// The variable with a secret is empty, and nobody said that the secret is.
    #[error(
        "failed to read the secret: the environment variable {0} is empty; give --empty-secret if the peer has none"
    )]
    EmptySecret(String),
    /// The connector cannot be reached, or no longer.
    #[error(transparent)]
    NotReachable(#[from] NotReachable),
    /// The user ended it; the rows until then, if there are any, were printed.
    #[error("failed to run every row: interrupted")]
    Interrupted,
    /// The file that `--junit` names could not be written.
    #[error("failed to write {path}; give another file with --junit")]
    Junit {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The report could not be written.
    #[error("failed to write the report")]
    Io(#[from] io::Error),
}

impl From<url::Error> for Error {
    fn from(error: url::Error) -> Self {
        match error {
            url::Error::Host(error) => Self::Host(error),
            url::Error::Tls(error) => Self::Tls(error),
        }
    }
}

impl Error {
    /// The exit code of the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Rows { .. } => Exit::Fail,
            Self::Stand(StandError::Engine(error)) => Exit::of_engine(error),
            Self::Usage { .. } | Self::Stand(StandError::Configure(_)) => Exit::Usage,
            Self::NoRows(_) | Self::Host(_) | Self::UnknownDefect { .. } | Self::EmptySecret(_) => {
                Exit::Usage
            }
            Self::Tls(
                TlsError::File { .. } | TlsError::Unreadable { .. } | TlsError::Empty { .. },
            ) => Exit::Usage,
            Self::Tls(TlsError::NoRoots | TlsError::Setup(_))
            | Self::NoProxy { .. }
            | Self::NoSecret(_)
            | Self::NotReachable(_)
            | Self::Stand(
                StandError::Ended { .. }
                | StandError::NotReady { .. }
                | StandError::NotReachable(_),
            )
            | Self::Junit { .. }
            | Self::Io(_) => Exit::Environment,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}
