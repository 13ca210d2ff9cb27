//! What was asked of a topology and does not fit it.

use wire::{AddressError, EncodeError};

use crate::onion::TldFamily;

/// A request that does not fit its topology, or what of it runs. Each text names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRequest {
    /// `--family` names another family than the topology runs on.
    #[error(
        "{topology} runs on .{runs} daemons; leave --family out to judge it, or `ator-harness down {topology}` and start it with another family"
    )]
    RunsOnOtherFamily {
        /// The topology.
        topology: String,
        /// The family that it runs on.
        runs: TldFamily,
    },
    /// `--connector` names another connector than the topology runs with.
    #[error(
        "{topology} runs already, with the connector {connector}; leave --connector out to judge it, or `ator-harness down {topology}` first"
    )]
    RunsOtherConnector {
        /// The topology.
        topology: String,
        /// Its connector.
        connector: &'static str,
    },
    /// A fault for a topology that runs: what `up` left is not broken.
    #[error(
        "{topology} runs already, and a fault needs a run of its own; `ator-harness down {topology}` first"
    )]
    FaultOfRunning {
        /// The topology.
        topology: String,
    },
    /// An option asks for something else than runs.
    #[error(
        "{topology} runs already, with {runs}; leave {option} out to judge it, or `ator-harness down {topology}` first"
    )]
    RunsOtherwise {
        /// The topology.
        topology: String,
        /// The option.
        option: &'static str,
        /// What runs.
        runs: String,
    },
    /// `--engine` names other engines than the topology runs on.
    #[error(
        "{topology} runs already, on other engines; leave --engine out, or `ator-harness down {topology}` first"
    )]
    RunsOnOtherEngines {
        /// The topology.
        topology: String,
    },
    /// `--homes` says another number than run.
    #[error(
        "{topology} runs with {homes} homes; leave --homes out, or `ator-harness down {topology}` and start it with another number"
    )]
    RunsWithOtherHomes {
        /// The topology.
        topology: String,
        /// How many homes run.
        homes: usize,
    },
    /// `--keys` for a network whose addresses nobody knows from before.
    #[error(
        "--keys {keys} was given, but {topology} makes a network of its own, where nobody knows an address from before; leave it out"
    )]
    KeysForOwnNetwork {
        /// The name that was given to the keys.
        keys: String,
        /// The topology.
        topology: String,
    },
    /// The keys are those of a service that runs: two daemons with them would take turns in being
    /// found.
    #[error(
        "the keys {keys} of {home} are in use by the container {container}; end its run first, or give --keys another name"
    )]
    KeysInUse {
        /// The name that was given to the keys.
        keys: String,
        /// The home.
        home: String,
        /// The container that has their volume.
        container: String,
    },
    /// A volume of the name that keys had before, and none of today's.
    #[error(
        "the volume {old} of an earlier version may hold the keys {keys} of {home}: its name fits other keys as well; copy its files to a volume called {new} to keep the address, or remove it for a new one"
    )]
    KeysOfOldName {
        /// The name that was given to the keys.
        keys: String,
        /// The home.
        home: String,
        /// The volume.
        old: String,
        /// The volume that would be looked for.
        new: String,
    },
    /// A volume for keys holds something else.
    #[error(
        "the volume {volume} holds no keys of an onion service that fit each other; look at its files, or give --keys another name"
    )]
    NoKeys {
        /// The volume.
        volume: String,
    },
    /// `--authorities` for a topology that joins nobody's network.
    #[error(
        "--authorities {stand_in} was given, but {topology} makes a network of its own; leave it out, or take a topology whose [network] has kind = \"public\""
    )]
    AuthoritiesForOwnNetwork {
        /// The topology that was to stand in.
        stand_in: String,
        /// The topology.
        topology: String,
    },
    /// `--authorities` names a topology without authorities.
    #[error(
        "{stand_in} has no network of its own to stand in for the public one; --authorities takes one that has, such as testnet"
    )]
    NoNetworkToJoin {
        /// The topology that was to stand in.
        stand_in: String,
    },
    /// `--network keep` for a topology that makes a network of its own.
    #[error(
        "--network keep was given, but {topology} {why}, so it shares no network; leave it out"
    )]
    NoStandingNetwork {
        /// The topology.
        topology: String,
        /// Why it makes its own.
        why: &'static str,
    },
    /// `--to` names no home of the topology.
    #[error("{topology} has no home {home:?}; --to takes one of {}", homes.join(", "))]
    NoSuchHome {
        /// The topology.
        topology: String,
        /// What was given.
        home: String,
        /// The homes there are.
        homes: Vec<String>,
    },
    /// The packets have no destination: a home's ILP prefix makes no address.
    #[error("failed to make packets to {destination}")]
    NoDestination {
        /// What was to be the address.
        destination: String,
        /// What is wrong with it.
        source: AddressError,
    },
    /// Packets as they were asked for cannot be made.
    #[error("failed to make packets of {payload} bytes of data")]
    NoPackets {
        /// Bytes of data in each.
        payload: usize,
        /// What is wrong with them.
        source: EncodeError,
    },
}
