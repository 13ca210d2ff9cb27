//! What each authority voted, where what they agreed on cannot be relied on.
//!
//! A consensus holds the relays that most authorities voted to be running. Which of them left one out, and
//! whether it lacked the relay or took it for not running, only their votes tell.

use futures_util::future::join_all;

use crate::causes::with_causes;
use crate::onion::consensus::Consensus;
use crate::onion::directory::{Directory, DirectoryError};
use crate::run::context::Run;

/// The flag without which a relay is left out.
const RUNNING: &str = "Running";

/// Saves each authority's vote in the run's folder, and tells in one sentence what the votes say of the
/// nodes with these nicknames, of which there may be none.
pub(super) async fn told(run: &Run, directories: &[Directory], nicknames: &[&str]) -> String {
    let each = directories.iter().map(async |directory| {
        let vote = directory.vote().await;
        if let Ok(Some(vote)) = &vote {
            let name = format!("logs/{}.vote", directory.nickname());
            run.keep(&name, vote.as_bytes());
        }
        of(directory.nickname(), &vote, nicknames)
    });
    join_all(each).await.join("; ")
}

/// What one vote says of these nodes.
fn of(
    authority: &str,
    vote: &Result<Option<String>, DirectoryError>,
    nicknames: &[&str],
) -> String {
    let vote = match vote {
        Ok(Some(text)) => Consensus::parse(text),
        Ok(None) => return format!("{authority} has no vote to show"),
        Err(error) => return with_causes(error).to_string(),
    };
    let lacks = |name: &&&str| !vote.entries.iter().any(|entry| entry.nickname == **name);
    let rests = |name: &&&str| {
        let mut entries = vote.entries.iter();
        entries.any(|entry| entry.nickname == **name && !entry.flags.contains(RUNNING))
    };
    let list = |names: Vec<&&str>| names.into_iter().copied().collect::<Vec<_>>().join(", ");
    let lacking = list(nicknames.iter().filter(lacks).collect());
    let resting = list(nicknames.iter().filter(rests).collect());
    match (lacking.is_empty(), resting.is_empty()) {
        (true, true) => format!("{authority} voted for all of them as running"),
        (false, true) => format!("{authority} voted without {lacking}"),
        (true, false) => format!("{authority} voted for {resting} as not running"),
        (false, false) => {
            format!("{authority} voted without {lacking}, and for {resting} as not running")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_tells_what_it_leaves_out() {
        let vote = "r da1 A D 2026-11-22 10:00:00 10.0.0.1 1 0\ns Running Valid\n\
                    r relay1 A D 2026-11-22 10:00:00 10.0.0.1 1 0\ns Valid\n";
        let said = |names: &[&str]| of("da2", &Ok(Some(vote.to_owned())), names);
        assert_eq!(said(&["da1"]), "da2 voted for all of them as running");
        assert_eq!(
            said(&["da1", "relay1"]),
            "da2 voted for relay1 as not running"
        );
        assert_eq!(said(&["relay2"]), "da2 voted without relay2");
        assert_eq!(
            said(&["relay1", "relay2"]),
            "da2 voted without relay2, and for relay1 as not running"
        );
        assert_eq!(of("da2", &Ok(None), &["da1"]), "da2 has no vote to show");
    }
}
