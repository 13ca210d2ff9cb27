//! What each authority serves.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::{Instant, sleep};

use crate::causes::with_causes;
use crate::checks::AuthorityView;
use crate::onion::ballot::{self, Ballot};
use crate::onion::directory::Directory;
use crate::run::context::Run;
use crate::run::votes;

/// How long authorities of a busy machine may take from one round of votes to the next, at most.
const ROUND: Duration = Duration::from_secs(30);
/// Time between two looks meanwhile.
const AGAIN: Duration = Duration::from_millis(250);

/// What each authority serves. Between two rounds of votes some serve the consensus of the one, and some that of
/// the other: they are looked at again until all have come to the later one. Where they do not come to it, or what
/// they serve lacks something, their votes are kept, too.
pub(in crate::run) async fn views(run: &Run) -> Vec<AuthorityView> {
    let directories = run.directories();
    let nodes: Vec<&str> = run
        .plan
        .nodes()
        .map(|node| node.nickname.as_str())
        .collect();
    let until = Instant::now() + ROUND.min(run.plan.topology.network.voting_interval);
    loop {
        let mut views = join_all(directories.iter().map(view)).await;
        let ballots: Vec<Ballot> = views.iter().map(|view| view.ballot.clone()).collect();
        let is_settled = ballot::settled(&ballots);
        if !is_settled && Instant::now() < until {
            sleep(AGAIN).await;
            continue;
        }
        if !is_settled || !ballot::told(&ballots, &nodes).is_empty() {
            let kept = votes::gather(run).await;
            for (view, ballot) in views.iter_mut().zip(kept) {
                view.ballot = ballot;
            }
        }
        return views;
    }
}

async fn view(directory: &Directory) -> AuthorityView {
    let (consensus, certificates) = join(directory.consensus(), directory.certificates()).await;
    AuthorityView {
        ballot: Ballot {
            authority: directory.nickname().to_owned(),
            votes: Ok(Vec::new()),
            consensus: consensus.map_err(|error| with_causes(&error).to_string()),
        },
        certificates: certificates.map_err(|error| with_causes(&error).to_string()),
    }
}
