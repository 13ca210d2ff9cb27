//! Peerings: registered, dialled, connected.

use std::time::{Duration, Instant};

use crate::causes::with_causes;
use crate::connectors::{ControlError, PeersKnown};
use crate::events::Stage;
use crate::evidence::Subject;
use crate::onion::monitor::Timeline;
use crate::plan::{HomePlan, PeeringPlan};
use crate::run::context::{Run, RunningHome, poll, within};
use crate::run::error::{RunError, StageFailure};
use crate::topology::Transport;

/// Registers the far home at the dialling connector and waits until the session is up.
///
/// When it does not come up, the stage that was not reached is the lowest milestone that the dialling
/// home's daemon has nothing to tell of.
pub(in crate::run) async fn connect(
    run: &Run,
    peering: &PeeringPlan,
    homes: &[RunningHome],
) -> Result<Duration, RunError> {
    let begun = Instant::now();
    let subject = Subject::peering(&peering.from, &peering.to);
    let guard = run.recorder.stage(Stage::Peering, subject);
    let fail = |error: ControlError| {
        RunError::from(StageFailure::of(&guard, with_causes(&error).to_string()))
    };
    let (Some((from, to)), Some(peer)) = (run.ends(peering), run.plan.dial(peering)) else {
        return Err(StageFailure::of(&guard, "no such home").into());
    };
    let control = run.control(from);
    let known = run.plan.topology.connector.capabilities().peers;
    let wait = async {
        if known == PeersKnown::WhenTold {
            control.register(&peer).await.map_err(fail)?;
        }
        guard.saw("registered, not connected yet");
        poll(async || {
            let connected = control.connected(&to.id).await.map_err(fail)?;
            Ok((connected == Some(true)).then_some(()))
        })
        .await
    };
    let waited = within(&guard, run.plan.topology.deadlines.peering, wait).await;
    let dialling = homes.iter().find(|home| home.plan.id == from.id);
    let monitor = dialling.and_then(|home| home.monitor.as_ref());
    match (waited, monitor) {
        (Ok(()), _) => {
            guard.reached("connected");
            Ok(begun.elapsed())
        }
        (Err(RunError::Stage(failure)), Some(monitor)) if peering.transport == Transport::Onion => {
            Err(lowest_milestone(*failure, &monitor.timeline(), to).into())
        }
        (Err(error), _) => Err(error),
    }
}

/// Names the milestone at which a peering over the onion network is stuck.
fn lowest_milestone(failure: StageFailure, dialling: &Timeline, to: &HomePlan) -> StageFailure {
    let Some(onion) = to.onion() else {
        return failure;
    };
    let label = onion.address.expose_label();
    let fetched = dialling
        .fetches
        .iter()
        .any(|fetch| fetch.label.expose() == label && matches!(fetch.ended, Some((_, Ok(())))));
    let joined = dialling.rendezvous.iter().any(|one| {
        one.joined.is_some() && one.label.as_ref().is_some_and(|of| of.expose() == label)
    });
    let stage = match (fetched, joined) {
        (false, _) => Stage::Fetch,
        (true, false) => Stage::Rendezvous,
        (true, true) => Stage::Peering,
    };
    StageFailure { stage, ..failure }
}
