//! Looking at a running topology: everything the checks judge is gathered here, and nothing is
//! judged yet.

use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64;
use futures_util::future::{join, join_all, join4};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::bring_up::{Context, directories};
use super::error::RunError;
use super::homes::{admin, dial, uploads_expected};
use super::probing::{NOWHERE, probe};
use crate::checks::{
    Arrival, Attempt, AuthorityView, Delivery, HomeView, LogView, Metrics, Observations,
    PeeringView, UnknownDestination,
};
use crate::connector::{Bls, Received};
use crate::events::Stage;
use crate::onion::anonrc::{SERVICE_DIRECTORY, SOCKS_PORT};
use crate::onion::monitor::{DaemonState, Monitor};
use crate::plan::{HomePlan, PeeringPlan};
use crate::probe::Latencies;
use crate::secret::Secret;
use crate::topology::Metric;

/// Amounts sent in each peering's direction.
const AMOUNTS: [u64; 2] = [0, 1000];
/// How long a dial that must not connect is tried, in milliseconds. A sealed home has no route
/// and fails at once; a home behind NAT alone would wait this long.
const FORBIDDEN_DIAL_MS: &str = "1000";
/// How long a home's own port may take to answer the machine.
const LISTENING_LIMIT: Duration = Duration::from_secs(1);

/// Gathers everything.
pub(super) async fn observe(
    context: &Context<'_>,
    monitors: &[Monitor],
    earlier: &[(String, DaemonState)],
    ready: Duration,
) -> Result<Observations, RunError> {
    let guard = context.recorder.stage(Stage::Observe, None);
    let mut seen = Observations::of(context.plan);
    let mut metrics = Metrics::new();
    let mut first = Latencies::new();
    first.record(ready);
    metrics.insert(Metric::Ready, first);

    guard.saw("sending packets and trying dials that must not connect");
    let (deliveries, unknown, attempts, authorities) = join4(
        deliveries(context),
        unknown(context),
        attempts(context),
        authorities(context),
    )
    .await;
    seen.deliveries = deliveries;
    seen.unknown = unknown;
    seen.authorities = authorities;
    let attempts = attempts?;
    // Alone, because it measures.
    guard.saw("probing");
    probe(context, &mut seen.probe, &mut metrics, &mut seen.unknown).await;
    seen.metrics = metrics;
    guard.saw("reading logs");
    seen.logs = logs(context).await?;
    let texts = seen.logs.iter().map(|log| (&*log.role, &*log.text));
    context.climbed(&texts.collect::<Vec<_>>());
    seen.peerings = peerings(context, &seen.logs).await;
    seen.homes = homes(context, monitors, earlier, attempts).await?;
    guard.reached(format!(
        "{} packets, {} log files",
        seen.deliveries.len() + usize::try_from(seen.probe.sent).unwrap_or(0),
        seen.logs.len()
    ));
    Ok(seen)
}

/// A packet of each amount in each peering's direction, through the dialling home's connector.
async fn deliveries(context: &Context<'_>) -> Vec<Delivery> {
    let mut sent = Vec::new();
    for peering in &context.plan.peerings {
        for amount in AMOUNTS {
            sent.push(deliver(context, peering, amount).await);
        }
    }
    let records = join_all(context.plan.homes.iter().map(|home| async move {
        let bls = Bls::new(context.http, &home.id, home.socket(HomePlan::BLS_PORT));
        let received = bls.received().await.unwrap_or_else(|error| {
            context.recorder.note(error.to_string());
            Vec::new()
        });
        (home.id.as_str(), received)
    }))
    .await;
    for delivery in &mut sent {
        let of = |received: &[Received]| -> Vec<Received> {
            received
                .iter()
                .filter(|packet| packet.data == delivery.payload)
                .cloned()
                .collect()
        };
        for (home, received) in &records {
            let found = of(received);
            if *home == delivery.to {
                delivery.arrived = found;
            } else {
                delivery.arrived_elsewhere += found.len();
            }
        }
    }
    sent
}

