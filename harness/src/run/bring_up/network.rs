//! The private network's part of bringing up: start, descriptors, consensus.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::{join, join_all, try_join_all};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::causes::with_causes;
use crate::diagnosis::Known;
use crate::events::{Stage, StageGuard};
use crate::onion::anonrc;
use crate::onion::ballot;
use crate::onion::consensus::{Consensus, Refusal};
use crate::onion::control::{Control, ControlError};
use crate::onion::directory::{Directory, DirectoryError};
use crate::plan::Specs;
use crate::run::context::{Run, poll, within};
use crate::run::control_port;
use crate::run::error::{RunError, StageFailure};
use crate::run::votes;

/// How long the first round of votes may take, and the one 5 s later that authorities make who missed it.
const FIRST_ROUNDS: Duration = Duration::from_secs(12);
/// How many seconds before the consensus of another round authorities are told of it: they vote 4 s before.
const AGAIN_LEAD: i64 = 7;

/// Starts the authorities and the relays.
pub(in crate::run) async fn start(run: &Run, specs: &Specs) -> Result<(), RunError> {
    let engine = run.engines.common();
    // What shapes the link of a node is the first in the node's network.
    let shaping = specs
        .shaping
        .iter()
        .map(|spec| run.create_and_start(engine, spec));
    try_join_all(shaping).await?;
    let nodes = specs.authorities.iter().chain(&specs.relays);
    let starts = nodes.map(|spec| run.create_and_start(engine, spec));
    try_join_all(starts).await?;
    Ok(())
}

/// The authorities of a network whose nodes have all published.
pub(in crate::run) struct Published {
    directories: Vec<Directory>,
    controls: Vec<Control>,
}

/// Waits until every authority has the descriptor of every node.
pub(in crate::run) async fn publish(run: &Run) -> Result<Published, RunError> {
    let directories = run.directories();
    let deadline = run.plan.topology.deadlines.descriptors;
    let guard = run
        .recorder
        .stage_within(Stage::Descriptors, None, deadline);
    let wait = async {
        let mut controls = tell_to_publish(run, &guard, &directories).await?;
        descriptors(run, &guard, &directories).await?;
        controls.truncate(directories.len());
        Ok(controls)
    };
    let controls = within(&guard, wait).await?;
    guard.reached(guard_evidence(&directories, run));
    Ok(Published {
        directories,
        controls,
    })
}

/// Has the authorities vote, and waits until each serves a consensus that homes can rely on.
pub(in crate::run) async fn vote(run: &Run, network: &mut Published) -> Result<(), RunError> {
    let deadline = run.plan.topology.deadlines.consensus;
    let guard = run.recorder.stage_within(Stage::Consensus, None, deadline);
    let wait = consensus(run, &guard, &network.directories, &mut network.controls);
    let evidence = within(&guard, wait).await?;
    guard.reached(evidence);
    Ok(())
}

/// Makes every node publish its descriptor as soon as all authorities can take it. Returns the
/// control ports of all nodes, the authorities' first.
async fn tell_to_publish(
    run: &Run,
    guard: &StageGuard,
    directories: &[Directory],
) -> Result<Vec<Control>, RunError> {
    let fail = |error: ControlError| {
        RunError::from(StageFailure::of(guard, with_causes(&error).to_string()))
    };
    poll(async || {
        let lists = join_all(directories.iter().map(Directory::known_relays)).await;
        let silent: Vec<String> = lists
            .iter()
            .filter_map(|list| Some(with_causes(list.as_ref().err()?).to_string()))
            .collect();
        guard.saw(silent.join(", "));
        Ok(silent.is_empty().then_some(()))
    })
    .await?;
    let nodes = run.plan.nodes();
    let connect = nodes.map(|node| control_port::of_node(run, &node.nickname, &node.control));
    let mut controls = try_join_all(connect).await.map_err(fail)?;
    let command = format!("SETCONF {}", anonrc::PUBLISH);
    let told = run
        .plan
        .nodes()
        .zip(&mut controls)
        .filter(|(node, _)| node.publishes)
        .map(|(_, control)| control.command(&command));
    let told = try_join_all(told);
    let (told, ()) = join(told, hand_over(directories)).await;
    told.map_err(fail)?;
    guard.saw("every node is told to publish its descriptor");
    Ok(controls)
}

