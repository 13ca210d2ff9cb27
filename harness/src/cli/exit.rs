//! Exit codes, and which error leads to which.

use schemars::JsonSchema;
use serde::Serialize;

use crate::checks::Verdict;
use crate::engine::EngineError;
use crate::npm::FetchError;
use crate::plan::PlanError;
use crate::run::{AtFault, RunError};

/// The documented exit codes, the least severe first: of several runs the most severe one counts.
///
/// A fail outranks everything but an interruption, because what was found against the subject stays
/// found. An environment that lacks something outranks *inconclusive*: it says why there was too
/// little to judge by. `docs/exit-codes.md` has the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "outcome")]
pub enum Exit {
    /// The verdict is pass, or what was asked for is done.
    Pass,
    /// There was too little to judge by.
    Inconclusive,
    /// The environment lacks something: engine, image, file, space.
    Environment,
    /// Wrong usage, a mistake in a topology file, or a daemon of another TLD family.
    Usage,
    /// The verdict is fail.
    Fail,
    /// A signal that asks a process to end.
    Interrupted,
}

impl Exit {
    /// The process's exit status.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Inconclusive => 4,
            Self::Interrupted => 130,
        }
    }

    /// The exit code of a verdict.
    #[must_use]
    pub const fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive | Verdict::Unsupported => Self::Inconclusive,
        }
    }

    /// The exit code of a topology that did not come up, or not stay up.
    #[must_use]
    pub const fn of_fault(at_fault: AtFault) -> Self {
        match at_fault {
            AtFault::Subject => Self::Fail,
            AtFault::Surroundings => Self::Environment,
            AtFault::Unknown => Self::Inconclusive,
        }
    }

    /// The exit code of a run that ended before its verdict.
    #[must_use]
    pub const fn of_error(error: &RunError) -> Self {
        match error {
            RunError::Engine(engine) => Self::of_engine(engine),
            RunError::Plan(PlanError::NoFreeSubnet { .. })
            | RunError::Keys(_)
            | RunError::Artefacts(_)
            | RunError::State(_)
            | RunError::NoPort(_)
            | RunError::OutOfReach { .. }
            | RunError::Preflight(_)
            | RunError::NotUp { .. }
            | RunError::NotInFull { .. } => Self::Environment,
            RunError::Plan(
                PlanError::TooManyHomes { .. }
                | PlanError::TooManyNodes { .. }
                | PlanError::TooManyNeighbours { .. }
                | PlanError::NoOwnDaemon { .. }
                | PlanError::NotRead { .. }
                | PlanError::Configuration(_),
            )
            | RunError::AlreadyUp { .. }
            | RunError::BeingStarted { .. }
            | RunError::OtherFamily { .. }
            | RunError::InvalidRequest(_) => Self::Usage,
            // Whose fault that is, is found out before it is reported ([`Exit::of_fault`]).
            RunError::Stage(_) | RunError::NodeDied(_) => Self::Inconclusive,
            RunError::Interrupted => Self::Interrupted,
        }
    }

    /// The exit code of a daemon that could not be fetched.
    #[must_use]
    pub const fn of_fetch(error: &FetchError) -> Self {
        match error {
            FetchError::File { .. } | FetchError::OtherFile { .. } | FetchError::Url => Self::Usage,
            FetchError::Architecture(_)
            | FetchError::NoCache
            | FetchError::Cache { .. }
            | FetchError::Proxy(_)
            | FetchError::NoRegistry { .. }
            | FetchError::Certificates { .. }
            | FetchError::Network { .. }
            | FetchError::Status { .. }
            | FetchError::OtherContent { .. }
            | FetchError::TooLong { .. }
            | FetchError::Inside { .. } => Self::Environment,
        }
    }

    /// The exit code of an engine call that failed.
    #[must_use]
    pub const fn of_engine(error: &EngineError) -> Self {
        match error {
            EngineError::Address(_)
            | EngineError::NoContext { .. }
            | EngineError::FileAtRoot { .. } => Self::Usage,
            EngineError::NoEngine { .. }
            | EngineError::Unreachable { .. }
            | EngineError::NoCertificates { .. }
            | EngineError::OfHome { .. }
            | EngineError::NotLocal { .. }
            | EngineError::NoSuchImage { .. }
            | EngineError::NotDeployable { .. }
            | EngineError::SubnetTaken { .. }
            | EngineError::PortTaken { .. }
            | EngineError::Exec { .. }
            | EngineError::ImageChanged { .. }
            | EngineError::WatchLost { .. }
            | EngineError::Lost { .. }
            | EngineError::NoSpace { .. }
            | EngineError::Time { .. }
            | EngineError::File { .. }
            | EngineError::OtherEngine { .. }
            | EngineError::Container { .. }
            | EngineError::TooLong { .. }
            | EngineError::Api { .. } => Self::Environment,
        }
    }
}
