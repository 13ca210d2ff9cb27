//! What connects the homes, and who is let in.

use super::{Mutant, fails, fails_all, home};
use crate::checks::{Arrival, Attempt, Observations, Refusal};

/// The first dial of one kind from home A.
fn attempt(seen: &mut Observations, arrival: Arrival) -> &mut Attempt {
    let attempts = &mut home(seen, "home-a").attempts;
    let attempt = attempts
        .iter_mut()
        .find(|attempt| attempt.arrival == arrival);
    attempt.expect("a healthy run tries one")
}

fn outcome(seen: &mut Observations, arrival: Arrival, outcome: &str) {
    outcome.clone_into(&mut attempt(seen, arrival).outcome);
}

fn none_tried(seen: &mut Observations, arrival: Arrival) {
    home(seen, "home-a")
        .attempts
        .retain(|attempt| attempt.arrival != arrival);
}

const PUBLISHED: &[&str; 1] = &["isolation.published-reachable"];
const HOME_TO_HOME: &[&str; 1] = &["isolation.home-to-home"];
const NOTHING_ELSE: &[&str; 1] = &["isolation.nothing-else"];

pub(super) fn isolation() -> Vec<Mutant> {
    vec![
        fails(
            PUBLISHED,
            "a relay that cannot be reached",
            ": timeout",
            |seen| {
                outcome(seen, Arrival::Published, "timeout");
            },
        ),
        fails(
            PUBLISHED,
            "no dial to a relay was tried",
            "home-a tried none",
            |seen| {
                none_tried(seen, Arrival::Published);
            },
        ),
        fails(
            HOME_TO_HOME,
            "one home dials another",
            ": connected",
            |seen| {
                outcome(seen, Arrival::OtherHome, "connected");
            },
        ),
        fails(
            HOME_TO_HOME,
            "a refused dial, which crossed the border",
            ": refused",
            |seen| {
                outcome(seen, Arrival::OtherHome, "refused");
            },
        ),
        fails(
            HOME_TO_HOME,
            "a dial that ended in a way nobody knows",
            ": error",
            |seen| {
                outcome(seen, Arrival::OtherHome, "error");
            },
        ),
        fails(
            HOME_TO_HOME,
            "a target that does not listen",
            "home-b does not listen",
            |seen| {
                home(seen, "home-b").listening = false;
            },
        ),
        fails(
            HOME_TO_HOME,
            "no dial to another home was tried",
            "home-a tried none",
            |seen| {
                none_tried(seen, Arrival::OtherHome);
            },
        ),
        fails(
            NOTHING_ELSE,
            "a home reaches another router",
            ": connected",
            |seen| {
                outcome(seen, Arrival::Elsewhere, "connected");
            },
        ),
        fails(
            NOTHING_ELSE,
            "a router refuses a home's dial",
            ": refused",
            |seen| {
                outcome(seen, Arrival::Elsewhere, "refused");
            },
        ),
        fails(
            NOTHING_ELSE,
            "no other dial was tried",
            "home-a tried none",
            |seen| {
                none_tried(seen, Arrival::Elsewhere);
            },
        ),
    ]
}

const WIRING: &[&str; 1] = &["handshake.wiring"];
const CONNECTED: &[&str; 1] = &["handshake.connected"];
const RIGHT: &[&str; 1] = &["handshake.right-secret"];
const WRONG: &[&str; 1] = &["handshake.wrong-secret"];
const EMPTY: &[&str; 1] = &["handshake.empty-secret"];

fn rewire(seen: &mut Observations, name: &str) {
    let wiring = &mut home(seen, "home-b").wiring;
    let variable = wiring.iter_mut().find(|(variable, _)| variable == name);
    variable.expect("the plan wires it").1 = false;
}

fn otherwise(how: &str) -> Refusal {
    Refusal::Otherwise(how.to_owned())
}

pub(super) fn handshake() -> Vec<Mutant> {
    vec![
        fails(
            WIRING,
            "a secret that nobody sends",
            "another value for BTP_PEER_HOME_A_SECRET",
            |seen| {
                rewire(seen, "BTP_PEER_HOME_A_SECRET");
            },
        ),
        fails(
            WIRING,
            "empty secrets are allowed",
            "another value for BTP_ALLOW_NOAUTH",
            |seen| {
                rewire(seen, "BTP_ALLOW_NOAUTH");
            },
        ),
        fails(
            WIRING,
            "no variable was looked at",
            "none of home-b's variables",
            |seen| {
                home(seen, "home-b").wiring.clear();
            },
        ),
        fails(
            CONNECTED,
            "a session that is down",
            "home-a is not connected to home-b",
            |seen| {
                seen.peerings[0].connected = Some(false);
            },
        ),
        fails(
            CONNECTED,
            "a peer that is not known",
            "home-a does not know the peer home-b",
            |seen| {
                seen.peerings[0].connected = None;
            },
        ),
        fails(
            CONNECTED,
            "the accepting side logged nothing",
            "home-b logged no accepted authentication of home-a",
            |seen| {
                seen.peerings[0].accepted_in_log = false;
            },
        ),
        fails_all(
            &[
                "handshake.connected",
                "service.fetched",
                "service.rendezvous",
            ],
            "a peering that was not looked at",
            "home-b to home-a was not looked at",
            |seen| {
                seen.peerings.pop();
            },
        ),
        fails(RIGHT, "the right secret is refused", "not let in", |seen| {
            seen.probe.accepted = Err("not let in: refused with F00".to_owned());
        }),
        fails(WRONG, "a wrong secret is accepted", "let in", |seen| {
            seen.probe.wrong_secret = Refusal::Accepted;
        }),
        fails(
            WRONG,
            "a refusal with another close code",
            "connection closed with 1002",
            |seen| {
                seen.probe.wrong_secret =
                    otherwise("refused with F00 BTPError, connection closed with 1002");
            },
        ),
        fails(
            WRONG,
            "a refusal with another code",
            "refused with T00",
            |seen| {
                seen.probe.wrong_secret = otherwise("refused with T00 BTPError");
            },
        ),
        fails(EMPTY, "an empty secret is accepted", "let in", |seen| {
            seen.probe.empty_secret = Refusal::Accepted;
        }),
        fails(
            EMPTY,
            "an empty secret leads to silence",
            "no answer",
            |seen| {
                seen.probe.empty_secret = otherwise("no answer within 10000 ms");
            },
        ),
    ]
}