/// Hands each authority's own descriptor to all of them: what an authority itself hears of others in
/// that moment keeps it from publishing for another second. Where it fails, the authority will have
/// published a second later; the trace tells of it.
async fn hand_over(directories: &[Directory]) {
    let each = directories.iter().map(async |from| {
        if let Ok(Some(descriptor)) = from.own_descriptor().await {
            join_all(directories.iter().map(|to| to.take(descriptor.clone()))).await;
        }
    });
    join_all(each).await;
}

fn guard_evidence(directories: &[Directory], run: &Run) -> String {
    format!(
        "each of {} authorities lists {} relays",
        directories.len(),
        run.plan.nodes().count()
    )
}

/// Waits until every authority lists every relay.
async fn descriptors(
    run: &Run,
    guard: &StageGuard,
    directories: &[Directory],
) -> Result<(), RunError> {
    let wanted: Vec<&str> = run
        .plan
        .nodes()
        .map(|node| node.nickname.as_str())
        .collect();
    poll(async || {
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
                    seen.push(with_causes(&error).to_string());
                }
            }
        }
        guard.saw(seen.join(", "));
        Ok(complete.then_some(()))
    })
    .await
}

/// Makes the authorities vote now, and refuses a consensus that would stall the network.
async fn consensus(
    run: &Run,
    guard: &StageGuard,
    directories: &[Directory],
    controls: &mut [Control],
) -> Result<String, RunError> {
    let fail = |cause: String| RunError::from(StageFailure::of(guard, cause));
    // At full and half hours the authorities vote by themselves. A consensus from before the
    // descriptors were there is incomplete and would be kept for half an hour.
    poll(async || {
        let mut silent = Vec::new();
        for (directory, early) in directories.iter().zip(served(directories).await) {
            match early {
                Err(error) => silent.push(with_causes(&error).to_string()),
                Ok(None) => {}
                Ok(Some(_)) => return Err(fail(format!(
                    "{} voted before it was told to, so its consensus is incomplete and would be kept",
                    directory.nickname()
                ))),
            }
        }
        guard.saw(silent.join(", "));
        Ok(silent.is_empty().then_some(()))
    })
    .await?;
    schedule_vote(run, guard, controls).await?;
    run.milestones.told_to_vote(directories);
    guard.saw("the authorities are told to vote");
    let nicknames: Vec<&str> = run
        .plan
        .nodes()
        .map(|node| node.nickname.as_str())
        .collect();
    let first = timeout(FIRST_ROUNDS, agreed(run, guard, directories, &nicknames)).await;
    let served = match first {
        Ok(served) => served?,
        Err(_) => {
            // Those that have a consensus vote no more until the next half hour, and the others alone are no majority, or
            // make another one: the homes would have to do with two.
            run.recorder.note(
                "the authorities did not come to one consensus in time and vote again".to_owned(),
            );
            let at = OffsetDateTime::now_utc().unix_timestamp() + AGAIN_LEAD;
            tell(guard, controls, &anonrc::vote_again_at(at)).await?;
            let served = agreed(run, guard, directories, &nicknames).await?;
            let interval = run.plan.topology.network.voting_interval;
            tell(guard, controls, &anonrc::vote_at(at, interval)).await?;
            served
        }
    };
    microdescriptors(guard, &served).await?;
    Ok(format!(
        "{} authorities serve all {} relays, with flags and equal weights",
        directories.len(),
        nicknames.len()
    ))
}

/// Waits until all authorities serve the consensus of one round, and refuses one that would stall the network.
async fn agreed<'d>(
    run: &Run,
    guard: &StageGuard,
    directories: &'d [Directory],
    nicknames: &[&str],
) -> Result<Vec<(&'d Directory, Consensus)>, RunError> {
    poll(async || {
        let votes = join_all(directories.iter().map(|one| run.milestones.look(one)));
        let (served, _) = join(served(directories), votes).await;
        let mut having = Vec::new();
        let mut silent = Vec::new();
        for (directory, answer) in directories.iter().zip(served) {
            match answer {
                Err(error) => silent.push(with_causes(&error).to_string()),
                Ok(None) => {}
                Ok(Some(consensus)) => {
                    if let Err(refusal) = consensus.refuse(nicknames, directories.len()) {
                        return Err(refused(run, guard, directory, &refusal, nicknames).await);
                    }
                    run.milestones.served(directory.nickname(), &consensus);
                    having.push((directory, consensus));
                }
            }
        }
        let names: Vec<&str> = having.iter().map(|(one, _)| one.nickname()).collect();
        guard.saw(serving(&names, directories.len(), &silent));
        let rounds: BTreeSet<&str> = having.iter().map(|(_, one)| &*one.valid_after).collect();
        let agree = having.len() == directories.len() && rounds.len() == 1;
        Ok(agree.then_some(having))
    })
    .await
}

