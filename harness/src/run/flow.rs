//! The whole of a run, and what is left of it.

use std::time::Duration;

use super::artefacts::ArtefactError;
use super::circuits::Earlier;
use super::error::RunError;
use super::held::Run;
use super::interrupt::Interrupts;
use super::outcome::{Options, Outcome};
use super::prepare;
use super::reaper::Reaper;
use super::state::{Claim, Kept, State, TopologySource};
use super::tear_down::collect;
use crate::engine::{Engine, Watch};
use crate::events::Stage;
use crate::onion::monitor::Monitor;
use crate::plan::Plan;
use crate::topology::Topology;

/// A run that is given up by its process is removed by any later run after this time.
const RUN_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// A topology that `up` left is removed by any later run after this time.
const KEPT_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Runs a topology, judges it and removes it; or judges one that `up` left running, and leaves it.
///
/// # Errors
///
/// [`RunError`] when the run could not even begin. Whatever happens later is in the
/// [`Outcome`].
pub async fn verify(
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let engine = Engine::connect().await?;
    let state = State::locate();
    if let Some((plan, kept)) = find_kept(&engine, &state, &topology.name).await? {
        let (name, runs) = (&topology.name, plan.topology.network.family);
        if options.family.is_some_and(|asked| asked != runs) {
            return Err(RunError::Unfit(format!(
                "{name} runs on .{runs} daemons; leave --family out to judge it, or `ator-harness down {name}` and start it with another family"
            )));
        }
        return verify_kept(engine, plan, &kept, options, interrupts).await;
    }
    let (mut run, claim, reaper, mut watch) =
        begin(engine, &state, topology, options, interrupts, RUN_LIFETIME)?;
    let result = match run.start(&state, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((running, _)) => {
            run.observe(&mut watch, &running.monitors, &[], running.ready)
                .await
        }
    };
    let mut outcome = run.outcome(result.map(Some));
    drop(watch);
    run.end(&mut outcome, claim, Some(reaper)).await;
    Ok(finish(&run, outcome))
}

/// Claims a run and starts its reaper and its watch, before anything is created.
fn begin(
    engine: Engine,
    state: &State,
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
    lifetime: Duration,
) -> Result<(Run, Claim, Reaper, Watch), RunError> {
    let unusable = |source| ArtefactError {
        path: options.artefacts.display().to_string(),
        source,
    };
    let inputs = prepare::fresh_inputs(lifetime).map_err(unusable)?;
    let plan = Plan::new(topology, &inputs)?;
    let run = Run::open(options, engine, plan, inputs, interrupts.clone())?;
    let claim = state.claim(run.plan.run.as_str())?;
    let reaper = Reaper::start(run.plan.run.as_str()).map_err(unusable)?;
    let watch = run.engine.watch(run.plan.run.as_str());
    Ok((run, claim, reaper, watch))
}

fn finish(run: &Run, mut outcome: Outcome) -> Outcome {
    outcome.events = run.recorder.events();
    if let Err(error) = run.artefacts.link_latest()
        && outcome.error.is_none()
    {
        outcome.error = Some(error.into());
    }
    outcome
}

/// A topology of this name that runs and was left by `up`.
pub(super) async fn find_kept(
    engine: &Engine,
    state: &State,
    topology: &str,
) -> Result<Option<(Plan, Kept)>, RunError> {
    for found in engine.runs().await? {
        if found.topology != topology {
            continue;
        }
        if let Some(kept) = state.kept(&found.run)
            && let Some(plan) = kept.plan()
            && plan.run.as_str() == found.run
        {
            return Ok(Some((plan, kept)));
        }
    }
    Ok(None)
}

async fn verify_kept(
    engine: Engine,
    plan: Plan,
    kept: &Kept,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let inputs = prepare::fresh_inputs(RUN_LIFETIME).map_err(|source| ArtefactError {
        path: options.artefacts.display().to_string(),
        source,
    })?;
    let run = Run::open(options, engine, plan, inputs, interrupts.clone())?;
    run.recorder.note(format!(
        "{} runs already; it is judged as it is and left running",
        run.plan.topology.name
    ));
    let mut watch = run.engine.watch(run.plan.run.as_str());
    let attached = run.guarded(&mut watch, attach(&run)).await;
    let result = match attached {
        Err(error) => Err(error),
        Ok(monitors) => {
            let ready = Duration::from_millis(kept.ready_ms);
            run.observe(&mut watch, &monitors, &kept.daemons, ready)
                .await
        }
    };
    let mut outcome = run.outcome(result.map(Some));
    if outcome.error.is_none() {
        outcome.containers_memory = run.memory().await;
    }
    let collected = collect(
        &run.engine,
        &run.recorder,
        &run.artefacts,
        &run.plan,
        &run.containers(),
        interrupts,
    )
    .await;
    run.explain(&mut outcome, collected).await;
    Ok(finish(&run, outcome))
}

/// Watches the daemons of a topology that runs already.
async fn attach(run: &Run) -> Result<Vec<Option<Monitor>>, RunError> {
    let mut monitors = Vec::new();
    for home in &run.plan.homes {
        if !home.is_onion() {
            monitors.push(None);
            continue;
        }
        let guard = run.recorder.stage(Stage::Daemon, Some(&home.id));
        let password = home.control.password.password();
        let monitor = Monitor::attach(&home.nickname, home.control.address, password)
            .await
            .map_err(|error| super::error::StageFailure::of(&guard, error.to_string()))?;
        guard.reached("control port answers");
        run.ladder.follow(&home.id, &monitor);
        monitors.push(Some(monitor));
    }
    Ok(monitors)
}

/// Runs a topology up to the last peering and leaves it running.
///
/// # Errors
///
/// [`RunError::AlreadyUp`] when it runs, and [`RunError`] when the run could not begin. Whatever
/// happens later is in the [`Outcome`], and then everything is removed.
pub async fn bring_up_and_keep(
    source: &TopologySource,
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let engine = Engine::connect().await?;
    let state = State::locate();
    if let Some((plan, _)) = find_kept(&engine, &state, &topology.name).await? {
        return Err(RunError::AlreadyUp {
            topology: topology.name.clone(),
            run: plan.run.to_string(),
        });
    }
    let (mut run, claim, reaper, mut watch) =
        begin(engine, &state, topology, options, interrupts, KEPT_LIFETIME)?;
    let result = match run.start(&state, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((running, images)) => {
            let daemons = run
                .plan
                .homes
                .iter()
                .zip(&running.monitors)
                .filter_map(|(home, monitor)| Some(Earlier::of(&home.id, monitor.as_ref()?)))
                .collect();
            let ready_ms = u64::try_from(running.ready.as_millis()).unwrap_or(u64::MAX);
            let kept = Kept::new(source, &run.inputs, &images, ready_ms, daemons);
            state
                .keep(run.plan.run.as_str(), &kept)
                .map_err(RunError::from)
        }
    };
    drop(watch);
    match result {
        Ok(()) => {
            let outcome = run.outcome(Ok(None));
            reaper.dismiss().await;
            drop(claim);
            Ok(finish(&run, outcome))
        }
        Err(error) => {
            let mut outcome = run.outcome(Err(error));
            run.end(&mut outcome, claim, Some(reaper)).await;
            Ok(finish(&run, outcome))
        }
    }
}
