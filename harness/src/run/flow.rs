//! The whole of a run, and what is left of it.

use std::time::Duration;

use futures_util::future::join_all;

use crate::checks::Observations;
use crate::engine::{Deadline, Engine, EngineAddress, EngineError, Engines, Now, Placement, Watch};
use crate::onion::anonrc::AuthorityLine;
use crate::plan::{Images, Inputs, Plan, RunId};
use crate::run::artefacts::ArtefactError;
use crate::run::bring_up::{attach, bring_up};
use crate::run::circuits::Earlier;
use crate::run::context::{Run, Running};
use crate::run::end;
use crate::run::end::Guards;
use crate::run::end::lease::Lease;
use crate::run::end::reaper::Reaper;
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::observe::observe;
use crate::run::options::Options;
use crate::run::outcome::Outcome;
use crate::run::prepare;
use crate::run::request::InvalidRequest;
use crate::run::running::{self, Found};
use crate::run::state::{Owner, PersistedRun, Registry, RunRecord, Starting, TopologySource, Verb};
use crate::sabotage;
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
    let registry = Registry::locate();
    if let Some(found) = running::find(&registry, &topology.name).await? {
        let Found {
            engines,
            plan,
            persisted,
        } = found;
        let (name, runs) = (&topology.name, plan.topology.network.family);
        if options.family.is_some_and(|asked| asked != runs) {
            return Err(InvalidRequest::RunsOnOtherFamily {
                topology: name.clone(),
                runs,
            }
            .into());
        }
        refuse_other(&options.placement, &plan, &engines)?;
        return verify_left(engines, plan, &persisted, options, interrupts).await;
    }
    let beginning = Beginning {
        verb: Verb::Verify,
        inputs: inputs(options, RUN_LIFETIME)?,
        lifetime: RUN_LIFETIME,
    };
    let (mut run, guards, mut watch) =
        begin(&registry, topology, options, interrupts, beginning).await?;
    let result = match start(&mut run, &registry, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((running, _)) => look(&run, &mut watch, &running).await,
    };
    let mut outcome = end::outcome(&run, result.map(Some));
    drop(watch);
    end::end(&run, &mut outcome, guards).await;
    Ok(finish(&run, outcome))
}

/// Fresh inputs of a plan.
fn inputs(options: &Options, lifetime: Duration) -> Result<Inputs, RunError> {
    Ok(prepare::fresh_inputs(lifetime).map_err(unusable(options))?)
}

fn unusable(options: &Options) -> impl FnOnce(std::io::Error) -> ArtefactError {
    let path = options.artefacts.display().to_string();
    move |source| ArtefactError { path, source }
}

/// The authorities of the network that stands in for the public one; none without a stand-in.
async fn joined(
    registry: &Registry,
    topology: &Topology,
    options: &Options,
) -> Result<Vec<AuthorityLine>, RunError> {
    if let Some(keys) = options
        .keys
        .as_ref()
        .filter(|_| !topology.network.is_public())
    {
        return Err(InvalidRequest::KeysForOwnNetwork {
            keys: keys.clone(),
            topology: topology.name.clone(),
        }
        .into());
    }
    let Some(stand_in) = &options.stand_in else {
        return Ok(Vec::new());
    };
    if !topology.network.is_public() {
        return Err(InvalidRequest::AuthoritiesForOwnNetwork {
            stand_in: stand_in.clone(),
            topology: topology.name.clone(),
        }
        .into());
    }
    let Some(Found { plan, .. }) = running::find(registry, stand_in).await? else {
        return Err(RunError::NotUp {
            topology: stand_in.clone(),
        });
    };
    if plan.authorities.is_empty() {
        return Err(InvalidRequest::NoNetworkToJoin {
            stand_in: stand_in.clone(),
        }
        .into());
    }
    let keys = prepare::authority_keys(&plan).await?;
    Ok(plan.authority_lines(&keys))
}

/// How a run begins.
struct Beginning {
    verb: Verb,
    inputs: Inputs,
    lifetime: Duration,
}

/// Makes a run known, and starts what guards it and its watch, before anything is created.
async fn begin(
    registry: &Registry,
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
    beginning: Beginning,
) -> Result<(Run, Guards, Watch), RunError> {
    let Beginning {
        verb,
        inputs,
        lifetime,
    } = beginning;
    let authorities = joined(registry, topology, options).await?;
    let engines = engines(topology, &options.placement).await?;
    let (_, latest) = engines.clocks().await?;
    let began = inputs.now;
    let inputs = Inputs {
        authorities,
        deadline: Deadline::after(lifetime, &Now::at(latest)),
        ..inputs
    };
    let plan = sabotage::planned(topology, &inputs)?;
    let run = Run::open(options, engines, plan, inputs, interrupts.clone())?;
    let record = RunRecord {
        topology: topology.name.clone(),
        placement: run.engines.placement(),
        owner: Owner::this(verb, began),
    };
    let id = run.plan.run.as_str();
    let guards = Guards {
        lock: registry.begin(id, &record)?,
        lease: Lease::hold(&run.engines, &run.plan.labels, lifetime, &run.recorder),
        reaper: Reaper::start(id, &record.placement).map_err(unusable(options))?,
    };
    let watch = run.engines.watch(id).await?;
    Ok((run, guards, watch))
}

