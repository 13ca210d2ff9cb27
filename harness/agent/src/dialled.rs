//! How a TCP connection attempt ended: one line of what `dial` prints.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialOutcome {
    /// The handshake was completed (RFC 9293).
    Connected,
    /// The far side, or a firewall in its name, answered with a reset (`ECONNREFUSED`).
    Refused,
    /// There is no route to the target's network (`ENETUNREACH`).
    NetworkUnreachable,
    /// A router on the way, or the link, said that the target is not there (`EHOSTUNREACH`).
    HostUnreachable,
    /// A local firewall forbids it (`EACCES`, `EPERM`).
    NotPermitted,
    /// Nobody answered in time.
    Timeout,
    /// Any other error of the system.
    Failed,
}

impl DialOutcome {
    /// How an attempt ended that the system refused with this error.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::NetworkUnreachable => Self::NetworkUnreachable,
            ErrorKind::HostUnreachable => Self::HostUnreachable,
            ErrorKind::PermissionDenied => Self::NotPermitted,
            ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Failed,
        }
    }

    /// Whether the attempt came to a connection.
    #[must_use]
    pub const fn is_connected(self) -> bool {
        matches!(self, Self::Connected)
    }

    /// Whether nothing of the far side was met: the attempt ended on this side, or in silence. A
    /// refusal has crossed the border.
    #[must_use]
    pub const fn met_nobody(self) -> bool {
        matches!(
            self,
            Self::NetworkUnreachable | Self::HostUnreachable | Self::Timeout
        )
    }

    /// Whether the system had no way to the target.
    #[must_use]
    pub const fn is_unrouted(self) -> bool {
        matches!(self, Self::NetworkUnreachable | Self::HostUnreachable)
    }

    /// The word in lines and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Refused => "refused",
            Self::NetworkUnreachable => "network-unreachable",
            Self::HostUnreachable => "host-unreachable",
            Self::NotPermitted => "not-permitted",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for DialOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One attempt, as a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialled {
    /// Where to.
    pub target: SocketAddr,
    /// How it ended.
    pub outcome: DialOutcome,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

impl fmt::Display for Dialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.outcome)
    }
}
