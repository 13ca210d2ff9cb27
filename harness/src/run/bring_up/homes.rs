//! The homes' part of bringing up: seal, bootstrap, publish, peer.

use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join_all};
use tokio::time::sleep;

use crate::connector::AdminError;
use crate::engine::ContainerSpec;
use crate::events::Stage;
use crate::onion::anonrc::SERVICE_DIRECTORY;
use crate::onion::control::ControlError;
use crate::onion::monitor::{Monitor, Timeline};
use crate::onion::{Daemon as OnionDaemon, OnionAddress, TldFamily};
use crate::plan::{HomePlan, HomeSpecs, PeeringPlan, Specs};
use crate::run::bring_up::preflight;
use crate::run::context::admin;
use crate::run::context::{Context, POLL, create_and_start, within};
use crate::run::dials::{DialLine, dial, published};
use crate::run::error::{RunError, StageFailure};
use crate::run::milestones::bootstrap_evidence;
use crate::run::publication::{is_published, uploads_expected};
use crate::run::times::Times;
use crate::topology::{Daemon, Metric, Transport};

/// How long a dial to a published address may take, in milliseconds. The path is on this machine.
const PUBLISHED_DIAL_MS: &str = "3000";
/// Starts sidecars and business-logic servers, creates the connectors, seals every home, and
/// watches every home's daemon. The daemons' networks are still switched off. A connector that
/// runs its own daemon starts here too.
pub(in crate::run) async fn start(
    context: &Context<'_>,
    specs: &Specs,
) -> Result<Vec<Option<Monitor>>, RunError> {
    let guard = context.recorder.stage(Stage::Start, Some("homes"));
    let homes = &context.plan.homes;
    let each = homes
        .iter()
        .zip(&specs.homes)
        .map(|(home, specs)| start_home(context, home, specs));
    try_join_all(each).await?;
    guard.reached(format!(
        "{} homes started, their networks still off",
        homes.len()
    ));
    let sealed = homes.iter().filter(|_| context.plan.router().is_some());
    let seals = sealed.map(|home| seal(context, home));
    let monitors = homes.iter().map(|home| async move {
        if home.is_onion() {
            attach(context, home).await.map(Some)
        } else {
            Ok(None)
        }
    });
    let (_, monitors) = try_join(try_join_all(seals), try_join_all(monitors)).await?;
    Ok(monitors)
}

async fn start_home(
    context: &Context<'_>,
    home: &HomePlan,
    specs: &HomeSpecs,
) -> Result<(), RunError> {
    let engine = context.engine_of(home);
    if let Some(sidecar) = &specs.sidecar {
        create_and_start(context, engine, sidecar).await?;
    }
    create_and_start(context, engine, &specs.server).await?;
    engine
        .create_container(&specs.connector, &context.plan.labels)
        .await?;
    if home.daemon == Daemon::Managed {
        engine.start_container(&specs.connector).await?;
    }
    Ok(())
}

/// Shows that a home, whose routes are sealed when its server starts, reaches what it may reach.
async fn seal(context: &Context<'_>, home: &HomePlan) -> Result<(), RunError> {
    let guard = context.recorder.stage(Stage::Seal, Some(&home.id));
    let fail = |cause: String| RunError::from(StageFailure::of(&guard, cause));
    let targets = published(context.plan);
    let wait = async {
        loop {
            let lines = dial(context, home, &targets, PUBLISHED_DIAL_MS).await?;
            let failed: Vec<&DialLine> = lines
                .iter()
                .filter(|line| line.outcome != "connected")
                .collect();
            if failed.is_empty() && !lines.is_empty() {
                return Ok(());
            }
            let shown: Vec<String> = failed
                .iter()
                .map(|line| format!("{}: {}", line.target, line.outcome))
                .collect();
            guard.saw(format!(
                "dials to published addresses: {}",
                shown.join(", ")
            ));
            // A proxy that is not up yet refuses; one that is not used at all never answers.
            if failed.iter().any(|line| line.outcome == "timeout") {
                return Err(fail(
                    "published addresses do not answer; the engine must run with its userland \
                     proxy (the default), and no firewall may drop traffic from its bridges to \
                     this machine"
                        .to_owned(),
                ));
            }
            sleep(POLL).await;
        }
    };
    within(&guard, context.plan.topology.deadlines.descriptors, wait).await?;
    guard.reached(format!("{} published addresses answer", targets.len()));
    Ok(())
}

