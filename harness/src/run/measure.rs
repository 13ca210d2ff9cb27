//! Measuring a topology that `up` left running: dials, then a load over one session.
//!
//! Nothing is started and nothing is written. What stays for a while are the daemon's circuits,
//! which nobody else can use: their SOCKS password is of this measurement alone.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::checks::{Load, Measurement, Metrics, Pace};
use crate::engine::{Death, EngineError, Engines, Watch};
use crate::plan::{HomePlan, Plan};
use crate::probe::load::{ClosedLoop, OpenLoop, Traffic, Until};
use crate::probe::{ConnectionEnd, Session};
use crate::run::context::redact_traces;
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::moment;
use crate::run::packet::now_ms;
use crate::run::pressure;
use crate::run::probe_dialer::{ANSWER_LIMIT, DIALS, ProbeDialer};
use crate::run::reach::{Reach, Way};
use crate::run::request::InvalidRequest;
use crate::run::running::{self, Found};
use crate::run::state::Registry;
use crate::topology::Topology;

/// Most packets in flight in an open loop: a quarter of what a session holds.
const MOST_IN_FLIGHT: usize = 1024;
/// How long after a lost session the engine is listened to for the container that took it down.
const DEATH_LIMIT: Duration = Duration::from_secs(1);

/// Measures a topology that `up` left running; with `tunnels`, through its engines also where that is
/// not needed. `begun` is told in a sentence what happens next.
///
/// # Errors
///
/// [`RunError::NotUp`] and [`RunError::NotInFull`] when it does not run, [`RunError::Interrupted`] before
/// anything was dialled, [`InvalidRequest`] when it has no such home or another number of homes, and what the engine refuses. A session that cannot
/// be had, or is lost, is no error: it is in the [`Measurement`].
pub async fn measure(
    topology: &Topology,
    sized: bool,
    tunnels: bool,
    load: &Load,
    interrupts: &Interrupts,
    begun: &dyn Fn(&str),
) -> Result<Measurement, RunError> {
    let ready = interrupts.unless_asked(Box::pin(ready(topology, sized, tunnels)));
    let (engines, plan, way) = ready.await.ok_or(RunError::Interrupted)??;
    let reach = Reach::open(way, &engines, &plan).map_err(RunError::NoPort)?;
    let to = destination(&plan, load)?.clone();
    let of_it = [plan.run.as_str()];
    let watch = interrupts.unless_asked(engines.watch(&of_it));
    let mut watch = watch.await.ok_or(RunError::Interrupted)??;
    let mut found = Measurement::new(&plan, load, &to.id);
    let nonce = format!("m{}", now_ms());
    begun(&format!(
        "{}, run {}: {} dials over fresh circuits, then as many over the last of them",
        found.topology, found.run, load.dials
    ));
    let began = moment::of(&engines, &plan).await;
    let (metrics, failed) = (&mut found.metrics, &mut found.failed_dials);
    let dialled = interrupts.unless_asked(dials(&plan, &reach, load, &nonce, metrics, failed));
    match dialled.await {
        None => found.interrupted = true,
        Some(Err(reason)) => found.lost = Some(reason),
        Some(Ok(session)) => {
            let dialled = moment::of(&engines, &plan).await;
            found.waited(&DIALS, pressure::between(began, dialled));
            begun(&format!(
                "load of {} to {}",
                load.describe(),
                if found.hops == 0 {
                    to.id.clone()
                } else {
                    format!("{}, {} hops behind {}", to.id, found.hops, found.entry)
                }
            ));
            run(&plan, &to, &nonce, &session, interrupts, &mut found).await?;
            let sent = moment::of(&engines, &plan).await;
            found.waited(&found.of_load(), pressure::between(dialled, sent));
            if let Some(end) = session.end() {
                found.lost = Some(cause(&end, &mut watch).await?);
            }
            // The connection may be slow to close; a user who asks again need not wait for it.
            tokio::select! {
                () = session.close() => {}
                () = interrupts.at_least(2) => {}
            }
        }
    }
    if found.lost.is_none()
        && let Some(death) = watch.death_within(Duration::ZERO).await?
    {
        found.notes.push(died(&death));
    }
    found.judge(&plan);
    Ok(found)
}

/// The topology that runs, and the way to it.
async fn ready(
    topology: &Topology,
    sized: bool,
    tunnels: bool,
) -> Result<(Engines, Plan, Way), RunError> {
    let (engines, plan) = running(topology, sized).await?;
    redact_traces(&plan);
    let way = Way::of(&plan.topology, tunnels);
    let way = way.to_running(&engines, &plan).await;
    Ok((engines, plan, way))
}

