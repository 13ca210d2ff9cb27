//! What happened when one home's connector was told to end.

use std::time::Duration;

use crate::evidence::Gathered;

/// One home's connector was told to end by SIGTERM, with a peer's session open and a connection that never
/// said who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingView {
    /// The home.
    pub home: String,
    /// What was open when it was told to.
    pub open: String,
    /// How long it took to end; `None` where it had not ended by [`EndingView::LIMIT`].
    pub took: Option<Duration>,
    /// The homes that have no other peer, and what their connector's health says after that; nothing where
    /// there is nothing to be asked.
    pub bereft: Vec<(String, Gathered<Option<String>>)>,
}

impl EndingView {
    /// In what time a connector has to end: what an engine gives it before it is killed.
    pub const LIMIT: Duration = Duration::from_secs(10);
}