/// Watches a home's daemon, and makes sure that it is configured against the stall by missing
/// microdescriptors.
async fn attach(context: &Context<'_>, home: &HomePlan) -> Result<Monitor, RunError> {
    let deadline = context.plan.topology.deadlines.descriptors;
    let guard = context.recorder.stage(Stage::Daemon, Some(&home.id));
    let fail = |error: ControlError| RunError::from(StageFailure::of(&guard, error.to_string()));
    let (address, password) = (
        context.reach.control(home),
        home.control.password.password(),
    );
    let wait = async {
        loop {
            match Monitor::attach(&home.nickname, address, password).await {
                Ok(monitor) => return Ok(monitor),
                Err(ControlError::Connect { .. }) => sleep(POLL).await,
                Err(error) => return Err(fail(error)),
            }
        }
    };
    let mut monitor = within(&guard, deadline, wait).await?;
    context.ladder.follow(&home.id, &monitor);
    // In the public network the relays have what clients ask them for.
    if !context.plan.topology.network.is_public() || !context.plan.joined.is_empty() {
        let early = monitor
            .control
            .option("FetchDirInfoEarly")
            .await
            .map_err(fail)?;
        if early != "1" {
            let cause = "FetchDirInfoEarly is not 1: the daemon would ask relays for microdescriptors \
                         they do not have, and wait 10 or 60 s";
            return Err(StageFailure::of(&guard, cause).into());
        }
    }
    let daemon = OnionDaemon::ask(&mut monitor.control).await.map_err(fail)?;
    let publishes = match daemon.family() {
        Some(family) => Some(family),
        None => published_family(context, home).await,
    };
    let wanted = context.plan.topology.network.family;
    if let Some(publishes) = publishes.filter(|family| *family != wanted) {
        guard.saw(format!(
            "the daemon is {daemon}, of the .{publishes} family"
        ));
        return Err(RunError::OtherFamily {
            home: home.id.clone(),
            daemon,
            publishes,
            wanted,
        });
    }
    guard.reached(format!("control port answers, {daemon}"));
    Ok(monitor)
}

/// The family of the name that a home's daemon gave its service. A daemon whose family is not known
/// by its version has read its configuration before it answers, and written the name.
async fn published_family(context: &Context<'_>, home: &HomePlan) -> Option<TldFamily> {
    let path = format!("{SERVICE_DIRECTORY}/hostname");
    let container = home.daemon_container();
    let name = context
        .engine_of(home)
        .read_file(container, &path)
        .await
        .ok()?;
    let address: OnionAddress = name.trim().parse().ok()?;
    Some(address.family())
}

/// Switches the homes' networks on, starts the connectors, and waits until every service is
/// published and every peering is connected.
pub(in crate::run) async fn join_network(
    context: &Context<'_>,
    specs: &Specs,
    monitors: &mut [Option<Monitor>],
) -> Result<Times, RunError> {
    let homes = &context.plan.homes;
    for (home, monitor) in homes.iter().zip(monitors.iter_mut()) {
        let Some(monitor) = monitor else { continue };
        let switched = monitor.control.command("SETCONF DisableNetwork=0").await;
        switched.map_err(|error| {
            RunError::from(StageFailure {
                stage: Stage::Bootstrap,
                node: Some(home.id.clone()),
                waited: Duration::ZERO,
                cause: error.to_string(),
                evidence: "the network is still switched off".to_owned(),
            })
        })?;
    }
    let connectors = homes
        .iter()
        .zip(&specs.homes)
        .map(|(home, specs)| start_connector(context, home, &specs.connector));
    let services = homes
        .iter()
        .zip(&*monitors)
        .filter_map(|(home, monitor)| Some(publish(context, home, monitor.as_ref()?)));
    let (_, published) = try_join(try_join_all(connectors), try_join_all(services)).await?;
    let peerings = context
        .plan
        .peerings
        .iter()
        .map(|peering| peer(context, peering, &*monitors));
    let connected = try_join_all(peerings).await?;
    Ok(Times::from([
        (Metric::Publication, published),
        (Metric::Peering, connected),
    ]))
}

