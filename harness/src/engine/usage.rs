//! What containers use.

use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::TryStreamExt;

use super::{Engine, EngineError};

/// What a container uses now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory in bytes, less inactive file pages: what `docker stats` shows.
    pub memory: u64,
    /// Threads, where the engine counts them.
    pub threads: Option<u64>,
}

impl Engine {
    /// What a container uses now.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn usage(&self, container: &str) -> Result<Usage, EngineError> {
        let options = StatsOptionsBuilder::default()
            .stream(false)
            .one_shot(true)
            .build();
        let mut samples = self.docker.stats(container, Some(options));
        let sample = self
            .call(format!("measure {container}"), samples.try_next())
            .await?
            .unwrap_or_default();
        let memory = sample.memory_stats.unwrap_or_default();
        let details = memory.stats.unwrap_or_default();
        // cgroup v1 and v2 name the same figure differently.
        let inactive = details
            .get("total_inactive_file")
            .or_else(|| details.get("inactive_file"))
            .copied()
            .unwrap_or(0);
        Ok(Usage {
            memory: memory.usage.unwrap_or(0).saturating_sub(inactive),
            threads: sample.pids_stats.and_then(|pids| pids.current),
        })
    }

    /// How many descriptors a container's programs have open. `None` where that is not to be seen from here: the engine is
    /// elsewhere, or other users' processes are hidden.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn descriptors(&self, container: &str) -> Result<Option<u64>, EngineError> {
        if !self.address().is_local() {
            return Ok(None);
        }
        let state = self.inspect(container).await?.state.unwrap_or_default();
        let first = state.pid.and_then(|pid| u32::try_from(pid).ok());
        Ok(first.filter(|pid| *pid > 0).and_then(of_process))
    }
}

/// The open descriptors of a process and of what it started; `None` where they are not to be seen.
fn of_process(pid: u32) -> Option<u64> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let own = u64::try_from(entries.count()).unwrap_or(u64::MAX);
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let children = children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok());
    Some(own + children.filter_map(of_process).sum::<u64>())
}
