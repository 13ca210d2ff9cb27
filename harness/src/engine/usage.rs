//! What containers use.

use std::time::Duration;

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
        Ok(self.first_process(container).await?.and_then(of_process))
    }

    /// How long a container has had processors since it was started, all of them together. `None` where that is not to be
    /// seen from here. To ask the engine for it takes up to a second.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when the container is not there.
    pub async fn processor_time(&self, container: &str) -> Result<Option<Duration>, EngineError> {
        Ok(self.first_process(container).await?.and_then(of_group))
    }

    /// The container's first process, by its number on this machine.
    async fn first_process(&self, container: &str) -> Result<Option<u32>, EngineError> {
        if !self.address().is_local() {
            return Ok(None);
        }
        let state = self.inspect(container).await?.state.unwrap_or_default();
        let first = state.pid.and_then(|pid| u32::try_from(pid).ok());
        Ok(first.filter(|pid| *pid > 0))
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

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// How long a process's control group has had processors, by either version of control groups
/// (Documentation/admin-guide/cgroup-v1/cpuacct.rst, cgroup-v2.rst). Where both are there, the first accounts.
fn of_group(pid: u32) -> Option<Duration> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let accounts = |controllers: &str| controllers.split(',').any(|one| one == "cpuacct");
    let groups: Vec<(&str, &str)> = groups.lines().filter_map(group).collect();
    if let Some((controllers, path)) = groups.iter().find(|(names, _)| accounts(names)) {
        let usage = format!("{GROUPS}/{controllers}{path}/cpuacct.usage");
        let usage = std::fs::read_to_string(usage).ok()?;
        return Some(Duration::from_nanos(usage.trim().parse().ok()?));
    }
    let (_, path) = groups.iter().find(|(names, _)| names.is_empty())?;
    let stat = std::fs::read_to_string(format!("{GROUPS}{path}/cpu.stat")).ok()?;
    let usage = stat
        .lines()
        .find_map(|line| line.strip_prefix("usage_usec "))?;
    Some(Duration::from_micros(usage.trim().parse().ok()?))
}

/// The controllers and the path of a line of `/proc/PID/cgroup`.
fn group(line: &str) -> Option<(&str, &str)> {
    line.split_once(':')?.1.split_once(':')
}
