//! Nothing but the onion network connects the homes.

use super::{Arrival, Check, Finding, Observations};

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
