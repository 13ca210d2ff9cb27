//! Nothing but the onion network connects the homes.

use super::{Arrival, Check, Crossing, Finding, Observations};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "isolation.published-reachable",
        says: "every home reaches every authority and relay at its published address (so that the dials below could succeed)",
        judge: published,
    },
    Check {
        id: "isolation.home-to-home",
        says: "no home can open a TCP connection to another home's listening ports outside the onion network",
        judge: home_to_home,
    },
    Check {
        id: "isolation.nothing-else",
        says: "a home reaches nothing beyond its own bridge but the published addresses",
        judge: nothing_else,
    },
    Check {
        id: "isolation.circuit",
        says: "each peering's packets crossed its rendezvous circuit: SOCKS request, stream, circuit and the delivered bytes match",
        judge: circuit,
    },
    Check {
        id: "isolation.no-direct-dial",
        says: "a connector that the onion network refuses does not dial directly",
        judge: no_direct_dial,
    },
];

fn published(seen: &Observations) -> Finding {
    must_connect(seen, Arrival::Published)
}

fn must_connect(seen: &Observations, arrival: Arrival) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut looked_at = 0;
    for home in &seen.homes {
        let attempts: Vec<_> = home
            .attempts
            .iter()
            .filter(|attempt| attempt.arrival == arrival)
            .collect();
        if attempts.is_empty() {
            wrong.push(format!("{} tried none", home.id));
        }
        looked_at += attempts.len();
        for attempt in attempts
            .iter()
            .filter(|attempt| attempt.outcome != "connected")
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
    arrival: Arrival,
    wrong: &mut Vec<String>,
) -> (usize, String) {
    let mut looked_at = 0;
    let mut good = Vec::new();
    for home in &seen.homes {
        let attempts: Vec<_> = home
            .attempts
            .iter()
            .filter(|attempt| attempt.arrival == arrival)
            .collect();
        if attempts.is_empty() {
            wrong.push(format!("{} tried none", home.id));
        }
        for attempt in attempts {
            looked_at += 1;
            let line = format!("{} to {}: {}", home.id, attempt.target, attempt.outcome);
            // A refused connection has crossed the border: the far side answered.
            match attempt.outcome.as_str() {
                "timeout" | "network-unreachable" | "host-unreachable" => good.push(line),
                _ => wrong.push(line),
            }
        }
    }
    (looked_at, good.join(", "))
}

fn home_to_home(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    wrong.extend(
        seen.homes
            .iter()
            .filter(|home| !home.listening)
            .map(|home| {
                format!(
                    "{} does not listen, so a failed dial to it shows nothing",
                    home.id
                )
            }),
    );
    let (looked_at, good) = must_not_connect(seen, Arrival::OtherHome, &mut wrong);
    Finding::all(looked_at, &wrong, good)
}

fn nothing_else(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let (looked_at, good) = must_not_connect(seen, Arrival::Elsewhere, &mut wrong);
    Finding::all(looked_at, &wrong, good)
}

fn circuit(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut good = Vec::new();
    for (from, to) in &seen.onion_peerings {
        let name = format!("{from} to {to}");
        let crossing = crossing(seen, from, to);
        let Some(crossing) = crossing else {
            wrong.push(format!("{name} was not looked at"));
            continue;
        };
        for (count, what) in [
            (crossing.requests, "no SOCKS request for it succeeded"),
            (
                crossing.attached,
                "the daemon attached no request to a circuit",
            ),
            (
                crossing.joined,
                "no circuit of its requests is joined with the far service",
            ),
        ] {
            if count == 0 {
                wrong.push(format!("{name}: {what}"));
                break;
            }
        }
        if crossing.joined == 0 {
            continue;
        }
        // Two homes may hold a session in each direction, and packets take either.
        let back = self::crossing(seen, to, from);
        let carried = crossing.circuit.0 + back.map_or(0, |back| back.circuit.1);
        let passed = crossing.passed.0 + back.map_or(0, |back| back.passed.1);
        let delivered: u64 = seen
            .deliveries
            .iter()
            .filter(|packet| packet.from == *from && packet.to == *to)
            .filter(|packet| !packet.arrived.is_empty())
            .map(|packet| packet.payload.len() as u64 * 3 / 4)
            .sum();
        if delivered == 0 {
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
    Finding::all(seen.onion_peerings.len(), &wrong, good.join(", "))
}

fn crossing<'a>(seen: &'a Observations, from: &str, to: &str) -> Option<&'a Crossing> {
    seen.homes
        .iter()
        .find(|home| home.id == from)?
        .crossings
        .iter()
        .find(|crossing| crossing.to == to)
}

fn no_direct_dial(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut good = Vec::new();
    for home in seen.onion_homes() {
        let absent = &home.absent;
        if !absent.registered {
            wrong.push(format!("{} was not told to dial", home.id));
        } else if absent.control != "connected" {
            wrong.push(format!(
                "a direct dial from {} would not have arrived: {}",
                home.id, absent.control
            ));
        } else if absent.refused == 0 {
            wrong.push(format!("the onion network refused {} nothing", home.id));
        }
        if absent.direct > 0 {
            wrong.push(format!(
                "{} dialled directly {} times after the onion network refused it",
                home.id, absent.direct
            ));
        }
        good.push(format!("{}: refused {} times", home.id, absent.refused));
    }
    Finding::all(good.len(), &wrong, good.join(", "))
}
