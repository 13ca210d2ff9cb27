//! Why a run ended before its verdict.

use std::fmt;
use std::time::Duration;

use crate::diagnosis::Known;
use crate::engine::{Death, EngineError};
use crate::events::{Stage, StageGuard};
use crate::evidence::{Dialled, Subject};
use crate::onion::authority::AuthorityKeyError;
use crate::onion::{Daemon, TldFamily};
use crate::plan::PlanError;
use crate::run::artefacts::ArtefactError;
use crate::run::preflight_failure::PreflightFailure;
use crate::run::request::InvalidRequest;
use crate::run::state::{Starting, StateError};
use crate::topology::format_duration;

/// A stage that was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFailure {
    /// Which.
    pub stage: Stage,
    /// What of.
    pub node: Option<Subject>,
    /// How long it was waited for.
    pub waited: Duration,
    /// What is known to be wrong, or that time ran out.
    pub cause: String,
    /// The last thing seen.
    pub evidence: String,
    /// The dials that were tried last, if the stage is one of dials.
    pub dials: Vec<Dialled>,
    /// What was found meanwhile that names the cause.
    pub known: Option<Box<Known>>,
}

impl StageFailure {
    /// A failure of the stage under way, with its last evidence.
    #[must_use]
    pub fn of(guard: &StageGuard, cause: impl Into<String>) -> Self {
        Self {
            stage: guard.stage(),
            node: guard.node().cloned(),
            waited: guard.waited(),
            cause: cause.into(),
            evidence: guard.last_seen(),
            dials: Vec::new(),
            known: None,
        }
    }
}

impl fmt::Display for StageFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage {}", self.stage)?;
        if let Some(node) = &self.node {
            write!(f, " of {node}")?;
        }
        write!(
            f,
            " failed after {}: {} (last seen: {})",
            format_duration(self.waited),
            self.cause,
            self.evidence
        )
    }
}

/// Why a run ended before its verdict. Each maps to one exit code.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engine refused something or is not there.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No plan could be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Keys could not be made.
    #[error(transparent)]
    Keys(#[from] AuthorityKeyError),
    /// Artefacts could not be written.
    #[error(transparent)]
    Artefacts(#[from] ArtefactError),
    /// The state folder could not be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A stage was not reached.
    #[error("{0}")]
    Stage(Box<StageFailure>),
    /// A container ended while it was needed.
    #[error("{} ended with status {} while it was needed", .0.role, .0.status)]
    NodeDied(Death),
    /// A home's daemon publishes another TLD family than the run is for.
    #[error(
        "{home}'s daemon is {daemon}, which publishes .{publishes} services, and the run is for .{wanted}; run with `--family {publishes}`, or give a daemon of the .{wanted} family with --anon-binary or --anon-image"
    )]
    OtherFamily {
        /// The home.
        home: String,
        /// Its daemon.
        daemon: Daemon,
        /// What that publishes.
        publishes: TldFamily,
        /// What the topology or `--family` says.
        wanted: TldFamily,
    },
    /// This machine has no port left for a tunnel.
    #[error("failed to listen on the loopback interface for a home's port")]
    NoPort(#[source] std::io::Error),
    /// A run that this machine knows stands on engines that do not answer.
    #[error(
        "run {run} of {topology} can't be looked at; start the engine again, or forget the run by removing {folder}"
    )]
    OutOfReach {
        /// The topology.
        topology: String,
        /// The run.
        run: String,
        /// The run's folder of state.
        folder: String,
        /// Which engine, and why.
        source: Box<EngineError>,
    },
    /// SIGINT or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// The topology runs already and `up` was asked for again.
    #[error(
        "{topology} is running already as run {run}; `ator-harness down {topology}` removes it"
    )]
    AlreadyUp {
        /// The topology.
        topology: String,
        /// The run.
        run: String,
    },
    /// The topology is being brought up by `up` at this moment.
    #[error(
        "{topology} is being started by {}; wait until it is up, or interrupt that process, which then removes what it has started", by(starting.as_ref())
    )]
    BeingStarted {
        /// The topology.
        topology: String,
        /// Which run, and which process; `None` when its lock does not tell.
        starting: Option<Starting>,
    },
    /// A topology that has to run does not.
    #[error("{topology} is not running; `ator-harness up {topology}` starts it")]
    NotUp {
        /// The topology.
        topology: String,
    },
    /// A topology that has to run is not there in full.
    #[error(
        "{topology} is not running in full ({}); `ator-harness down {topology}` removes it, `ator-harness up {topology}` starts it again",
        missing.join(", ")
    )]
    NotInFull {
        /// The topology.
        topology: String,
        /// Role and state of each container that does not run.
        missing: Vec<String>,
    },
    /// The network that the homes join could not be entered.
    #[error(transparent)]
    Preflight(#[from] PreflightFailure),
    /// What was asked does not fit the topology, or what of it runs.
    #[error(transparent)]
    InvalidRequest(#[from] InvalidRequest),
}

fn by(starting: Option<&Starting>) -> String {
    match starting {
        Some(Starting { run, owner }) => format!("{owner} as run {run}"),
        None => "another process".to_owned(),
    }
}

impl From<StageFailure> for RunError {
    fn from(failure: StageFailure) -> Self {
        Self::Stage(Box::new(failure))
    }
}
