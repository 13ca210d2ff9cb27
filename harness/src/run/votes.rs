//! What the authorities voted and serve, kept where a run does not pass on account of its network.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::timeout;

use crate::causes::with_causes;
use crate::onion::ballot::Ballot;
use crate::onion::consensus::Consensus;
use crate::onion::directory::{Directory, DirectoryError};
use crate::run::context::Run;

/// How long an authority may take to answer. It is on this machine, and the run has failed.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// How much is kept of one document, in bytes. That of the largest network has a tenth of it.
const KEPT: usize = 256 << 10;

/// Asks each authority for its votes and its consensus, and saves them in the run's folder.
pub(in crate::run) async fn gather(run: &Run) -> Vec<Ballot> {
    let directories = run.directories();
    join_all(directories.iter().map(|one| of(run, one))).await
}

async fn of(run: &Run, directory: &Directory) -> Ballot {
    let name = directory.nickname();
    let asked = join(told(directory.votes()), told(directory.consensus_text()));
    let (votes, consensus) = asked.await;
    let kept = |what: &str, text: String| {
        keep(run, &format!("logs/{name}.{what}"), &text);
        Consensus::parse(&text)
    };
    Ballot {
        authority: name.to_owned(),
        votes: votes.map(|texts| {
            let texts = ["vote", "next-vote"].into_iter().zip(texts);
            let texts = texts.filter_map(|(what, text)| Some(kept(what, text?)));
            texts.collect()
        }),
        consensus: consensus.map(|text| text.map(|text| kept("consensus", text))),
    }
}

/// What an authority says, or why it does not.
async fn told<T>(asked: impl Future<Output = Result<T, DirectoryError>>) -> Result<T, String> {
    match timeout(ANSWER_LIMIT, asked).await {
        Ok(answer) => answer.map_err(|error| with_causes(&error).to_string()),
        Err(_) => Err(format!("no answer within {} s", ANSWER_LIMIT.as_secs())),
    }
}

fn keep(run: &Run, name: &str, text: &str) {
    let mut end = text.len().min(KEPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    run.keep(name, run.plan.redact(&text[..end]).as_bytes());
}
