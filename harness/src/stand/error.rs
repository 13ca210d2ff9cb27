//! Why a connector by itself could not be judged.

use std::time::Duration;

use crate::conformance::NotReachable;
use crate::connectors::{ConfigureError, ControlError};
use crate::engine::EngineError;

/// Why a connector by itself could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum StandError {
    /// The engine refuses something, or is not there.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The profile's templates make nothing of where it stands.
    #[error(transparent)]
    Configure(#[from] ConfigureError),
    /// It ended before anything was asked of it.
    #[error("the connector ended before it was ready: {how}")]
    Ended {
        /// How, with the end of its log.
        how: String,
    },
    /// It runs, and does not say that it is ready.
    #[error("the connector was not ready within {} s{log}", limit.as_secs())]
    NotReady {
        /// How long it was waited for.
        limit: Duration,
        /// The end of its log, after a separator; empty where there is none.
        log: String,
        /// What it said last.
        source: Box<ControlError>,
    },
    /// It cannot be reached, though it was ready.
    #[error(transparent)]
    NotReachable(#[from] NotReachable),
}
