//! One run, from a plan to a verdict: prepare, bring up, observe, collect, tear down, judge.
//!
//! Whatever happens on the way, the order at the end is the same: logs are collected, then
//! everything is removed, and neither hides the cause of a failure.

mod another;
mod artefacts;
mod at_fault;
mod begin;
mod bring_up;
mod circuits;
mod context;
mod control_port;
mod daemon_program;
mod decoy;
mod dials;
mod end;
mod error;
mod explain;
mod faults;
mod flow;
mod instruments;
mod interrupt;
mod live;
mod measure;
mod milestones;
mod moment;
mod network;
mod observe;
mod options;
mod outcome;
mod packet;
mod preflight_failure;
mod prepare;
mod pressure;
mod probe_dialer;
mod publication;
mod reach;
mod record;
mod request;
mod running;
mod shaping;
mod single;
mod state;
mod stillness;
mod times;
mod votes;

pub use artefacts::{ArtefactError, Artefacts};
pub use at_fault::AtFault;
pub use begin::{find_engine, stand_in};
pub use bring_up::kept_out;
pub use circuits::{Earlier, Path};
pub use end::reaper::ReaperProgram;
pub use end::{Leases, reap};
pub use error::{RunError, StageFailure};
pub use flow::{PERSISTED_LIFETIME, Then, bring_up_and_keep, hold, verify};
pub use interrupt::Interrupts;
pub use live::{Live, Made};
pub use measure::measure;

pub use network::{KnownNetwork, network_down, network_status, network_up, prove_instruments};
pub use options::{Amounts, NetworkChoice, Options, Progress, Sources};
pub use outcome::{NodeLog, Outcome};
pub use preflight_failure::{PreflightFailure, clocks_agree};
pub use prepare::fresh_inputs;
pub use reach::Tunnel;
pub use request::InvalidRequest;
pub use single::SingleRun;
pub use state::{
    Condition, ConnectorSource, Fate, KnownRun, Life, NetworkUse, Owner, PersistedNetwork,
    PersistedRun, ProfileText, Registry, Release, RunLock, RunRecord, SourceError, Starting,
    StateError, TopologyLock, TopologySource, Unreadable, Verb, is_announced,
};
pub use times::Times;
