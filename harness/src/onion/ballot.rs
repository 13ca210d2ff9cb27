//! What authorities voted and what they made of it, in words.
//!
//! A consensus holds the nodes that most authorities voted to be running and valid. Which of them left one out,
//! and whether it lacked the node or a flag of it, only their votes tell; and which round an authority has come
//! to, only what it serves.

use std::collections::{BTreeMap, BTreeSet};

use super::consensus::{Consensus, NEEDED_FLAGS};

/// The flags without which a node is left out of a consensus (dir-spec, "computing a consensus from a set of votes").
const LISTED: [&str; 2] = ["Running", "Valid"];

/// What one authority shows of the last rounds of votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Its nickname.
    pub authority: String,
    /// Its own votes, the latest last, or why they are not known. None before it has voted.
    pub votes: Result<Vec<Consensus>, String>,
    /// The consensus that it serves, if any, or why that is not known.
    pub consensus: Result<Option<Consensus>, String>,
}

impl Ballot {
    /// The consensus that it serves, as far as it is known.
    fn served(&self) -> Option<&Consensus> {
        self.consensus.as_ref().ok()?.as_ref()
    }

    /// Its vote for the consensus of that time.
    fn vote_for(&self, valid_after: &str) -> Option<&Consensus> {
        let mut votes = self.votes.as_ref().ok()?.iter();
        votes.find(|vote| vote.valid_after == valid_after)
    }

    /// All that it shows, in one line.
    #[must_use]
    pub fn line(&self, nodes: &[&str]) -> String {
        let votes = match &self.votes {
            Err(reason) => format!("its vote is not known ({reason})"),
            Ok(votes) => match votes.last() {
                None => "has no vote to show".to_owned(),
                Some(vote) => format!(
                    "voted at {} for {}: {}",
                    clock(&vote.published),
                    clock(&vote.valid_after),
                    entries(vote, nodes)
                ),
            },
        };
        let serves = match &self.consensus {
            // Said once is enough.
            Err(reason) if self.votes.as_ref().err() == Some(reason) => String::new(),
            Err(reason) => format!("; its consensus is not known ({reason})"),
            Ok(None) => "; serves no consensus".to_owned(),
            Ok(Some(consensus)) => format!(
                "; serves the consensus of {}: {}, made of {} votes, with {} signatures",
                clock(&consensus.valid_after),
                entries(consensus, nodes),
                consensus.votes,
                consensus.signatures
            ),
        };
        format!("{}: {votes}{serves}", self.authority)
    }
}

/// How many nodes it lists, and which of these it lacks, or lists without a flag that they need.
fn entries(list: &Consensus, nodes: &[&str]) -> String {
    let mut without: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in nodes {
        match list.entry(name) {
            None => without.entry("lacks".to_owned()).or_default().push(name),
            Some(entry) => {
                let flags = NEEDED_FLAGS.iter();
                let flags: Vec<&str> = flags
                    .filter(|flag| !entry.flags.contains(**flag))
                    .copied()
                    .collect();
                if !flags.is_empty() {
                    let key = format!("without {}:", flags.join(", "));
                    without.entry(key).or_default().push(name);
                }
            }
        }
    }
    let mut said = format!("{} nodes", list.entries.len());
    if !without.is_empty() {
        let parts = without.iter();
        let parts: Vec<String> = parts
            .map(|(how, names)| format!("{how} {}", names.join(", ")))
            .collect();
        said.push_str(&format!(" ({})", parts.join("; ")));
    }
    said
}

/// The authorities that do not say what they serve, each with the reason.
#[must_use]
pub fn silent(ballots: &[Ballot]) -> Vec<String> {
    let silent = ballots.iter().filter_map(|one| {
        let reason = one.consensus.as_ref().err()?;
        Some(format!("{}: {reason}", one.authority))
    });
    silent.collect()
}

/// Whether each serves a consensus, and all that of one round. Between two rounds they do not. Where there is none to ask
/// there is nothing to wait for.
#[must_use]
pub fn settled(ballots: &[Ballot]) -> bool {
    let stamps: Option<BTreeSet<&str>> = ballots
        .iter()
        .map(|one| Some(one.served()?.valid_after.as_str()))
        .collect();
    stamps.is_some_and(|stamps| stamps.len() <= 1)
}

