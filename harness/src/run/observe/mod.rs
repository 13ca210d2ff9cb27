//! Looking at a running topology: everything the checks judge is gathered here, and nothing is
//! judged yet.

mod authorities;
mod dials;
mod ending;
mod homes;
mod logs;
mod packets;
mod probe;
mod traces;

use std::time::Duration;

use futures_util::future::join5;
use tokio::time::{Instant, sleep_until};

use crate::checks::{Metrics, Observations};
use crate::events::{Stage, StageGuard};
use crate::evidence::ContainerRole;
use crate::probe::Latencies;
use crate::run::context::{Run, Running};
use crate::run::decoy::Decoys;
use crate::run::error::RunError;
use crate::run::faults;
use crate::run::moment;
use crate::run::options::Amounts;
use crate::run::packet::now_ms;
use crate::run::pressure;
use crate::run::probe_dialer::ProbeDialer;
use crate::run::shaping;
use crate::topology::{Fault, Metric};

/// After this the daemons have told of all bytes that a circuit carried before.
const BYTES_TOLD: Duration = Duration::from_millis(1100);

/// What is measured while a topology comes up.
const COMING_UP: [Metric; 3] = [Metric::Ready, Metric::Publication, Metric::Peering];

/// Gathers everything. Last, where it may come to its end, one connector is told to.
pub(in crate::run) async fn observe(
    run: &Run,
    running: &Running,
    mut decoys: Decoys,
    ends: bool,
) -> Result<Observations, RunError> {
    let guard = run.recorder.stage(Stage::Observe, None);
    let mut seen = Observations::of(&run.plan);
    seen.only_zero = run.amounts == Amounts::Zero;
    let mut metrics = Metrics::new();
    for (metric, times) in &running.times {
        let latencies = metrics.entry(*metric).or_default();
        times.iter().for_each(|time| latencies.record(*time));
    }
    // Names this look at the topology: one that is kept is looked at more than once.
    let nonce = format!("n{}", now_ms());

    seen.waited(&COMING_UP, running.waited);
    // Whatever is refused is refused in seconds while nothing is far away.
    shaping::switch(run, false).await?;
    let connected = homes::connected(run).await;
    let from = moment::now(run).await;
    guard.saw("sending packets and trying dials that must not connect");
    let mut took = Latencies::new();
    let ((), deliveries, unknown, attempts, authorities) = join5(
        decoys.tell(run),
        packets::deliveries(run, &nonce, &mut took),
        packets::unknown(run),
        dials::attempts(run),
        authorities::views(run),
    )
    .await;
    let until = moment::now(run).await;
    seen.waited(&[Metric::Delivery], pressure::between(from, until));
    seen.deliveries = deliveries;
    metrics.insert(Metric::Delivery, took);
    seen.rejects = unknown;
    let delivered = Instant::now();
    seen.authorities = authorities;
    let attempts = attempts?;
    guard.saw("waiting for what the onion network refuses");
    decoys.refused(run).await;
    let healths = homes::health(run, &connected).await;
    shaping::switch(run, true).await?;
    guard.saw("probing");
    let dialer = ProbeDialer::of(&run.plan, run.reach(), &nonce)
        .map(|dialer| dialer.asking(running.told_by(&run.plan.probe.via)));
    probe(run, &mut decoys, dialer.as_ref(), &mut seen, &mut metrics).await;
    // The daemons tell once a second what their circuits have carried.
    guard.saw("waiting for what the circuits carried");
    sleep_until(delivered + BYTES_TOLD).await;
    packets::find(run, &mut seen).await;
    let connected = homes::connected_to(run).await;
    guard.saw("waiting for what is done about a peer that was removed");
    let dialled = decoys.views(run).await;
    seen.homes = homes::views(run, &running.homes, attempts, dialled, healths).await?;
    match ends {
        true => {
            end(
                run,
                running,
                dialer.as_ref(),
                &nonce,
                (&mut seen, &mut metrics),
                &guard,
            )
            .await
        }
        false => (seen.faults, seen.ending) = (Ok(None), Ok(None)),
    }
    seen.metrics = metrics;
    guard.saw("reading logs");
    seen.logs = logs::views(run).await?;
    milestones(run, &seen);
    seen.peerings = homes::peerings(run, connected, &seen.logs);
    guard.reached(format!(
        "{} packets, {} log files",
        seen.deliveries.len() + seen.rejects.len(),
        seen.logs.len()
    ));
    seen.written = written(run)?;
    Ok(seen)
}

/// What the harness's own peer sees, if there is one. Nothing else goes on meanwhile, because it measures.
async fn probe(
    run: &Run,
    decoys: &mut Decoys,
    dialer: Option<&ProbeDialer>,
    seen: &mut Observations,
    metrics: &mut Metrics,
) {
    let from = moment::now(run).await;
    if let Some(dialer) = dialer {
        probe::enter_as_decoy(run, dialer, seen, metrics).await;
    }
    // As early as it can be, so that it shows during what follows whether the peer is dialled again.
    decoys.forget(run).await;
    if let Some(dialer) = dialer {
        let session = probe::enter(run, dialer, seen, metrics).await;
        probe::work(run, dialer, session, from, (seen, metrics)).await;
    }
}

/// Records the stages that connectors' logs show.
fn milestones(run: &Run, seen: &Observations) {
    let connectors = seen.logs.iter().filter_map(|log| match &log.role {
        ContainerRole::Connector(home) => Some((home.as_str(), log.text.as_str())),
        _ => None,
    });
    run.record_milestones(&connectors.collect::<Vec<_>>());
}

/// What a topology that is left running is spared: it is broken while packets flow, where it has faults, and one
/// connector is told to end.
async fn end(
    run: &Run,
    running: &Running,
    dialer: Option<&ProbeDialer>,
    nonce: &str,
    (seen, metrics): (&mut Observations, &mut Metrics),
    guard: &StageGuard,
) {
    let faults = &run.plan.topology.faults;
    if run.plan.topology.has_load() {
        guard.saw("breaking things while packets flow");
        let view = faults::during(run, &running.homes, nonce, metrics);
        seen.faults = Ok(Some(Box::pin(view).await));
    }
    let gone =
        |fault: &Fault| fault.takes_a_home_away() && fault.on.home() == Some(&run.plan.probe.to);
    let Some(dialer) = dialer else { return };
    if faults.iter().any(gone) {
        seen.ending = Ok(None);
        return;
    }
    guard.saw("telling a connector to end");
    // What is dialled after something was broken is no measure of what is whole.
    let mut apart = Metrics::new();
    let measured = match run.plan.topology.has_load() {
        false => metrics,
        true => &mut apart,
    };
    seen.ending = ending::of(run, dialer, measured).await.map(Some);
}

/// What the run has written for people so far. Reports are made of it, and of checks whose
/// evidence is redacted.
fn written(run: &Run) -> Result<Vec<(String, String)>, RunError> {
    let unwritable =
        |name: &'static str| move |error: serde_json::Error| run.unwritable(name, error.into());
    let lines: Result<Vec<String>, _> = run
        .recorder
        .events()
        .iter()
        .map(serde_json::to_string)
        .collect();
    let plan = serde_json::to_string(&run.plan).map_err(unwritable("plan.json"))?;
    let lines = lines.map_err(unwritable("events.jsonl"))?;
    Ok(vec![
        ("events.jsonl".to_owned(), lines.join("\n")),
        ("plan.json".to_owned(), plan),
    ])
}
