//! What connectors say of themselves when a peer is gone.

use super::{Check, Finding, HealthView, Need, Observations, Scope};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "resilience.health",
    says: "a connector's health and its list of peers count a peer that is gone as not connected",
    scope: Scope::Every,
    needs: Need::Health,
    judge: health,
}];

fn health(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for home in &seen.homes {
        if seen.daemonless.contains(&home.id) {
            continue;
        }
        match &home.health {
            Err(reason) => unknown.push(format!("{}: {reason}", home.id)),
            Ok(HealthView {
                connected,
                total,
                decoy_connected,
                gone,
            }) => {
                match decoy_connected {
                    Some(false) => {}
                    Some(true) => wrong.push(format!(
                        "{} lists a peer as connected that does not exist",
                        home.id
                    )),
                    None => wrong.push(format!(
                        "{} does not list the peer that it was told to dial",
                        home.id
                    )),
                }
                if *connected > total.saturating_sub(*gone) {
                    wrong.push(format!(
                        "{} says that {connected} of {total} peers are connected, with {gone} gone",
                        home.id
                    ));
                }
                good.push(format!("{}: {connected} of {total} connected", home.id));
            }
        }
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}
