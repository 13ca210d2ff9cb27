//! The whole of a run, and what is left of it.

use std::time::Duration;

use futures_util::future::{join, join_all};

use crate::causes::with_causes;
use crate::checks::Observations;
use crate::engine::{Engines, Watch};
use crate::plan::{Images, Plan, RunId};
use crate::run::another::{Running as Left, refuse_another};
use crate::run::begin::{
    Beginning, begin, finish, inputs, left_or_removed, refuse_for_own_network, stand_in,
};
use crate::run::bring_up::{attach, bring_up};
use crate::run::circuits::Earlier;
use crate::run::context::{Run, Running};
use crate::run::decoy::{self, Decoys};
use crate::run::end;
use crate::run::error::RunError;
use crate::run::faults::Breaker;
use crate::run::interrupt::Interrupts;
use crate::run::live::Live;
use crate::run::network::{Chosen, choose};
use crate::run::observe::observe;
use crate::run::options::Options;
use crate::run::outcome::Outcome;
use crate::run::prepare;
use crate::run::running::{self, Found};
use crate::run::state::{Owner, PersistedRun, Registry, Starting, TopologySource, Verb};
use crate::topology::Topology;

/// A run that is given up by its process is removed by any later run after this time.
const RUN_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// A topology that `up` left is removed by any later run after this time.
pub const PERSISTED_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

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
    let registry = Registry::locate();
    let found = interrupts.unless_asked(running::find(&registry, &topology.name));
    if let Some(found) = found.await.ok_or(RunError::Interrupted)?? {
        let Found {
            engines,
            mut plan,
            persisted,
        } = found;
        if topology.soak.is_some() {
            return Err(RunError::AlreadyUp {
                topology: topology.name.clone(),
                run: plan.run.to_string(),
            });
        }
        let placement = engines.placement();
        let runs = Left {
            plan: &plan,
            persisted: &persisted,
            placement: &placement,
        };
        refuse_another(topology, options, &runs)?;
        if let Some(name) = &options.stand_in
            && stand_in(&registry, name).await? != persisted.authorities
        {
            return Err(runs.otherwise("--authorities", "other authorities").into());
        }
        plan.topology.bind(&options.bounds);
        return verify_left(engines, plan, &persisted, options, interrupts).await;
    }
    let judged = hold(topology, options, interrupts, Verb::Verify, async |_| {
        Then::Judge
    });
    Box::pin(judged).await
}

/// What becomes of a topology that somebody had while it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is judged, and removed.
    Judge,
    /// It is removed.
    End,
}

