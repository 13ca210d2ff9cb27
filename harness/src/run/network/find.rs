//! Finding a network that a run can join, and taking hold of it.

use std::time::Duration;

use time::OffsetDateTime;

use crate::causes::with_causes;
use crate::engine::{Calls, Engine, Now};
use crate::plan::{RunId, Standing};
use crate::run::error::RunError;
use crate::run::network::look::{LONGEST_RUN, Unfit, look};
use crate::run::options::Options;
use crate::run::state::{NetworkUse, PersistedNetwork, Registry, Release};
use crate::topology::Network;

/// A network that a run joins. It stays as long as this exists.
pub(in crate::run) struct Joined {
    pub(in crate::run) standing: Standing,
    pub(in crate::run) used: NetworkUse,
}

/// Finds a network that stands and fits, and takes hold of it. One that fits and can't be relied on is
/// removed, unless others use it; `notes` says why.
pub(super) async fn find(
    registry: &Registry,
    wanted: &Network,
    options: &Options,
    user: &RunId,
    notes: &mut Vec<String>,
) -> Result<Option<Joined>, RunError> {
    let mut written = Vec::new();
    for known in registry.runs()? {
        match registry.network(&known.run) {
            Ok(Some((network, standing))) => written.push((known.run, network, standing)),
            Ok(None) => {}
            // Nothing of it is needed: others may fit, and a run can make its own.
            Err(error) => {
                let note = with_causes(&error).to_string();
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    if written.is_empty() {
        return Ok(None);
    }
    let engine = Engine::connect().await?;
    let (image, _) = engine.ensure_image(&options.sources.anon).await?;
    let image = engine.image_id(&image).await?;
    let http = crate::local::client();
    for (run, network, standing) in written {
        if !fits(&network, wanted, &image) {
            continue;
        }
        // Taken hold of first, so that it is there when it was found good.
        let Some(used) = registry.use_network(&run, user.as_str())? else {
            continue;
        };
        let unfit = judged(&engine, &http, &network, &standing).await?;
        let Some(unfit) = unfit else {
            return Ok(Some(Joined { standing, used }));
        };
        drop(used);
        let what = match registry.release_network(&run, false)? {
            Release::Released => {
                remove(&engine, registry, &run).await?;
                "it is replaced".to_owned()
            }
            Release::Gone => "it is gone already".to_owned(),
            Release::InUse(users) => format!("it stays for {}", users.join(", ")),
        };
        notes.push(format!("the standing network {run} {unfit}; {what}"));
    }
    Ok(None)
}

/// Whether a network is what a topology asks for. How often it votes is nothing to its homes.
fn fits(network: &PersistedNetwork, wanted: &Network, image: &str) -> bool {
    network.image == image
        && network.family == wanted.family
        && network.authorities == wanted.authorities
        && network.relays == wanted.relays
}

/// Why a run would not join a network that stands; `None` when it would.
pub(super) async fn judged(
    engine: &Engine,
    http: &reqwest::Client,
    network: &PersistedNetwork,
    standing: &Standing,
) -> Result<Option<Unfit>, RunError> {
    match nearly_over(network, engine).await? {
        Some(unfit) => Ok(Some(unfit)),
        None => Ok(look(engine, http, standing, network).await.err()),
    }
}

/// What is wrong with a network that is removed by others within a run's time.
async fn nearly_over(
    network: &PersistedNetwork,
    engine: &Engine,
) -> Result<Option<Unfit>, RunError> {
    let mut then = Now::at(engine.clock().await?);
    let more = i64::try_from(LONGEST_RUN.as_secs()).unwrap_or(i64::MAX);
    then.unix += more;
    if let Some(boot) = &mut then.boot {
        boot.seconds += more;
    }
    let over = network.deadline.is_over(&then);
    Ok(over.then(|| "is near the end of its time".to_owned()))
}

/// How long ago something was.
pub(in crate::run) fn age(since: OffsetDateTime) -> Duration {
    Duration::try_from(OffsetDateTime::now_utc() - since).unwrap_or_default()
}

/// Removes what is on the engine of a network that was released, and forgets it.
pub(super) async fn remove(
    engine: &Engine,
    registry: &Registry,
    run: &str,
) -> Result<usize, RunError> {
    let removed = engine.remove_run(run, Calls::Answered).await?;
    registry.forget(run)?;
    Ok(removed)
}