/// Sweep, images, networks, keys and containers, up to the last peering.
async fn start(
    run: &mut Run,
    registry: &Registry,
    options: &Options,
    watch: &mut Watch,
) -> Result<(Running, Images), RunError> {
    let prepared = prepare::prepare(run, registry, options, watch).await?;
    run.plan = prepared.plan;
    run.inputs = prepared.inputs;
    run.images = Some(prepared.images.clone());
    let redacted = serde_json::to_vec_pretty(&run.plan)
        .map_err(|source| run.unwritable("plan.json", source.into()))?;
    run.artefacts.write("plan.json", &redacted)?;
    let bringing_up = bring_up(run, &prepared.images, &prepared.keys);
    let running = run.guarded(watch, Box::pin(bringing_up)).await;
    // The stages that were seen, whether all were reached or not.
    let logs = run.plan.homes.iter().map(|home| async {
        let text = run.engine_of(home).logs(&home.connector, None).await;
        // A connector that was never created has logged nothing.
        (home.id.as_str(), text.unwrap_or_default())
    });
    let logs = join_all(logs).await;
    let texts = logs.iter().map(|(home, text)| (*home, text.as_str()));
    run.record_milestones(&texts.collect::<Vec<_>>());
    Ok((running?, prepared.images))
}

/// Observes a topology that runs.
async fn look(run: &Run, watch: &mut Watch, running: &Running) -> Result<Observations, RunError> {
    run.guarded(watch, Box::pin(observe(run, running))).await
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

/// The engines of a run that begins: the homes' own when it has some, else the one that is found. It
/// has to be on this machine where the harness talks to containers' addresses.
async fn engines(topology: &Topology, placement: &Placement) -> Result<Engines, EngineError> {
    if !placement.homes.is_empty() {
        return Engines::connect(None, &placement.homes).await;
    }
    let found = if topology.network.is_public() {
        Engine::connect_anywhere().await?
    } else {
        Engine::connect().await?
    };
    Ok(Engines::one(found))
}

/// Refuses other engines than those that a topology runs on.
fn refuse_other(asked: &Placement, plan: &Plan, engines: &Engines) -> Result<(), RunError> {
    let runs = engines.placement().homes;
    let differs = |(home, address): (&String, &EngineAddress)| {
        runs.get(home).is_none_or(|own| !own.is_same_place(address))
    };
    if asked.homes.iter().any(differs) {
        return Err(InvalidRequest::RunsOnOtherEngines {
            topology: plan.topology.name.clone(),
        }
        .into());
    }
    Ok(())
}

async fn verify_left(
    engines: Engines,
    plan: Plan,
    persisted: &PersistedRun,
    options: &Options,
    interrupts: &Interrupts,
) -> Result<Outcome, RunError> {
    let inputs = inputs(options, RUN_LIFETIME)?;
    let run = Run::open(options, engines, plan, inputs, interrupts.clone())?;
    run.recorder.note(format!(
        "{} runs already; it is judged as it is and left running",
        run.plan.topology.name
    ));
    let mut watch = run.engines.watch(run.plan.run.as_str()).await?;
    let attached = run
        .guarded(&mut watch, attach(&run, &persisted.daemons))
        .await;
    let result = match attached {
        Err(error) => Err(error),
        Ok(homes) => {
            let times = persisted.times.clone();
            look(&run, &mut watch, &Running { homes, times }).await
        }
    };
    let mut outcome = end::outcome(&run, result.map(Some));
    end::measure_memory(&run, &mut outcome).await;
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
        inputs: inputs(options, KEPT_LIFETIME)?,
        lifetime: KEPT_LIFETIME,
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
    if let Some(found) = running::find_left(&registry, name).await? {
        return Err(RunError::AlreadyUp {
            topology: name.clone(),
            run: found.plan.run.to_string(),
        });
    }
    let (mut run, guards, mut watch) =
        begin(&registry, topology, options, interrupts, beginning).await?;
    let result = match start(&mut run, &registry, options, &mut watch).await {
        Err(error) => Err(error),
        Ok((running, images)) => {
            let homes = running.homes.iter();
            let daemons = homes
                .filter_map(|home| Some(Earlier::of(&home.plan.id, home.monitor.as_ref()?)))
                .collect();
            let persisted = PersistedRun::new(source, &run.inputs, &images, running.times, daemons);
            registry
                .persist(run.plan.run.as_str(), &persisted)
                .map_err(RunError::from)
        }
    };
    drop(watch);
    match result {
        Ok(()) => {
            let outcome = end::outcome(&run, Ok(None));
            guards.dismiss().await;
            Ok(finish(&run, outcome))
        }
        Err(error) => {
            let mut outcome = end::outcome(&run, Err(error));
            end::end(&run, &mut outcome, guards).await;
            Ok(finish(&run, outcome))
        }
    }
}
