//! What an engine knows of how a container ended.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;

use super::connect::Engine;
use super::error::EngineError;

/// The exit code of what SIGKILL has ended, as the kernel ends what uses too much memory.
const KILLED: i64 = 137;
/// Events of an engine: a container uses more memory than it may, and a signal was sent to one on request.
const MEMORY: &str = "oom";
const KILL: &str = "kill";
/// How much later than an end the engine may tell that memory was its cause.
const TOLD_LATE: Duration = Duration::from_secs(1);

/// What an engine knows of a container's end besides its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndState {
    /// Whether the kernel killed it, or a program of it, for want of memory.
    pub out_of_memory: bool,
    /// Whether it was killed, and not because somebody asked the engine for that.
    pub killed_unasked: bool,
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
        let mut end = EndState {
            out_of_memory: state.oom_killed.unwrap_or(false),
            killed_unasked: false,
            memory_limit: limit
                .and_then(|bytes| u64::try_from(bytes).ok())
                .filter(|bytes| *bytes > 0),
            error: state.error.unwrap_or_default(),
        };
        if state.exit_code == Some(KILLED) && !end.out_of_memory {
            self.tell_of_kill(container, &mut end).await;
        }
        Ok(end)
    }

    /// By whom a container was killed, by the engine's events until a second from now. It hears of the memory and of the
    /// end by two messages: it forgets the first in the container's state when it comes second, and never hears it (seen
    /// once in 360 ends) when the container's control group is gone by then.
    async fn tell_of_kill(&self, container: &str, end: &mut EndState) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let until = now.unwrap_or_default() + TOLD_LATE;
        let filters = HashMap::from([
            ("container", vec![container.to_owned()]),
            ("event", vec![MEMORY.to_owned(), KILL.to_owned()]),
        ]);
        let options = EventsOptionsBuilder::default()
            .since("0")
            .until(&(until.as_secs() + 1).to_string())
            .filters(&filters)
            .build();
        let mut events = self.docker.events(Some(options));
        let mut asked = false;
        let told = async {
            while let Some(event) = events.next().await {
                match event?.action.as_deref() {
                    Some(MEMORY) => return Ok(true),
                    Some(KILL) => asked = true,
                    _ => {}
                }
            }
            Ok::<_, bollard::errors::Error>(false)
        };
        let Ok(Ok(told)) = tokio::time::timeout(2 * TOLD_LATE, told).await else {
            // An engine that does not tell its events says nothing of who killed what.
            return;
        };
        end.out_of_memory = told;
        end.killed_unasked = !told && !asked;
    }
}
