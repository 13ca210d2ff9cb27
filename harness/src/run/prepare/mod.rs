//! Before anything starts: sweep, images, a plan on free addresses, networks and keys.

mod keys;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join, join_all, join3, try_join_all};
use time::OffsetDateTime;

use crate::causes::with_causes;
use crate::engine::{Engine, EngineAddress, EngineError, Engines, NetworkSpec, Watch};
use crate::events::{Recorder, Stage};
use crate::onion::authority::{AuthorityKeyError, AuthorityKeys};
use crate::plan::{Images, Inputs, Occupied, Plan, PlanError, Seed};
use crate::run::context::Run;
use crate::run::error::RunError;
use crate::run::options::{Options, Sources};
use crate::run::state::State;
use crate::sabotage;
use crate::topology::{Daemon, Topology};

/// How often another block of addresses is tried before the run is given up.
const ATTEMPTS: usize = 8;

/// Inputs of a fresh plan: random bytes, the time, and the machine's routes.
///
/// # Errors
///
/// What the system says when it has no randomness.
pub fn fresh_inputs(lifetime: Duration) -> std::io::Result<Inputs> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(std::io::Error::from)?;
    let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    Ok(Inputs {
        seed: Seed::new(seed),
        now: OffsetDateTime::now_utc(),
        lifetime_seconds: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
        occupied: Occupied::from_route_table(&routes),
        authorities: Vec::new(),
        services: BTreeMap::new(),
    })
}

/// What a run needs before anything of it starts.
pub(in crate::run) struct Prepared {
    /// The images' names on the engines.
    pub(in crate::run) images: Images,
    /// The plan whose networks are created.
    pub(in crate::run) plan: Plan,
    /// What the plan was made of.
    pub(in crate::run) inputs: Inputs,
    /// The authorities' keys.
    pub(in crate::run) keys: Vec<AuthorityKeys>,
}

/// Sweeps, makes images and keys, and creates the networks of a plan on free addresses.
pub(in crate::run) async fn prepare(
    run: &Run,
    state: &State,
    options: &Options,
    watch: &mut Watch,
) -> Result<Prepared, RunError> {
    let guard = run.recorder.stage(Stage::Prepare, None);
    let topology = &run.plan.topology;
    let mut inputs = run.inputs.clone();
    let work = async {
        let images = async {
            sweep_and_note(run, state).await?;
            images(&run.engines, &run.recorder, topology, &options.sources).await
        };
        let keys = authority_keys(&run.plan);
        // All are awaited, also when one fails: a network that is being created could not be
        // removed yet.
        let (images, plan, keys) = if let Some(name) = &options.keys {
            let images = images.await?;
            inputs.services = keys::persistent(&run.engines, &run.plan, &images.bls, name).await?;
            let networks = networks(&run.engines, topology, &mut inputs);
            let (plan, keys) = join(networks, keys).await;
            (images, plan, keys)
        } else {
            let networks = networks(&run.engines, topology, &mut inputs);
            let (images, plan, keys) = join3(images, networks, keys).await;
            (images?, plan, keys)
        };
        Ok((images, plan?, keys?))
    };
    let (images, plan, keys) = run.guarded(watch, work).await?;
    guard.reached(format!("{} networks", plan.networks.len()));
    Ok(Prepared {
        images,
        plan,
        inputs,
        keys,
    })
}

async fn sweep_and_note(run: &Run, state: &State) -> Result<(), EngineError> {
    let swept = sweep(&run.engines, state).await?;
    if swept.removed > 0 {
        let note = format!("{} resources of earlier runs removed", swept.removed);
        run.recorder.note(note);
    }
    for reason in swept.postponed {
        run.recorder.note(reason);
    }
    Ok(())
}

/// What a sweep came to.
#[derive(Default)]
pub(in crate::run) struct Swept {
    /// How many containers, networks and volumes were removed.
    pub(in crate::run) removed: usize,
    /// Why something is left for a later one.
    pub(in crate::run) postponed: Vec<String>,
}

/// Removes what runs that are dead or past their deadline have left, on these engines and on those
/// of runs that this machine knows.
pub(in crate::run) async fn sweep(engines: &Engines, state: &State) -> Result<Swept, EngineError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let found = engines.runs().await?;
    let mut swept = elsewhere(engines, state).await;
    for run in &found {
        // A run of another user's harness on the same engine is known to nobody here; its
        // deadline decides. One of ours is dead when its lock is free and it was not kept.
        let dead =
            state.knows(&run.run) && !state.is_alive(&run.run) && state.kept(&run.run).is_none();
        if dead || now > run.deadline {
            swept.removed += engines.remove_run(&run.run).await?;
            if others(engines, state, &run.run).is_empty() {
                state.forget(&run.run);
            }
        }
    }
    for run in state.settled_runs() {
        let on_engine = found.iter().any(|other| other.run == run);
        if !on_engine && !state.is_alive(&run) && others(engines, state, &run).is_empty() {
            state.forget(&run);
        }
    }
    Ok(swept)
}

