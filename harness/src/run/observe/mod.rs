//! Looking at a running topology: everything the checks judge is gathered here, and nothing is
//! judged yet.

mod authorities;
mod dials;
mod homes;
mod logs;
mod packets;
mod probe;
mod traces;

use std::time::Duration;

use futures_util::future::join5;
use tokio::time::{Instant, sleep_until};

use crate::checks::{Metrics, Observations};
use crate::events::Stage;
use crate::evidence::ContainerRole;
use crate::probe::Latencies;
use crate::run::context::{Run, Running};
use crate::run::decoy::Decoys;
use crate::run::error::RunError;
use crate::run::packet::now_ms;
use crate::run::shaping;
use crate::topology::Metric;

/// After this the daemons have told of all bytes that a circuit carried before.
const BYTES_TOLD: Duration = Duration::from_millis(1100);

/// Gathers everything.
pub(in crate::run) async fn observe(
    run: &Run,
    running: &Running,
    mut decoys: Decoys,
) -> Result<Observations, RunError> {
    let guard = run.recorder.stage(Stage::Observe, None);
    let mut seen = Observations::of(&run.plan);
    let mut metrics = Metrics::new();
    for (metric, times) in &running.times {
        let latencies = metrics.entry(*metric).or_default();
        times.iter().for_each(|time| latencies.record(*time));
    }
    // Names this look at the topology: one that is kept is looked at more than once.
    let nonce = format!("n{}", now_ms());

    // Whatever is refused is refused in seconds while nothing is far away.
    shaping::switch(run, false).await?;
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
    seen.deliveries = deliveries;
    metrics.insert(Metric::Delivery, took);
    seen.rejects = unknown;
    let delivered = Instant::now();
    seen.authorities = authorities;
    let attempts = attempts?;
    guard.saw("waiting for what the onion network refuses");
    decoys.refused(run).await;
    shaping::switch(run, true).await?;
    // Alone, because it measures.
    guard.saw("probing");
    probe::probe(run, &nonce, &mut seen, &mut metrics).await;
    seen.metrics = metrics;
    // The daemons tell once a second what their circuits have carried.
    guard.saw("waiting for what the circuits carried");
    sleep_until(delivered + BYTES_TOLD).await;
    guard.saw("reading logs");
    packets::find(run, &mut seen).await;
    seen.logs = logs::views(run).await?;
    let connectors = seen.logs.iter().filter_map(|log| match &log.role {
        ContainerRole::Connector(home) => Some((home.as_str(), log.text.as_str())),
        _ => None,
    });
    run.record_milestones(&connectors.collect::<Vec<_>>());
    seen.peerings = homes::peerings(run, &seen.logs).await;
    let dialled = decoys.views(run).await;
    seen.homes = homes::views(run, &running.homes, attempts, dialled).await?;
    decoys.forget(run).await;
    guard.reached(format!(
        "{} packets, {} log files",
        seen.deliveries.len() + seen.rejects.len(),
        seen.logs.len()
    ));
    seen.written = written(run)?;
    Ok(seen)
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
