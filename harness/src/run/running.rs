//! Finding a topology that `up` left running.

use crate::engine::{Engine, Engines};
use crate::plan::Plan;
use crate::run::error::RunError;
use crate::run::state::{KnownRun, Life, PersistedRun, Registry, StateError};

/// A topology that `up` left and that runs, wherever it stands.
pub(super) struct Found {
    pub(super) engines: Engines,
    pub(super) plan: Plan,
    pub(super) persisted: PersistedRun,
}

/// The topology of this name that was left by `up` and runs.
///
/// # Errors
///
/// [`RunError::BeingStarted`] while `up` is still at it, and the others of [`find_left`].
pub(super) async fn find(registry: &Registry, topology: &str) -> Result<Option<Found>, RunError> {
    if let Some(starting) = registry.starting(topology)? {
        return Err(RunError::BeingStarted {
            topology: topology.to_owned(),
            starting,
        });
    }
    find_left(registry, topology).await
}

/// The topology of this name that was left by `up` and runs, for `up` itself, which holds its lock.
///
/// # Errors
///
/// [`RunError::State`] when a file about a run of this topology cannot be read, and
/// [`RunError::OutOfReach`] when its engines do not answer. What cannot be read of other topologies
/// is none of its business.
pub(super) async fn find_left(
    registry: &Registry,
    topology: &str,
) -> Result<Option<Found>, RunError> {
    let mut nameless = Vec::new();
    for known in registry.runs()? {
        let placement = match known.record {
            Ok(Some(ref record)) if record.topology == topology => record.placement.clone(),
            Ok(_) => continue,
            // Its engines cannot be read either, so nobody can look whether it runs.
            Err(error) if known.named.as_deref() == Some(topology) => return Err(error.into()),
            Err(_) if known.named.is_some() => continue,
            Err(error) => {
                nameless.push((known.run, error));
                continue;
            }
        };
        let Some((plan, persisted)) = left(registry, known)? else {
            continue;
        };
        let run = plan.run.as_str();
        let look = async {
            let engines = Engines::of_placement(&placement).await?;
            let runs = engines.runs().await?;
            Ok((engines, runs.iter().any(|found| found.run == run)))
        };
        let (engines, runs) = look.await.map_err(|source| RunError::OutOfReach {
            topology: topology.to_owned(),
            run: run.to_owned(),
            folder: registry.folder(run).display().to_string(),
            source: Box::new(source),
        })?;
        if runs {
            return Ok(Some(Found {
                engines,
                plan,
                persisted,
            }));
        }
    }
    named_by_the_engine(nameless, topology).await?;
    Ok(None)
}

/// The plan of a run that was left running; `None` of one that was not.
fn left(registry: &Registry, known: KnownRun) -> Result<Option<(Plan, PersistedRun)>, StateError> {
    match known.life {
        Life::UnderWay | Life::Ended => Ok(None),
        Life::PersistedUnreadable(error) | Life::Unclear(error) => Err(error),
        Life::Persisted(persisted) => match persisted.plan(&known.run) {
            Ok(plan) => Ok(Some((plan, *persisted))),
            Err(reason) => Err(registry.unreadable(&known.run, reason)),
        },
    }
}

/// Fails when one of these runs, whose records cannot be read, is of this topology: then the engine
/// that is found tells by its labels.
async fn named_by_the_engine(
    runs: Vec<(String, StateError)>,
    topology: &str,
) -> Result<(), RunError> {
    if runs.is_empty() {
        return Ok(());
    }
    // Without an engine nothing begins, and that is said where it would.
    let Ok(engine) = Engine::connect_anywhere().await else {
        return Ok(());
    };
    let found = engine.runs().await?;
    let of_it = |run: &str| {
        let mut found = found.iter();
        found.any(|found| found.run == run && found.topology == topology)
    };
    match runs.into_iter().find(|(run, _)| of_it(run)) {
        Some((_, error)) => Err(error.into()),
        None => Ok(()),
    }
}
