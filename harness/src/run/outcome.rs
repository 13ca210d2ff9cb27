//! What a run needs, and what it came to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::checks::{self, CheckResult, Verdict};
use crate::diagnosis::Diagnosis;
use crate::engine::{Image, Placement};
use crate::events::Event;
use crate::onion::TldFamily;
use crate::plan::Plan;
use crate::run::end::collect::NodeLog;
use crate::run::error::RunError;

/// Where the images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The onion daemon.
    pub anon: Image,
    /// The connector under test.
    pub connector: Image,
    /// The connector under test with the onion daemon beside it, for homes whose connector runs
    /// the daemon itself.
    pub managed: Image,
    /// The business-logic server with the harness's helper.
    pub bls: Image,
}

/// A reader of the event stream that only shows it.
pub type Progress = Arc<dyn Fn(&Event) + Send + Sync>;

/// What a run needs besides its topology.
#[derive(Clone)]
pub struct Options {
    /// Where the images come from.
    pub sources: Sources,
    /// The TLD family that was asked for by name; a topology that runs already must be of it.
    pub family: Option<TldFamily>,
    /// The homes' own engines.
    pub placement: Placement,
    /// Whether the homes' ports are reached through their engines, also where that is not needed.
    pub tunnels: bool,
    /// Where run folders are made.
    pub artefacts: PathBuf,
    /// The topology that `up` left running and whose network stands in for the public one.
    pub stand_in: Option<String>,
    /// Name of the volumes from which the homes' onion services have their keys; fresh ones without
    /// it.
    pub keys: Option<String>,
    /// Reader of the event stream for people, or nobody.
    pub progress: Option<Progress>,
}

/// What a run came to.
pub struct Outcome {
    /// What was run, and how. Its id names the topology's resources; a topology that ran already
    /// is judged in a folder of its own.
    pub plan: Plan,
    /// Every check's result; empty when the run ended before them.
    pub checks: Vec<CheckResult>,
    /// Why the run ended before its checks, if it did.
    pub error: Option<RunError>,
    /// What was at the bottom of it, as far as the evidence tells; for stages that were not
    /// reached and containers that ended.
    pub diagnosis: Option<Diagnosis>,
    /// The ends of the logs that matter for a failure.
    pub logs: Vec<NodeLog>,
    /// From start to verdict, clean-up not counted.
    pub duration: Duration,
    /// How long removing took.
    pub clean_up: Option<Duration>,
    /// Memory of all containers together at the end, in bytes, as the engine accounts it.
    pub containers_memory: Option<u64>,
    /// What was measured.
    pub metrics: checks::Metrics,
    /// Every event.
    pub events: Vec<Event>,
    /// The run's folder.
    pub artefacts: PathBuf,
}

impl Outcome {
    /// The run's verdict: that of its checks, fail when the topology itself did not hold, and
    /// inconclusive when something else ended the run before it could be judged.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.error {
            None => checks::verdict(&self.checks),
            Some(RunError::Stage(_) | RunError::NodeDied(_)) => Verdict::Fail,
            Some(_) => Verdict::Inconclusive,
        }
    }
}
