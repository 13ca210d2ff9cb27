//! What a diagnosis goes by.

use super::dialling::DiallingSigns;
use crate::events::Stage;
use crate::evidence::{ContainerRole, Dialled, Subject};
use crate::onion::TldFamily;
use crate::onion::ballot::Ballot;
use crate::onion::monitor::Timeline;

/// A container that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it was in the topology.
    pub role: ContainerRole,
    /// Its exit status, as the engine reports it.
    pub status: String,
    /// What else the engine knows of its end.
    pub state: EndState,
}

/// What an engine knows of a container's end besides its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndState {
    /// Whether the kernel killed it for want of memory.
    pub out_of_memory: bool,
    /// Whether it was killed, and not because somebody asked its engine for that.
    pub killed_unasked: bool,
    /// How much memory it may use, in bytes; nothing where there is no limit.
    pub memory_limit: Option<u64>,
    /// Why it could not be started; empty where it could.
    pub error: String,
}

/// A program's whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeText {
    /// What the container is in the topology.
    pub role: ContainerRole,
    /// What it wrote.
    pub text: String,
}

/// What a home's daemon told on its control port that can explain a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonSigns {
    /// The home.
    pub node: String,
    /// Bootstrap percentage, 0 to 100.
    pub percent: u8,
    /// Bootstrap tag.
    pub tag: String,
    /// Reason and text of each warning.
    pub warnings: Vec<(String, String)>,
    /// Why circuits failed before they were built.
    pub failed_circuits: Vec<String>,
    /// Domain and reason of each stream that failed.
    pub failed_streams: Vec<(String, String)>,
    /// HSDir and reason of each upload that failed.
    pub failed_uploads: Vec<(String, String)>,
    /// HSDir and reason of each fetch that failed.
    pub failed_fetches: Vec<(String, String)>,
}

impl DaemonSigns {
    /// The signs in a daemon's timeline.
    #[must_use]
    pub fn of(node: &str, timeline: &Timeline) -> Self {
        let failed = |transfers: &[crate::onion::monitor::Transfer]| {
            let failed = transfers.iter().filter_map(|transfer| {
                let reason = transfer.ended.as_ref()?.1.as_ref().err()?;
                Some((transfer.hsdir.clone(), reason.clone()))
            });
            failed.collect()
        };
        let last = timeline.bootstrap.last();
        Self {
            node: node.to_owned(),
            percent: last.map_or(0, |step| step.percent),
            tag: last.map_or_else(|| "starting".to_owned(), |step| step.tag.clone()),
            warnings: timeline
                .warnings
                .iter()
                .map(|warning| (warning.reason.clone(), warning.text.clone()))
                .collect(),
            failed_circuits: timeline.failed_circuits.clone(),
            failed_streams: timeline
                .streams
                .values()
                .filter(|stream| stream.succeeded.is_none())
                .filter_map(|stream| {
                    let domain = stream.domain().unwrap_or_default();
                    Some((domain.to_owned(), stream.failure.clone()?))
                })
                .collect(),
            failed_uploads: failed(&timeline.uploads),
            failed_fetches: failed(&timeline.fetches),
        }
    }
}

/// What is found while a stage is waited for, and may be enough to end the wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// What a peering's dials have come to.
    Dials(DiallingSigns),
    /// What the authorities showed when a consensus was refused.
    Votes(Vec<Ballot>),
    /// What the engine said when it could not start a container.
    NotStarted(String),
    /// A home's connector is to run the onion daemon, and its container has no program for it.
    NoDaemonProgram {
        /// The home.
        home: String,
        /// Where the program should be.
        program: String,
    },
    /// A connector's BTP port takes connections, and its admin API does not.
    NoAdminApi {
        /// That, in words.
        how: String,
        /// The connectors that come along and need not be told of their peers while they run.
        others: Vec<&'static str>,
    },
}

/// Everything that is known when a run has failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The stage that was not reached.
    pub stage: Option<Stage>,
    /// What of.
    pub subject: Option<Subject>,
    /// What was last seen of it, and why it was given up: for people.
    pub last_seen: String,
    /// The dials from inside a home that did not connect, if the stage is one of dials.
    pub failed_dials: Vec<Dialled>,
    /// The container that ended.
    pub ending: Option<Ending>,
    /// Nicknames that the daemons were given.
    pub nicknames: Vec<String>,
    /// The TLD family that the daemons speak.
    pub family: Option<TldFamily>,
    /// Nicknames of the network's nodes.
    pub nodes: Vec<String>,
    /// What the authorities show of their votes; absent when nobody asked.
    pub authorities: Option<Vec<Ballot>>,
    /// What the homes' daemons told.
    pub daemons: Vec<DaemonSigns>,
    /// What was found while the stage was waited for.
    pub known: Option<Known>,
    /// The folders that daemons refused, each with whose container has it, its mode and its owner.
    pub folders: Vec<String>,
    /// What programs wrote.
    pub logs: Vec<NodeText>,
}
