//! Looking at a running topology: everything the checks judge is gathered here, and nothing is
//! judged yet.

mod decoy;
mod packets;
mod probe;
mod recorder;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::{join, join_all, join5};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until};

use crate::checks::{
    AbsentView, Arrival, Attempt, AuthorityView, Crossing, HealthView, HomeView, Live, LogView,
    Metrics, Observations, PeeringView, Wire,
};
use crate::connector;
use crate::events::Stage;
use crate::onion::anonrc::{SERVICE_DIRECTORY, SOCKS_PORT};
use crate::onion::control::Control;
use crate::onion::monitor::{DaemonState, Monitor};
use crate::plan::HomePlan;
use crate::probe::Latencies;
use crate::run::circuits::{Earlier, Paths};
use crate::run::context::admin;
use crate::run::context::{Context, Placed, directories};
use crate::run::dials::dial;
use crate::run::dials::published;
use crate::run::error::RunError;
use crate::run::observe::packets::{deliveries, find, unknown};
use crate::run::observe::probe::probe;
use crate::run::packet::now_ms;
use crate::run::publication::uploads_expected;
use crate::run::shaping;
use crate::run::times::Times;
use crate::secret::Secret;
use crate::topology::{Daemon, Metric, Transport};

/// How long a dial that must not connect is tried, in milliseconds. A sealed home has no route
/// and fails at once; a home behind NAT alone would wait this long.
const FORBIDDEN_DIAL_MS: &str = "1000";
/// After this the daemons have told of all bytes that a circuit carried before.
const BYTES_TOLD: Duration = Duration::from_millis(1100);
/// How long a home's own port may take to answer, in milliseconds.
const LISTENING_MS: &str = "1000";

/// Gathers everything.
pub(in crate::run) async fn observe(
    context: &Context<'_>,
    monitors: &[Option<Monitor>],
    earlier: &[Earlier],
    times: &Times,
) -> Result<Observations, RunError> {
    let guard = context.recorder.stage(Stage::Observe, None);
    let mut seen = Observations::of(context.plan);
    let mut metrics = Metrics::new();
    for (metric, times) in times {
        let latencies = metrics.entry(*metric).or_default();
        times.iter().for_each(|time| latencies.record(*time));
    }
    // Names this look at the topology: one that is kept is looked at more than once.
    let nonce = format!("n{}", now_ms());

    // Whatever is refused is refused in seconds while nothing is far away.
    shaping::switch(context, false).await?;
    guard.saw("sending packets and trying dials that must not connect");
    let mut took = Latencies::new();
    let (mut absent, deliveries, unknown, attempts, authorities) = join5(
        decoy::tell(context),
        deliveries(context, &nonce, &mut took),
        unknown(context),
        attempts(context),
        authorities(context),
    )
    .await;
    seen.deliveries = deliveries;
    metrics.insert(Metric::Delivery, took);
    seen.rejects = unknown;
    let delivered = Instant::now();
    seen.authorities = authorities;
    let attempts = attempts?;
    guard.saw("waiting for what the onion network refuses");
    absent.refused(context).await;
    shaping::switch(context, true).await?;
    // Alone, because it measures.
    guard.saw("probing");
    probe(context, &nonce, &mut seen, &mut metrics).await;
    seen.metrics = metrics;
    // The daemons tell once a second what their circuits have carried.
    guard.saw("waiting for what the circuits carried");
    sleep_until(delivered + BYTES_TOLD).await;
    guard.saw("reading logs");
    find(context, &mut seen.deliveries).await;
    seen.logs = logs(context).await?;
    let texts = seen.logs.iter().map(|log| (&*log.role, &*log.text));
    context.climbed(&texts.collect::<Vec<_>>());
    seen.peerings = peerings(context, &seen.logs).await;
    let looks = attempts
        .into_iter()
        .zip(absent.views(context).await)
        .collect();
    seen.homes = homes(context, monitors, earlier, looks).await?;
    absent.forget(context).await;
    guard.reached(format!(
        "{} packets, {} log files",
        seen.deliveries.len() + seen.rejects.len(),
        seen.logs.len()
    ));
    seen.written = written(context);
    Ok(seen)
}

