//! What connectors say and do when a peer is gone.

use super::{Basis, Check, EndingView, Finding, Need, Observations, Removal, Scope};
use crate::topology::format_duration;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "resilience.health",
        basis: Basis::Required,
        stands_on: "contract#health",
        says: "neither a connector's health nor its list of peers counts a peer as connected that is gone",
        scope: Scope::Every,
        needs: Need::Health,
        judge: health,
    },
    Check {
        id: "resilience.health-live",
        basis: Basis::Defect,
        stands_on: "contract#defect-health-frozen",
        says: "a connector's health is not `starting` when its peers are connected, and not `healthy` when all of them have gone",
        scope: Scope::Every,
        needs: Need::Health,
        judge: health_live,
    },
    Check {
        id: "resilience.removed-peer",
        basis: Basis::Defect,
        stands_on: "contract#defect-removed-peer-dialled",
        says: "a peer that was removed is not dialled again",
        scope: Scope::Every,
        needs: Need::Removal,
        judge: removed_peer,
    },
    Check {
        id: "resilience.shutdown",
        basis: Basis::Defect,
        stands_on: "contract#defect-shutdown-hangs",
        says: "SIGTERM ends a connector within 10 s, with a peer's session open and a connection that never said who it is",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: shutdown,
    },
];

/// How many peers there are in all is either way (contract#health): some connectors count those of their
/// file alone.
fn health(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut lacking = Vec::new();
    let mut good = Vec::new();
    for home in &seen.homes {
        if seen.daemonless.contains(&home.id) {
            continue;
        }
        let health = match &home.health {
            Ok(Some(health)) => health,
            Ok(None) => {
                lacking.push(format!("{} has no health to ask for", home.id));
                continue;
            }
            Err(reason) => {
                unknown.push(format!("{}: {reason}", home.id));
                continue;
            }
        };
        if health.decoy_connected == Some(true) {
            wrong.push(format!(
                "{} lists a peer as connected that does not exist",
                home.id
            ));
        }
        match health.connected_before {
            Some(before) if health.connected > before => wrong.push(format!(
                "{} counts {} peers as connected, and counted {before} before it was told to dial one that does not exist",
                home.id, health.connected
            )),
            Some(before) => good.push(format!(
                "{}: {before} connected, and {} with another that does not exist",
                home.id, health.connected
            )),
            None => unknown.push(format!(
                "{}: it was not asked before it was told of a peer that does not exist",
                home.id
            )),
        }
    }
    if wrong.is_empty() && unknown.is_empty() && !lacking.is_empty() {
        return Finding::unsupported(lacking.join("; "));
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}

/// `starting` and `healthy` are words of the interface (contract#health).
fn health_live(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut lacking = Vec::new();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for home in &seen.homes {
        match &home.health {
            Ok(Some(health)) => match health.status.as_deref() {
                Some("starting") => wrong.push(format!(
                    "{} is still starting, with its peers connected",
                    home.id
                )),
                Some(status) => good.push(format!("{}: {status:?}", home.id)),
                None => lacking.push(format!("{} does not say how it is", home.id)),
            },
            Ok(None) => lacking.push(format!("{} has no health to ask for", home.id)),
            Err(reason) => unknown.push(format!("{}: {reason}", home.id)),
        }
    }
    let ending = seen.ending.as_ref().ok().and_then(Option::as_ref);
    for (home, status) in ending.iter().flat_map(|ending| &ending.bereft) {
        match status {
            Ok(Some(status)) if status == "healthy" => {
                wrong.push(format!(
                    "{home} says that it is healthy, and none of its peers is connected"
                ));
            }
            Ok(Some(status)) => good.push(format!("{home} without its peers: {status:?}")),
            Ok(None) => {}
            Err(reason) => unknown.push(format!("{home} without its peers: {reason}")),
        }
    }
    if wrong.is_empty() && unknown.is_empty() && !lacking.is_empty() {
        return Finding::unsupported(lacking.join("; "));
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}

fn removed_peer(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut lacking = Vec::new();
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
        match &decoy.removal {
            Removal::Watched { dials: 0 } => good.push(home.id.clone()),
            Removal::Watched { dials } => wrong.push(format!(
                "{} asked its proxy {dials} times for a peer after it had removed it",
                home.id
            )),
            Removal::Unsupported => {
                lacking.push(format!("{} cannot be told to forget a peer", home.id));
            }
            Removal::Unknown(reason) => unknown.push(format!("{}: {reason}", home.id)),
        }
    }
    if wrong.is_empty() && unknown.is_empty() && !lacking.is_empty() {
        return Finding::unsupported(lacking.join("; "));
    }
    let looked_at = good.len();
    let good = format!("not dialled by {}", good.join(", "));
    Finding::known(looked_at, &wrong, &unknown, good)
}

fn shutdown(seen: &Observations) -> Finding {
    let ending = match &seen.ending {
        Ok(Some(ending)) => ending,
        Ok(None) => {
            return Finding::unsupported(
                "the topology is left running, or a fault has taken that home away, so no connector was told to end",
            );
        }
        Err(reason) => return Finding::inconclusive(reason),
    };
    let EndingView {
        home, open, took, ..
    } = ending;
    match took {
        Some(took) => Finding::pass(format!(
            "{home} ended {} after SIGTERM, with {open}",
            format_duration(*took)
        )),
        None => Finding::fail(format!(
            "{home} had not ended {} after SIGTERM, with {open}",
            format_duration(EndingView::LIMIT)
        )),
    }
}
