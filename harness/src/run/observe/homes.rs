//! The homes and their peerings, as they are at the end.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all, join5, try_join_all};
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

/// What the dialling and the accepting connector say of each peering.
pub(in crate::run) async fn peerings(run: &Run, logs: &[LogView]) -> Vec<PeeringView> {
    join_all(run.plan.peerings.iter().map(|peering| async move {
        let connected = match run.plan.home(&peering.from) {
            Some(from) => run
                .control(from)
                .connected(&peering.to)
                .await
                .map_err(|error| with_causes(&error).to_string()),
            None => Err("no such home".to_owned()),
        };
        let role = ContainerRole::Connector(peering.to.clone());
        let accepted_in_log = logs
            .iter()
            .filter(|log| log.role == role)
            .flat_map(|log| run.plan.topology.connector.events(&log.text))
            .any(|event| event.what == SessionEvent::Admitted && event.peer == peering.from);
        PeeringView {
            from: peering.from.clone(),
            to: peering.to.clone(),
            connected,
            accepted_in_log,
        }
    }))
    .await
}

/// Everything of every home. `attempts` and `decoys` are by home id.
pub(in crate::run) async fn views(
    run: &Run,
    homes: &[RunningHome],
    mut attempts: BTreeMap<String, Vec<Attempt>>,
    mut decoys: DecoyViews,
) -> Result<Vec<HomeView>, EngineError> {
    let states: Vec<(&str, DaemonState)> = homes
        .iter()
        .map(|home| (home.plan.id.as_str(), home.daemon()))
        .collect();
    let views = homes.iter().map(|home| {
        let id = &home.plan.id;
        let decoy = decoys.remove(id).unwrap_or(Ok(None));
        let attempts = attempts.remove(id).unwrap_or_default();
        view(run, home, &states, attempts, decoy)
    });
    try_join_all(views).await
}

async fn view(
    run: &Run,
    home: &RunningHome,
    states: &[(&str, DaemonState)],
    attempts: Vec<Attempt>,
    decoy: Gathered<Option<DecoyView>>,
) -> Result<HomeView, EngineError> {
    let plan = &home.plan;
    let (environment, wire, hostname, consensus, (listening, health)) = join5(
        home.engine.environment(&plan.connector),
        record::read(run, plan),
        hostname(run, home),
        consensus(run, plan),
        join(dials::listens(run, plan), health(run, plan, &decoy)),
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
    let wiring = plan
        .environment
        .iter()
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
    let address = run.reach.control(home, onion);
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

async fn health(
    run: &Run,
    home: &HomePlan,
    decoy: &Gathered<Option<DecoyView>>,
) -> Gathered<HealthView> {
    let control = run.control(home);
    let health = control
        .health()
        .await
        .map_err(|error| with_causes(&error).to_string())?;
    let decoy_connected = control
        .connected(&run.plan.decoy.id)
        .await
        .map_err(|error| with_causes(&error).to_string())?;
    Ok(HealthView {
        connected: health.connected,
        total: health.total,
        decoy_connected,
        gone: u64::from(matches!(decoy, Ok(Some(_)))),
    })
}
