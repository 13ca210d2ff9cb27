//! From a plan to a running topology, gate by gate, without a blind wait.
//!
//! Every wait polls a directory port or follows a control port, has a deadline from the topology,
//! and keeps the last thing it saw as evidence. Each known cause of a stalled network is looked
//! for where it would show, and refused with its reason.

mod homes;
mod preflight;

use futures_util::future::{join, join_all, try_join, try_join_all};
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::events::{Stage, StageGuard};
use crate::onion::anonrc;
use crate::onion::authority::AuthorityKeys;
use crate::onion::consensus::Consensus;
use crate::onion::control::{Control, ControlError};
use crate::onion::directory::Directory;
use crate::plan::{Images, Specs};
use crate::run::context::{Context, POLL, Running, create_and_start, directories, within};
use crate::run::error::{RunError, StageFailure};
use crate::run::shaping;
use crate::sabotage;
use crate::topology::Metric;

/// Starts everything and takes it to the point where every peering is connected.
pub(in crate::run) async fn bring_up(
    context: &Context<'_>,
    images: &Images,
    keys: &[AuthorityKeys],
) -> Result<Running, RunError> {
    let specs = sabotage::containers(context.plan, images, keys);
    // The network's containers come first, because everybody waits for them; the homes' start
    // while the authorities gather descriptors.
    let mut monitors = if context.plan.topology.network.is_public() {
        Box::pin(homes::start(context, &specs)).await?
    } else {
        let start = context.recorder.stage(Stage::Start, Some("network"));
        start_all(context, &specs).await?;
        start.reached(format!(
            "{} authorities and {} relays started",
            specs.authorities.len(),
            specs.relays.len()
        ));
        let network = Box::pin(network(context));
        let homes = Box::pin(homes::start(context, &specs));
        try_join(network, homes).await?.1
    };
    let mut times = homes::join_network(context, &specs, &mut monitors).await?;
    times.insert(Metric::Ready, vec![context.recorder.elapsed()]);
    shaping::switch(context, true).await?;
    Ok(Running { monitors, times })
}

async fn start_all(context: &Context<'_>, specs: &Specs) -> Result<(), RunError> {
    let engine = context.engines.common();
    // What gives a node its distance is the first in the node's network.
    let distances = specs
        .distances
        .iter()
        .map(|spec| create_and_start(context, engine, spec));
    try_join_all(distances).await?;
    let nodes = specs.authorities.iter().chain(&specs.relays);
    let starts = nodes.map(|spec| create_and_start(context, engine, spec));
    try_join_all(starts).await?;
    Ok(())
}

/// Connects to a daemon's control port as soon as it listens.
pub(in crate::run) async fn control_of(
    node: &str,
    control: &crate::plan::Control,
) -> Result<Control, ControlError> {
    loop {
        match Control::connect(node, control.address, control.password.password()).await {
            Ok((control, _events)) => return Ok(control),
            // The daemon has been started and does not listen yet. If it never does, the stage's
            // deadline or the container's death ends the wait.
            Err(ControlError::Connect { .. }) => sleep(POLL).await,
            Err(error) => return Err(error),
        }
    }
}

/// Descriptors, then consensus.
async fn network(context: &Context<'_>) -> Result<(), RunError> {
    let directories = directories(context);
    let deadlines = &context.plan.topology.deadlines;
    let guard = context.recorder.stage(Stage::Descriptors, None);
    let wait = async {
        let mut controls = publish(context, &guard, &directories).await?;
        descriptors(context, &guard, &directories).await?;
        controls.truncate(directories.len());
        Ok(controls)
    };
    let mut controls = within(&guard, deadlines.descriptors, wait).await?;
    guard.reached(guard_evidence(&directories, context));

    let guard = context.recorder.stage(Stage::Consensus, None);
    let wait = consensus(context, &guard, &directories, &mut controls);
    let evidence = within(&guard, deadlines.consensus, wait).await?;
    guard.reached(evidence);
    Ok(())
}

/// Makes every node publish its descriptor as soon as all authorities can take it. Returns the
/// control ports of all nodes, the authorities' first.
async fn publish(
    context: &Context<'_>,
    guard: &StageGuard,
    directories: &[Directory],
) -> Result<Vec<Control>, RunError> {
    let fail = |error: ControlError| RunError::from(StageFailure::of(guard, error.to_string()));
    loop {
        let lists = join_all(directories.iter().map(Directory::known_relays)).await;
        let silent: Vec<String> = lists
            .iter()
            .filter_map(|list| list.as_ref().err().map(ToString::to_string))
            .collect();
        if silent.is_empty() {
            break;
        }
        guard.saw(silent.join(", "));
        sleep(POLL).await;
    }
    let nodes = context.plan.nodes();
    let connect = nodes.map(|node| control_of(&node.nickname, &node.control));
    let mut controls = try_join_all(connect).await.map_err(fail)?;
    let command = format!("SETCONF {}", anonrc::PUBLISH);
    let told = context
        .plan
        .nodes()
        .zip(&mut controls)
        .filter(|(node, _)| node.publishes)
        .map(|(_, control)| control.command(&command));
    try_join_all(told).await.map_err(fail)?;
    guard.saw("every node is told to publish its descriptor");
    Ok(controls)
}

fn guard_evidence(directories: &[Directory], context: &Context<'_>) -> String {
    format!(
        "each of {} authorities lists {} relays",
        directories.len(),
        context.plan.nodes().count()
    )
}

