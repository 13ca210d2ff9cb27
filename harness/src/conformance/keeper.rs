//! Whoever has the connector's process at hand.

use std::time::Duration;

use async_trait::async_trait;

use super::subject::Subject;

/// Whoever can say what became of the connector's process, and start it again.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// What became of it, in words; `None` if it still runs.
    ///
    /// # Errors
    ///
    /// Why that is not known, in words.
    async fn fate(&self) -> Result<Option<String>, String>;

    /// Starts it again and waits until it is ready; changes what of `subject` is new, such as its port.
    ///
    /// # Errors
    ///
    /// Why it could not be started, in words.
    async fn start_again(&self, subject: &mut Subject) -> Result<(), String>;

    /// Tells it to end, as an operator does (SIGTERM), and returns how long that took; `None` if it still runs
    /// after `limit`.
    ///
    /// # Errors
    ///
    /// Why it could not be told, in words.
    async fn terminate(&self, limit: Duration) -> Result<Option<Duration>, String>;
}
