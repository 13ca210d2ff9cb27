//! Votes and consensuses of real authorities: a network in which two of three were told that one relay is not valid
//! (`refused`), and one in which an authority stood still while the others voted (`missed`).

use super::*;

const NODES: [&str; 7] = ["da1", "da2", "da3", "relay1", "relay2", "relay3", "relay4"];

macro_rules! recorded {
    ($name:literal) => {
        Consensus::parse(include_str!(concat!("../../../fixtures/votes/", $name)))
    };
}

fn ballot(authority: &str, votes: Vec<Consensus>, consensus: Option<Consensus>) -> Ballot {
    Ballot {
        authority: authority.to_owned(),
        votes: Ok(votes),
        consensus: Ok(consensus),
    }
}

fn refused() -> Vec<Ballot> {
    let consensus = || Some(recorded!("refused/da1.consensus"));
    vec![
        ballot("da1", vec![recorded!("refused/da1.vote")], consensus()),
        ballot("da2", vec![recorded!("refused/da2.vote")], consensus()),
        ballot("da3", vec![recorded!("refused/da3.vote")], consensus()),
    ]
}

fn missed() -> Vec<Ballot> {
    let consensus = || Some(recorded!("missed/da1.consensus"));
    vec![
        ballot("da1", vec![recorded!("missed/da1.vote")], consensus()),
        ballot("da2", vec![recorded!("missed/da2.vote")], consensus()),
        ballot("da3", Vec::new(), Some(recorded!("missed/da3.consensus"))),
    ]
}

/// As `refused`, each vote bent.
fn bent(bend: impl Fn(&mut Consensus)) -> Vec<Ballot> {
    let mut ballots = refused();
    for ballot in &mut ballots {
        ballot
            .votes
            .as_mut()
            .expect("are known")
            .iter_mut()
            .for_each(&bend);
    }
    ballots
}

fn only(ballots: &[Ballot]) -> String {
    let [one] = &told(ballots, &NODES)[..] else {
        panic!("one thing: {:?}", told(ballots, &NODES))
    };
    one.clone()
}

#[test]
fn what_a_consensus_lacks_is_told_from_the_votes() {
    assert!(settled(&refused()));
    assert_eq!(
        only(&refused()),
        "the consensus of 18:39:50 lacks relay4: 1 of 3 votes with it as Running and Valid (da3), 2 of 3 votes with \
         it as not Valid (da1, da2)"
    );
    let unlisted = bent(|vote| vote.entries.retain(|entry| entry.nickname != "relay4"));
    assert!(only(&unlisted).ends_with(": 3 of 3 votes without it (da1, da2, da3)"));
    let resting = bent(|vote| {
        let entry = vote
            .entries
            .iter_mut()
            .find(|entry| entry.nickname == "relay4");
        entry.expect("is listed").flags.remove("Running");
    });
    let said = only(&resting);
    assert!(
        said.contains("2 of 3 votes with it as not Running and not Valid (da1, da2)"),
        "{said}"
    );
    // The votes for another round say nothing of this one.
    let other = bent(|vote| vote.valid_after = "2026-11-29 18:00:00".to_owned());
    assert!(only(&other).ends_with(": 3 of 3 votes not known (da1, da2, da3)"));
    let rest: Vec<&str> = NODES.into_iter().filter(|node| *node != "relay4").collect();
    assert_eq!(told(&refused(), &rest), Vec::<String>::new());
}

#[test]
fn a_flag_that_most_votes_lack_is_told() {
    let mut ballots = refused();
    for ballot in &mut ballots {
        let votes = ballot.votes.as_mut().expect("are known").iter_mut();
        let list = ballot.consensus.as_mut().expect("is known").iter_mut();
        for one in votes.chain(list).flat_map(|list| &mut list.entries) {
            one.flags.remove("HSDir");
        }
    }
    assert_eq!(
        told(&ballots, &["da1", "relay1"]),
        [
            "the consensus of 18:39:50 gives da1, relay1 no HSDir flag: 3 of 3 votes with it as not HSDir (da1, da2, da3)"
        ]
    );
}

#[test]
fn an_authority_that_missed_a_round_is_named() {
    assert!(!settled(&missed()));
    assert_eq!(
        only(&missed()),
        "da3 has not made the consensus of 18:36:04 yet; it serves that of 18:35:44"
    );
    let mut none = missed();
    none[2].consensus = Ok(None);
    assert!(!settled(&none));
    assert_eq!(
        only(&none),
        "da3 has not made the consensus of 18:36:04 yet, and serves none"
    );
    let mut all = missed();
    all.iter_mut().for_each(|one| one.consensus = Ok(None));
    assert_eq!(told(&all, &NODES).len(), 3);
    assert!(!settled(&all));
    let mut unknown = missed();
    unknown[2].consensus = Err("no answer".to_owned());
    assert!(!settled(&unknown));
    // Over a network that others run no authority is asked.
    assert!(settled(&[]));
    assert_eq!(told(&unknown, &NODES), Vec::<String>::new());
    assert_eq!(silent(&unknown), ["da3: no answer"]);
    assert_eq!(silent(&missed()), Vec::<String>::new());
}

#[test]
fn an_authority_is_told_in_a_line() {
    let lines: Vec<String> = missed().iter().map(|one| one.line(&NODES)).collect();
    assert_eq!(
        lines[0],
        "da1: voted at 18:36:00 for 18:36:04: 7 nodes; serves the consensus of 18:36:04: 7 nodes, made of 2 votes, \
         with 2 signatures"
    );
    assert_eq!(
        lines[2],
        "da3: has no vote to show; serves the consensus of 18:35:44: 7 nodes, made of 3 votes, with 3 signatures"
    );
    assert_eq!(
        refused()[0].line(&NODES),
        "da1: voted at 18:39:48 for 18:39:50: 7 nodes (without Valid: relay4); serves the consensus of 18:39:50: 6 \
         nodes (lacks relay4), made of 3 votes, with 3 signatures"
    );
    let mut silent = refused().remove(0);
    silent.consensus = Err("no answer".to_owned());
    silent.votes = Err("no answer".to_owned());
    assert_eq!(
        silent.line(&NODES),
        "da1: its vote is not known (no answer)"
    );
}
