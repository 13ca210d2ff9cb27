//! What a run came to.

use std::path::PathBuf;
use std::time::Duration;

use crate::checks::{self, CheckResult, Verdict};
use crate::diagnosis::Diagnosis;
use crate::events::Event;
use crate::evidence::ContainerRole;
use crate::plan::Plan;
use crate::run::artefacts::ArtefactError;
use crate::run::at_fault::AtFault;
use crate::run::error::RunError;

/// The end of one container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeLog {
    /// What it is in the topology.
    pub role: ContainerRole,
    /// Its last lines, redacted.
    pub tail: Vec<String>,
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
    /// Whose fault that is, once it is known what was at the bottom of it, or that the network's own checks did
    /// not pass. `None` for an error that is nobody's of the topology.
    pub at_fault: Option<AtFault>,
    /// What was at the bottom of it, as far as the evidence tells; for stages that were not
    /// reached, containers that ended, and a network that is not in order.
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
    /// What was seen while things were broken, or for a soak; `None` of a run without, or that did not come so far.
    pub faults: Option<checks::FaultsView>,
    /// Every event.
    pub events: Vec<Event>,
    /// The run's folder.
    pub artefacts: PathBuf,
    /// Why something is missing in it that was written while the run went on.
    pub unwritten: Option<ArtefactError>,
}

impl Outcome {
    /// The run's verdict: that of its checks, fail when the topology under test did not hold, and
    /// inconclusive when something else ended the run before it could be judged.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (&self.error, self.at_fault) {
            (None, _) => checks::verdict(&self.checks),
            (Some(_), Some(AtFault::Subject)) => Verdict::Fail,
            (Some(_), _) => Verdict::Inconclusive,
        }
    }

    /// Whether its folder keeps the trace of what was asked: of a run that did not pass. One that is
    /// left running without an error was not judged, and needs none.
    #[must_use]
    pub fn keeps_trace(&self) -> bool {
        let judged = !self.checks.is_empty();
        self.error.is_some() || (judged && self.verdict() != Verdict::Pass)
    }
}
