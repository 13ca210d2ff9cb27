//! BTP sessions and their secrets.

use super::{Check, Finding, Need, Observations, Refusal, Scope};
use crate::topology::format_duration;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "handshake.wiring",
        says: "each side's environment holds the secrets that the other sides send, and says whether empty ones are allowed",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: wiring,
    },
    Check {
        id: "handshake.connected",
        says: "every peering's BTP session is up, and the accepting side authenticated the dialling one",
        scope: Scope::Every,
        needs: Need::PeerList,
        judge: connected,
    },
    Check {
        id: "handshake.right-secret",
        says: "a third peer with the right secret is let in through the onion network",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: right_secret,
    },
    Check {
        id: "handshake.wrong-secret",
        says: "a third peer with a wrong secret gets ERROR F00 and close 1008",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: wrong_secret,
    },
    Check {
        id: "handshake.empty-secret",
        says: "a third peer with an empty secret gets ERROR F00 and close 1008, or is let in where BTP_ALLOW_NOAUTH allows it",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: empty_secret,
    },
    Check {
        id: "handshake.configured-secret",
        says: "the token that a connector sends to a peer it dials lets nobody in: ERROR F00 and close 1008",
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
    let logged = seen.connector.capabilities().logs_admissions;
    for peering in &seen.peerings {
        let (from, to) = (&peering.from, &peering.to);
        match &peering.connected {
            Ok(Some(true)) => {}
            Ok(Some(false)) => wrong.push(format!("{from} is not connected to {to}")),
            Err(reason) => unknown.push(format!("{from} to {to}: {reason}")),
            Ok(None) => wrong.push(format!("{from} does not know the peer {to}")),
        }
        if logged && !peering.accepted_in_log {
            wrong.push(format!("{to} logged no accepted authentication of {from}"));
        }
    }
    let good: Vec<String> = seen
        .peerings
        .iter()
        .map(|peering| format!("{} to {}", peering.from, peering.to))
        .collect();
    Finding::known(seen.peerings.len(), &wrong, &unknown, good.join(", "))
}

fn right_secret(seen: &Observations) -> Finding {
    match &seen.probe.accepted {
        Ok(took) => Finding::pass(format!(
            "let in by {} through {} after {}",
            seen.probe.to,
            seen.probe.via,
            format_duration(*took)
        )),
        Err(reason) => Finding::fail(reason),
    }
}

fn wrong_secret(seen: &Observations) -> Finding {
    refused(seen, &seen.probe.wrong_secret)
}

fn empty_secret(seen: &Observations) -> Finding {
    if !seen.probe.no_auth_allowed {
        return refused(seen, &seen.probe.empty_secret);
    }
    match &seen.probe.empty_secret {
        Refusal::Accepted => Finding::pass("let in, as BTP_ALLOW_NOAUTH allows"),
        Refusal::AsContract => Finding::fail("refused, though BTP_ALLOW_NOAUTH allows it"),
        Refusal::Otherwise(how) => Finding::fail(how),
    }
}

fn configured_secret(seen: &Observations) -> Finding {
    refused(seen, &seen.probe.configured_secret)
}

fn refused(seen: &Observations, refusal: &Refusal) -> Finding {
    match refusal {
        Refusal::AsContract => {
            let owed = seen.connector.answers().refusal;
            Finding::pass(format!("refused with {owed}"))
        }
        Refusal::Accepted => Finding::fail("let in"),
        Refusal::Otherwise(how) => Finding::fail(how),
    }
}
