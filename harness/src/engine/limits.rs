//! What a container may use, where it is not what all of them may.

use bollard::models::ContainerUpdateBody;

use super::connect::Engine;
use super::error::EngineError;

impl Engine {
    /// Sets how much memory a container may use, in bytes, before it is started or while it runs; and twice
    /// that with swap, as engines have it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there, or the engine has less.
    pub async fn limit_memory(&self, container: &str, bytes: u64) -> Result<(), EngineError> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX / 2);
        let limits = ContainerUpdateBody {
            memory: Some(bytes),
            memory_swap: Some(bytes.saturating_mul(2)),
            ..Default::default()
        };
        self.call(
            format!("limit the memory of {container}"),
            self.docker.update_container(container, limits),
        )
        .await
        .map(drop)
    }
}
