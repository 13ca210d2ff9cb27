//! The catalogue: one file per family, each check small and alike.
//!
//! A check is a pure function over [`Observations`]. Absence of what it should look at is a
//! failure, not a pass.

mod amounts;
mod catalogue;
mod check;
mod faults;
mod handshake;
mod hygiene;
mod isolation;
mod judge;
mod latency;
mod measured;
mod names;
mod need;
mod network;
mod observations;
mod packets;
mod places;
mod resilience;
mod secrecy;
mod service;
mod stuck;

pub use crate::evidence::{Basis, CheckResult, Finding, Verdict};
pub use catalogue::{catalogue, defect, every};
pub use check::{Check, Scope};
pub use hygiene::judge_leftovers;
pub use judge::{accept_defects, excuse_network, judge, verdict};
pub use latency::budget_check_id;
pub use latency::excuse_machine;
pub use measured::{Load, Measurement, Pace, show_outcomes};
pub use need::Need;
pub use observations::{
    Answer, Attempt, AuthorityView, CircuitTrace, ConsensusValidity, DecoyView, Delivery,
    DialExpectation, Ended, EndingView, Entry, FailedDial, FaultPacket, FaultView, FaultsView,
    HealthSample, HealthView, HomeView, Identity, LogView, Metrics, Observations, PacketEnd,
    PeerSample, PeeringView, ProbeView, Reason, Recovery, Refusal, Reject, Removal, SoakView,
    SocksRequest, Usage, UsageOverTime, Wait, Wire,
};
pub use stuck::judge_stuck;

#[cfg(test)]
mod tests;
