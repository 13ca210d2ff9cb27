//! A home's connector starts, and answers or shows why it never will.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::causes::with_causes;
use crate::connectors::PeersKnown::AtStart;
use crate::connectors::{ControlError, Kind};
use crate::diagnosis::{Known, cannot_be_executed};
use crate::engine::{ContainerSpec, EngineError};
use crate::events::{Stage, StageGuard};
use crate::evidence::Subject;
use crate::plan::{DaemonPlan, HomePlan};
use crate::run::context::{Run, within};
use crate::run::dials::dial;
use crate::run::error::{RunError, StageFailure};

/// Time between two questions whether a connector is there.
const PAUSE: Duration = Duration::from_millis(100);
/// Time between two looks whether it listens for its peers.
const LOOK: Duration = Duration::from_secs(1);
/// How long it may listen for its peers before it listens for whom it is to be told by.
const DEAF: Duration = Duration::from_secs(5);
/// How long its own port may take to answer, in milliseconds.
const DIAL_MS: &str = "1000";

/// Starts a home's connector and waits until it answers.
pub(super) async fn start(
    run: &Run,
    home: &HomePlan,
    spec: &ContainerSpec,
) -> Result<(), RunError> {
    let deadline = run.plan.topology.deadlines.peering;
    let subject = Subject::Home(home.id.clone());
    let guard = run
        .recorder
        .stage_within(Stage::Connector, subject, deadline);
    // A connector that runs its own daemon runs already.
    if !matches!(home.daemon, DaemonPlan::Managed { .. }) {
        let started = run.engine_of(home).start_container(spec).await;
        started.map_err(|error| not_started(&guard, error))?;
    }
    let control = run.control(home);
    let mut deaf = Deaf::default();
    let wait = async {
        loop {
            let Err(error) = control.alive().await else {
                return Ok(());
            };
            guard.saw(with_causes(&error).to_string());
            if deaf.look(run, home, &error).await {
                let how = format!(
                    "{}'s connector takes connections on its BTP port, and none where its admin API should be: {}",
                    home.id,
                    with_causes(&error)
                );
                guard.saw(how.clone());
                let others = Kind::all().filter(|kind| kind.capabilities().peers == AtStart);
                let others = others.map(|kind| kind.name()).collect();
                return Err(StageFailure {
                    known: Some(Box::new(Known::NoAdminApi { how, others })),
                    ..StageFailure::of(&guard, "it cannot be told of its peers")
                }
                .into());
            }
            sleep(PAUSE).await;
        }
    };
    within(&guard, wait).await?;
    guard.reached("the connector answers");
    Ok(())
}

/// The failure of a container that the engine did not start.
fn not_started(guard: &StageGuard, error: EngineError) -> RunError {
    let said = with_causes(&error).to_string();
    if !cannot_be_executed(&said) {
        return error.into();
    }
    guard.saw(said.clone());
    StageFailure {
        known: Some(Box::new(Known::NotStarted(said))),
        ..StageFailure::of(guard, "the connector's program cannot be executed")
    }
    .into()
}

/// Since when a connector listens for its peers and not for whom it is to be told by.
#[derive(Default)]
struct Deaf {
    since: Option<Instant>,
    looked: Option<Instant>,
}

impl Deaf {
    /// Whether it has been so long enough. Looked at once a second.
    async fn look(&mut self, run: &Run, home: &HomePlan, error: &ControlError) -> bool {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return false;
        }
        self.looked = Some(Instant::now());
        let ports: Vec<SocketAddr> = home
            .ports
            .btp()
            .into_iter()
            .map(|port| home.socket(port))
            .collect();
        let listens = match dial(run, home, &ports, DIAL_MS).await {
            Ok(dialled) => {
                !ports.is_empty() && dialled.iter().all(|one| one.outcome.is_connected())
            }
            // Nothing is known then.
            Err(_) => false,
        };
        self.is_so(listens && error.is_absence(), Instant::now())
    }

    /// Whether it is so now, and has been for long enough.
    fn is_so(&mut self, deaf: bool, now: Instant) -> bool {
        if !deaf {
            self.since = None;
            return false;
        }
        now.duration_since(*self.since.get_or_insert(now)) >= DEAF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_that_is_still_starting_is_not_deaf() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deaf = Deaf::default();
        assert!(!deaf.is_so(true, at(0)));
        assert!(!deaf.is_so(true, at(4)));
        assert!(deaf.is_so(true, at(5)));
        // What answers in between, or does not listen any more, begins anew.
        assert!(!deaf.is_so(false, at(6)));
        assert!(!deaf.is_so(true, at(7)));
        assert!(!deaf.is_so(true, at(11)));
        assert!(deaf.is_so(true, at(12)));
    }
}
