//! Bringing up a network that stays, looking at those that stand, and removing them.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::engine::{Calls, Engine, Engines};
use crate::plan::RunId;
use crate::run::begin::{Beginning, begin, inputs, left_or_removed};
use crate::run::bring_up::network_alone;
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::network::find::{age, find, judged, remove};
use crate::run::options::Options;
use crate::run::outcome::Outcome;
use crate::run::prepare;
use crate::run::state::{
    Life, Owner, PersistedNetwork, Registry, Release, Starting, StateError, Verb,
};
use crate::topology::{Network, Topology, format_age};

/// A network that stands is removed by any later run after this time.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// How long another process may take to bring a network up that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two looks at a lock.
const POLL: Duration = Duration::from_millis(100);
/// The lock of whoever brings a network up, so that two that start together make one.
const LOCK: &str = "network";

/// Brings a network up that stays, unless one stands that fits and is in order. `None` when one does:
/// `notes` says which.
///
/// # Errors
///
/// [`RunError`] when it could not even begin. Whatever happens later is in the [`Outcome`].
pub async fn network_up(
    network: &Network,
    options: &Options,
    interrupts: &Interrupts,
    notes: &mut Vec<String>,
) -> Result<Option<Outcome>, RunError> {
    let registry = Registry::networks();
    let topology = Topology::of_network(network.clone());
    let beginning = Beginning {
        verb: Verb::Network,
        inputs: inputs(options, LIFETIME).await?,
        lifetime: LIFETIME,
        standing: None,
    };
    let run = RunId::new(beginning.inputs.now, &beginning.inputs.seed);
    let _lock = lock(&registry, &run, &beginning, interrupts).await?;
    tidy(&registry).await?;
    if let Some(joined) = find(&registry, network, options, &run, notes).await? {
        let standing = &joined.standing;
        notes.push(format!(
            "the network {} stands and fits, {} old",
            standing.run,
            format_age(age(standing.since))
        ));
        return Ok(None);
    }
    // Beside the runs that use it.
    let options = Options {
        artefacts: options.artefacts.join("networks"),
        ..options.clone()
    };
    let (mut run, guards, mut watch) =
        begin(&registry, &topology, &options, interrupts, beginning).await?;
    let work = async {
        let prepared = prepare::prepare(&run, &Registry::locate(), &options, &mut watch).await?;
        run.plan = prepared.plan;
        run.inputs = prepared.inputs;
        run.images = Some(prepared.images.clone());
        let bringing_up = network_alone(&run, &prepared.images, &prepared.keys);
        run.guarded(&mut watch, Box::pin(bringing_up)).await?;
        let engine = run.engines.common();
        let written = PersistedNetwork::new(
            &run.plan,
            &run.inputs,
            engine.image_id(&prepared.images.anon).await?,
            run.plan.authority_lines(&prepared.keys),
        );
        registry.persist_network(run.plan.run.as_str(), &written)?;
        Ok(())
    };
    let result: Result<(), RunError> = Box::pin(work).await;
    let outcome = left_or_removed(&run, guards, result).await;
    drop(watch);
    Ok(Some(outcome))
}

/// Waits for whoever brings a network up at this moment, who may bring up just what is wanted.
async fn lock(
    registry: &Registry,
    run: &RunId,
    beginning: &Beginning,
    interrupts: &Interrupts,
) -> Result<crate::run::state::TopologyLock, RunError> {
    let starting = Starting {
        run: run.to_string(),
        owner: Owner::this(Verb::Network, beginning.inputs.now),
    };
    let begun = Instant::now();
    loop {
        match registry.lock_topology(LOCK, &starting)? {
            Ok(lock) => return Ok(lock),
            Err(starting) if begun.elapsed() > PATIENCE => {
                return Err(RunError::BeingStarted {
                    topology: LOCK.to_owned(),
                    starting,
                });
            }
            Err(_) => {}
        }
        tokio::select! {
            () = sleep(POLL) => {}
            () = interrupts.at_least(1) => return Err(RunError::Interrupted),
        }
    }
}

/// Removes what was to become a network and whose process is gone. The lock of whoever brings one up
/// is held.
async fn tidy(registry: &Registry) -> Result<(), RunError> {
    for known in registry.runs()? {
        let ended = matches!(known.life, Life::Ended);
        if !ended || registry.has_network(&known.run) {
            continue;
        }
        if let Ok(Some(record)) = &known.record {
            let engines = Engines::of_placement(&record.placement).await?;
            engines.remove_run(&known.run, Calls::UnderWay).await?;
        }
        registry.forget(&known.run)?;
    }
    Ok(())
}

/// A network that stands by, for those who ask what there is.
#[derive(Debug)]
pub struct KnownNetwork {
    /// The run that made it.
    pub run: String,
    /// What it is.
    pub network: PersistedNetwork,
    /// How old it is.
    pub age: Duration,
    /// How long it stays, by this machine's clock.
    pub left: Duration,
    /// The runs that use it.
    pub users: Vec<String>,
    /// Why a run would not join it; `None` when it would.
    pub unfit: Option<String>,
}

/// Every network that stands by, each looked at as a run would, and why others cannot be read.
///
/// # Errors
///
/// [`RunError`] when the engine or the state folder refuses.
pub async fn network_status() -> Result<(Vec<KnownNetwork>, Vec<StateError>), RunError> {
    let registry = Registry::networks();
    let (mut all, mut unreadable) = (Vec::new(), Vec::new());
    let http = crate::local::client();
    for known in registry.runs()? {
        let (network, standing) = match registry.network(&known.run) {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        let engine = Engine::connect().await?;
        let left = network.deadline.unix - time::OffsetDateTime::now_utc().unix_timestamp();
        all.push(KnownNetwork {
            unfit: judged(&engine, &http, &network, &standing).await?,
            users: registry.users(&known.run)?,
            age: age(standing.since),
            left: Duration::from_secs(u64::try_from(left).unwrap_or(0)),
            run: known.run,
            network,
        });
    }
    Ok((all, unreadable))
}

/// Removes every network that stands by and that no run uses, or, with `force`, every one. Returns
/// what became of each.
///
/// # Errors
///
/// [`RunError`] when the engine or the state folder refuses.
pub async fn network_down(
    force: bool,
) -> Result<Vec<(String, Result<usize, Vec<String>>)>, RunError> {
    let registry = Registry::networks();
    let mut all = Vec::new();
    for known in registry.runs()? {
        if !registry.has_network(&known.run) {
            continue;
        }
        let became = match registry.release_network(&known.run, force)? {
            Release::Gone => continue,
            Release::InUse(users) => Err(users),
            Release::Released => {
                let engine = Engine::connect().await?;
                Ok(remove(&engine, &registry, &known.run).await?)
            }
        };
        all.push((known.run, became));
    }
    tidy(&registry).await?;
    Ok(all)
}