/// What the run has written for people so far. Reports are made of it, and of checks whose
/// evidence is redacted.
fn written(context: &Context<'_>) -> Vec<(String, String)> {
    let lines: Vec<String> = context
        .recorder
        .events()
        .iter()
        .filter_map(|event| serde_json::to_string(event).ok())
        .collect();
    let plan = serde_json::to_string(context.plan).unwrap_or_default();
    vec![
        ("events.jsonl".to_owned(), lines.join("\n")),
        ("plan.json".to_owned(), plan),
    ]
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
    let mut targets: Vec<(Arrival, String)> = published(context.plan)
        .into_iter()
        .map(|target| (Arrival::Published, target))
        .collect();
    let others: Vec<&HomePlan> = context
        .plan
        .homes
        .iter()
        .filter(|other| !context.plan.topology.neighbours(&other.id, &home.id))
        .collect();
    for other in &others {
        for port in [HomePlan::BTP_PORT, SOCKS_PORT, HomePlan::ADMIN_PORT] {
            targets.push((Arrival::OtherHome, other.socket(port).to_string()));
        }
    }
    // Two more places that do listen: a relay at its own address instead of the published one,
    // and this process at another home's router.
    // Where homes are not sealed off, there is no such place.
    if let Some(relay) = context.plan.relays.first() {
        let own = format!("{}:{}", relay.address, relay.published.or_port);
        targets.push((Arrival::Elsewhere, own));
    }
    let mut listener = None;
    if context.plan.router().is_some()
        && let Some(other) = others.first()
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
    let views = context.containers().into_iter().map(|one| async move {
        let Placed { engine, name, role } = one;
        // Connectors write JSON lines with levels; nothing else does.
        let leveled = role.ends_with("/connector");
        let (text, visible) = join(engine.logs(&name, None), engine.visible(&name)).await;
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

/// Whether a connector's log line tells of an accepted authentication (contract#log-events).
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
    monitors: &[Option<Monitor>],
    earlier: &[Earlier],
    looks: Vec<(Vec<Attempt>, AbsentView)>,
) -> Result<Vec<HomeView>, RunError> {
    let plan = context.plan;
    let states: Vec<DaemonState> = plan
        .homes
        .iter()
        .zip(monitors)
        .map(|(home, monitor)| {
            let mut state = monitor.as_ref().map(Monitor::state).unwrap_or_default();
            for before in earlier.iter().filter(|before| before.home == home.id) {
                state.add_earlier(&before.state);
            }
            state
        })
        .collect();
    let mut views = Vec::new();
    let paths: Vec<Paths> = plan
        .homes
        .iter()
        .zip(monitors)
        .map(|(home, monitor)| {
            let before = earlier.iter().find(|before| before.home == home.id);
            Paths::new(monitor.as_ref(), before)
        })
        .collect();
    let all = plan.homes.iter().zip(&states).zip(&paths).zip(looks);
    for (((home, state), paths), (attempts, absent)) in all {
        let environment = context.engine_of(home).environment(&home.connector).await?;
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
        let wire = recorder::read(context, home).await;
        views.push(HomeView {
            id: home.id.clone(),
            planned: home.onion.clone(),
            hostname: hostname(context, home).await,
            daemon: state.clone(),
            consensus: consensus(context, home).await,
            uploads_expected: uploads_expected(plan, state),
            fetched_by,
            attempts,
            listening: listens(context, home).await,
            crossings: crossings(context, home, paths, wire.as_ref().ok()),
            wire,
            health: health_of(context, home, &absent).await,
            absent,
            wiring,
        });
    }
    Ok(views)
}

/// The consensus that a home's daemon holds.
async fn consensus(context: &Context<'_>, home: &HomePlan) -> Result<Live, String> {
    if !home.is_onion() {
        return Err("there is no daemon".to_owned());
    }
    let password = home.control.password.password();
    let address = context.reach.control(home);
    let connected = Control::connect(&home.nickname, address, password).await;
    let (mut control, _events) = connected.map_err(|error| error.to_string())?;
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut times = [0; 2];
    for (time, key) in times
        .iter_mut()
        .zip(["consensus/valid-after", "consensus/valid-until"])
    {
        let text = control.info(key).await.map_err(|error| error.to_string())?;
        let stamp = PrimitiveDateTime::parse(&text, format)
            .map_err(|_| format!("its {key} is {text:?}"))?;
        *time = stamp.assume_utc().unix_timestamp();
    }
    Ok(Live {
        since: now - times[0],
        left: times[1] - now,
    })
}

/// The onion address that is handed out: by the daemon's hostname file, and, where the connector
/// runs the daemon, by the connector.
async fn hostname(context: &Context<'_>, home: &HomePlan) -> Result<Secret, String> {
    match home.daemon {
        Daemon::None => Err("there is no daemon".to_owned()),
        Daemon::Managed => admin(context, home)
            .hostname()
            .await
            .map_err(|error| error.to_string())?
            .ok_or_else(|| "the connector hands out none".to_owned()),
        Daemon::Sidecar => context
            .engine_of(home)
            .read_file(&home.sidecar, &format!("{SERVICE_DIRECTORY}/hostname"))
            .await
            .map(Secret::new)
            .map_err(|error| error.to_string()),
    }
}

async fn health_of(
    context: &Context<'_>,
    home: &HomePlan,
    absent: &AbsentView,
) -> Result<HealthView, String> {
    let address = context.reach.socket(home, HomePlan::HEALTH_PORT);
    let health = connector::health(context.http, &home.id, address)
        .await
        .map_err(|error| error.to_string())?;
    let id = &context.plan.absent.id;
    let absent_connected = admin(context, home)
        .connected(id)
        .await
        .map_err(|error| error.to_string())?;
    Ok(HealthView {
        connected: health.peers_connected,
        total: health.total_peers,
        absent_connected,
        gone: u64::from(absent.registered),
    })
}

/// Follows every session of a home from the SOCKS request to the rendezvous circuit.
fn crossings(
    context: &Context<'_>,
    home: &HomePlan,
    paths: &Paths,
    wire: Option<&Wire>,
) -> Vec<Crossing> {
    let dialled = context
        .plan
        .peerings
        .iter()
        .filter(|peering| peering.from == home.id && peering.transport == Transport::Onion)
        .filter_map(|peering| context.plan.home(&peering.to));
    let requests = wire.map_or(&[][..], |wire| &wire.requests);
    dialled
        .map(|far| {
            let mut crossing = Crossing {
                to: far.id.clone(),
                requests: 0,
                attached: 0,
                joined: 0,
                passed: (0, 0),
                circuit: (0, 0),
            };
            let mut circuits = BTreeSet::new();
            for request in requests.iter().filter(|request| request.reply == Some(0)) {
                let path = paths.of(request.upstream);
                // Where the name is not in the request, the circuit tells whose request it was.
                let named = request.host.expose() == far.onion.expose();
                let joined = path.is_some_and(|path| path.label == far.onion.expose_label());
                if !named && !joined {
                    continue;
                }
                crossing.requests += 1;
                crossing.passed.0 += request.sent;
                crossing.passed.1 += request.received;
                let Some(path) = path else { continue };
                crossing.attached += 1;
                if joined && circuits.insert(path.circuit) {
                    let traffic = paths.traffic(path.circuit);
                    crossing.joined += 1;
                    crossing.circuit.0 += traffic.written;
                    crossing.circuit.1 += traffic.read;
                }
            }
            crossing
        })
        .collect()
}

/// Whether the home's BTP port takes connections at the home's own address. Asked from inside: a
/// tunnel takes them before it knows.
async fn listens(context: &Context<'_>, home: &HomePlan) -> bool {
    let own = home.socket(HomePlan::BTP_PORT).to_string();
    let dialled = dial(context, home, &[own], LISTENING_MS).await;
    dialled.is_ok_and(|lines| lines.iter().all(|line| line.outcome == "connected"))
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
