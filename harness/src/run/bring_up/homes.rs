//! The homes' part of bringing up: start, lock down, watch their daemons.

use std::time::Instant;

use futures_util::future::{try_join, try_join_all, try_join3};
use tokio::sync::Notify;

use crate::causes::with_causes;
use crate::engine::EngineError;
use crate::events::Stage;
use crate::evidence::{DialOutcome, Dialled, Subject};
use crate::onion::anonrc::SERVICE_DIRECTORY;
use crate::onion::control::ControlError;
use crate::onion::monitor::Monitor;
use crate::onion::{Daemon as OnionDaemon, OnionAddress, TldFamily};
use crate::plan::{DaemonPlan, HomePlan, HomeSpecs, OnionPlan, Specs};
use crate::run::bring_up::enter;
use crate::run::circuits::Earlier;
use crate::run::context::{Run, RunningHome, poll, within};
use crate::run::control_port;
use crate::run::daemon_program;
use crate::run::dials::{dial_locked_down, published};
use crate::run::error::{RunError, StageFailure};

/// How long a dial to a published address may take, in milliseconds. The path is on this machine.
const PUBLISHED_DIAL_MS: &str = "3000";

/// Starts sidecars and business-logic servers, creates the connectors, locks every home down, and
/// watches every home's daemon. A connector that runs its own daemon starts here too. The daemons'
/// networks stay off until they are told, unless the network is there: then each is switched on as
/// soon as it is watched, and bootstraps while the rest of its home starts.
pub(in crate::run) async fn start(run: &Run, specs: &Specs) -> Result<Vec<RunningHome>, RunError> {
    let guard = run.recorder.stage(Stage::Start, Subject::Homes);
    let homes = &run.plan.homes;
    let each = homes
        .iter()
        .zip(&specs.homes)
        .map(|(home, specs)| start_home(run, home, specs));
    let running = try_join_all(each).await?;
    let networks = match run.plan.makes_network() {
        true => "their networks still off",
        false => "their networks on",
    };
    guard.reached(format!("{} homes started, {networks}", homes.len()));
    Ok(running)
}

async fn start_home(
    run: &Run,
    home: &HomePlan,
    specs: &HomeSpecs,
) -> Result<RunningHome, RunError> {
    let engine = run.engine_of(home);
    if let Some(sidecar) = &specs.sidecar
        && !home.server_first
    {
        run.create_and_start(engine, sidecar).await?;
    }
    let locked_down = run.plan.router().is_some();
    let sealed = Notify::new();
    let server = async {
        run.create_and_start(engine, &specs.server).await?;
        if let Some(sidecar) = &specs.sidecar
            && home.server_first
        {
            run.create_and_start(engine, sidecar).await?;
        }
        if locked_down {
            show_lockdown(run, home).await?;
        }
        sealed.notify_one();
        Ok::<_, RunError>(())
    };
    let connector = async {
        let created = engine.create_container(&specs.connector, &run.plan.labels);
        created.await?;
        if let Some(bytes) = run.connector_memory {
            engine.limit_memory(&specs.connector.name, bytes).await?;
        }
        Ok::<_, RunError>(())
    };
    let daemon = async {
        match home.onion() {
            Some(onion) => watched(run, home, onion, &sealed).await.map(Some),
            None => Ok(None),
        }
    };
    let monitor = match &home.daemon {
        // The server's container is the first in the home's network.
        DaemonPlan::Sidecar { .. } if home.server_first => {
            server.await?;
            Box::pin(try_join(connector, daemon)).await?.1
        }
        DaemonPlan::Sidecar { .. } => Box::pin(try_join3(server, connector, daemon)).await?.2,
        // The server's container is the first in the home's network.
        DaemonPlan::Managed { .. } => {
            server.await?;
            connector.await?;
            engine.start_container(&specs.connector).await?;
            daemon.await?
        }
        DaemonPlan::None => {
            server.await?;
            connector.await?;
            None
        }
    };
    let (monitor, on) = monitor.unzip();
    Ok(RunningHome {
        plan: home.clone(),
        engine: engine.clone(),
        monitor,
        on: on.flatten(),
        earlier: None,
    })
}

/// Watches a home's daemon, and lets it into the network if that is there already: not before the home's
/// egress is what it is to be.
async fn watched(
    run: &Run,
    home: &HomePlan,
    onion: &OnionPlan,
    sealed: &Notify,
) -> Result<(Monitor, Option<Instant>), RunError> {
    let mut monitor = watch(run, home, onion).await?;
    if run.plan.makes_network() {
        return Ok((monitor, None));
    }
    sealed.notified().await;
    let on = enter::switch_on(run, home, &mut monitor).await?;
    if !run.plan.joins_others() {
        enter::bootstrap(run, home, &mut monitor).await?;
    }
    Ok((monitor, Some(on)))
}

