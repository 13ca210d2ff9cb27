//! What a run needs besides its topology.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::{Image, Placement};
use crate::events::Event;
use crate::onion::TldFamily;
use crate::plan::{HostProgram, Range};
use crate::run::end::reaper::ReaperProgram;
use crate::topology::Bound;

/// Where the images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Whether the connector is the reference connector.
    pub reference: bool,
    /// The onion daemon.
    pub anon: Image,
    /// Whether the user has given it: a topology that runs already must have it.
    pub anon_is_given: bool,
    /// The connector under test.
    pub connector: Image,
    /// Whether the user has given its image: a topology that runs already must have it.
    pub connector_is_given: bool,
    /// The connector under test with the onion daemon beside it, for homes whose connector runs
    /// the daemon itself.
    pub managed: Image,
    /// The business-logic server with the harness's helper.
    pub bls: Image,
    /// The program of this machine that runs in the connector's image, where that brings none.
    pub program: Option<HostProgram>,
}

/// Which network the homes of a run meet in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkChoice {
    /// One that stands by, if it fits; else one of the run's own.
    #[default]
    Standing,
    /// One of the run's own, whatever stands.
    Fresh,
    /// One that stands by; if none fits, one is made that stays.
    Keep,
}

impl NetworkChoice {
    /// Every choice, in the order of messages.
    pub const ALL: [Self; 3] = [Self::Standing, Self::Fresh, Self::Keep];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Fresh => "fresh",
            Self::Keep => "keep",
        }
    }
}

/// Which amounts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Amounts {
    /// 0 and one above it.
    #[default]
    All,
    /// 0 alone: for connectors that hand nothing on without settlement.
    Zero,
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
    /// The name of the connector that was asked for; a topology that runs already must be of it.
    pub connector: Option<String>,
    /// The homes' own engines.
    pub placement: Placement,
    /// Whether the homes' ports are reached through their engines, also where that is not needed.
    pub tunnels: bool,
    /// Whether saved logs keep onion addresses.
    pub keep_addresses: bool,
    /// The ranges that subnets are taken from; those that come along where there are none.
    pub subnets: Vec<Range>,
    /// Where run folders are made.
    pub artefacts: PathBuf,
    /// The topology that `up` left running and whose network stands in for the public one.
    pub stand_in: Option<String>,
    /// Which network the homes meet in, of a topology that does not join the public one.
    pub network: NetworkChoice,
    /// Name of the volumes from which the homes' onion services have their keys; fresh ones without
    /// it.
    pub keys: Option<String>,
    /// How much memory each connector may use, in bytes, where it is not what every container may.
    pub connector_memory: Option<u64>,
    /// Which amounts are sent.
    pub amounts: Amounts,
    /// Ids of checks of basis [`Basis::Defect`](crate::checks::Basis) that may fail.
    pub accepted_defects: Vec<String>,
    /// The program that removes a run when this process is killed.
    pub reaper: ReaperProgram,
    /// Bounds in place of those of the topology's budgets, also of one that runs already.
    pub bounds: Vec<Bound>,
    /// Reader of the event stream for people, or nobody.
    pub progress: Option<Progress>,
}
