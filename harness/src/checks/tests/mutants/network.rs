//! Authorities, relays and the homes' daemons.

use super::{BentObservation, fails, fails_all, home, unknown};
use crate::checks::Observations;
use crate::onion::consensus::{Consensus, Entry};

fn consensus(seen: &mut Observations, authority: usize) -> &mut Consensus {
    let consensus = seen.authorities[authority]
        .ballot
        .consensus
        .as_mut()
        .expect("its port answers");
    consensus.as_mut().expect("a healthy authority has one")
}

fn entry<'a>(seen: &'a mut Observations, authority: usize, nickname: &str) -> &'a mut Entry {
    let entries = &mut consensus(seen, authority).entries;
    let entry = entries.iter_mut().find(|entry| entry.nickname == nickname);
    entry.expect("a complete consensus has it")
}

const CONSENSUS: &[&str; 1] = &["network.consensus"];
const CERTIFICATES: &[&str; 1] = &["network.certificates"];
const BOOTSTRAPPED: &[&str; 1] = &["network.bootstrapped"];

#[expect(clippy::too_many_lines, reason = "a table of mutants")]
pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        fails(
            CONSENSUS,
            "one authority has no consensus",
            "da2 has not made the consensus of 10:00:10 yet, and serves none",
            |seen| {
                seen.authorities[1].ballot.consensus = Ok(None);
            },
        ),
        fails(
            CONSENSUS,
            "two consensuses",
            "da3 has not made the consensus of 10:30:00 yet; it serves that of 10:00:10",
            |seen| {
                // The one in the middle differs, so that neighbours alone do not tell.
                consensus(seen, 1).valid_after = "2026-11-22 10:30:00".to_owned();
            },
        ),
        fails(
            CONSENSUS,
            "one time and two lists",
            "da1 and da3 serve different relays",
            |seen| {
                entry(seen, 2, "relay1").microdescriptor = Some("another".to_owned());
            },
        ),
        fails(
            CONSENSUS,
            "a relay came too late for the vote",
            "the consensus of 10:00:10 at da3 lacks relay4",
            |seen| {
                consensus(seen, 2)
                    .entries
                    .retain(|entry| entry.nickname != "relay4");
            },
        ),
        fails(
            CONSENSUS,
            "a relay without HSDir",
            "the consensus of 10:00:10 at da1 gives relay2 no HSDir flag",
            |seen| {
                entry(seen, 0, "relay2").flags.remove("HSDir");
            },
        ),
        fails(
            CONSENSUS,
            "a relay that does not run",
            "no Running flag",
            |seen| {
                entry(seen, 0, "relay2").flags.remove("Running");
            },
        ),
        fails(
            CONSENSUS,
            "one relay draws all circuits",
            "weighs relay3 above others",
            |seen| {
                entry(seen, 0, "relay3").bandwidth = Some(1);
            },
        ),
        fails(
            CONSENSUS,
            "a minority signed",
            "only 1 of 3 authorities signed",
            |seen| {
                consensus(seen, 0).signatures = 1;
            },
        ),
        fails_all(
            &["network.consensus", "network.certificates"],
            "an authority that was not looked at",
            "da3 was not looked at",
            |seen| {
                seen.authorities.pop();
            },
        ),
        fails(
            CERTIFICATES,
            "a certificate did not spread",
            "da1 knows 2 of 3",
            |seen| {
                certificates(seen).count = 2;
            },
        ),
        fails(
            CERTIFICATES,
            "a certificate with an address",
            "a dir-address",
            |seen| {
                certificates(seen).with_address = true;
            },
        ),
        unknown(
            &["network.certificates", "network.consensus"],
            "a directory port that does not answer",
            "da1: its directory port did not answer",
            |seen| {
                let silence = || "its directory port did not answer".to_owned();
                seen.authorities[0].ballot.consensus = Err(silence());
                seen.authorities[0].certificates = Err(silence());
            },
        ),
        fails(
            BOOTSTRAPPED,
            "a daemon that stopped half-way",
            "home-b is at 45 % (requesting_descriptors)",
            |seen| {
                let daemon = &mut home(seen, "home-b").daemon;
                daemon.bootstrap = 45;
                daemon.tag = "requesting_descriptors".to_owned();
            },
        ),
        fails(
            BOOTSTRAPPED,
            "a daemon that ended",
            "its control connection has ended",
            |seen| {
                home(seen, "home-a").daemon.gone = true;
            },
        ),
    ]
}

fn certificates(seen: &mut Observations) -> &mut crate::onion::directory::Certificates {
    let certificates = seen.authorities[0].certificates.as_mut();
    certificates.expect("a healthy authority shows them")
}
