//! Which network the homes of a run meet in.

use crate::plan::RunId;
use crate::run::error::RunError;
use crate::run::interrupt::Interrupts;
use crate::run::network::find::{Joined, find};
use crate::run::network::keep::network_up;
use crate::run::options::{NetworkChoice, Options};
use crate::run::outcome::Outcome;
use crate::run::request::InvalidRequest;
use crate::run::state::Registry;
use crate::topology::Topology;

/// The network that was chosen.
pub(in crate::run) enum Chosen {
    /// The run makes it, or it is the public one; and what there is to say of those that were looked at.
    Own(Vec<String>),
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
    if topology.soak.is_some() {
        return Some("is kept busy for longer than a network stands by");
    }
    if topology.faults.iter().any(|fault| fault.on.is_of_network()) {
        return Some("breaks authorities or relays while it runs, which others would use");
    }
    if topology.wan.is_some() {
        return Some("shapes the network's links while it runs, which others would measure");
    }
    if !options.placement.homes.is_empty() {
        return Some("has homes on other engines");
    }
    if options.placement.common.is_some() {
        return Some(
            "runs on an engine that was named, and networks stand on the one that is found",
        );
    }
    if options.tunnels {
        return Some("is reached through tunnels, which a network that stands by is not");
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
        return Ok(Chosen::Own(Vec::new()));
    }
    if options.network == NetworkChoice::Fresh {
        return Ok(Chosen::Own(Vec::new()));
    }
    let registry = Registry::networks();
    let mut notes = Vec::new();
    let found = find(&registry, &topology.network, options, user, &mut notes).await?;
    if let Some(joined) = found {
        return Ok(Chosen::Standing(Box::new(joined), notes));
    }
    // Where nothing stands and nothing is to stay, the run is on its own.
    if options.network != NetworkChoice::Keep && notes.is_empty() {
        return Ok(Chosen::Own(Vec::new()));
    }
    let outcome = network_up(&topology.network, options, interrupts, &mut notes).await?;
    if let Some(outcome) = outcome
        && outcome.error.is_some()
    {
        return Ok(Chosen::Failed(Box::new(outcome)));
    }
    match find(&registry, &topology.network, options, user, &mut notes).await? {
        Some(joined) => Ok(Chosen::Standing(Box::new(joined), notes)),
        // It went away or broke within a moment; the run does not depend on it.
        None => Ok(Chosen::Own(notes)),
    }
}
