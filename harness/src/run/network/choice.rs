//! Which network the homes of a run meet in.

use std::time::Duration;

use time::OffsetDateTime;

use crate::engine::{Engine, Now};
use crate::plan::{RunId, Standing};
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::network::keep::{remove, up};
use crate::run::network::look::{LONGEST_RUN, look};
use crate::run::options::{NetworkChoice, Options};
use crate::run::outcome::Outcome;
use crate::run::request::InvalidRequest;
use crate::run::state::{NetworkUse, PersistedNetwork, Registry, Release};
use crate::topology::{Network, Topology};

/// A network that a run joins. It stays as long as this exists.
pub(in crate::run) struct Joined {
    pub(in crate::run) standing: Standing,
    pub(in crate::run) used: NetworkUse,
}

/// The network that was chosen.
pub(in crate::run) enum Chosen {
    /// The run makes it, or it is the public one.
    Own,
    /// One that stands by, and what there is to say of others that were looked at.
    Standing(Box<Joined>, Vec<String>),
    /// One was to be made that stays, and did not come up.
    Failed(Box<Outcome>),
}

/// Why a topology makes a network of its own; `None` where one that stands by would do.
fn needs_own(topology: &Topology, options: &Options) -> Option<&'static str> {
    if !topology.network.has_own_nodes() {
        return Some("joins the public network");
    }
    if topology.network.own {
        return Some("is about the network itself (fresh = \"always\" in its [network])");
    }
    if topology.wan.is_some() {
        return Some("shapes the network's links while it runs, which others would measure");
    }
    if !options.placement.homes.is_empty() {
        return Some("has homes on other engines");
    }
    let mutant = topology.mutant;
    mutant
        .filter(|mutant| mutant.breaks_network())
        .map(|_| "breaks a part of the network")
}

/// Chooses the network of a run that begins, and takes hold of it.
///
/// # Errors
///
/// [`InvalidRequest::NoStandingNetwork`] where one was asked for and the topology has to make its own,
/// and [`RunError`] when the engine or the state folder refuses.
pub(in crate::run) async fn choose(
    topology: &Topology,
    options: &Options,
    interrupts: &Interrupts,
    user: &RunId,
) -> Result<Chosen, RunError> {
    if let Some(why) = needs_own(topology, options) {
        if options.network == NetworkChoice::Keep {
            return Err(InvalidRequest::NoStandingNetwork {
                topology: topology.name.clone(),
                why,
            }
            .into());
        }
        return Ok(Chosen::Own);
    }
    if options.network == NetworkChoice::Fresh {
        return Ok(Chosen::Own);
    }
    let registry = Registry::networks();
    let mut notes = Vec::new();
    let found = find(&registry, &topology.network, options, user, &mut notes).await?;
    if let Some(joined) = found {
        return Ok(Chosen::Standing(Box::new(joined), notes));
    }
    // Where nothing stands and nothing is to stay, the run is on its own.
    if options.network != NetworkChoice::Keep && notes.is_empty() {
        return Ok(Chosen::Own);
    }
    let outcome = up(&topology.network, options, interrupts, &mut notes).await?;
    if let Some(outcome) = outcome
        && outcome.error.is_some()
    {
        return Ok(Chosen::Failed(Box::new(outcome)));
    }
    match find(&registry, &topology.network, options, user, &mut notes).await? {
        Some(joined) => Ok(Chosen::Standing(Box::new(joined), notes)),
        // It went away or broke within a moment; the run does not depend on it.
        None => Ok(Chosen::Own),
    }
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
        if let Some(network) = registry.network(&known.run)? {
            written.push((known.run, network));
        }
    }
    if written.is_empty() {
        return Ok(None);
    }
    let engine = Engine::connect().await?;
    let (image, _) = engine.ensure_image(&options.sources.anon).await?;
    let image = engine.image_id(&image).await?;
    let http = reqwest::Client::new();
    for (run, network) in written {
        if !fits(&network, wanted, &image) {
            continue;
        }
        // Taken hold of first, so that it is there when it was found good.
        let Some(used) = registry.use_network(&run, user.as_str())? else {
            continue;
        };
        let standing = network
            .standing(&run)
            .map_err(|reason| registry.unreadable(&run, reason))?;
        let unfit = match nearly_over(&network, &engine).await? {
            Some(unfit) => Err(unfit),
            None => look(&engine, &http, &standing, &network).await,
        };
        let Err(unfit) = unfit else {
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

/// What is wrong with a network that is removed by others within a run's time.
async fn nearly_over(
    network: &PersistedNetwork,
    engine: &Engine,
) -> Result<Option<String>, RunError> {
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