/// Waits until every authority lists every relay.
async fn descriptors(
    context: &Context<'_>,
    guard: &StageGuard,
    directories: &[Directory],
) -> Result<(), RunError> {
    let wanted: Vec<&str> = context
        .plan
        .nodes()
        .map(|node| node.nickname.as_str())
        .collect();
    loop {
        let lists = join_all(directories.iter().map(Directory::known_relays)).await;
        let mut complete = true;
        let mut seen = Vec::new();
        for (directory, list) in directories.iter().zip(lists) {
            match list {
                Ok(list) => {
                    let missing: Vec<&str> = wanted
                        .iter()
                        .filter(|name| !list.iter().any(|known| known == *name))
                        .copied()
                        .collect();
                    complete &= missing.is_empty();
                    let lacks = if missing.is_empty() {
                        String::new()
                    } else {
                        format!(" (lacks {})", missing.join(", "))
                    };
                    seen.push(format!(
                        "{} lists {} of {}{lacks}",
                        directory.nickname(),
                        wanted.len() - missing.len(),
                        wanted.len()
                    ));
                }
                Err(error) => {
                    complete = false;
                    seen.push(error.to_string());
                }
            }
        }
        guard.saw(seen.join(", "));
        if complete {
            return Ok(());
        }
        sleep(POLL).await;
    }
}

/// Makes the authorities vote now, and refuses a consensus that would stall the network.
async fn consensus(
    context: &Context<'_>,
    guard: &StageGuard,
    directories: &[Directory],
    controls: &mut [Control],
) -> Result<String, RunError> {
    let fail = |cause: String| RunError::from(StageFailure::of(guard, cause));
    // At full and half hours the authorities vote by themselves. A consensus from before the
    // descriptors were there is incomplete and would be kept for half an hour.
    for (directory, early) in directories.iter().zip(served(directories).await) {
        if early.is_some() {
            return Err(fail(format!(
                "{} voted before it was told to, so its consensus is incomplete and would be kept",
                directory.nickname()
            )));
        }
    }
    schedule_vote(guard, controls).await?;
    context.ladder.told_to_vote(directories);
    guard.saw("the authorities are told to vote");
    let nicknames: Vec<&str> = context
        .plan
        .nodes()
        .map(|node| node.nickname.as_str())
        .collect();
    loop {
        let votes = join_all(directories.iter().map(|one| context.ladder.look(one)));
        let (served, _) = join(served(directories), votes).await;
        let mut having = Vec::new();
        for (directory, consensus) in directories.iter().zip(&served) {
            if let Some(consensus) = consensus {
                consensus
                    .refuse(&nicknames, directories.len())
                    .map_err(|refusal| fail(format!("{}: {refusal}", directory.nickname())))?;
                context.ladder.served(directory.nickname(), consensus);
                having.push(directory.nickname());
            }
        }
        guard.saw(format!(
            "{} of {} authorities serve a consensus: {}",
            having.len(),
            directories.len(),
            having.join(", ")
        ));
        if having.len() == directories.len() {
            microdescriptors(guard, directories, &served).await?;
            return Ok(format!(
                "{} authorities serve all {} relays, with flags and equal weights",
                directories.len(),
                nicknames.len()
            ));
        }
        sleep(POLL).await;
    }
}

/// What each authority serves; an authority that does not answer serves nothing.
async fn served(directories: &[Directory]) -> Vec<Option<Consensus>> {
    join_all(directories.iter().map(Directory::consensus))
        .await
        .into_iter()
        .map(|result| result.ok().flatten())
        .collect()
}

/// A home that finds no microdescriptor at an authority waits 10 or 60 s before it asks again, so
/// all of them have to be there before the homes' network is switched on.
async fn microdescriptors(
    guard: &StageGuard,
    directories: &[Directory],
    served: &[Option<Consensus>],
) -> Result<(), RunError> {
    loop {
        let mut complete = true;
        let mut seen = Vec::new();
        for (directory, consensus) in directories.iter().zip(served) {
            let digests: Vec<&str> = consensus
                .iter()
                .flat_map(|consensus| &consensus.entries)
                .filter_map(|entry| entry.microdescriptor.as_deref())
                .collect();
            let found = directory.microdescriptors(&digests).await.unwrap_or(0);
            complete &= found == digests.len() && found > 0;
            seen.push(format!(
                "{} {found} of {}",
                directory.nickname(),
                digests.len()
            ));
        }
        guard.saw(format!("microdescriptors served: {}", seen.join(", ")));
        if complete {
            return Ok(());
        }
        sleep(POLL).await;
    }
}

/// Tells all authorities when to vote. The vote goes out in the second before the last one, so
/// the answers must be there before that; if this machine was too busy for it, the vote is
/// planned again, later.
async fn schedule_vote(guard: &StageGuard, controls: &mut [Control]) -> Result<(), RunError> {
    loop {
        let at = vote_time(OffsetDateTime::now_utc());
        let command = format!("SETCONF {}", anonrc::vote_at(at));
        let told = controls.iter_mut().map(|control| control.command(&command));
        for result in join_all(told).await {
            result.map_err(|error| StageFailure::of(guard, error.to_string()))?;
        }
        if OffsetDateTime::now_utc().unix_timestamp() < at - 1 {
            return Ok(());
        }
    }
}

/// The second at which the consensus is to be valid: the authorities vote 2 s and compute 1 s before
/// it, and need what is left of this second to plan that. With a second less some miss each
/// other's votes, and the round after it comes 5 s later.
fn vote_time(now: OffsetDateTime) -> i64 {
    let lead = if now.millisecond() > 900 { 4 } else { 3 };
    now.unix_timestamp() + lead
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_vote_leaves_time_to_plan_it() {
        let early = datetime!(2026-11-22 10:00:00.100 UTC);
        let late = datetime!(2026-11-22 10:00:00.950 UTC);
        assert_eq!(vote_time(early), early.unix_timestamp() + 3);
        assert_eq!(vote_time(late), late.unix_timestamp() + 4);
    }
}
