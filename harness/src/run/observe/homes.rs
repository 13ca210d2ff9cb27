//! The homes and their peerings, as they are at the end.

use std::collections::BTreeMap;

use futures_util::future::{join_all, join5, try_join_all};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::causes::with_causes;
use crate::checks::{
    Attempt, ConsensusValidity, DecoyView, HealthView, HomeView, LogView, PeeringView,
};
use crate::connectors::SessionEvent;
use crate::engine::EngineError;
use crate::evidence::{ContainerRole, Gathered};
use crate::onion::anonrc::SERVICE_DIRECTORY;
use crate::onion::control::Control;
use crate::onion::monitor::DaemonState;
use crate::plan::{DaemonPlan, HomePlan};
use crate::run::circuits::Paths;
use crate::run::context::{Run, RunningHome};
use crate::run::decoy::DecoyViews;
use crate::run::observe::{dials, traces};
use crate::run::publication::uploads_expected;
use crate::run::record;
use crate::secret::Secret;

/// Whether each peering's dialling connector says that it is connected, in plan order.
pub(in crate::run) async fn connected_to(run: &Run) -> Vec<Gathered<Option<bool>>> {
    join_all(run.plan.peerings.iter().map(|peering| async move {
        match run.plan.home(&peering.from) {
            Some(from) => run
                .control(from)
                .connected(&peering.to)
                .await
                .map_err(|error| with_causes(&error).to_string()),
            None => Err("no such home".to_owned()),
        }
    }))
    .await
}

/// What the dialling connectors say of each peering, and where the accepting ones' logs do.
pub(in crate::run) fn peerings(
    run: &Run,
    connected: Vec<Gathered<Option<bool>>>,
    logs: &[LogView],
) -> Vec<PeeringView> {
    let peerings = run.plan.peerings.iter().zip(connected);
    let views = peerings.map(|(peering, connected)| {
        let role = ContainerRole::Connector(peering.to.clone());
        let admitted = |line: &str| {
            let events = run.plan.topology.connector.events(line);
            let mut events = events.iter();
            events.any(|event| event.what == SessionEvent::Admitted && event.peer == peering.from)
        };
        let log = logs.iter().find(|log| log.role == role);
        let admitted_in_line = log
            .and_then(|log| log.text.lines().position(admitted))
            .map(|index| index + 1);
        PeeringView {
            from: peering.from.clone(),
            to: peering.to.clone(),
            connected,
            admitted_in_line,
        }
    });
    views.collect()
}

/// Everything of every home. `attempts`, `decoys` and `healths` are by home id.
pub(in crate::run) async fn views(
    run: &Run,
    homes: &[RunningHome],
    mut attempts: BTreeMap<String, Vec<Attempt>>,
    mut decoys: DecoyViews,
    mut healths: BTreeMap<String, Gathered<Option<HealthView>>>,
) -> Result<Vec<HomeView>, EngineError> {
    let states: Vec<(&str, DaemonState)> = homes
        .iter()
        .map(|home| (home.plan.id.as_str(), home.daemon()))
        .collect();
    let views = homes.iter().map(|home| {
        let id = &home.plan.id;
        let decoy = decoys.remove(id).unwrap_or(Ok(None));
        let attempts = attempts.remove(id).unwrap_or_default();
        let health = healths.remove(id);
        let health = health.unwrap_or_else(|| Err("nobody asked".to_owned()));
        view(run, home, &states, attempts, (decoy, health))
    });
    try_join_all(views).await
}

