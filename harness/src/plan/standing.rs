//! A network that stands already, as the homes of a run that joins it are planned with it.

use std::net::Ipv4Addr;

use serde::Serialize;
use time::OffsetDateTime;

use super::node::NodePlan;
use crate::onion::anonrc::AuthorityLine;

/// A private network that another run has made and that stands by: the homes of this run join it.
#[derive(Clone, Serialize)]
pub struct Standing {
    /// The run that made it.
    pub run: String,
    /// When that run began, RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Where the homes leave their bridges to: the address at which its nodes are published.
    pub gateway: Ipv4Addr,
    /// What the homes' daemons are told of its authorities.
    #[serde(skip)]
    pub lines: Vec<AuthorityLine>,
    /// Its authorities. In the plan of the run that joins, they stand where its own would.
    #[serde(skip)]
    pub authorities: Vec<NodePlan>,
    /// Its relays, likewise.
    #[serde(skip)]
    pub relays: Vec<NodePlan>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The nodes hold the passwords of their control ports.
        f.debug_struct("Standing")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
