//! Whose fault it is that a topology did not come up, or did not stay up.

use crate::diagnosis::Cause;
use crate::events::Stage;
use crate::evidence::ContainerRole;
use crate::plan::{DaemonPlan, Plan};
use crate::run::error::RunError;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtFault {
    /// The topology under test: its connectors, or whatever of it was broken on purpose.
    Subject,
    /// This machine, its engine, or the onion daemon. They are not what is judged.
    Surroundings,
    /// Something of the private network, which is not under test, and nobody knows what.
    Unknown,
}

impl AtFault {
    /// The name in reports. Part of the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Surroundings => "surroundings",
            Self::Unknown => "unknown",
        }
    }
}

/// Whose fault an error is that ended a run. `ended` is the container that ended, if one did. `None` for
/// errors that are nobody's of the topology.
///
/// A private network is configured by the harness alone, so that one that does not come up says nothing
/// of a connector.
#[must_use]
pub(in crate::run) fn at_fault(
    plan: &Plan,
    error: &RunError,
    cause: Option<Cause>,
    ended: Option<&ContainerRole>,
) -> Option<AtFault> {
    let (RunError::Stage(_) | RunError::NodeDied(_)) = error else {
        return None;
    };
    if network_is_judged(plan) {
        return Some(AtFault::Subject);
    }
    if let Some(role) = ended {
        return Some(match role.is_connector() {
            true => AtFault::Subject,
            false => AtFault::Surroundings,
        });
    }
    let RunError::Stage(failure) = error else {
        return Some(AtFault::Surroundings);
    };
    let names = failure.node.iter().flat_map(|node| node.names());
    let own_daemon = names
        .filter_map(|id| plan.home(id))
        .any(|home| matches!(home.daemon, DaemonPlan::Managed { .. }));
    Some(match cause {
        _ if own_daemon || is_of_connector(failure.stage, cause) => AtFault::Subject,
        None | Some(Cause::Unknown) => AtFault::Unknown,
        Some(_) => AtFault::Surroundings,
    })
}

/// Whether the network is part of what is judged: one that others run, and what a mutant breaks. One that the
/// harness makes of daemons as they are is not.
pub(in crate::run) fn network_is_judged(plan: &Plan) -> bool {
    plan.joins_others() || plan.topology.mutant.is_some()
}