/// Waits for bootstrap and for the descriptor uploads of one home. Returns how long that took.
async fn publish(
    context: &Context<'_>,
    home: &HomePlan,
    monitor: &Monitor,
) -> Result<Duration, RunError> {
    let begun = Instant::now();
    let deadline = context.plan.topology.deadlines.publication;
    let mut watch = monitor.watch();
    if context.plan.topology.network.is_public() {
        preflight::entered(context, home, monitor).await?;
    }
    let guard = context.recorder.stage(Stage::Bootstrap, Some(&home.id));
    let wait = async {
        loop {
            let state = watch.borrow_and_update().clone();
            let warning = state.warning.as_ref().map_or_else(String::new, |reason| {
                format!(", the daemon warns: {reason}")
            });
            guard.saw(format!("{} % ({}){warning}", state.bootstrap, state.tag));
            if state.bootstrap == 100 {
                return Ok(());
            }
            if state.gone || watch.changed().await.is_err() {
                return Err(
                    StageFailure::of(&guard, "the daemon closed its control connection").into(),
                );
            }
        }
    };
    within(&guard, deadline, wait).await?;
    guard.reached(bootstrap_evidence(&monitor.timeline()));

    let guard = context.recorder.stage(Stage::Publication, Some(&home.id));
    let wait = async {
        loop {
            let state = watch.borrow_and_update().clone();
            guard.saw(format!(
                "{} of {} descriptor uploads confirmed{}",
                state.uploaded,
                uploads_expected(context.plan, &state),
                if state.failed.is_empty() {
                    String::new()
                } else {
                    format!(", failed with {}", state.failed.join(", "))
                }
            ));
            if is_published(context.plan, &state, &monitor.timeline()) {
                return Ok((state.uploaded, state.uploads));
            }
            if state.gone || watch.changed().await.is_err() {
                return Err(
                    StageFailure::of(&guard, "the daemon closed its control connection").into(),
                );
            }
        }
    };
    let (confirmed, of) = within(&guard, deadline, wait).await?;
    guard.reached(format!("{confirmed} of {of} uploads confirmed"));
    Ok(begun.elapsed())
}

async fn start_connector(
    context: &Context<'_>,
    home: &HomePlan,
    spec: &ContainerSpec,
) -> Result<(), RunError> {
    let guard = context.recorder.stage(Stage::Connector, Some(&home.id));
    // A connector that runs its own daemon runs already.
    if home.daemon != Daemon::Managed {
        context.engine_of(home).start_container(spec).await?;
    }
    let admin = admin(context, home);
    let wait = async {
        loop {
            match admin.alive().await {
                Ok(()) => return Ok(()),
                Err(error) => guard.saw(error.to_string()),
            }
            sleep(POLL).await;
        }
    };
    within(&guard, context.plan.topology.deadlines.peering, wait).await?;
    guard.reached("admin API answers");
    Ok(())
}

/// Registers the far home at the dialling connector and waits until the session is up.
///
/// When it does not come up, the stage that was not reached is the lowest rung that the dialling
/// home's daemon has nothing to tell of.
async fn peer(
    context: &Context<'_>,
    peering: &PeeringPlan,
    monitors: &[Option<Monitor>],
) -> Result<Duration, RunError> {
    let begun = Instant::now();
    let name = format!("{} to {}", peering.from, peering.to);
    let guard = context.recorder.stage(Stage::Peering, Some(&name));
    let fail = |error: AdminError| RunError::from(StageFailure::of(&guard, error.to_string()));
    // Validation makes sure that both homes exist.
    let (Some(from), Some(to)) = (
        context.plan.home(&peering.from),
        context.plan.home(&peering.to),
    ) else {
        return Err(StageFailure::of(&guard, "no such home").into());
    };
    let admin = admin(context, from);
    let wait = async {
        let url = to.btp_url(peering.transport);
        admin
            .add_peer(&to.id, &url, &peering.secret, peering.transport)
            .await
            .map_err(fail)?;
        guard.saw("registered, not connected yet");
        while admin.connected(&to.id).await.map_err(fail)? != Some(true) {
            sleep(POLL).await;
        }
        Ok(())
    };
    let waited = within(&guard, context.plan.topology.deadlines.peering, wait).await;
    let monitor = context
        .plan
        .homes
        .iter()
        .position(|home| home.id == from.id)
        .and_then(|index| monitors.get(index)?.as_ref());
    match (waited, monitor) {
        (Ok(()), _) => {
            guard.reached("connected");
            Ok(begun.elapsed())
        }
        (Err(RunError::Stage(failure)), Some(monitor)) if peering.transport == Transport::Onion => {
            Err(lowest_rung(failure, &monitor.timeline(), to).into())
        }
        (Err(error), _) => Err(error),
    }
}

/// Names the rung of the ladder on which a peering over the onion network is stuck.
fn lowest_rung(failure: StageFailure, dialling: &Timeline, to: &HomePlan) -> StageFailure {
    let label = to.onion.expose_label();
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
