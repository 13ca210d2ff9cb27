//! Before anything starts: sweep, images, a plan on free addresses, networks and keys.

pub(in crate::run) mod keys;
mod routes;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join, join_all, join3, try_join_all};
use time::OffsetDateTime;

use crate::engine::{
    Calls, Deadline, Engine, EngineError, Engines, Image, NetworkSpec, Now, Watch,
};
use crate::events::{Recorder, Stage};
use crate::onion::authority::{AuthorityKeyError, AuthorityKeys};
use crate::plan::{AddressSpace, Images, Inputs, Plan, PlanError, Range, Seed};
use crate::run::context::Run;
use crate::run::end::sweep::sweep;
use crate::run::error::RunError;
use crate::run::options::{Options, Sources};
use crate::run::state::Registry;
use crate::sabotage;
use crate::topology::{Daemon, Topology};

/// How often another block of addresses is tried before the run is given up.
const ATTEMPTS: usize = 8;

/// Inputs of a fresh plan: random bytes, the time, and the machine's routes. `subnets` are the ranges that
/// addresses are taken from; without any, those that come along.
///
/// # Errors
///
/// What the system says when it has no randomness.
pub async fn fresh_inputs(lifetime: Duration, subnets: &[Range]) -> std::io::Result<Inputs> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(std::io::Error::from)?;
    let now = OffsetDateTime::now_utc();
    Ok(Inputs {
        seed: Seed::new(seed),
        now,
        deadline: Deadline::after(lifetime, &Now::at(now.unix_timestamp())),
        space: AddressSpace::new(subnets, &routes::routes().await),
        authorities: Vec::new(),
        standing: None,
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
    registry: &Registry,
    options: &Options,
    watch: &mut Watch,
) -> Result<Prepared, RunError> {
    let guard = run.recorder.stage(Stage::Prepare, None);
    let topology = &run.plan.topology;
    let mut inputs = run.inputs.clone();
    let work = async {
        let images = async {
            let sweep = sweep_and_note(run, registry);
            let images = images(&run.engines, &run.recorder, topology, &options.sources);
            let (swept, images) = join(sweep, images).await;
            swept?;
            Ok::<_, RunError>(images?)
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
    let (images, plan, keys) = run.guarded(watch, Box::pin(work)).await?;
    guard.reached(format!("{} networks", plan.networks.len()));
    Ok(Prepared {
        images,
        plan,
        inputs,
        keys,
    })
}

async fn sweep_and_note(run: &Run, registry: &Registry) -> Result<(), RunError> {
    let swept = sweep(&run.engines, registry).await?;
    if swept.removed > 0 {
        let note = format!("{} resources of earlier runs removed", swept.removed);
        run.recorder.note(note);
    }
    for reason in swept.stays {
        run.recorder.note(reason);
    }
    Ok(())
}

/// Makes sure that all images are on every engine.
pub(in crate::run) async fn images(
    engines: &Engines,
    recorder: &Recorder,
    topology: &Topology,
    sources: &Sources,
) -> Result<Images, EngineError> {
    // The witness that proves the instruments is of the server's image.
    let mut wanted = vec![&sources.anon, &sources.bls];
    deployed(engines, topology).await?;
    let own = || {
        let homes = topology.homes.iter();
        homes.filter(|home| home.deployment.is_none())
    };
    let homes = own().next().is_some();
    if homes {
        wanted.push(&sources.connector);
    }
    let managed = own().any(|home| home.daemon == Daemon::Managed);
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
        bls: next(),
        connector: if homes { next() } else { String::new() },
        managed: managed.then(next),
        program: sources.program.clone(),
        reference: sources.reference,
    })
}

/// Makes sure that the images of deployments are on the engines of their homes. All that are not there are named.
async fn deployed(engines: &Engines, topology: &Topology) -> Result<(), EngineError> {
    let mut missing = Vec::new();
    for home in &topology.homes {
        let Some(service) = &home.deployment else {
            continue;
        };
        let image = Image::Named(service.image.clone());
        match engines.of(&home.id).ensure_image(&image).await {
            Ok(_) => {}
            Err(EngineError::NoSuchImage { image }) => missing.push(format!(
                "{}: services.{}.image {image:?} is not on the engine of {}",
                service.file, service.service, home.id
            )),
            Err(error) => return Err(error),
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(EngineError::NotDeployable { missing }),
    }
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
                    inputs.space.add(network.subnet, network.prefix_length);
                    taken = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !taken {
            return Ok(plan);
        }
        engines
            .remove_run(plan.run.as_str(), Calls::Answered)
            .await?;
    }
    Err(PlanError::NoFreeSubnet {
        pools: inputs.space.told(),
        taken: inputs.space.taken(),
    }
    .into())
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
    // Those of a network that stands already have theirs.
    let count = if plan.makes_network() {
        plan.authorities.len()
    } else {
        0
    };
    let tasks = (0..count).map(|index| {
        let plan = plan.clone();
        tokio::task::spawn_blocking(move || plan.authority_keys(index))
    });
    let mut keys = Vec::new();
    for task in join_all(tasks).await {
        keys.push(task.map_err(AuthorityKeyError::from)??);
    }
    Ok(keys)
}