/// What keeps those of these authorities that say what they serve from serving one consensus of these nodes, each
/// thing in a sentence; nothing where they do.
#[must_use]
pub fn told(ballots: &[Ballot], nodes: &[&str]) -> Vec<String> {
    let mut said = Vec::new();
    let stamps: BTreeSet<&str> = ballots
        .iter()
        .filter_map(|one| Some(one.served()?.valid_after.as_str()))
        .collect();
    // Of one form, so that their order is that of time.
    let latest = stamps.last().copied();
    for ballot in ballots {
        let name = &ballot.authority;
        match (&ballot.consensus, latest) {
            (Ok(None), None) => said.push(format!("{name} serves no consensus")),
            (Ok(None), Some(latest)) => said.push(format!(
                "{name} has not made the consensus of {} yet, and serves none",
                clock(latest)
            )),
            (Ok(Some(own)), Some(latest)) if own.valid_after != latest => said.push(format!(
                "{name} has not made the consensus of {} yet; it serves that of {}",
                clock(latest),
                clock(&own.valid_after)
            )),
            _ => {}
        }
    }
    let lists = lists(ballots);
    for (authorities, list) in &lists {
        let time = clock(&list.valid_after);
        let whose = match lists.len() {
            1 => format!("the consensus of {time}"),
            _ => format!("the consensus of {time} at {}", authorities.join(", ")),
        };
        said.extend(lacking(ballots, list, &whose, nodes));
    }
    said
}

/// The consensuses that are served, those with the same time and nodes once, with who serves them.
fn lists(ballots: &[Ballot]) -> Vec<(Vec<&str>, &Consensus)> {
    let mut lists: Vec<(Vec<&str>, &Consensus)> = Vec::new();
    for (ballot, list) in ballots.iter().filter_map(|one| Some((one, one.served()?))) {
        let same = |(_, known): &&mut (Vec<&str>, &Consensus)| {
            known.valid_after == list.valid_after && known.entries == list.entries
        };
        match lists.iter_mut().find(same) {
            Some((authorities, _)) => authorities.push(&ballot.authority),
            None => lists.push((vec![&ballot.authority], list)),
        }
    }
    lists
}

/// What the votes for a consensus say of the nodes that it lacks, or lists without a flag that they need: of
/// those that the same votes left out in one sentence.
fn lacking(ballots: &[Ballot], list: &Consensus, whose: &str, nodes: &[&str]) -> Vec<String> {
    let votes: Vec<(&str, Option<&Consensus>)> = ballots
        .iter()
        .map(|one| (one.authority.as_str(), one.vote_for(&list.valid_after)))
        .collect();
    let mut alike: BTreeMap<(Option<&str>, String), Vec<&str>> = BTreeMap::new();
    for name in nodes {
        let entry = list.entry(name);
        let flags = NEEDED_FLAGS.iter().copied();
        let wanting: Vec<Option<&str>> = match entry {
            None => vec![None],
            Some(entry) => flags
                .filter(|flag| !entry.flags.contains(*flag))
                .map(Some)
                .collect(),
        };
        for flag in wanting {
            let flags = flag.as_ref().map_or(&LISTED[..], std::slice::from_ref);
            let why = because(&votes, name, flags);
            alike.entry((flag, why)).or_default().push(name);
        }
    }
    let told = alike.into_iter().map(|((flag, why), names)| {
        let names = names.join(", ");
        match flag {
            None => format!("{whose} lacks {names}: {why}"),
            Some(flag) => format!("{whose} gives {names} no {flag} flag: {why}"),
        }
    });
    told.collect()
}

/// What the votes say of a node, where the consensus of them lacks it or one of these flags of it.
fn because(votes: &[(&str, Option<&Consensus>)], node: &str, flags: &[&str]) -> String {
    let mut said: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (authority, vote) in votes {
        let how = match vote.map(|vote| vote.entry(node)) {
            None => "not known".to_owned(),
            Some(None) => "without it".to_owned(),
            Some(Some(entry)) => {
                let lacking = flags.iter().filter(|flag| !entry.flags.contains(**flag));
                let lacking: Vec<&str> = lacking.copied().collect();
                match lacking.is_empty() {
                    true => format!("with it as {}", flags.join(" and ")),
                    false => format!("with it as not {}", lacking.join(" and not ")),
                }
            }
        };
        said.entry(how).or_default().push(authority);
    }
    let parts = said.into_iter().map(|(how, names)| {
        format!(
            "{} of {} votes {how} ({})",
            names.len(),
            votes.len(),
            names.join(", ")
        )
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The time of day of a stamp such as `2026-11-22 10:00:05`; of anything else its beginning.
fn clock(stamp: &str) -> String {
    let time = stamp.split_once(' ').map_or(stamp, |(_, time)| time);
    time.chars().take(20).collect()
}

#[cfg(test)]
#[path = "ballot_tests.rs"]
mod tests;
