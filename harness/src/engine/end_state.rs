//! What an engine knows of how a container ended.

use super::connect::Engine;
use super::error::EngineError;

/// What an engine knows of a container's end besides its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndState {
    /// Whether the kernel killed it, or a program of it, for want of memory.
    pub out_of_memory: bool,
    /// How much memory it may use, in bytes; `None` without a limit.
    pub memory_limit: Option<u64>,
    /// Why it could not be started; empty where it could.
    pub error: String,
}

impl Engine {
    /// What the engine knows of a container's end besides its status.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn end_state(&self, container: &str) -> Result<EndState, EngineError> {
        let found = self.inspect(container).await?;
        let state = found.state.unwrap_or_default();
        let limit = found.host_config.and_then(|host| host.memory);
        Ok(EndState {
            out_of_memory: state.oom_killed.unwrap_or(false),
            memory_limit: limit
                .and_then(|bytes| u64::try_from(bytes).ok())
                .filter(|bytes| *bytes > 0),
            error: state.error.unwrap_or_default(),
        })
    }
}