/// Runs a topology, and hands it to `visit` once its peerings are connected. What that returns says whether it is
/// judged; it is removed in any case, also when it could not be brought up, when one of its containers dies meanwhile
/// (then `visit` is dropped), and when `interrupts` ask.
///
/// # Errors
///
/// [`RunError`] when the run could not even begin. Whatever happens later is in the [`Outcome`].
pub async fn hold(
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
    verb: Verb,
    visit: impl AsyncFnOnce(&Live<'_>) -> Then,
) -> Result<Outcome, RunError> {
    let registry = Registry::locate();
    refuse_for_own_network(topology, options)?;
    let soak = topology.soak.as_ref();
    let lifetime = RUN_LIFETIME + soak.map(|soak| soak.lasts).unwrap_or_default();
    let inputs = inputs(options, lifetime).await?;
    let run = RunId::new(inputs.now, &inputs.seed);
    let (joined, notes) = match choose(topology, options, interrupts, &run).await? {
        Chosen::Failed(outcome) => return Ok(*outcome),
        Chosen::Own(notes) => (None, notes),
        Chosen::Standing(joined, notes) => (Some(*joined), notes),
    };
    let (standing, used) = joined.map(|one| (one.standing, one.used)).unzip();
    let beginning = Beginning {
        verb,
        inputs,
        lifetime,
        standing,
    };
    let (mut run, guards, mut watch) =
        begin(&registry, topology, options, interrupts, beginning).await?;
    notes.into_iter().for_each(|note| run.recorder.note(note));
    let result = match start(&mut run, &registry, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((started, _)) => visited(&run, &mut watch, started, visit).await,
    };
    let mut outcome = end::outcome(&run, result);
    end::end(&run, &mut outcome, guards).await;
    // Until here, so that the end of the run does not wait for an engine that hangs.
    drop(watch);
    drop(used);
    Ok(finish(&run, outcome))
}

/// Lets somebody have a topology that runs, and judges it where that is what they want.
async fn visited(
    run: &Run,
    watch: &mut Watch,
    (running, decoys): (Running, Decoys),
    visit: impl AsyncFnOnce(&Live<'_>) -> Then,
) -> Result<Option<Observations>, RunError> {
    let live = Live {
        run,
        breaker: &Breaker::new(run, &running.homes),
    };
    let visiting = async { Ok(visit(&live).await) };
    match run.guarded(watch, Box::pin(visiting)).await? {
        Then::Judge => look(run, watch, (running, decoys), true).await.map(Some),
        Then::End => Ok(None),
    }
}

/// Sweep, images, networks, keys and containers, up to the last peering.
async fn start(
    run: &mut Run,
    registry: &Registry,
    options: &Options,
    watch: &mut Watch,
) -> Result<((Running, Decoys), Images), RunError> {
    let prepared = prepare::prepare(run, registry, options, watch).await?;
    run.plan = prepared.plan;
    run.inputs = prepared.inputs;
    run.images = Some(prepared.images.clone());
    let redacted = serde_json::to_vec_pretty(&run.plan)
        .map_err(|source| run.unwritable("plan.json", source.into()))?;
    run.keep("plan.json", &redacted);
    let bringing_up = bring_up(run, &prepared.images, &prepared.keys);
    let running = run.guarded(watch, Box::pin(bringing_up)).await;
    // The stages that were seen, whether all were reached or not.
    let logs = run.plan.homes.iter().map(|home| async {
        let text = run.engine_of(home).logs(&home.connector, None).await;
        let text = text.unwrap_or_else(|error| {
            // A connector that was never created has logged nothing.
            if !error.is_absence() {
                run.recorder.note(with_causes(&error).to_string());
            }
            String::new()
        });
        (home.id.as_str(), text)
    });
    let logs = join_all(logs).await;
    let texts = logs.iter().map(|(home, text)| (*home, text.as_str()));
    run.record_milestones(&texts.collect::<Vec<_>>());
    Ok((running?, prepared.images))
}

/// Observes a topology that runs, and tells one connector to end where that comes to the same in a moment.
async fn look(
    run: &Run,
    watch: &mut Watch,
    (running, decoys): (Running, Decoys),
    ends: bool,
) -> Result<Observations, RunError> {
    let observing = async {
        // The engine measures once a second, so that asking takes as long.
        let (seen, memory) = join(observe(run, &running, decoys, ends), run.memory()).await;
        let mut seen = seen?;
        match memory {
            Ok(bytes) => seen.containers_memory = Some(bytes),
            // A figure that nothing is judged by.
            Err(error) => run
                .recorder
                .note(format!("memory was not read: {}", with_causes(&error))),
        }
        Ok(seen)
    };
    run.guarded(watch, Box::pin(observing)).await
}

async fn verify_left(
    engines: Engines,
    plan: Plan,
    persisted: &PersistedRun,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let inputs = inputs(options, RUN_LIFETIME).await?;
    let run = Run::open(options, engines, plan, inputs, interrupts.clone())?;
    run.recorder.note(format!(
        "{} runs already; it is judged as it is and left running",
        run.plan.topology.name
    ));
    let mut watch = run.engines.watch(&[run.plan.run.as_str()]).await?;
    let attached = run
        .guarded(&mut watch, attach(&run, &persisted.daemons))
        .await;
    let result = match attached {
        Err(error) => Err(error),
        Ok(homes) => {
            let running = Running {
                homes,
                times: persisted.times.clone(),
                waited: None,
            };
            let decoys = decoy::place(&run).await;
            look(&run, &mut watch, (running, decoys), false).await
        }
    };
    let mut outcome = end::outcome(&run, result.map(Some));
    end::attach_diagnosis(&run, &mut outcome).await;
    Ok(finish(&run, outcome))
}

/// Runs a topology up to the last peering and leaves it running.
///
/// # Errors
///
/// [`RunError::AlreadyUp`] when it runs, [`RunError::BeingStarted`] while another process brings it
/// up, and [`RunError`] when the run could not begin. Whatever happens later is in the [`Outcome`],
/// and then everything is removed.
pub async fn bring_up_and_keep(
    source: &TopologySource,
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let registry = Registry::locate();
    let name = &topology.name;
    let beginning = Beginning {
        verb: Verb::Up,
        inputs: inputs(options, PERSISTED_LIFETIME).await?,
        lifetime: PERSISTED_LIFETIME,
        standing: None,
    };
    let (now, seed) = (beginning.inputs.now, &beginning.inputs.seed);
    let starting = Starting {
        run: RunId::new(now, seed).to_string(),
        owner: Owner::this(Verb::Up, now),
    };
    // Held until the end, so that whoever looks finds it being started, or running, or neither.
    let _lock = registry
        .lock_topology(name, &starting)?
        .map_err(|starting| RunError::BeingStarted {
            topology: name.clone(),
            starting,
        })?;
    let found = interrupts.unless_asked(running::find_left(&registry, name));
    if let Some(found) = found.await.ok_or(RunError::Interrupted)?? {
        return Err(RunError::AlreadyUp {
            topology: name.clone(),
            run: found.plan.run.to_string(),
        });
    }
    let (mut run, guards, mut watch) =
        begin(&registry, topology, options, interrupts, beginning).await?;
    let result = match start(&mut run, &registry, options, &mut watch).await {
        Err(error) => Err(error),
        Ok(((running, _), images)) => {
            let homes = running.homes.iter();
            let daemons = homes
                .filter_map(|home| Some(Earlier::of(&home.plan.id, home.monitor.as_ref()?)))
                .collect();
            let mut persisted =
                PersistedRun::new(source, &run.inputs, &images, running.times, daemons);
            persisted.connector_memory = options.connector_memory;
            registry
                .persist(run.plan.run.as_str(), &persisted)
                .map_err(RunError::from)
        }
    };
    let outcome = left_or_removed(&run, guards, result).await;
    drop(watch);
    Ok(outcome)
}
