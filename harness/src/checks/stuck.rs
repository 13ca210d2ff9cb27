//! What a topology that did not come up says about the checks.

use super::{CheckResult, Finding, catalogue, latency};
use crate::events::Stage;
use crate::topology::{Budget, NetworkKind};

/// The checks of a run whose stage was not reached: `finding` is of the one that says that it would be, or
/// of the one that is known to be to `blame`, and nothing is known of the others.
#[must_use]
pub fn judge_stuck(
    stage: Stage,
    blame: Option<&str>,
    finding: &Finding,
    (network, faults): (NetworkKind, bool),
    budgets: &[Budget],
) -> Vec<CheckResult> {
    let stuck = blame.or(check_of(stage));
    let judge = |id: &str| {
        if Some(id) == stuck {
            finding.clone()
        } else {
            Finding::inconclusive(format!("the stage {stage} was not reached"))
        }
    };
    catalogue(network, faults)
        .into_iter()
        .map(|check| CheckResult::new(check.id, check.says, judge(check.id)).on(check.basis))
        .chain(latency::ids(budgets).into_iter().map(|(id, says)| {
            let finding = judge(&id);
            CheckResult::new(&id, &says, finding)
        }))
        .collect()
}

/// The check that says that a stage is reached.
const fn check_of(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Descriptors | Stage::Vote | Stage::Consensus | Stage::Listed => {
            Some("network.consensus")
        }
        Stage::Lockdown => Some("isolation.published-reachable"),
        Stage::Daemon | Stage::Preflight | Stage::Bootstrap => Some("network.bootstrapped"),
        Stage::Introduction | Stage::Upload | Stage::Publication => Some("service.uploaded"),
        Stage::Fetch => Some("service.fetched"),
        Stage::Rendezvous => Some("service.rendezvous"),
        Stage::Connector | Stage::WebSocket | Stage::Authentication | Stage::Peering => {
            Some("handshake.connected")
        }
        Stage::Prepare
        | Stage::Instruments
        | Stage::Start
        | Stage::FirstAnswer
        | Stage::Shaping
        | Stage::Observe
        | Stage::Fault
        | Stage::Recovery
        | Stage::Collect
        | Stage::TearDown => None,
    }
}
