//! The private network itself.

use super::{Basis, Check, Finding, Need, Observations, Scope};
use crate::onion::ballot::{self, Ballot};
use crate::onion::consensus::{Consensus, Refusal};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "network.consensus",
        basis: Basis::Required,
        stands_on: "",
        says: "every authority serves the same consensus, signed by a majority, with every relay, its flags and equal weights",
        scope: Scope::PrivateNetwork,
        needs: Need::Nothing,
        judge: consensus,
    },
    Check {
        id: "network.certificates",
        basis: Basis::Required,
        stands_on: "",
        says: "every authority knows every authority's certificate, and none overrides an address",
        scope: Scope::PrivateNetwork,
        needs: Need::Nothing,
        judge: certificates,
    },
    Check {
        id: "network.joined",
        basis: Basis::Required,
        stands_on: "",
        says: "every home's onion daemon holds a consensus of the network that is in force",
        scope: Scope::PublicNetwork,
        needs: Need::Nothing,
        judge: joined,
    },
    Check {
        id: "network.bootstrapped",
        basis: Basis::Required,
        stands_on: "",
        says: "every onion daemon of a home is bootstrapped",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: bootstrapped,
    },
];

/// The checks of the network itself, which say nothing of who meets in it.
pub(super) const OF_NETWORK: [&str; 2] = ["network.consensus", "network.certificates"];

fn consensus(seen: &Observations) -> Finding {
    let nicknames: Vec<&str> = seen.nicknames.iter().map(String::as_str).collect();
    let expected = seen.authority_nicknames.len();
    let ballots: Vec<Ballot> = seen
        .authorities
        .iter()
        .map(|one| one.ballot.clone())
        .collect();
    let mut wrong = seen.unseen_authorities();
    wrong.extend(ballot::told(&ballots, &nicknames));
    let unknown = ballot::silent(&ballots);
    let served: Vec<(&str, &Consensus)> = ballots
        .iter()
        .filter_map(|one| Some((&*one.authority, one.consensus.as_ref().ok()?.as_ref()?)))
        .collect();
    // One vote leads to one list; what is left of a round that went wrong may have its time, too.
    if let Some((first, list)) = served.first() {
        let others = served
            .iter()
            .filter(|(_, other)| other.entries != list.entries);
        wrong
            .extend(others.map(|(other, _)| format!("{first} and {other} serve different relays")));
    }
    for (authority, consensus) in &served {
        match consensus.refuse(&nicknames, expected) {
            // What is missing was told with the votes.
            Ok(()) | Err(Refusal::Missing(_) | Refusal::Flags { .. }) => {}
            Err(refusal) => wrong.push(format!("{authority}: {refusal}")),
        }
    }
    let stamp = served.first().map_or("", |(_, list)| &*list.valid_after);
    let good = format!(
        "{} authorities serve the one valid after {stamp}, with {} relays",
        seen.authorities.len(),
        nicknames.len()
    );
    Finding::known(seen.authorities.len(), &wrong, &unknown, good)
}

fn certificates(seen: &Observations) -> Finding {
    let expected = seen.authority_nicknames.len();
    let mut wrong = seen.unseen_authorities();
    let mut unknown = Vec::new();
    for authority in &seen.authorities {
        let nickname = &authority.ballot.authority;
        match &authority.certificates {
            Err(reason) => unknown.push(format!("{nickname}: {reason}")),
            Ok(found) if found.count != expected => {
                wrong.push(format!("{nickname} knows {} of {expected}", found.count));
            }
            Ok(found) if found.with_address => {
                wrong.push(format!(
                    "{nickname} knows one with a dir-address, which overrides the configured one"
                ));
            }
            Ok(_) => {}
        }
    }
    Finding::known(
        seen.authorities.len(),
        &wrong,
        &unknown,
        format!("all {expected} are known to each"),
    )
}

fn joined(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for home in seen.onion_homes() {
        match &home.consensus {
            Err(reason) => unknown.push(format!("{}: {reason}", home.id)),
            Ok(live) if live.since < 0 => wrong.push(format!(
                "{}'s is in force in {} s only: a clock is wrong",
                home.id, -live.since
            )),
            Ok(live) if live.left <= 0 => {
                wrong.push(format!("{}'s expired {} s ago", home.id, -live.left));
            }
            Ok(live) => good.push(format!(
                "{}: in force for {} s, and for {} s more",
                home.id, live.since, live.left
            )),
        }
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}

fn bootstrapped(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let behind = seen
        .onion_homes()
        .filter(|home| home.daemon.bootstrap != 100 || home.daemon.gone)
        .map(|home| {
            let ended = if home.daemon.gone {
                ", its control connection has ended"
            } else {
                ""
            };
            format!(
                "{} is at {} % ({}){ended}",
                home.id, home.daemon.bootstrap, home.daemon.tag
            )
        });
    wrong.extend(behind);
    let ids: Vec<&str> = seen.onion_homes().map(|home| home.id.as_str()).collect();
    Finding::all(ids.len(), &wrong, format!("100 % at {}", ids.join(", ")))
}