/// The plan of the topology that runs, every container of which runs.
async fn running(topology: &Topology, sized: bool) -> Result<(Engines, Plan), RunError> {
    let name = &topology.name;
    let found = running::find(&Registry::locate(), name).await?;
    let Some(Found { engines, plan, .. }) = found else {
        return Err(RunError::NotUp {
            topology: name.clone(),
        });
    };
    let homes = plan.homes.len();
    if sized && topology.homes.len() != homes {
        return Err(InvalidRequest::RunsWithOtherHomes {
            topology: name.clone(),
            homes,
        }
        .into());
    }
    let found = engines.runs().await?;
    let containers: BTreeMap<String, String> = found
        .into_iter()
        .filter(|found| found.run == plan.run.as_str())
        .flat_map(|found| found.containers)
        .collect();
    let missing: Vec<String> = containers
        .into_iter()
        .filter(|(_, state)| state != "running")
        .map(|(role, state)| format!("{role}: {state}"))
        .collect();
    if missing.is_empty() {
        Ok((engines, plan))
    } else {
        Err(RunError::NotInFull {
            topology: name.clone(),
            missing,
        })
    }
}

fn destination<'a>(plan: &'a Plan, load: &Load) -> Result<&'a HomePlan, InvalidRequest> {
    let id = load.to.as_ref().unwrap_or(&plan.probe.to);
    plan.home(id).ok_or_else(|| InvalidRequest::NoSuchHome {
        topology: plan.topology.name.clone(),
        home: id.clone(),
        homes: plan.homes.iter().map(|home| home.id.clone()).collect(),
    })
}

/// Dials over fresh circuits and is let in each time, then dials again over the last. Returns the
/// last session. Metrics and failures are there also when this is given up.
async fn dials(
    plan: &Plan,
    reach: &Reach,
    load: &Load,
    nonce: &str,
    metrics: &mut Metrics,
    failed: &mut Vec<String>,
) -> Result<Session, String> {
    let dialer = ProbeDialer::of(plan, reach, nonce).ok_or("the plan lacks a home of the probe")?;
    let mut last: Option<(String, Session)> = None;
    for number in 0..load.dials.max(1) {
        // A connector may keep one session of a peer only.
        if let Some((_, session)) = &last {
            session.close().await;
        }
        let circuit = format!("fresh-{number}");
        match dialer.connect(&circuit, &plan.probe.secret, metrics).await {
            Ok((session, _)) => last = Some((circuit, session)),
            Err(not) => {
                failed.push(not.why);
                last = None;
            }
        }
    }
    let Some((circuit, session)) = last else {
        return Err(failed.last().cloned().unwrap_or_default());
    };
    for _ in 0..load.dials {
        if let Err(reason) = dialer.redial(&circuit, metrics).await {
            failed.push(reason);
        }
    }
    Ok(session)
}

async fn run(
    plan: &Plan,
    to: &HomePlan,
    nonce: &str,
    session: &Session,
    interrupts: &Interrupts,
    found: &mut Measurement,
) -> Result<(), InvalidRequest> {
    let lifetime = plan.topology.deadlines.delivery;
    let destination = format!("{}.{nonce}.load", to.prefix).to_lowercase();
    let payload = found.load.payload;
    let traffic = Traffic::new(&destination, 0, payload, lifetime).map_err(|source| {
        InvalidRequest::NoDestination {
            destination,
            source,
        }
    })?;
    let load = &found.load;
    let (warm_up, until) = (Until::Elapsed(load.warm_up), Until::Elapsed(load.time));
    let warm_up = if load.warm_up.is_zero() {
        Until::NONE
    } else {
        warm_up
    };
    let limit = lifetime.max(ANSWER_LIMIT);
    let stop = interrupts.at_least(1);
    let report = match load.pace {
        Pace::Closed { concurrency } => {
            let closed = ClosedLoop {
                concurrency,
                warm_up,
                until,
                limit,
            };
            closed.run(session, &traffic, stop).await
        }
        Pace::Open { rate } => {
            let open = OpenLoop {
                rate,
                warm_up,
                until,
                limit,
                max_in_flight: MOST_IN_FLIGHT,
            };
            open.run(session, &traffic, stop).await
        }
    };
    found.take(report.map_err(|source| InvalidRequest::NoPackets { payload, source })?);
    Ok(())
}

/// How a session ended, and what the engine knows of it.
async fn cause(end: &ConnectionEnd, watch: &mut Watch) -> Result<String, EngineError> {
    let end = format!("the connection {}", ended(end));
    // The engine may learn of a death after the connection has told.
    Ok(match watch.death_within(DEATH_LIMIT).await? {
        Some(death) => format!("{end}; {}", died(&death)),
        None => format!("{end}; no container has ended"),
    })
}

fn ended(end: &ConnectionEnd) -> String {
    match end {
        ConnectionEnd::Closed { .. } | ConnectionEnd::Local => format!("was {end}"),
        ConnectionEnd::Eof => end.to_string(),
        ConnectionEnd::Broken(_) | ConnectionEnd::Violation(_) => format!("failed: {end}"),
    }
}

fn died(death: &Death) -> String {
    format!("{} ended with status {}", death.role, death.status)
}
