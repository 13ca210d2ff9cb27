//! What connects the homes.

use super::{BentObservation, fails, fails_all, home, unknown};
use crate::checks::{Attempt, CircuitTrace, DecoyView, DialExpectation, Observations};
use crate::evidence::DialOutcome;

/// The first dial of one kind from home A.
fn attempt(seen: &mut Observations, expectation: DialExpectation) -> &mut Attempt {
    let attempts = &mut home(seen, "home-a").attempts;
    let attempt = attempts
        .iter_mut()
        .find(|attempt| attempt.expectation == expectation);
    attempt.expect("a healthy run tries one")
}

fn outcome(seen: &mut Observations, expectation: DialExpectation, outcome: DialOutcome) {
    attempt(seen, expectation).outcome = outcome;
}

fn none_tried(seen: &mut Observations, expectation: DialExpectation) {
    home(seen, "home-a")
        .attempts
        .retain(|attempt| attempt.expectation != expectation);
}

const PUBLISHED: &[&str; 1] = &["isolation.published-reachable"];
const HOME_TO_HOME: &[&str; 1] = &["isolation.home-to-home"];
const NOTHING_ELSE: &[&str; 1] = &["isolation.nothing-else"];
const DECOY_UNSEEN: &[&str] = &["isolation.no-direct-dial", "resilience.removed-peer"];
const CIRCUIT: &[&str; 1] = &["isolation.circuit"];
const NO_DIRECT_DIAL: &[&str; 1] = &["isolation.no-direct-dial"];

/// Home A's session to home B.
fn trace(seen: &mut Observations) -> &mut CircuitTrace {
    &mut home(seen, "home-a").circuits[0]
}

/// The same session from its other end.
fn back(seen: &mut Observations) -> &mut CircuitTrace {
    &mut home(seen, "home-b").circuits[0]
}

fn decoy(seen: &mut Observations) -> &mut DecoyView {
    let decoy = home(seen, "home-a").decoy.as_mut();
    let decoy = decoy.expect("a healthy connector is told to dial");
    decoy.as_mut().expect("a home with an onion daemon")
}

pub(super) fn mutants() -> Vec<BentObservation> {
    let mut all = dials();
    all.extend(circuits());
    all.extend(decoys());
    all
}

#[expect(clippy::too_many_lines, reason = "a table of mutants")]
fn dials() -> Vec<BentObservation> {
    vec![
        fails(
            PUBLISHED,
            "a relay that cannot be reached",
            ": timeout",
            |seen| {
                outcome(seen, DialExpectation::Published, DialOutcome::Timeout);
            },
        ),
        fails(
            PUBLISHED,
            "no dial to a relay was tried",
            "home-a tried none",
            |seen| {
                none_tried(seen, DialExpectation::Published);
            },
        ),
        fails(
            HOME_TO_HOME,
            "one home dials another",
            ": connected",
            |seen| {
                outcome(seen, DialExpectation::OtherHome, DialOutcome::Connected);
            },
        ),
        fails(
            HOME_TO_HOME,
            "a refused dial, which crossed the border",
            ": refused",
            |seen| {
                outcome(seen, DialExpectation::OtherHome, DialOutcome::Refused);
            },
        ),
        fails(
            HOME_TO_HOME,
            "a dial that ended in a way nobody knows",
            ": failed",
            |seen| {
                outcome(seen, DialExpectation::OtherHome, DialOutcome::Failed);
            },
        ),
        fails(
            HOME_TO_HOME,
            "a target that does not listen",
            "home-b does not listen",
            |seen| {
                home(seen, "home-b").listening = Ok(false);
            },
        ),
        unknown(
            HOME_TO_HOME,
            "a target of which nobody knows whether it listens",
            "home-b: the helper did not answer",
            |seen| {
                home(seen, "home-b").listening = Err("the helper did not answer".to_owned());
            },
        ),
        fails(
            HOME_TO_HOME,
            "no dial to another home was tried",
            "home-a tried none",
            |seen| {
                none_tried(seen, DialExpectation::OtherHome);
            },
        ),
        fails(
            NOTHING_ELSE,
            "a home reaches another router",
            ": connected",
            |seen| {
                outcome(seen, DialExpectation::Elsewhere, DialOutcome::Connected);
            },
        ),
        fails(
            NOTHING_ELSE,
            "a router refuses a home's dial",
            ": refused",
            |seen| {
                outcome(seen, DialExpectation::Elsewhere, DialOutcome::Refused);
            },
        ),
        fails(
            NOTHING_ELSE,
            "no other dial was tried",
            "home-a tried none",
            |seen| {
                none_tried(seen, DialExpectation::Elsewhere);
            },
        ),
    ]
}

fn circuits() -> Vec<BentObservation> {
    vec![
        fails(
            CIRCUIT,
            "a session that no SOCKS request began",
            "home-a to home-b: no SOCKS request for it succeeded",
            |seen| {
                let trace = trace(seen);
                (trace.requests, trace.attached, trace.joined) = (0, 0, 0);
            },
        ),
        fails(
            CIRCUIT,
            "a request without a stream",
            "home-a to home-b: the daemon attached no request to a circuit",
            |seen| {
                let trace = trace(seen);
                (trace.attached, trace.joined) = (0, 0);
            },
        ),
        fails(
            CIRCUIT,
            "a circuit without a rendezvous",
            "home-a to home-b: no circuit of its requests is joined with the far service",
            |seen| trace(seen).joined = 0,
        ),
        fails(
            CIRCUIT,
            "a circuit that carried nothing",
            "1300 passed the proxy and 0 the circuit",
            |seen| {
                // Packets may take the session of the other direction.
                trace(seen).circuit.0 = 0;
                back(seen).circuit.1 = 0;
            },
        ),
        fails(
            CIRCUIT,
            "packets that went past the proxy",
            "bytes were delivered, but 3 passed the proxy",
            |seen| {
                trace(seen).passed.0 = 1;
                back(seen).passed.1 = 2;
            },
        ),
        fails(
            CIRCUIT,
            "a session that was not followed",
            "home-b to home-a was not looked at",
            |seen| home(seen, "home-b").circuits.clear(),
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

fn decoys() -> Vec<BentObservation> {
    vec![
        fails(
            NO_DIRECT_DIAL,
            "a direct dial after a refusal",
            "home-a dialled directly 1 times after the onion network refused it",
            |seen| decoy(seen).direct = 1,
        ),
        unknown(
            DECOY_UNSEEN,
            "a connector that was not told to dial",
            "home-a: it was not told to dial",
            |seen| home(seen, "home-a").decoy = Err("it was not told to dial".to_owned()),
        ),
        unknown(
            DECOY_UNSEEN,
            "a decoy that was never put up",
            "home-a was not told to dial",
            |seen| home(seen, "home-a").decoy = Ok(None),
        ),
        unknown(
            NO_DIRECT_DIAL,
            "a place that nobody reaches",
            "a direct dial from home-a would not have arrived: timeout",
            |seen| decoy(seen).control = DialOutcome::Timeout,
        ),
        fails(
            NO_DIRECT_DIAL,
            "nothing was refused",
            "the onion network refused home-a nothing",
            |seen| decoy(seen).refused = 0,
        ),
        fails(
            NO_DIRECT_DIAL,
            "a direct dial instead of any other",
            "home-a dialled directly 3 times",
            |seen| {
                decoy(seen).refused = 0;
                decoy(seen).direct = 3;
            },
        ),
    ]
}
