//! The catalogue: one file per family, each check small and alike.
//!
//! A check is a pure function over [`Observations`]. Absence of what it should look at is a
//! failure, not a pass.

mod handshake;
mod hygiene;
mod isolation;
mod latency;
mod measured;
mod names;
mod network;
mod observations;
mod packets;
mod resilience;
mod secrecy;
mod service;
mod stuck;

use crate::onion::redact;
use crate::topology::NetworkKind;

pub use crate::evidence::{CheckResult, Finding, Verdict};
pub use hygiene::judge_leftovers;
pub use latency::budget_check_id;
pub use measured::{Load, Measurement, Pace, show_outcomes};
pub use observations::{
    Answer, Attempt, AuthorityView, CircuitTrace, ConsensusValidity, DecoyView, Delivery,
    DialExpectation, HealthView, HomeView, LogView, Metrics, Observations, PeeringView, ProbeView,
    Reason, Refusal, Reject, SocksRequest, Wire,
};
pub use stuck::judge_stuck;

/// One entry of the catalogue.
pub struct Check {
    /// `family.name`.
    pub id: &'static str,
    /// What is true when it passes, as one sentence.
    pub says: &'static str,
    /// What it can be asked of.
    pub scope: Scope,
    /// Judges what was seen.
    pub judge: fn(&Observations) -> Finding,
}

/// The topologies that a check can be asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every topology.
    Every,
    /// Those whose network the run makes: in another nobody lets us ask the authorities, and homes are
    /// not sealed off from the rest of the world.
    PrivateNetwork,
    /// Those whose homes join a network that others run.
    PublicNetwork,
}

impl Scope {
    /// Whether a topology with such a network is in it.
    #[must_use]
    pub const fn holds(self, network: NetworkKind) -> bool {
        match self {
            Self::Every => true,
            Self::PrivateNetwork => matches!(network, NetworkKind::Private),
            Self::PublicNetwork => matches!(network, NetworkKind::Public),
        }
    }

    /// Where it applies, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Every => "every topology",
            Self::PrivateNetwork => "a network that the run makes",
            Self::PublicNetwork => "a network that others run",
        }
    }
}

/// Every check over a running topology, whatever it can be asked of, in report order.
#[must_use]
pub fn every() -> Vec<&'static Check> {
    [
        network::CHECKS,
        service::CHECKS,
        isolation::CHECKS,
        names::CHECKS,
        handshake::CHECKS,
        packets::CHECKS,
        resilience::CHECKS,
        secrecy::CHECKS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The checks that a topology with such a network is asked, in report order.
#[must_use]
pub fn catalogue(network: NetworkKind) -> Vec<&'static Check> {
    let mut checks = every();
    checks.retain(|check| check.scope.holds(network));
    checks
}

/// Judges everything: the catalogue, then one check per budget.
#[must_use]
pub fn judge(seen: &Observations) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = catalogue(seen.network)
        .into_iter()
        .map(|check| CheckResult::new(check.id, check.says, (check.judge)(seen)))
        .collect();
    results.extend(latency::judge(seen));
    for result in &mut results {
        result.evidence = redacted(seen, &result.evidence);
    }
    results
}

/// Evidence quotes what connectors and daemons answered, and those may quote anything.
fn redacted(seen: &Observations, evidence: &str) -> String {
    let mut text = redact(evidence);
    for secret in seen.secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.expose(), &secret.to_string());
    }
    text
}

/// A run's verdict: the worst of its checks. Without checks there is nothing to trust.
#[must_use]
pub fn verdict(results: &[CheckResult]) -> Verdict {
    results
        .iter()
        .map(|result| result.verdict)
        .filter(|verdict| *verdict != Verdict::Unsupported)
        .max()
        .unwrap_or(Verdict::Inconclusive)
}

#[cfg(test)]
mod tests;