/// The engines of a run that are not among these.
fn others(engines: &Engines, state: &State, run: &str) -> Vec<EngineAddress> {
    let standing = state.standing(run);
    let mut addresses = standing.map_or_else(Vec::new, |standing| standing.placement.addresses());
    addresses.retain(|address| engines.all().iter().all(|one| one.address() != address));
    addresses
}

/// Removes what dead runs of this machine have left on other engines than these. A run whose
/// engines do not all answer stays known, so that a later sweep tries again.
async fn elsewhere(engines: &Engines, state: &State) -> Swept {
    let mut swept = Swept::default();
    for run in state.runs() {
        let addresses = others(engines, state, &run);
        if addresses.is_empty() || state.is_alive(&run) || state.kept(&run).is_some() {
            continue;
        }
        let (answering, silent) = Engines::answering(&addresses).await;
        let mut whole = silent.is_empty();
        for reason in silent {
            let postponed = format!(
                "what run {run} has left stays for now: {}",
                with_causes(&reason)
            );
            swept.postponed.push(postponed);
        }
        if let Some(answering) = answering {
            match answering.remove_run(&run).await {
                Ok(count) => swept.removed += count,
                Err(error) => {
                    whole = false;
                    swept.postponed.push(with_causes(&error).to_string());
                }
            }
        }
        // What is on these engines is swept after this.
        if whole
            && engines
                .leftovers(&run)
                .await
                .is_ok_and(|left| left.is_empty())
        {
            state.forget(&run);
        }
    }
    swept
}

/// Makes sure that all images are on every engine.
pub(in crate::run) async fn images(
    engines: &Engines,
    recorder: &Recorder,
    topology: &Topology,
    sources: &Sources,
) -> Result<Images, EngineError> {
    let mut wanted = vec![&sources.anon, &sources.connector, &sources.bls];
    let managed = topology
        .homes
        .iter()
        .any(|home| home.daemon == Daemon::Managed);
    if managed {
        wanted.push(&sources.managed);
    }
    // An image's name is made of its content, and so the same on every engine.
    let each = engines.all().iter().map(|engine| {
        let wanted = &wanted;
        async move {
            let ensure = wanted.iter().map(|image| engine.ensure_image(image));
            let ensured = try_join_all(ensure).await;
            ensured.map_err(|error| engines.named(engine, error))
        }
    });
    let mut names = Vec::new();
    for ensured in try_join_all(each).await? {
        names.clear();
        for (name, built) in ensured {
            if built {
                recorder.note(format!("image {name} built"));
            }
            names.push(name);
        }
    }
    let mut names = names.into_iter();
    let mut next = || names.next().unwrap_or_default();
    Ok(Images {
        anon: next(),
        connector: next(),
        bls: next(),
        managed: managed.then(next),
    })
}

/// Creates the plan's networks. A subnet that turns out to be taken leads to a new plan.
pub(in crate::run) async fn networks(
    engines: &Engines,
    topology: &Topology,
    inputs: &mut Inputs,
) -> Result<Plan, RunError> {
    for _ in 0..ATTEMPTS {
        let plan = sabotage::planned(topology, inputs)?;
        let wanted: Vec<(&NetworkSpec, &Engine)> = plan
            .networks
            .iter()
            .flat_map(|network| {
                let engines = engines_of(&plan, engines, network);
                engines.into_iter().map(move |engine| (network, engine))
            })
            .collect();
        let created = wanted
            .iter()
            .map(|(network, engine)| engine.create_network(network, &plan.labels));
        let mut taken = false;
        for ((network, _), result) in wanted.iter().zip(join_all(created).await) {
            match result {
                Ok(()) => {}
                Err(EngineError::SubnetTaken { .. }) => {
                    inputs.occupied.add(network.subnet, network.prefix_length);
                    taken = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !taken {
            return Ok(plan);
        }
        engines.remove_run(plan.run.as_str()).await?;
    }
    Err(PlanError::NoFreeSubnet.into())
}

/// The engines that a network is on: those of the homes on it, or the common one.
fn engines_of<'e>(plan: &Plan, engines: &'e Engines, network: &NetworkSpec) -> Vec<&'e Engine> {
    let homes = plan
        .homes
        .iter()
        .filter(|home| home.network == network.name);
    let mut all: Vec<&Engine> = homes.map(|home| engines.of(&home.id)).collect();
    all.sort_by_key(|engine| engine.address());
    all.dedup_by_key(|engine| engine.address());
    if all.is_empty() {
        all.push(engines.common());
    }
    all
}

/// Makes all authorities' keys, on as many cores as there are. They depend on the seed and the
/// time alone, so any plan of the run gives the same.
pub(in crate::run) async fn authority_keys(
    plan: &Plan,
) -> Result<Vec<AuthorityKeys>, AuthorityKeyError> {
    let tasks = (0..plan.authorities.len()).map(|index| {
        let plan = plan.clone();
        tokio::task::spawn_blocking(move || plan.authority_keys(index))
    });
    let mut keys = Vec::new();
    for task in join_all(tasks).await {
        keys.push(task.map_err(|_| AuthorityKeyError::Interrupted)??);
    }
    Ok(keys)
}
