//! Whether a network that stands is one that a run can rely on.

use std::time::Duration;

use futures_util::future::{join, join_all};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::time::timeout;

use crate::causes::with_causes;
use crate::engine::Engine;
use crate::onion::consensus::Consensus;
use crate::onion::directory::{Directory, DirectoryError};
use crate::plan::Standing;
use crate::run::state::PersistedNetwork;

/// How long an authority may take to answer. It is on this machine.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// A run takes less: the consensus has to be valid as long, and the network to stay.
pub(super) const LONGEST_RUN: Duration = Duration::from_secs(30 * 60);
/// How late the authorities of a busy machine may be with a consensus.
const LATE: Duration = Duration::from_secs(60);

/// Why a network that stands is not joined, as the rest of "the standing network ...".
pub(super) type Unfit = String;

/// Looks at a network: all its containers run, and every authority serves one and the same consensus,
/// which lists every relay, is the last that was due, and stays valid for a run.
pub(super) async fn look(
    engine: &Engine,
    http: &reqwest::Client,
    standing: &Standing,
    written: &PersistedNetwork,
) -> Result<(), Unfit> {
    let directories: Vec<Directory> = standing
        .authorities
        .iter()
        .map(|node| {
            let port = node.published.dir_port.unwrap_or_default();
            Directory::new(http, &node.nickname, (node.address, port).into())
        })
        .collect();
    let asked = directories
        .iter()
        .map(|directory| timeout(ANSWER_LIMIT, directory.consensus()));
    let (stands, answers) = join(containers(engine, standing), join_all(asked)).await;
    stands?;
    let mut served = Vec::new();
    for (directory, answer) in directories.iter().zip(answers) {
        served.push(one(directory.nickname(), answer)?);
    }
    let nodes = standing.authorities.iter().chain(&standing.relays);
    let nicknames: Vec<&str> = nodes.map(|node| node.nickname.as_str()).collect();
    let now = OffsetDateTime::now_utc();
    let interval = written.network().voting_interval;
    judge(&served, &nicknames, directories.len(), interval, now)
}

/// All containers of the network run.
async fn containers(engine: &Engine, standing: &Standing) -> Result<(), Unfit> {
    let runs = engine.runs().await;
    let runs = runs.map_err(|error| format!("can't be looked at: {}", with_causes(&error)))?;
    let Some(found) = runs.into_iter().find(|found| found.run == standing.run) else {
        return Err("is on the engine no more".to_owned());
    };
    let nodes = standing.authorities.iter().chain(&standing.relays);
    let stopped: Vec<String> = nodes
        .filter_map(|node| match found.containers.get(&node.nickname) {
            Some(state) if state == "running" => None,
            Some(state) => Some(format!("{} is {state}", node.nickname)),
            None => Some(format!("{} is gone", node.nickname)),
        })
        .collect();
    if stopped.is_empty() {
        return Ok(());
    }
    Err(format!("does not run in full: {}", stopped.join(", ")))
}

fn one(
    nickname: &str,
    answer: Result<Result<Option<Consensus>, DirectoryError>, tokio::time::error::Elapsed>,
) -> Result<(String, Consensus), Unfit> {
    match answer {
        Ok(Ok(Some(consensus))) => Ok((nickname.to_owned(), consensus)),
        Ok(Ok(None)) => Err(format!("has an authority without a consensus, {nickname}")),
        Ok(Err(error)) => Err(format!(
            "has an authority that does not answer: {}",
            with_causes(&error)
        )),
        Err(_) => Err(format!(
            "has an authority that does not answer within {} s, {nickname}",
            ANSWER_LIMIT.as_secs()
        )),
    }
}

fn judge(
    served: &[(String, Consensus)],
    nicknames: &[&str],
    authorities: usize,
    interval: Duration,
    now: OffsetDateTime,
) -> Result<(), Unfit> {
    for (nickname, consensus) in served {
        consensus
            .refuse(nicknames, authorities)
            .map_err(|refusal| format!("has a consensus that is refused: {nickname}: {refusal}"))?;
        let time = |text: &str| {
            let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
            let parsed = PrimitiveDateTime::parse(text, format);
            parsed.map_err(|_| format!("has a consensus of the time {text:?}, from {nickname}"))
        };
        let since = time(&consensus.valid_after)?.assume_utc();
        let until = time(&consensus.valid_until)?.assume_utc();
        if now - since > interval + LATE {
            return Err(format!(
                "votes no more: {nickname}'s consensus is of {} UTC, and one is due every {} s",
                consensus.valid_after,
                interval.as_secs()
            ));
        }
        // Authorities that vote often make consensuses that are valid for less, and a new one
        // is there long before that.
        let needed = LONGEST_RUN.min(interval * 3);
        if until - now < needed {
            return Err(format!(
                "has a consensus that is valid until {} UTC, which is too short for a run",
                consensus.valid_until
            ));
        }
    }
    // A vote may be under way: two that follow each other are no disagreement.
    let mut votes: Vec<&str> = served
        .iter()
        .map(|(_, consensus)| consensus.valid_after.as_str())
        .collect();
    votes.sort_unstable();
    votes.dedup();
    if votes.len() > 2 {
        return Err(format!(
            "has authorities that do not agree: their consensuses are of {} UTC",
            votes.join(", ")
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(1800);
    const NOW: OffsetDateTime = datetime!(2026-11-22 10:20:00 UTC);

    fn consensus(after: &str, until: &str) -> Consensus {
        let node =
            |name: &str| format!("r {name} A B\ns Fast HSDir Running Valid\nw Bandwidth=0\n");
        Consensus::parse(&format!(
            "valid-after 2026-11-22 {after}\nvalid-until 2026-11-{until}\n{}{}\
             directory-signature 1\ndirectory-signature 2\n",
            node("da1"),
            node("relay1")
        ))
    }

    fn judged(nicknames: &[&str], served: &[(&str, &str)]) -> Result<(), Unfit> {
        let served: Vec<_> = served
            .iter()
            .map(|(after, until)| ("da1".to_owned(), consensus(after, until)))
            .collect();
        judge(&served, nicknames, 3, INTERVAL, NOW)
    }

    #[test]
    fn a_network_as_it_should_be_is_joined() {
        let nicknames = ["da1", "relay1"];
        assert_eq!(judged(&nicknames, &[("10:00:01", "23 10:00:01")]), Ok(()));
        // In the seconds of a vote.
        let vote = [("10:00:01", "23 10:00:01"), ("09:50:01", "23 09:50:01")];
        assert_eq!(judged(&nicknames, &vote), Ok(()));
    }

    #[test]
    fn every_other_says_what_is_wrong_with_it() {
        let nicknames = ["da1", "relay1"];
        for (nicknames, served, wrong) in [
            (
                &["da1", "relay1", "relay2"][..],
                &[("10:00:01", "23 10:00:01")][..],
                "lacks relay2",
            ),
            (&nicknames, &[("09:30:01", "23 09:30:01")], "votes no more"),
            (&nicknames, &[("10:00:01", "22 10:40:00")], "too short"),
            (&nicknames, &[("later", "23 10:00:01")], "of the time"),
            (
                &nicknames,
                &[
                    ("10:00:01", "23 10:00:01"),
                    ("09:50:01", "23 09:50:01"),
                    ("09:55:01", "23 09:55:01"),
                ],
                "do not agree",
            ),
        ] {
            let text = judged(nicknames, served).expect_err(wrong);
            assert!(text.contains(wrong), "{text}");
        }
    }
}
