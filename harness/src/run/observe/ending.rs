//! One connector is told to end, as an operator's engine tells it, with connections open that it cannot wait
//! for.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::causes::with_causes;
use crate::checks::{EndingView, Metrics};
use crate::evidence::Gathered;
use crate::plan::HomePlan;
use crate::probe::WebSocket;
use crate::run::context::{POLL, Run};
use crate::run::probe_dialer::ProbeDialer;
use crate::topology::Metric;

/// Time between two looks at its health.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a connector whose peers have all gone may take to say so.
const NOTICES: Duration = Duration::from_secs(3);

/// Tells the connector of the home that the probe dials to end, and looks how long it takes and what its
/// neighbours say then.
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
    let engine = run.engine_of(home);
    run.expect_end_of(&home.connector);
    let told = Instant::now();
    let signalled = engine.signal(&home.connector, "SIGTERM").await;
    signalled.map_err(|error| with_causes(&error).to_string())?;
    let took = loop {
        match engine.exit_status(&home.connector).await {
            Ok(Some(_)) => break Some(told.elapsed()),
            Ok(None) if told.elapsed() > EndingView::LIMIT => break None,
            Ok(None) => sleep(POLL).await,
            Err(error) => return Err(with_causes(&error).to_string()),
        }
    };
    let bereft = match took {
        Some(_) => bereft(run, home).await,
        None => Vec::new(),
    };
    Ok(EndingView {
        home: home.id.clone(),
        open: open.join(" and "),
        took,
        bereft,
    })
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

/// The homes whose only neighbour is gone, and what their connectors say of their health as soon as it is
/// no longer that they are healthy, or when time is up.
async fn bereft(run: &Run, gone: &HomePlan) -> Vec<(String, Gathered<Option<String>>)> {
    let homes = run.plan.homes.iter().filter(|home| {
        let peerings = run.plan.peerings.iter();
        let mut others = peerings
            .filter_map(|peering| match (&peering.from, &peering.to) {
                (from, to) if *from == home.id => Some(to),
                (from, to) if *to == home.id => Some(from),
                _ => None,
            })
            .peekable();
        others.peek().is_some() && others.all(|other| *other == gone.id)
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
