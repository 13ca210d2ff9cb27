//! Before anything starts: sweep, images, a plan on free addresses, networks and keys.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use time::OffsetDateTime;

use super::error::RunError;
use super::outcome::Sources;
use super::state::State;
use crate::engine::{Engine, EngineError};
use crate::events::Recorder;
use crate::onion::authority::{AuthorityKeyError, AuthorityKeys};
use crate::plan::{Images, Inputs, Occupied, Plan, PlanError, Seed};
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
    })
}

/// Removes what runs that are dead or past their deadline have left. Returns how much.
pub(super) async fn sweep(engine: &Engine, state: &State) -> Result<usize, EngineError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let found = engine.runs().await?;
    let mut removed = 0;
    for run in &found {
        // A run of another user's harness on the same engine is known to nobody here; its
        // deadline decides. One of ours is dead when its lock is free and it was not kept.
        let dead =
            state.knows(&run.run) && !state.is_alive(&run.run) && state.kept(&run.run).is_none();
        if dead || now > run.deadline {
            removed += engine.remove_run(&run.run).await?;
            state.forget(&run.run);
        }
    }
    for run in state.settled_runs() {
        let on_engine = found.iter().any(|other| other.run == run);
        if !on_engine && !state.is_alive(&run) {
            state.forget(&run);
        }
    }
    Ok(removed)
}

/// Makes sure that all images are there.
pub(super) async fn images(
    engine: &Engine,
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
    let ensure = wanted.into_iter().map(|image| engine.ensure_image(image));
    let mut names = Vec::new();
    for (name, built) in try_join_all(ensure).await? {
        if built {
            recorder.note(format!("image {name} built"));
        }
        names.push(name);
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
pub(super) async fn networks(
    engine: &Engine,
    topology: &Topology,
    inputs: &mut Inputs,
) -> Result<Plan, RunError> {
    for _ in 0..ATTEMPTS {
        let plan = Plan::new(topology, inputs)?;
        let created = plan
            .networks
            .iter()
            .map(|network| engine.create_network(network, &plan.labels));
        let mut taken = false;
        for (network, result) in plan.networks.iter().zip(join_all(created).await) {
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
        engine.remove_run(plan.run.as_str()).await?;
    }
    Err(PlanError::NoFreeSubnet.into())
}

/// Makes all authorities' keys, on as many cores as there are. They depend on the seed and the
/// time alone, so any plan of the run gives the same.
pub(super) async fn authority_keys(plan: &Plan) -> Result<Vec<AuthorityKeys>, AuthorityKeyError> {
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
