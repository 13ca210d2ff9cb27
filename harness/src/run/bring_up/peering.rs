//! Peerings: registered, dialled, connected.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join;
use tokio::time::sleep;

use crate::causes::with_causes;
use crate::connectors::{Control, ControlError, Outgoing, PeersKnown, Reply};
use crate::events::{Stage, StageGuard};
use crate::evidence::Subject;
use crate::onion::monitor::{Monitor, Timeline};
use crate::plan::{HomePlan, PeeringPlan};
use crate::run::context::{POLL, Run, RunningHome, within};
use crate::run::error::{RunError, StageFailure};
use crate::run::packet::{now_ms, payload};
use crate::run::{explain, record};
use crate::topology::Transport;

/// How long a connector is asked often whether it is connected, after something has happened.
const HURRY: Duration = Duration::from_secs(1);
/// Time between two such questions while nothing happens.
const PAUSE: Duration = Duration::from_secs(1);
/// Size of the payload of a packet that shows that a peering is there.
const GREETING: usize = 64;
/// Time between two of them.
const BETWEEN_GREETINGS: Duration = Duration::from_millis(100);

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
    let deadline = run.plan.topology.deadlines.peering;
    let guard = run.recorder.stage_within(Stage::Peering, subject, deadline);
    let fail = |error: ControlError| {
        RunError::from(StageFailure::of(&guard, with_causes(&error).to_string()))
    };
    let (Some((from, to)), Some(peer)) = (run.ends(peering), run.plan.dial(peering)) else {
        return Err(StageFailure::of(&guard, "no such home").into());
    };
    let control = run.control(from);
    let dialling = homes.iter().find(|home| home.plan.id == from.id);
    let monitor = dialling.and_then(|home| home.monitor.as_ref());
    let can = run.plan.topology.connector.capabilities();
    let wait = async {
        let told = async {
            if can.peers == PeersKnown::WhenTold {
                control.register(&peer).await.map_err(fail)?;
                guard.saw("registered, not connected yet");
            }
            Ok::<_, RunError>(())
        };
        // A connector may answer at once, or when the dial is decided (contract#admin-peers).
        let listed = async {
            if can.lists_peers {
                return listed(&*control, to, monitor).await.map_err(fail);
            }
            Ok(answered(run, &guard, &*control, to).await)
        };
        let ((), at) = try_join(told, listed).await?;
        Ok(at)
    };
    let waited = within(&guard, wait);
    let waited = tokio::select! {
        waited = waited => waited,
        failure = explain::watch(run, peering, || monitor.map(Monitor::timeline), &guard) => {
            return Err(failure.into());
        }
    };
    match (waited, monitor) {
        (Ok(at), _) => {
            guard.reached("connected");
            let took = since_request(run, from, to, at).await;
            Ok(took.unwrap_or(at.duration_since(begun)))
        }
        (Err(RunError::Stage(failure)), Some(monitor)) if peering.transport == Transport::Onion => {
            Err(lowest_milestone(*failure, &monitor.timeline(), to).into())
        }
        (Err(error), _) => Err(error),
    }
}

/// Waits until the dialling connector lists the peer as connected, and returns when it did. It is asked
/// often for a moment after it was told and after whatever its daemon tells, and seldom besides: its log
/// should be about its peers.
async fn listed(
    control: &dyn Control,
    to: &HomePlan,
    monitor: Option<&Monitor>,
) -> Result<Instant, ControlError> {
    let mut changes = monitor.map(Monitor::watch);
    let mut hurries_until = Instant::now() + HURRY;
    loop {
        if control.connected(&to.id).await? == Some(true) {
            return Ok(Instant::now());
        }
        let pause = match Instant::now() < hurries_until {
            true => POLL,
            false => PAUSE,
        };
        let changed = async {
            let told = match &mut changes {
                Some(changes) => changes.changed().await.is_ok(),
                None => false,
            };
            if !told {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = changed => hurries_until = Instant::now() + HURRY,
        }
    }
}

/// How long it took from the connector's first request to its proxy for the peer until the session was
/// there: what it was told before, and when it answered that, is not the session's. `None` where nothing
/// was asked of the proxy, or the clocks of this machine and of the home's do not agree.
async fn since_request(run: &Run, from: &HomePlan, to: &HomePlan, at: Instant) -> Option<Duration> {
    let address = &to.onion()?.address;
    let wire = record::read(run, from).await.ok()?;
    let mut requests = wire.requests.iter();
    let first = requests.find(|request| request.host.expose() == address.expose())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let since = now.checked_sub(Duration::from_micros(first.at_us))?;
    since.checked_sub(at.elapsed())
}

/// Sends packets over a peering until one is answered by whoever delivers at its far end: what shows that a
/// connector is connected which does not say so.
async fn answered(run: &Run, guard: &StageGuard, control: &dyn Control, to: &HomePlan) -> Instant {
    let nonce = format!("n{}", now_ms());
    let mut number = 0_u32;
    loop {
        number += 1;
        let destination = format!("{}.{nonce}.greeting.{}.{number}", to.prefix, control.home());
        let destination = destination.to_lowercase();
        let data = payload(&destination, &nonce, GREETING);
        let packet = Outgoing {
            destination: &destination,
            amount: 0,
            data: &data,
            limit: run.plan.topology.deadlines.delivery,
        };
        let came = match control.send(&packet).await {
            Ok(Reply::Fulfilled { .. }) => return Instant::now(),
            Ok(Reply::Rejected { code, message }) => format!("{code} {message}"),
            Err(error) => with_causes(&error).to_string(),
        };
        guard.saw(format!(
            "not connected yet, a packet came to: {}",
            run.plan.redact(&came)
        ));
        sleep(BETWEEN_GREETINGS).await;
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