async fn view(
    run: &Run,
    home: &RunningHome,
    states: &[(&str, DaemonState)],
    attempts: Vec<Attempt>,
    (decoy, health): (Gathered<Option<DecoyView>>, Gathered<Option<HealthView>>),
) -> Result<HomeView, EngineError> {
    let plan = &home.plan;
    let (environment, wire, hostname, consensus, listening) = join5(
        home.engine.environment(&plan.connector),
        record::read(run, plan),
        hostname(run, home),
        consensus(run, plan),
        dials::listens(run, plan),
    )
    .await;
    let environment = environment?;
    let daemon = home.daemon();
    let fetched_by = states
        .iter()
        .filter(|(other, _)| *other != plan.id)
        .map(|(other, state)| {
            let label = plan.onion().map(|onion| onion.address.expose_label());
            let count = label.and_then(|label| state.received.get(label));
            ((*other).to_owned(), count.copied().unwrap_or(0))
        })
        .collect();
    let expected = plan.deployed.as_ref().map_or(&[][..], |one| &one.expected);
    let is_expected = |name: &str| expected.iter().any(|(one, _)| one == name);
    let wiring = plan
        .environment
        .iter()
        .filter(|(name, _)| !is_expected(name))
        .chain(expected)
        .map(|(name, value)| (name.clone(), environment.get(name) == Some(value)))
        .collect();
    let paths = Paths::new(home.monitor.as_ref(), home.earlier.as_ref());
    Ok(HomeView {
        id: plan.id.clone(),
        planned: plan.onion().map(|onion| onion.address.clone()),
        hostname,
        consensus,
        uploads_expected: uploads_expected(&run.plan, &daemon),
        daemon,
        fetched_by,
        attempts,
        listening,
        circuits: traces::of_home(run, plan, &paths, wire.as_ref().ok()),
        wire,
        health,
        decoy,
        wiring,
    })
}

/// The consensus that a home's daemon holds.
async fn consensus(run: &Run, home: &HomePlan) -> Gathered<ConsensusValidity> {
    let Some(onion) = home.onion() else {
        return Err("there is no daemon".to_owned());
    };
    let password = onion.control.password.password();
    let address = run.reach().control(home, onion);
    let connected = Control::connect(&onion.nickname, address, password).await;
    let (mut control, _events) = connected.map_err(|error| with_causes(&error).to_string())?;
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut times = [0; 2];
    for (time, key) in times
        .iter_mut()
        .zip(["consensus/valid-after", "consensus/valid-until"])
    {
        let text = control
            .info(key)
            .await
            .map_err(|error| with_causes(&error).to_string())?;
        let stamp = PrimitiveDateTime::parse(&text, format)
            .map_err(|_| format!("its {key} is {text:?}"))?;
        *time = stamp.assume_utc().unix_timestamp();
    }
    Ok(ConsensusValidity {
        since: now - times[0],
        left: times[1] - now,
    })
}

/// The onion address that is handed out: by the daemon's hostname file, and, where the connector
/// runs the daemon, by the connector.
async fn hostname(run: &Run, home: &RunningHome) -> Gathered<Option<Secret>> {
    let plan = &home.plan;
    match &plan.daemon {
        DaemonPlan::None => Ok(None),
        DaemonPlan::Managed { .. } => run
            .control(plan)
            .hostname()
            .await
            .map_err(|error| with_causes(&error).to_string()),
        DaemonPlan::Sidecar { container, .. } => home
            .engine
            .read_file(container, &format!("{SERVICE_DIRECTORY}/hostname"))
            .await
            .map(|name| Some(Secret::new(name)))
            .map_err(|error| with_causes(&error).to_string()),
    }
}

/// How many peers each home's connector counts as connected, by home id, before it is told of one that
/// does not exist. Who does not say is missing.
pub(in crate::run) async fn connected(run: &Run) -> BTreeMap<String, u64> {
    let homes = run.plan.homes.iter().map(|home| async {
        let health = run.control(home).health().await.ok()?;
        Some((home.id.clone(), health.connected))
    });
    join_all(homes).await.into_iter().flatten().collect()
}

/// What each home's connector says of its health with one peer gone, by home id; nothing where there is
/// nothing to be asked.
pub(in crate::run) async fn health(
    run: &Run,
    before: &BTreeMap<String, u64>,
) -> BTreeMap<String, Gathered<Option<HealthView>>> {
    let homes = run.plan.homes.iter().map(|home| async {
        let view = health_of(run, home, before.get(&home.id).copied()).await;
        (home.id.clone(), view)
    });
    join_all(homes).await.into_iter().collect()
}

async fn health_of(
    run: &Run,
    home: &HomePlan,
    connected_before: Option<u64>,
) -> Gathered<Option<HealthView>> {
    let control = run.control(home);
    let health = match control.health().await {
        Ok(health) => health,
        Err(error) if error.is_absence() => return Ok(None),
        Err(error) => return Err(with_causes(&error).to_string()),
    };
    let decoy_connected = match control.connected(&run.plan.decoy.id).await {
        Err(error) if error.is_absence() => None,
        listed => listed.map_err(|error| with_causes(&error).to_string())?,
    };
    Ok(Some(HealthView {
        status: health.status,
        connected: health.connected,
        connected_before,
        decoy_connected,
    }))
}
