//! The catalogue: one file per family, each check small and alike.
//!
//! A check is a pure function over [`Observations`]. Absence of what it should look at is a
//! failure, not a pass.

mod handshake;
mod hygiene;
mod isolation;
mod latency;
mod names;
mod network;
mod observations;
mod packets;
mod resilience;
mod secrecy;
mod service;
mod stuck;

use serde::{Deserialize, Serialize};

use crate::onion::redact;

pub use hygiene::judge_leftovers;
pub use latency::budget_check_id;
pub(crate) use latency::judge_measured;
pub use observations::{
    AbsentView, Answer, Arrival, Attempt, AuthorityView, Crossing, Delivery, HealthView, HomeView,
    Live, LogView, Metrics, Observations, PeeringView, ProbeView, Reason, Refusal, Reject,
    SocksRequest, Wire,
};
pub use stuck::judge_stuck;

/// How a check, or a run, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What the check says is true.
    Pass,
    /// This connector or daemon cannot do what the check needs.
    Unsupported,
    /// There was too little to judge by.
    Inconclusive,
    /// What the check says is not true.
    Fail,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unsupported => "unsupported",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it came out.
    pub verdict: Verdict,
    /// What was measured, with its unit; empty for a yes-or-no check.
    pub measured: String,
    /// The bound, with its unit; empty without a budget.
    pub budget: String,
    /// What was seen, where and when. Holds no secret and no onion address.
    pub evidence: String,
}

impl Finding {
    fn plain(verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self {
            verdict,
            measured: String::new(),
            budget: String::new(),
            evidence: evidence.into(),
        }
    }

    pub(crate) fn pass(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Pass, evidence)
    }

    pub(crate) fn fail(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Fail, evidence)
    }

    pub(crate) fn inconclusive(evidence: impl Into<String>) -> Self {
        Self::plain(Verdict::Inconclusive, evidence)
    }

    /// Passes when there were things to look at and none was wrong.
    pub(crate) fn all(looked_at: usize, wrong: &[String], good: impl Into<String>) -> Self {
        if !wrong.is_empty() {
            Self::fail(wrong.join("; "))
        } else if looked_at == 0 {
            Self::fail("found nothing to look at")
        } else {
            Self::pass(good)
        }
    }
}

/// One check's outcome, as every report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// `family.name`, stable once released.
    pub id: String,
    /// What is true when it passes.
    pub says: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was measured.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub measured: String,
    /// The bound.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub budget: String,
    /// What was seen.
    pub evidence: String,
}

/// One entry of the catalogue.
pub struct Check {
    /// `family.name`.
    pub id: &'static str,
    /// What is true when it passes, as one sentence.
    pub says: &'static str,
    /// Judges what was seen.
    pub judge: fn(&Observations) -> Finding,
}

/// Checks of a network that the run makes: in another nobody lets us ask the authorities, and homes
/// are not sealed off from the rest of the world.
const OF_PRIVATE: [&str; 4] = [
    "network.consensus",
    "network.certificates",
    "isolation.published-reachable",
    "isolation.nothing-else",
];
/// Checks of a network that others run.
const OF_PUBLIC: [&str; 1] = ["network.joined"];

/// Every check over a running topology, in report order; `public` where the homes join a network that
/// others run.
#[must_use]
pub fn catalogue(public: bool) -> Vec<&'static Check> {
    let others = if public { &OF_PRIVATE[..] } else { &OF_PUBLIC };
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
    .filter(|check| !others.contains(&check.id))
    .collect()
}

/// Judges everything: the catalogue, then one check per budget.
#[must_use]
pub fn judge(seen: &Observations) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = catalogue(seen.public)
        .into_iter()
        .map(|check| result(check.id, check.says, (check.judge)(seen)))
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

pub(crate) fn result(id: &str, says: &str, finding: Finding) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        says: says.to_owned(),
        verdict: finding.verdict,
        measured: finding.measured,
        budget: finding.budget,
        evidence: finding.evidence,
    }
}

#[cfg(test)]
mod tests;