/// Whether a stage that was not reached speaks of a connector, for this cause.
fn is_of_connector(stage: Stage, cause: Option<Cause>) -> bool {
    let by_connector = match stage {
        Stage::Connector
        | Stage::WebSocket
        | Stage::Authentication
        | Stage::FirstAnswer
        | Stage::Peering => true,
        Stage::Prepare
        | Stage::Instruments
        | Stage::Start
        | Stage::Descriptors
        | Stage::Vote
        | Stage::Consensus
        | Stage::Listed
        | Stage::Daemon
        | Stage::Preflight
        | Stage::Lockdown
        | Stage::Bootstrap
        | Stage::Introduction
        | Stage::Upload
        | Stage::Publication
        | Stage::Fetch
        | Stage::Rendezvous
        | Stage::Shaping
        | Stage::Observe
        | Stage::Fault
        | Stage::Recovery
        | Stage::Collect
        | Stage::TearDown => false,
    };
    match cause {
        Some(
            Cause::NoRoute
            | Cause::TermsNotAgreed
            | Cause::BadNickname
            | Cause::NoQuorum
            | Cause::NoAgreement
            | Cause::MachineBusy
            | Cause::ClockSkewed
            | Cause::DescriptorNotPublished
            | Cause::AddressesBlocked
            | Cause::FolderRefused
            | Cause::NoSpace,
        ) => false,
        Some(
            Cause::WrongTldFamily
            | Cause::TargetNotListening
            | Cause::ProxyNotUsed
            | Cause::LoginRefused
            | Cause::AdminApiAbsent
            | Cause::DaemonProgramAbsent,
        ) => true,
        Some(
            Cause::DaemonExited
            | Cause::OutOfMemory
            | Cause::NotExecutable
            | Cause::MissingLibrary
            | Cause::Unknown,
        )
        | None => by_connector,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;
    use crate::engine::{Deadline, Death};
    use crate::evidence::Subject;
    use crate::plan::{AddressSpace, Inputs, Seed};
    use crate::run::error::StageFailure;
    use crate::topology::Topology;

    const LOCAL: &str = include_str!("../../../fixtures/topologies/two-home-local.toml");
    const MANAGED: &str = include_str!("../../../fixtures/topologies/managed.toml");
    const PUBLIC: &str = include_str!("../../../fixtures/topologies/public-p2p.toml");

    fn plan(text: &str) -> Plan {
        let name = text.lines().find_map(|line| line.strip_prefix("name = "));
        let name = name.expect("a name").trim_matches('"');
        let topology = Topology::parse(name, text).expect("parses");
        let inputs = Inputs {
            seed: Seed::new([7; 32]),
            now: datetime!(2026-11-22 10:00:00 UTC),
            deadline: Deadline {
                unix: 1_795_343_400,
                boot: None,
            },
            space: AddressSpace::default(),
            authorities: Vec::new(),
            standing: None,
            services: BTreeMap::new(),
        };
        Plan::new(&topology, &inputs).expect("there is room")
    }

    fn stuck(stage: Stage, node: Option<Subject>) -> RunError {
        RunError::from(StageFailure {
            stage,
            node,
            waited: Duration::from_secs(30),
            cause: "not reached within 30 s".to_owned(),
            evidence: String::new(),
            dials: Vec::new(),
            known: None,
        })
    }

    fn died(role: &str) -> RunError {
        RunError::NodeDied(Death {
            container: "x".to_owned(),
            role: role.to_owned(),
            status: "137".to_owned(),
        })
    }

    #[test]
    fn a_private_network_that_does_not_come_up_is_no_connectors_fault() {
        let plan = plan(LOCAL);
        let home = || Some(Subject::Home("home-a".to_owned()));
        let peering = || Some(Subject::peering("home-a", "home-b"));
        for (error, cause, whose) in [
            (
                stuck(Stage::Consensus, None),
                Cause::NoQuorum,
                AtFault::Surroundings,
            ),
            (
                stuck(Stage::Consensus, None),
                Cause::NoAgreement,
                AtFault::Surroundings,
            ),
            (
                stuck(Stage::Consensus, None),
                Cause::Unknown,
                AtFault::Unknown,
            ),
            (
                stuck(Stage::Bootstrap, home()),
                Cause::NoRoute,
                AtFault::Surroundings,
            ),
            (
                stuck(Stage::Lockdown, home()),
                Cause::AddressesBlocked,
                AtFault::Surroundings,
            ),
            (
                stuck(Stage::Peering, peering()),
                Cause::ClockSkewed,
                AtFault::Surroundings,
            ),
            (
                stuck(Stage::Peering, peering()),
                Cause::ProxyNotUsed,
                AtFault::Subject,
            ),
            (
                stuck(Stage::Peering, peering()),
                Cause::Unknown,
                AtFault::Subject,
            ),
            (
                stuck(Stage::Connector, home()),
                Cause::AdminApiAbsent,
                AtFault::Subject,
            ),
        ] {
            assert_eq!(
                at_fault(&plan, &error, Some(cause), None),
                Some(whose),
                "{cause}"
            );
        }
        for (role, whose) in [
            ("relay1", AtFault::Surroundings),
            ("home-a/sidecar", AtFault::Surroundings),
            ("home-a/bls", AtFault::Surroundings),
            ("home-a/connector", AtFault::Subject),
        ] {
            let role = ContainerRole::from(role);
            let error = died(&role.to_string());
            let found = at_fault(&plan, &error, Some(Cause::DaemonExited), Some(&role));
            assert_eq!(found, Some(whose), "{role}");
        }
        assert_eq!(at_fault(&plan, &RunError::Interrupted, None, None), None);
    }

    #[test]
    fn what_is_judged_with_the_connector_is_at_fault_with_it() {
        let home = Some(Subject::Home("home-b".to_owned()));
        let stuck = stuck(Stage::Bootstrap, home);
        let mut broken = plan(LOCAL);
        broken.topology.mutant = crate::mutants::MUTANTS.first();
        for plan in [plan(MANAGED), plan(PUBLIC), broken] {
            let found = at_fault(&plan, &stuck, Some(Cause::Unknown), None);
            assert_eq!(found, Some(AtFault::Subject), "{}", plan.topology.name);
        }
    }
}
