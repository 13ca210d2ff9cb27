//! Connectors that do not say how they are.

use super::{BentObservation, fails, home, unknown};
use crate::checks::{HealthView, Observations};

fn health(seen: &mut Observations) -> &mut HealthView {
    let health = home(seen, "home-b").health.as_mut();
    health.expect("a healthy connector tells")
}

const HEALTH: &[&str; 1] = &["resilience.health"];

pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        fails(
            HEALTH,
            "a peer that does not exist is listed as connected",
            "home-b lists a peer as connected that does not exist",
            |seen| health(seen).decoy_connected = Some(true),
        ),
        fails(
            HEALTH,
            "a peer that is gone is left out of the list",
            "home-b does not list the peer that it was told to dial",
            |seen| health(seen).decoy_connected = None,
        ),
        fails(
            HEALTH,
            "a peer that is gone is counted as connected",
            "home-b says that 2 of 2 peers are connected, with 1 gone",
            |seen| health(seen).connected = 2,
        ),
        fails(
            HEALTH,
            "more peers than there are",
            "home-b says that 1 of 0 peers are connected",
            |seen| health(seen).total = 0,
        ),
        unknown(
            HEALTH,
            "a connector that does not tell",
            "home-b: home-b's health port did not answer",
            |seen| {
                let silence = "home-b's health port did not answer as it should";
                home(seen, "home-b").health = Err(silence.to_owned());
            },
        ),
    ]
}
