//! How a run begins, whatever it is for, and the last word of its outcome.

use std::time::Duration;

use crate::engine::{Deadline, Engine, EngineError, Engines, Now, Placement, Watch};
use crate::onion::anonrc::AuthorityLine;
use crate::plan::{DeployedPlan, Inputs, Standing};
use crate::run::artefacts::{ArtefactError, TRACE};
use crate::run::context::Run;
use crate::run::end::lease::Lease;
use crate::run::end::reaper::Reaper;
use crate::run::end::{self, Guards};
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::options::Options;
use crate::run::outcome::Outcome;
use crate::run::preflight_failure::clocks_agree;
use crate::run::prepare;
use crate::run::request::InvalidRequest;
use crate::run::running::{self, Found};
use crate::run::state::{Owner, Registry, RunRecord, Verb};
use crate::sabotage;
use crate::topology::{EnginePlace, Topology};
use crate::trace;

/// Fresh inputs of a plan.
pub(in crate::run) async fn inputs(
    options: &Options,
    lifetime: Duration,
) -> Result<Inputs, RunError> {
    let inputs = prepare::fresh_inputs(lifetime, &options.subnets).await;
    Ok(inputs.map_err(unusable(options))?)
}

fn unusable(options: &Options) -> impl FnOnce(std::io::Error) -> ArtefactError {
    let path = options.artefacts.display().to_string();
    move |source| ArtefactError { path, source }
}

/// Refuses what is meant for homes in a network that others run, where the run's is private.
pub(in crate::run) fn refuse_for_own_network(
    topology: &Topology,
    options: &Options,
) -> Result<(), InvalidRequest> {
    let topology = match topology.network.has_own_nodes() {
        true => topology.name.clone(),
        false => return Ok(()),
    };
    match (&options.keys, &options.stand_in) {
        (Some(keys), _) => Err(InvalidRequest::KeysForOwnNetwork {
            keys: keys.clone(),
            topology,
        }),
        (None, Some(stand_in)) => Err(InvalidRequest::AuthoritiesForOwnNetwork {
            stand_in: stand_in.clone(),
            topology,
        }),
        (None, None) => Ok(()),
    }
}

/// The authorities of the network that stands in for the public one; none without a stand-in.
async fn joined(
    registry: &Registry,
    topology: &Topology,
    options: &Options,
) -> Result<Vec<AuthorityLine>, RunError> {
    refuse_for_own_network(topology, options)?;
    match &options.stand_in {
        Some(name) => stand_in(registry, name).await,
        None => Ok(Vec::new()),
    }
}

/// The authorities of a topology that `up` left running, whose network stands in for the public one.
///
/// # Errors
///
/// [`RunError::NotUp`] when it does not run, and [`RunError::InvalidRequest`] when it has no network of its own.
pub async fn stand_in(registry: &Registry, name: &str) -> Result<Vec<AuthorityLine>, RunError> {
    let Some(Found { plan, .. }) = running::find(registry, name).await? else {
        return Err(RunError::NotUp {
            topology: name.to_owned(),
        });
    };
    if plan.authorities.is_empty() {
        return Err(InvalidRequest::NoNetworkToJoin {
            stand_in: name.to_owned(),
        }
        .into());
    }
    let keys = prepare::authority_keys(&plan).await?;
    Ok(plan.authority_lines(&keys))
}

/// How a run begins.
pub(in crate::run) struct Beginning {
    pub(in crate::run) verb: Verb,
    pub(in crate::run) inputs: Inputs,
    pub(in crate::run) lifetime: Duration,
    /// The network that stands and that its homes join.
    pub(in crate::run) standing: Option<Standing>,
}

