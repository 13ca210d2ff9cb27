//! From what was seen to results.

use super::catalogue::catalogue;
use super::network::OF_NETWORK;
use super::{Observations, latency};
use crate::evidence::{Basis, CheckResult, Finding, Verdict};
use crate::onion::redact;

/// Judges everything: the catalogue, then one check per budget.
#[must_use]
pub fn judge(seen: &Observations) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = catalogue(seen.network, seen.has_faults)
        .into_iter()
        .map(|check| {
            let finding = match check.needs.lacking(seen.connector) {
                Some(what) => Finding::unsupported(format!("{} {what}", seen.connector.name())),
                None => (check.judge)(seen),
            };
            CheckResult::new(check.id, check.says, finding).on(check.basis)
        })
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

/// Takes what is wrong with the network itself for unknown, where nobody broke it on purpose: it is made of daemons
/// that are not judged. Returns what is wrong or not known of it.
pub fn excuse_network(results: &mut [CheckResult]) -> Vec<String> {
    let mut wrong = Vec::new();
    for result in results {
        let is_bad = matches!(result.verdict, Verdict::Fail | Verdict::Inconclusive);
        if is_bad && OF_NETWORK.contains(&&*result.id) {
            result.verdict = Verdict::Inconclusive;
            wrong.push(result.evidence.clone());
        }
    }
    wrong
}

/// Marks the failures that are defects of these ids as accepted.
pub fn accept_defects(results: &mut [CheckResult], ids: &[String]) {
    for result in results {
        result.accepted = result.basis == Basis::Defect
            && result.verdict == Verdict::Fail
            && ids.contains(&result.id);
    }
}

/// A run's verdict: the worst of its checks, accepted defects left out. Without checks there is nothing to
/// trust.
#[must_use]
pub fn verdict(results: &[CheckResult]) -> Verdict {
    results
        .iter()
        .filter(|result| !result.accepted)
        .map(|result| result.verdict)
        .filter(|verdict| *verdict != Verdict::Unsupported)
        .max()
        .unwrap_or(Verdict::Inconclusive)
}
