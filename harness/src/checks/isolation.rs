//! Nothing but the onion network connects the homes.

use super::{Basis, Check, CircuitTrace, DialExpectation, Finding, Need, Observations, Scope};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "isolation.published-reachable",
        basis: Basis::Required,
        stands_on: "",
        says: "every home reaches every authority and relay at its published address (so that the dials below could succeed)",
        scope: Scope::PrivateNetwork,
        needs: Need::Nothing,
        judge: published,
    },
    Check {
        id: "isolation.home-to-home",
        basis: Basis::Required,
        stands_on: "",
        says: "no home can open a TCP connection to another home's listening ports outside the onion network",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: home_to_home,
    },
    Check {
        id: "isolation.nothing-else",
        basis: Basis::Required,
        stands_on: "",
        says: "a home reaches nothing beyond its own bridge but the published addresses",
        scope: Scope::PrivateNetwork,
        needs: Need::Nothing,
        judge: nothing_else,
    },
    Check {
        id: "isolation.circuit",
        basis: Basis::Required,
        stands_on: "contract#transport-dial",
        says: "each peering's packets crossed its rendezvous circuit: SOCKS request, stream, circuit and the delivered bytes match",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: circuit,
    },
    Check {
        id: "isolation.no-direct-dial",
        basis: Basis::Required,
        stands_on: "contract#transport-dial",
        says: "a connector that the onion network refuses does not dial directly",
        scope: Scope::Every,
        needs: Need::Socks,
        judge: no_direct_dial,
    },
];

fn published(seen: &Observations) -> Finding {
    must_connect(seen, DialExpectation::Published)
}

fn must_connect(seen: &Observations, expectation: DialExpectation) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut looked_at = 0;
    for home in &seen.homes {
        let attempts: Vec<_> = home
            .attempts
            .iter()
            .filter(|attempt| attempt.expectation == expectation)
            .collect();
        if attempts.is_empty() {
            wrong.push(format!("{} tried none", home.id));
        }
        looked_at += attempts.len();
        for attempt in attempts
            .iter()
            .filter(|attempt| !attempt.outcome.is_connected())
        {
            wrong.push(format!(
                "{} to {}: {}",
                home.id, attempt.target, attempt.outcome
            ));
        }
    }
    Finding::all(looked_at, &wrong, format!("{looked_at} dials connected"))
}

fn must_not_connect(
    seen: &Observations,
    expectation: DialExpectation,
    wrong: &mut Vec<String>,
) -> (usize, String) {
    let mut looked_at = 0;
    let mut good = Vec::new();
    for home in &seen.homes {
        let attempts: Vec<_> = home
            .attempts
            .iter()
            .filter(|attempt| attempt.expectation == expectation)
            .collect();
        if attempts.is_empty() {
            wrong.push(format!("{} tried none", home.id));
        }
        for attempt in attempts {
            looked_at += 1;
            let line = format!("{} to {}: {}", home.id, attempt.target, attempt.outcome);
            // A refused connection has crossed the border: the far side answered.
            if attempt.outcome.met_nobody() {
                good.push(line);
            } else {
                wrong.push(line);
            }
        }
    }
    (looked_at, good.join(", "))
}

fn home_to_home(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    for home in &seen.homes {
        match &home.listening {
            Ok(true) => {}
            Ok(false) => wrong.push(format!(
                "{} does not listen, so a failed dial to it shows nothing",
                home.id
            )),
            Err(reason) => unknown.push(format!("{}: {reason}", home.id)),
        }
    }
    let (looked_at, good) = must_not_connect(seen, DialExpectation::OtherHome, &mut wrong);
    Finding::known(looked_at, &wrong, &unknown, good)
}

fn nothing_else(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let (looked_at, good) = must_not_connect(seen, DialExpectation::Elsewhere, &mut wrong);
    Finding::all(looked_at, &wrong, good)
}

fn circuit(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for (from, to) in &seen.onion_peerings {
        let name = format!("{from} to {to}");
        let Some(trace) = trace_of(seen, from, to) else {
            wrong.push(format!("{name} was not looked at"));
            continue;
        };
        for (count, what) in [
            (trace.requests, "no SOCKS request for it succeeded"),
            (
                trace.attached,
                "the daemon attached no request to a circuit",
            ),
            (
                trace.joined,
                "no circuit of its requests is joined with the far service",
            ),
        ] {
            if count == 0 {
                wrong.push(format!("{name}: {what}"));
                break;
            }
        }
        if trace.joined == 0 {
            continue;
        }
        // Two homes may hold a session in each direction, and packets take either.
        let back = trace_of(seen, to, from);
        let carried = trace.circuit.0 + back.map_or(0, |back| back.circuit.1);
        let passed = trace.passed.0 + back.map_or(0, |back| back.passed.1);
        let delivered: u64 = seen
            .deliveries
            .iter()
            .filter(|packet| packet.from == *from && packet.to == *to)
            .filter(|packet| !packet.arrived.is_empty())
            .map(|packet| packet.payload.len() as u64 * 3 / 4)
            .sum();
        if let (0, Some(reason)) = (delivered, seen.unread_servers.get(to)) {
            unknown.push(format!("{to}: {reason}"));
        } else if delivered == 0 {
            wrong.push(format!("{name}: no packet was delivered"));
        } else if carried < delivered || passed < delivered {
            wrong.push(format!(
                "{name}: {delivered} bytes were delivered, but {passed} passed the proxy and {carried} the circuit"
            ));
        } else {
            good.push(format!(
                "{name}: {delivered} bytes delivered, {carried} on the joined circuit"
            ));
        }
    }
    Finding::known(seen.onion_peerings.len(), &wrong, &unknown, good.join(", "))
}

fn trace_of<'a>(seen: &'a Observations, from: &str, to: &str) -> Option<&'a CircuitTrace> {
    seen.homes
        .iter()
        .find(|home| home.id == from)?
        .circuits
        .iter()
        .find(|trace| trace.to == to)
}

fn no_direct_dial(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for home in seen.onion_homes() {
        let decoy = match home.told_decoy() {
            Ok(decoy) => decoy,
            Err(reason) => {
                unknown.push(reason);
                continue;
            }
        };
        if decoy.direct > 0 {
            wrong.push(format!(
                "{} dialled directly {} times after the onion network refused it",
                home.id, decoy.direct
            ));
        } else if !decoy.control.is_connected() {
            unknown.push(format!(
                "a direct dial from {} would not have arrived: {}",
                home.id, decoy.control
            ));
        } else if decoy.refused == 0 {
            wrong.push(format!("the onion network refused {} nothing", home.id));
        }
        good.push(format!("{}: refused {} times", home.id, decoy.refused));
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}