/// Makes a run known, and starts what guards it and its watch, before anything is created. An engine that does not
/// answer is not waited for once the user asks ([`RunError::Interrupted`]).
pub(in crate::run) async fn begin(
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
        standing,
    } = beginning;
    // Until here nothing is known of the run that could tell how it ended.
    let asked = interrupts.unless_asked(Box::pin(async {
        let authorities = joined(registry, topology, options).await?;
        let engines = engines(topology, &options.placement).await?;
        let clocks = engines.clocks().await?;
        Ok::<_, RunError>((authorities, engines, clocks))
    }));
    let (authorities, engines, (earliest, latest)) = asked.await.ok_or(RunError::Interrupted)??;
    clocks_agree(&[earliest, latest])?;
    let began = inputs.now;
    let inputs = Inputs {
        authorities,
        standing,
        deadline: Deadline::after(lifetime, &Now::at(latest)),
        ..inputs
    };
    let plan = sabotage::planned(topology, &inputs)?;
    let first = plan.networks.first().map(|network| network.subnet);
    let holder = first.and_then(|subnet| inputs.space.holder(subnet));
    let run = Run::open(options, engines, plan, inputs, interrupts.clone())?;
    if let Some(range) = holder {
        run.recorder.note(format!(
            "no range for subnets is free of routes; this run's lie in {range}, and hosts there that have the \
             same addresses are out of reach meanwhile"
        ));
    }
    for home in &run.plan.homes {
        for note in home.deployed.iter().flat_map(DeployedPlan::told) {
            run.recorder.note(format!("{}: {note}", home.id));
        }
    }
    let record = RunRecord {
        topology: topology.name.clone(),
        placement: run.engines.placement(),
        owner: Owner::this(verb, began),
    };
    let id = run.plan.run.as_str();
    let guards = Guards {
        lock: registry.begin(id, &record)?,
        lease: Lease::hold(&run.engines, &run.plan.labels, lifetime, &run.recorder),
        reaper: Reaper::start(&options.reaper, id, &record.placement)
            .await
            .map_err(unusable(options))?,
    };
    // The network's containers are needed as much as the run's own.
    let network = run.plan.standing.iter().map(|one| one.run.as_str());
    let needed: Vec<&str> = network.chain([id]).collect();
    let watch = run.engines.watch(&needed).await?;
    Ok((run, guards, watch))
}

/// The engines of a run that begins: the homes' own when it has some, else the one that is named or found. One that
/// is found has to be on this machine where the harness talks to containers' addresses.
async fn engines(topology: &Topology, placement: &Placement) -> Result<Engines, EngineError> {
    let common = match &placement.common {
        Some(address) => Some(Engine::connect_to(address).await?),
        None if placement.homes.is_empty() => Some(find_engine(topology).await?),
        None => None,
    };
    Engines::connect(common, &placement.homes).await
}

/// The engine that is found where homes have none of their own.
///
/// # Errors
///
/// As of [`Engine::connect`] or [`Engine::connect_anywhere`].
pub async fn find_engine(topology: &Topology) -> Result<Engine, EngineError> {
    match topology.network.engines() {
        EnginePlace::ThisMachine => Engine::connect().await,
        EnginePlace::Anywhere => Engine::connect_anywhere().await,
    }
}

/// The outcome with the events so far; the run's folder has its trace where it did not pass, and is
/// then the latest.
pub(in crate::run) fn finish(run: &Run, mut outcome: Outcome) -> Outcome {
    if outcome.keeps_trace() {
        let text = trace::since(run.traced);
        run.keep(TRACE, text.as_bytes());
    }
    if let Err(error) = run.artefacts.link_latest() {
        run.missed(error);
    }
    outcome.unwritten = run.take_unwritten();
    outcome.events = run.recorder.events();
    outcome
}

/// The outcome of a run whose containers were to stay: they do when it came so far, and are removed when
/// it did not.
pub(in crate::run) async fn left_or_removed(
    run: &Run,
    guards: Guards,
    result: Result<(), RunError>,
) -> Outcome {
    let outcome = match result {
        Ok(()) => {
            let outcome = end::outcome(run, Ok(None));
            guards.dismiss().await;
            outcome
        }
        Err(error) => {
            let mut outcome = end::outcome(run, Err(error));
            end::end(run, &mut outcome, guards).await;
            outcome
        }
    };
    finish(run, outcome)
}
