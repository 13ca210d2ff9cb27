//! Who is let in: tokens, and the variables of the other side.

use std::collections::BTreeMap;

use crate::audit::check::{Check, Look};
use crate::audit::connector::{Connector, Peer, is_secret_variable, secret_variable};
use crate::audit::model::Model;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "auth.empty-token",
        says: "no peer has an empty token where nobody has decided about empty ones",
        looks_at: "`authToken` of peers, BTP_ALLOW_NOAUTH",
        why: "An empty token is let in unless BTP_ALLOW_NOAUTH is the text false: whoever finds the address may then take the place of any peer.",
        remedy: "give the peer a token of 32 random bytes, and set BTP_ALLOW_NOAUTH: \"false\"",
        run: empty_token,
    },
    Check {
        id: "auth.noauth-value",
        says: "BTP_ALLOW_NOAUTH is the text false or true",
        looks_at: "BTP_ALLOW_NOAUTH",
        why: "Only the exact text false keeps empty tokens out: 0, no, off, FALSE and nothing at all let them in.",
        remedy: "write BTP_ALLOW_NOAUTH: \"false\"",
        run: noauth_value,
    },
    Check {
        id: "auth.counterpart",
        says: "what is sent to a peer is in the variable of the peer that it is compared with",
        looks_at: "peers with a token, and the environments of connectors",
        why: "A connector compares what comes with BTP_PEER_<ID>_SECRET of its own environment. Authentication is not symmetric: each side's variable holds what the other sends, and without it the handshake is refused. Dots of an id stay dots.",
        remedy: "set BTP_PEER_<ID>_SECRET, with the id in capitals and - as _, to what the other side has as authToken",
        run: counterpart,
    },
    Check {
        id: "auth.variable-without-peer",
        says: "every secret's variable is about a peer",
        looks_at: "BTP_PEER_…_SECRET",
        why: "A variable of an id that nobody has is a slip of the pen: the peer that is meant is refused.",
        remedy: "name the variable after the peer's id, or take it out; a peer that only dials in is known by a route's nextHop",
        run: variable_without_peer,
    },
    Check {
        id: "auth.one-variable",
        says: "no two peers' ids have the same variable",
        looks_at: "ids of peers",
        why: "py-client, py_client and PY-CLIENT share BTP_PEER_PY_CLIENT_SECRET: each can come in as the other.",
        remedy: "give one of them an id that differs in more than case, - and _",
        run: one_variable,
    },
];

fn empty_token(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let decided = connector.variable("BTP_ALLOW_NOAUTH");
        for peer in connector.peers() {
            let Some(token) = &peer.token else { continue };
            look.at_one();
            if token.value.as_deref() != Some("") || decided.is_some() {
                continue;
            }
            let told = format!("the token of the peer {} is empty, and", peer.id);
            match model.lacks_environment(connector) {
                true => look.unknown(
                    &token.at,
                    format!("{told} no Compose file could be read that sets BTP_ALLOW_NOAUTH"),
                ),
                false => look.fail(
                    &token.at,
                    format!("{told} BTP_ALLOW_NOAUTH is not set for {}", connector.name),
                ),
            }
        }
    }
}

fn noauth_value(model: &Model, look: &mut Look) {
    let of_services = model
        .services()
        .flat_map(|(_, service)| &service.environment);
    for variable in of_services.chain(&model.variables) {
        if variable.name != "BTP_ALLOW_NOAUTH" {
            continue;
        }
        let Some(value) = &variable.value else {
            look.note("the value of BTP_ALLOW_NOAUTH");
            continue;
        };
        look.at_one();
        if !["false", "true"].contains(&value.as_str()) {
            look.fail(
                &variable.at,
                format!("BTP_ALLOW_NOAUTH is {value:?}, which lets empty tokens in"),
            );
        }
    }
}

fn sends(peer: &Peer) -> bool {
    peer.token
        .as_ref()
        .is_some_and(|token| token.value.as_deref() != Some(""))
}

fn counterpart(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        for peer in connector.peers().iter().filter(|peer| sends(peer)) {
            let other = model
                .connectors
                .iter()
                .find(|other| other.id() == Some(&peer.id) && other.id() != connector.id());
            match (other, connector.id()) {
                (Some(other), Some(own)) => theirs(connector, own, peer, other, look),
                _ => ours(connector, peer, look),
            }
        }
    }
}

/// The other side is given as well: its variable is looked at.
fn theirs(connector: &Connector, own: &str, peer: &Peer, other: &Connector, look: &mut Look) {
    let Some(token) = &peer.token else { return };
    let name = secret_variable(own);
    if !other.has_environment {
        return look.note(format!("the environment of {}", other.name));
    }
    look.at_one();
    let Some(variable) = other.variable(&name) else {
        return look.fail(
            &token.at,
            format!(
                "{} sends a token to {}, whose environment has no {name}",
                connector.name, other.name
            ),
        );
    };
    match (&token.value, &variable.value) {
        (Some(sent), Some(expected)) if sent != expected => {
            look.fail(
                &variable.at,
                format!(
                    "{name} of {} is not what {} sends ({})",
                    other.name, connector.name, token.at
                ),
            );
        }
        (Some(_), Some(_)) => {}
        _ => look.note(format!("the value of {name}")),
    }
}

/// Only this side is given: what it takes from the peer is looked at.
fn ours(connector: &Connector, peer: &Peer, look: &mut Look) {
    let name = secret_variable(&peer.id);
    if !connector.has_environment {
        return look.note(format!("the environment of {}", connector.name));
    }
    look.at_one();
    if connector.variable(&name).is_none() {
        look.warn(&peer.at, format!("{} sends a token to the peer {}, and has no {name} for what comes from it: unless it never dials, it is refused", connector.name, peer.id));
    }
}

fn variable_without_peer(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let peers = connector.peers();
        let told = connector.config.is_some() || connector.variable("CONNECTOR_PEERS").is_some();
        let variables = connector
            .environment
            .iter()
            .filter(|one| is_secret_variable(&one.name));
        for variable in variables {
            if !told {
                look.note(format!("the peers of {}", connector.name));
                continue;
            }
            look.at_one();
            let ids = peers
                .iter()
                .map(|peer| peer.id.as_str())
                .chain(connector.next_hops());
            let others = model.connectors.iter().filter_map(Connector::id);
            let known = ids.chain(others.filter(|id| Some(*id) != connector.id()));
            if !known.map(secret_variable).any(|name| name == variable.name) {
                look.warn(
                    &variable.at,
                    format!(
                        "{} belongs to no peer and no route of {}",
                        variable.name, connector.name
                    ),
                );
            }
        }
    }
}

fn one_variable(model: &Model, look: &mut Look) {
    for connector in &model.connectors {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for peer in connector.peers() {
            look.at_one();
            let name = secret_variable(&peer.id);
            match known.get(&name) {
                Some(before) if *before != peer.id => look.fail(
                    &peer.at,
                    format!("the peers {before} and {} share {name}", peer.id),
                ),
                Some(_) => look.fail(&peer.at, format!("the peer {} is there twice", peer.id)),
                None => {
                    known.insert(name, peer.id);
                }
            }
        }
    }
}
