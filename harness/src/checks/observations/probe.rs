//! What the harness's own peer met.

use std::time::Duration;

use crate::probe::SessionCounters;

/// How an attempt to authenticate with bad credentials ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Refused with an ERROR, and the connection ended; the text says how. Which code the ERROR and the
    /// close have, and whether the close comes at once, is either way (contract#auth-refused).
    Refused(String),
    /// Let in.
    Accepted,
    /// Neither; the text says how.
    Otherwise(String),
    /// Nobody tried; the text says why.
    Untried(String),
}

/// How an attempt to authenticate with the right secret ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Let in: how long dial, upgrade and authentication took.
    LetIn(Duration),
    /// Not let in; the text says how.
    Shut(String),
    /// Nobody tried, or nothing came as far as the connector; the text says why.
    Untried(String),
}

/// What the harness's own peer met.
#[derive(Debug, Clone)]
pub struct ProbeView {
    /// Its peer id.
    pub id: String,
    /// The home behind others that it sends to as well.
    pub far: Option<String>,
    /// The home it dialled through.
    pub via: String,
    /// The home it dialled.
    pub to: String,
    /// With the right secret.
    pub accepted: Entry,
    /// With a wrong secret.
    pub wrong_secret: Refusal,
    /// With an empty secret, which is not that of its id.
    pub empty_secret: Refusal,
    /// With an empty secret and the id of nobody, where the dialled home lets peers in that have no secret.
    pub stranger: Refusal,
    /// Whether the dialled home lets peers in that have no secret (`BTP_ALLOW_NOAUTH`).
    pub no_auth_allowed: bool,
    /// As a peer that the dialled home dials itself, with the token it would send there: that token
    /// says nothing about who comes in.
    pub configured_secret: Refusal,
    /// What the session counted.
    pub counters: SessionCounters,
}
