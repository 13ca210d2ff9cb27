//! What connects the homes.

use super::{Mutant, fails, fails_all, home};
use crate::checks::{AbsentView, Arrival, Attempt, Crossing, Observations};

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
const CIRCUIT: &[&str; 1] = &["isolation.circuit"];
const NO_DIRECT_DIAL: &[&str; 1] = &["isolation.no-direct-dial"];

/// Home A's session to home B.
fn crossing(seen: &mut Observations) -> &mut Crossing {
    &mut home(seen, "home-a").crossings[0]
}

/// The same session from its other end.
fn back(seen: &mut Observations) -> &mut Crossing {
    &mut home(seen, "home-b").crossings[0]
}

fn absent(seen: &mut Observations) -> &mut AbsentView {
    &mut home(seen, "home-a").absent
}

pub(super) fn mutants() -> Vec<Mutant> {
    let mut all = dials();
    all.extend(circuits());
    all.extend(absent_peers());
    all
}

fn dials() -> Vec<Mutant> {
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

fn circuits() -> Vec<Mutant> {
    vec![
        fails(
            CIRCUIT,
            "a session that no SOCKS request began",
            "home-a to home-b: no SOCKS request for it succeeded",
            |seen| {
                let crossing = crossing(seen);
                (crossing.requests, crossing.attached, crossing.joined) = (0, 0, 0);
            },
        ),
        fails(
            CIRCUIT,
            "a request without a stream",
            "home-a to home-b: the daemon attached no request to a circuit",
            |seen| {
                let crossing = crossing(seen);
                (crossing.attached, crossing.joined) = (0, 0);
            },
        ),
        fails(
            CIRCUIT,
            "a circuit without a rendezvous",
            "home-a to home-b: no circuit of its requests is joined with the far service",
            |seen| crossing(seen).joined = 0,
        ),
        fails(
            CIRCUIT,
            "a circuit that carried nothing",
            "1300 passed the proxy and 0 the circuit",
            |seen| {
                // Packets may take the session of the other direction.
                crossing(seen).circuit.0 = 0;
                back(seen).circuit.1 = 0;
            },
        ),
        fails(
            CIRCUIT,
            "packets that went past the proxy",
            "bytes were delivered, but 3 passed the proxy",
            |seen| {
                crossing(seen).passed.0 = 1;
                back(seen).passed.1 = 2;
            },
        ),
        fails(
            CIRCUIT,
            "a session that was not followed",
            "home-b to home-a was not looked at",
            |seen| home(seen, "home-b").crossings.clear(),
        ),
        fails_all(
            &["isolation.circuit", "packets.delivered"],
            "packets that are fulfilled and not handed on",
            "home-a to home-b: no packet was delivered",
            |seen| {
                let from_a = |from: &str| from == "home-a";
                for packet in seen.deliveries.iter_mut().filter(|one| from_a(&one.from)) {
                    packet.arrived.clear();
                }
            },
        ),
    ]
}

fn absent_peers() -> Vec<Mutant> {
    vec![
        fails(
            NO_DIRECT_DIAL,
            "a direct dial after a refusal",
            "home-a dialled directly 1 times after the onion network refused it",
            |seen| absent(seen).direct = 1,
        ),
        fails(
            NO_DIRECT_DIAL,
            "a connector that was not told to dial",
            "home-a was not told to dial",
            |seen| absent(seen).registered = false,
        ),
        fails(
            NO_DIRECT_DIAL,
            "a place that nobody reaches",
            "a direct dial from home-a would not have arrived: timeout",
            |seen| absent(seen).control = "timeout".to_owned(),
        ),
        fails(
            NO_DIRECT_DIAL,
            "nothing was refused",
            "the onion network refused home-a nothing",
            |seen| absent(seen).refused = 0,
        ),
        fails(
            NO_DIRECT_DIAL,
            "a direct dial instead of any other",
            "home-a dialled directly 3 times",
            |seen| {
                absent(seen).refused = 0;
                absent(seen).direct = 3;
            },
        ),
    ]
}