async fn deliver(context: &Context<'_>, peering: &PeeringPlan, amount: u64) -> Delivery {
    let PeeringPlan { from, to, .. } = peering;
    // The payload names its own payment, so that the far record can be told from every other.
    let data = format!("ator-harness/{}/{from}/{to}/{amount}", context.plan.run);
    let prefix = context
        .plan
        .home(to)
        .map_or("", |home| home.prefix.as_str());
    let destination = format!("{prefix}.receiver");
    let limit = context.plan.topology.deadlines.delivery;
    let answer = match context.plan.home(from) {
        None => Err("no such home".to_owned()),
        Some(home) => admin(context, home)
            .send(&destination, amount, data.as_bytes(), limit)
            .await
            .map_err(|error| error.to_string()),
    };
    Delivery {
        from: from.clone(),
        to: to.clone(),
        destination,
        amount,
        payload: BASE64.encode(data.as_bytes()),
        answer,
        // The convention of the TOON network (contract section 1.5).
        fulfillment: BASE64.encode(&Sha256::digest(data.as_bytes())),
        arrived: Vec::new(),
        arrived_elsewhere: 0,
    }
}

/// Each connector is asked for a destination that nobody has.
async fn unknown(context: &Context<'_>) -> Vec<UnknownDestination> {
    let limit = context.plan.topology.deadlines.delivery;
    join_all(context.plan.homes.iter().map(|home| async move {
        let answer = admin(context, home)
            .send(NOWHERE, 0, b"nowhere", limit)
            .await;
        UnknownDestination {
            asked: home.id.clone(),
            came: match answer {
                Ok(answer) if answer.accepted => Err("accepted".to_owned()),
                Ok(answer) => Ok(answer.code.unwrap_or_default()),
                Err(error) => Err(error.to_string()),
            },
        }
    }))
    .await
}

/// Dials from inside every home that must or must not connect.
async fn attempts(context: &Context<'_>) -> Result<Vec<Vec<Attempt>>, RunError> {
    let results = join_all(
        context
            .plan
            .homes
            .iter()
            .map(|home| home_attempts(context, home)),
    )
    .await;
    results.into_iter().collect()
}

async fn home_attempts(context: &Context<'_>, home: &HomePlan) -> Result<Vec<Attempt>, RunError> {
    let mut targets: Vec<(Arrival, String)> = super::homes::published(context.plan)
        .into_iter()
        .map(|target| (Arrival::Published, target))
        .collect();
    let others: Vec<&HomePlan> = context
        .plan
        .homes
        .iter()
        .filter(|other| other.id != home.id)
        .collect();
    for other in &others {
        for port in [HomePlan::BTP_PORT, SOCKS_PORT, HomePlan::ADMIN_PORT] {
            targets.push((Arrival::OtherHome, other.socket(port).to_string()));
        }
    }
    // Two more places that do listen: a relay at its own address instead of the published one,
    // and this process at another home's router.
    if let Some(relay) = context.plan.relays.first() {
        let own = format!("{}:{}", relay.address, relay.published.or_port);
        targets.push((Arrival::Elsewhere, own));
    }
    let mut listener = None;
    if let Some(other) = others.first()
        && let Ok(bound) = TcpListener::bind((other.gateway, 0)).await
        && let Ok(address) = bound.local_addr()
    {
        targets.push((Arrival::Elsewhere, address.to_string()));
        listener = Some(bound);
    }
    let addresses: Vec<String> = targets.iter().map(|(_, target)| target.clone()).collect();
    let lines = dial(context, home, &addresses, FORBIDDEN_DIAL_MS).await?;
    drop(listener);
    // A target without an answer is missing among the attempts, and the checks ask for each kind.
    Ok(targets
        .into_iter()
        .filter_map(|(arrival, target)| {
            let line = lines.iter().find(|line| line.target == target)?;
            Some(Attempt {
                arrival,
                outcome: line.outcome.clone(),
                target,
            })
        })
        .collect())
}

async fn authorities(context: &Context<'_>) -> Vec<AuthorityView> {
    join_all(directories(context).iter().map(|directory| async move {
        AuthorityView {
            nickname: directory.nickname().to_owned(),
            consensus: directory.consensus().await.ok().flatten(),
            certificates: directory.certificates().await.ok(),
        }
    }))
    .await
}

