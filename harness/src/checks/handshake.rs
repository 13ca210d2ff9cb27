//! BTP sessions and their secrets.

use super::{
    Answer, Basis, Check, Entry, Finding, Need, Observations, PeeringView, Refusal, Scope,
};
use crate::topology::format_duration;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "handshake.wiring",
        basis: Basis::Required,
        stands_on: "",
        says: "each side's environment holds the secrets that the other sides send, and says whether empty ones are allowed",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: wiring,
    },
    Check {
        id: "handshake.connected",
        basis: Basis::Required,
        stands_on: "contract#auth-accepted",
        says: "every peering's BTP session is up: a packet crossed between its homes, or bytes both ways on its rendezvous circuit; and no connector says of such a peer that it is not connected",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: connected,
    },
    Check {
        id: "handshake.right-secret",
        basis: Basis::Required,
        stands_on: "contract#auth-accepted",
        says: "a third peer with the right secret is let in through the onion network",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: right_secret,
    },
    Check {
        id: "handshake.wrong-secret",
        basis: Basis::Required,
        stands_on: "contract#auth-refused",
        says: "a third peer with a wrong secret gets an ERROR, and its connection ends",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: wrong_secret,
    },
    Check {
        id: "handshake.empty-secret",
        basis: Basis::Required,
        stands_on: "contract#auth-empty-secret",
        says: "where BTP_ALLOW_NOAUTH forbids it, a third peer with an empty secret gets an ERROR, and its connection ends; elsewhere a peer that has no secret is let in or refused in that way",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: empty_secret,
    },
    Check {
        id: "handshake.takeover",
        basis: Basis::Defect,
        stands_on: "contract#defect-empty-secret-takeover",
        says: "nobody takes over the id of a peer that has a secret by showing an empty one, whatever BTP_ALLOW_NOAUTH says",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: takeover,
    },
    Check {
        id: "handshake.configured-secret",
        basis: Basis::Required,
        stands_on: "contract#auth-token-is-shown",
        says: "the token that a connector sends to a peer it dials lets nobody in: ERROR, and the connection ends",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: configured_secret,
    },
];

fn wiring(seen: &Observations) -> Finding {
    let mut looked_at = 0;
    let mut wrong = seen.unseen_homes();
    for home in &seen.homes {
        looked_at += home.wiring.len();
        if home.wiring.is_empty() {
            wrong.push(format!("none of {}'s variables was looked at", home.id));
        }
        for (variable, right) in &home.wiring {
            if !right {
                wrong.push(format!(
                    "{}'s connector has another value for {variable}",
                    home.id
                ));
            }
        }
    }
    Finding::all(
        looked_at,
        &wrong,
        format!("{looked_at} variables as planned"),
    )
}

fn connected(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_peerings();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for peering in &seen.peerings {
        let name = format!("{} to {}", peering.from, peering.to);
        let shown = session_shown(seen, peering);
        match (&peering.connected, shown) {
            (Ok(Some(false)), Some(how)) => wrong.push(format!(
                "{} says that {} is not connected, but {how}",
                peering.from, peering.to
            )),
            (Ok(Some(false)), None) => {
                wrong.push(format!(
                    "{} is not connected to {}",
                    peering.from, peering.to
                ));
            }
            (_, Some(how)) => {
                let logged = peering.admitted_in_line.map_or_else(String::new, |line| {
                    format!(", logged by {} in line {line}", peering.to)
                });
                good.push(format!("{name}: {how}{logged}"));
            }
            (Ok(None), None) => {
                wrong.push(format!(
                    "{} does not know the peer {}",
                    peering.from, peering.to
                ));
            }
            (Ok(Some(true)), None) => unknown.push(format!(
                "{name}: {} says that it is connected, and nothing was seen of the session",
                peering.from
            )),
            (Err(reason), None) => unknown.push(format!("{name}: {reason}")),
        }
    }
    Finding::known(seen.peerings.len(), &wrong, &unknown, good.join(", "))
}

/// What shows that two homes have a session, where it cannot be made up: a packet that arrived at the far
/// home's server, or bytes in both directions on the circuit that is joined with the far service.
fn session_shown(seen: &Observations, peering: &PeeringView) -> Option<String> {
    let (from, to) = (peering.from.as_str(), peering.to.as_str());
    let recorded = seen.connector.capabilities().records_deliveries;
    let crossed = seen.deliveries.iter().find(|packet| {
        let ends = [packet.from.as_str(), packet.to.as_str()];
        let between = ends == [from, to] || ends == [to, from];
        let arrived = match recorded && !seen.unread_servers.contains_key(&packet.to) {
            true => !packet.arrived.is_empty(),
            false => packet.answer == Answer::Fulfilled { fits: true },
        };
        between && arrived
    });
    if let Some(packet) = crossed {
        return Some(format!(
            "a packet crossed from {} to {}",
            packet.from, packet.to
        ));
    }
    let home = seen.homes.iter().find(|home| home.id == from)?;
    let trace = home.circuits.iter().find(|trace| trace.to == to)?;
    let (sent, received) = trace.passed;
    (trace.joined > 0 && sent > 0 && received > 0)
        .then(|| format!("{sent} bytes went out and {received} came in on its joined circuit"))
}

fn right_secret(seen: &Observations) -> Finding {
    match &seen.probe.accepted {
        Entry::LetIn(took) => Finding::pass(format!(
            "let in by {} through {} after {}",
            seen.probe.to,
            seen.probe.via,
            format_duration(*took)
        )),
        Entry::Shut(how) => Finding::fail(how),
        Entry::Untried(why) => Finding::inconclusive(why),
    }
}

fn wrong_secret(seen: &Observations) -> Finding {
    refused(&seen.probe.wrong_secret)
}

fn empty_secret(seen: &Observations) -> Finding {
    if !seen.probe.no_auth_allowed {
        return refused(&seen.probe.empty_secret);
    }
    match &seen.probe.stranger {
        Refusal::Accepted => Finding::pass("let in, as BTP_ALLOW_NOAUTH allows"),
        other => refused(other),
    }
}

fn takeover(seen: &Observations) -> Finding {
    match &seen.probe.empty_secret {
        Refusal::Accepted => Finding::fail(format!(
            "{}, which has a secret, was let in by {} without it",
            seen.probe.id, seen.probe.to
        )),
        Refusal::Refused(how) => Finding::pass(how),
        // How a refusal has to look is for another check to say.
        Refusal::Otherwise(how) => Finding::pass(format!("not let in: {how}")),
        Refusal::Untried(why) => Finding::inconclusive(why),
    }
}

fn configured_secret(seen: &Observations) -> Finding {
    refused(&seen.probe.configured_secret)
}

fn refused(refusal: &Refusal) -> Finding {
    match refusal {
        Refusal::Refused(how) => Finding::pass(how),
        Refusal::Accepted => Finding::fail("let in"),
        Refusal::Otherwise(how) => Finding::fail(how),
        Refusal::Untried(why) => Finding::inconclusive(why),
    }
}
