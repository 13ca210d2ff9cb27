//! One connector is told to end, as an operator's engine tells it, with connections open that it cannot wait
//! for.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::causes::with_causes;
use crate::checks::{EndingView, Metrics};
use crate::evidence::Gathered;
use crate::plan::{DaemonPlan, HomePlan};
use crate::probe::WebSocket;
use crate::run::context::{POLL, Run};
use crate::run::probe_dialer::ProbeDialer;
use crate::topology::Metric;

/// Time between two looks at its health.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a connector whose peers have all gone may take to say so.
const NOTICES: Duration = Duration::from_secs(3);

/// Tells the connector of the home that the probe dials to end, and looks how long it takes, and what those say
/// whose peers have all gone. Where that home has one neighbour, that one is told first.
pub(in crate::run) async fn of(
    run: &Run,
    dialer: &ProbeDialer,
    metrics: &mut Metrics,
) -> Gathered<EndingView> {
    let home = run.plan.home(&run.plan.probe.to).ok_or("no such home")?;
    // Both stay open until this function ends.
    let entered = dialer
        .connect("last", &run.plan.probe.secret, metrics)
        .await;
    let idle = idle(dialer, metrics).await;
    let mut open = Vec::new();
    if entered.is_ok() {
        open.push("the probe's session");
    }
    if idle.is_ok() {
        open.push("a connection that never said who it is");
    }
    if open.is_empty() {
        return Err(idle.err().unwrap_or_default());
    }
    let mut asked = Vec::new();
    // What the home itself says when all its peers are gone shows before it goes as well.
    if let Some(only) = only_neighbour(run, home)
        && !(only.id == run.plan.probe.via && matches!(only.daemon, DaemonPlan::Managed { .. }))
        && end(run, only).await?.is_some()
    {
        asked = bereft(run, only).await;
    }
    let took = end(run, home).await?;
    if took.is_some() {
        let told: Vec<String> = asked.iter().map(|(id, _)| id.clone()).collect();
        let more = bereft(run, home).await.into_iter();
        asked.extend(more.filter(|(id, _)| !told.contains(id)));
    }
    Ok(EndingView {
        home: home.id.clone(),
        open: open.join(" and "),
        took,
        bereft: asked,
    })
}

/// Tells a home's connector to end, and returns how long that took; `None` when it has not ended in time.
async fn end(run: &Run, home: &HomePlan) -> Gathered<Option<Duration>> {
    let engine = run.engine_of(home);
    run.expect_end_of(&home.connector);
    let told = Instant::now();
    let signalled = engine.signal(&home.connector, "SIGTERM").await;
    signalled.map_err(|error| with_causes(&error).to_string())?;
    loop {
        match engine.exit_status(&home.connector).await {
            Ok(Some(_)) => return Ok(Some(told.elapsed())),
            Ok(None) if told.elapsed() > EndingView::LIMIT => return Ok(None),
            Ok(None) => sleep(POLL).await,
            Err(error) => return Err(with_causes(&error).to_string()),
        }
    }
}

/// The homes that a home has a peering with, in either direction.
fn neighbours<'r>(run: &'r Run, home: &'r HomePlan) -> impl Iterator<Item = &'r str> {
    let peerings = run.plan.peerings.iter();
    peerings.filter_map(|peering| match (&peering.from, &peering.to) {
        (from, to) if *from == home.id => Some(to.as_str()),
        (from, to) if *to == home.id => Some(from.as_str()),
        _ => None,
    })
}

/// The one home that a home has peerings with.
fn only_neighbour<'r>(run: &'r Run, home: &'r HomePlan) -> Option<&'r HomePlan> {
    let first = neighbours(run, home).next()?;
    let only = neighbours(run, home).all(|other| other == first);
    run.plan.home(first).filter(|_| only)
}

/// A WebSocket on which nothing is said.
async fn idle(
    dialer: &ProbeDialer,
    metrics: &mut Metrics,
) -> Gathered<WebSocket<tokio::net::TcpStream>> {
    let dialed = dialer.dial("idle", Metric::Dial, metrics).await?;
    WebSocket::upgrade(dialed.stream, &dialer.target, dialer.limit)
        .await
        .map_err(|error| with_causes(&error).to_string())
}

/// The homes that dial and whose only neighbour is gone, and what their connectors say of their health as soon as it is
/// no longer that they are healthy, or when time is up.
async fn bereft(run: &Run, gone: &HomePlan) -> Vec<(String, Gathered<Option<String>>)> {
    let homes = run.plan.homes.iter().filter(|home| {
        // Who dials nobody may say that it has no peers (contract#health).
        let dials = run
            .plan
            .peerings
            .iter()
            .any(|peering| peering.from == home.id);
        let only = only_neighbour(run, home).filter(|_| dials);
        only.is_some_and(|only| only.id == gone.id) && !run.is_told_to_end(&home.connector)
    });
    let asked = homes.map(|home| async {
        let until = Instant::now() + NOTICES;
        loop {
            let status = match run.control(home).health().await {
                Ok(health) => Ok(health.status),
                Err(error) if error.is_absence() => Ok(None),
                Err(error) => Err(with_causes(&error).to_string()),
            };
            let is_healthy = status
                .as_ref()
                .is_ok_and(|status| status.as_deref() == Some("healthy"));
            if !is_healthy || Instant::now() >= until {
                return (home.id.clone(), status);
            }
            sleep(PAUSE).await;
        }
    });
    join_all(asked).await
}