/// Every container's log and visible metadata.
async fn logs(context: &Context<'_>) -> Result<Vec<LogView>, RunError> {
    let homes = context.plan.homes.iter().flat_map(|home| {
        [
            (
                home.connector.clone(),
                format!("{}/connector", home.id),
                true,
            ),
            (home.bls.clone(), format!("{}/bls", home.id), false),
            (home.sidecar.clone(), format!("{}/sidecar", home.id), false),
        ]
    });
    let nodes = context
        .plan
        .nodes()
        .map(|node| (node.container.clone(), node.nickname.clone(), false));
    let views = homes
        .chain(nodes)
        .map(|(container, role, leveled)| async move {
            let (text, visible) = join(
                context.engine.logs(&container, None),
                context.engine.visible(&container),
            )
            .await;
            Ok(LogView {
                role,
                leveled,
                text: text?,
                visible: visible?,
            })
        });
    join_all(views).await.into_iter().collect()
}

async fn peerings(context: &Context<'_>, logs: &[LogView]) -> Vec<PeeringView> {
    join_all(context.plan.peerings.iter().map(|peering| async move {
        let connected = match context.plan.home(&peering.from) {
            Some(from) => admin(context, from)
                .connected(&peering.to)
                .await
                .ok()
                .flatten(),
            None => None,
        };
        let role = format!("{}/connector", peering.to);
        let accepted_in_log = logs
            .iter()
            .filter(|log| log.role == role)
            .flat_map(|log| log.text.lines())
            .any(|line| is_accepted(line, &peering.from));
        PeeringView {
            from: peering.from.clone(),
            to: peering.to.clone(),
            connected,
            accepted_in_log,
        }
    }))
    .await
}

/// Whether a connector's log line tells of an accepted authentication (contract section 7).
fn is_accepted(line: &str, peer: &str) -> bool {
    let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else {
        return false;
    };
    let text = |key: &str| line.get(key).and_then(serde_json::Value::as_str);
    text("event") == Some("btp_auth")
        && text("peerId") == Some(peer)
        && line.get("success").and_then(serde_json::Value::as_bool) == Some(true)
}

async fn homes(
    context: &Context<'_>,
    monitors: &[Monitor],
    earlier: &[(String, DaemonState)],
    attempts: Vec<Vec<Attempt>>,
) -> Result<Vec<HomeView>, RunError> {
    let plan = context.plan;
    let states: Vec<DaemonState> = plan
        .homes
        .iter()
        .zip(monitors)
        .map(|(home, monitor)| {
            let mut state = monitor.state();
            for (_, before) in earlier.iter().filter(|(id, _)| *id == home.id) {
                state.add_earlier(before);
            }
            state
        })
        .collect();
    let mut views = Vec::new();
    for ((home, state), attempts) in plan.homes.iter().zip(&states).zip(attempts) {
        let hostname = context
            .engine
            .read_file(&home.sidecar, &format!("{SERVICE_DIRECTORY}/hostname"))
            .await
            .map(Secret::new)
            .map_err(|error| error.to_string());
        let environment = context.engine.environment(&home.connector).await?;
        let fetched_by = plan
            .homes
            .iter()
            .zip(&states)
            .filter(|(other, _)| other.id != home.id)
            .map(|(other, state)| {
                let count = state.received.get(home.onion.expose_label());
                (other.id.clone(), count.copied().unwrap_or(0))
            })
            .collect();
        let wiring = home
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), environment.get(name) == Some(value)))
            .collect();
        views.push(HomeView {
            id: home.id.clone(),
            planned: home.onion.clone(),
            hostname,
            daemon: state.clone(),
            uploads_expected: uploads_expected(plan),
            fetched_by,
            attempts,
            listening: listens(home.socket(HomePlan::BTP_PORT)).await,
            wiring,
        });
    }
    Ok(views)
}

async fn listens(address: SocketAddr) -> bool {
    matches!(
        timeout(LISTENING_LIMIT, TcpStream::connect(address)).await,
        Ok(Ok(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_accepted_authentication_counts() {
        let line = |success: bool, peer: &str| {
            format!(r#"{{"level":30,"event":"btp_auth","peerId":"{peer}","success":{success}}}"#)
        };
        assert!(is_accepted(&line(true, "home-a"), "home-a"));
        assert!(!is_accepted(&line(false, "home-a"), "home-a"));
        assert!(!is_accepted(&line(true, "home-b"), "home-a"));
        assert!(!is_accepted("home-a was let in", "home-a"));
    }
}