/// Shows that a home, whose egress is locked down when its server starts, reaches what it may reach.
async fn show_lockdown(run: &Run, home: &HomePlan) -> Result<(), RunError> {
    let deadline = run.plan.topology.deadlines.descriptors;
    let subject = Subject::Home(home.id.clone());
    let guard = run
        .recorder
        .stage_within(Stage::Lockdown, subject, deadline);
    let targets = published(&run.plan);
    let mut failed: Vec<Dialled> = Vec::new();
    let wait = poll(async || {
        failed = dial_locked_down(run, home, &targets, PUBLISHED_DIAL_MS).await?;
        failed.retain(|one| !one.outcome.is_connected());
        if !failed.is_empty() {
            let shown: Vec<String> = failed.iter().map(ToString::to_string).collect();
            guard.saw(format!(
                "dials to published addresses: {}",
                shown.join(", ")
            ));
        }
        // A proxy that is not up yet refuses; one that is not used at all never answers.
        let silent = failed.iter().any(|one| one.outcome == DialOutcome::Timeout);
        if silent {
            let cause = "published addresses do not answer; the engine must run with its userland \
                         proxy (the default), and no firewall may drop traffic from its bridges to \
                         this machine";
            return Err(StageFailure::of(&guard, cause).into());
        }
        // The routes are what they will be.
        if failed.iter().any(|one| one.outcome.is_unrouted()) {
            let cause = "there is no route to published addresses";
            return Err(StageFailure::of(&guard, cause).into());
        }
        Ok(failed.is_empty().then_some(()))
    });
    if let Err(error) = within(&guard, wait).await {
        return Err(match error {
            RunError::Stage(failure) => StageFailure {
                dials: failed,
                ..*failure
            }
            .into(),
            other => other,
        });
    }
    guard.reached(format!("{} published addresses answer", targets.len()));
    Ok(())
}

/// Watches a home's daemon, and makes sure that it is configured against the stall by missing
/// microdescriptors.
async fn watch(run: &Run, home: &HomePlan, onion: &OnionPlan) -> Result<Monitor, RunError> {
    let deadline = run.plan.topology.deadlines.descriptors;
    let subject = Subject::Home(home.id.clone());
    let guard = run.recorder.stage_within(Stage::Daemon, subject, deadline);
    let fail = |error: ControlError| {
        RunError::from(StageFailure::of(&guard, with_causes(&error).to_string()))
    };
    let address = run.reach().control(home, onion);
    let password = onion.control.password.password();
    let wait = async {
        tokio::select! {
            attached = control_port::monitored(&onion.nickname, address, password) => attached.map_err(fail),
            known = daemon_program::never_there(run, home) => Err(StageFailure {
                known: Some(Box::new(known)),
                ..StageFailure::of(&guard, "there is no program of the daemon that the connector is to run")
            }
            .into()),
        }
    };
    let mut monitor = within(&guard, wait).await?;
    run.milestones.follow(&home.id, &monitor);
    // In the public network the relays have what clients ask them for.
    if run.plan.names_authorities() {
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
        None => published_family(run, home).await?,
    };
    let wanted = run.plan.topology.network.family;
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
    // In the public network a daemon is left to itself, and what runs its own daemon, too.
    if !run.plan.joins_others() && home.sidecar().is_some() {
        monitor.withhold().await.map_err(fail)?;
    }
    guard.reached(format!("control port answers, {daemon}"));
    Ok(monitor)
}

/// The family of the name that a home's daemon gave its service. A daemon whose family is not known
/// by its version has read its configuration before it answers, and written the name.
async fn published_family(run: &Run, home: &HomePlan) -> Result<Option<TldFamily>, EngineError> {
    let path = format!("{SERVICE_DIRECTORY}/hostname");
    let Some(container) = home.daemon_container() else {
        return Ok(None);
    };
    let name = match run.engine_of(home).read_file(container, &path).await {
        Err(error) if error.is_absence() => return Ok(None),
        name => name?,
    };
    // A name that is no address is of no family; the check of the service's address says why.
    let address = name.trim().parse::<OnionAddress>();
    Ok(address.ok().map(|address| address.family()))
}

/// Watches the daemons of a topology that runs already. `earlier` is what they had told when it was
/// left.
pub(in crate::run) async fn attach(
    run: &Run,
    earlier: &[Earlier],
) -> Result<Vec<RunningHome>, RunError> {
    let way = run.way.to_running(&run.engines, &run.plan).await;
    run.open_way(way)?;
    let mut homes = Vec::new();
    for home in &run.plan.homes {
        let mut monitor = None;
        if let Some(onion) = home.onion() {
            let guard = run
                .recorder
                .stage(Stage::Daemon, Subject::Home(home.id.clone()));
            let password = onion.control.password.password();
            let address = run.reach().control(home, onion);
            let attached = Monitor::attach(&onion.nickname, address, password)
                .await
                .map_err(|error| StageFailure::of(&guard, with_causes(&error).to_string()))?;
            guard.reached("control port answers");
            run.milestones.follow(&home.id, &attached);
            monitor = Some(attached);
        }
        homes.push(RunningHome {
            plan: home.clone(),
            engine: run.engine_of(home).clone(),
            monitor,
            on: None,
            earlier: earlier.iter().find(|one| one.home == home.id).cloned(),
        });
    }
    Ok(homes)
}