/// The failure of a stage by a consensus that is refused, with what the authorities voted on it.
async fn refused(
    run: &Run,
    guard: &StageGuard,
    directory: &Directory,
    refusal: &Refusal,
    nicknames: &[&str],
) -> RunError {
    let ballots = votes::gather(run).await;
    let mut told = vec![format!("{}: {refusal}", directory.nickname())];
    told.extend(ballot::told(&ballots, nicknames));
    let failure = StageFailure {
        known: Some(Box::new(Known::Votes(ballots))),
        ..StageFailure::of(guard, told.join("; "))
    };
    failure.into()
}

/// Which authorities serve a consensus, of how many, and why others did not say.
fn serving(names: &[&str], of: usize, silent: &[String]) -> String {
    let count = names.len();
    let mut seen = format!("{count} of {of} authorities serve a consensus");
    if !names.is_empty() {
        seen.push_str(&format!(": {}", names.join(", ")));
    }
    for reason in silent {
        seen.push_str(&format!("; {reason}"));
    }
    seen
}

/// What each authority serves, or why its directory port did not say.
async fn served(directories: &[Directory]) -> Vec<Result<Option<Consensus>, DirectoryError>> {
    join_all(directories.iter().map(Directory::consensus)).await
}

/// A home that finds no microdescriptor at an authority waits 10 or 60 s before it asks again, so
/// all of them have to be there before the homes' network is switched on.
async fn microdescriptors(
    guard: &StageGuard,
    served: &[(&Directory, Consensus)],
) -> Result<(), RunError> {
    poll(async || {
        let mut complete = true;
        let mut seen = Vec::new();
        for (directory, consensus) in served {
            let digests: Vec<&str> = consensus
                .entries
                .iter()
                .filter_map(|entry| entry.microdescriptor.as_deref())
                .collect();
            match directory.microdescriptors(&digests).await {
                Ok(found) => {
                    complete &= found == digests.len() && found > 0;
                    let name = directory.nickname();
                    seen.push(format!("{name} {found} of {}", digests.len()));
                }
                Err(error) => {
                    complete = false;
                    seen.push(with_causes(&error).to_string());
                }
            }
        }
        guard.saw(format!("microdescriptors served: {}", seen.join(", ")));
        Ok(complete.then_some(()))
    })
    .await
}

/// Tells all authorities when to vote. The vote goes out in the second before the last one, so
/// the answers must be there before that; if this machine was too busy for it, the vote is
/// planned again, later.
async fn schedule_vote(
    run: &Run,
    guard: &StageGuard,
    controls: &mut [Control],
) -> Result<(), RunError> {
    let interval = run.plan.topology.network.voting_interval;
    loop {
        let at = vote_time(OffsetDateTime::now_utc());
        tell(guard, controls, &anonrc::vote_at(at, interval)).await?;
        if OffsetDateTime::now_utc().unix_timestamp() < at - 1 {
            return Ok(());
        }
    }
}

/// Changes the configuration of all authorities.
async fn tell(
    guard: &StageGuard,
    controls: &mut [Control],
    arguments: &str,
) -> Result<(), RunError> {
    let command = format!("SETCONF {arguments}");
    let told = controls.iter_mut().map(|control| control.command(&command));
    for result in join_all(told).await {
        result.map_err(|error| StageFailure::of(guard, with_causes(&error).to_string()))?;
    }
    Ok(())
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

    #[test]
    fn what_no_authority_serves_has_no_list() {
        assert_eq!(serving(&[], 3, &[]), "0 of 3 authorities serve a consensus");
        let silent = ["da2 is silent".to_owned()];
        assert_eq!(
            serving(&["da1"], 3, &silent),
            "1 of 3 authorities serve a consensus: da1; da2 is silent"
        );
    }
}
