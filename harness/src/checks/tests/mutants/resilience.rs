//! What connectors say and do when a peer is gone.

use super::{BentObservation, fails, home, unknown};
use crate::checks::{DecoyView, EndingView, HealthView, Observations, Removal};

fn health(seen: &mut Observations) -> &mut HealthView {
    let health = home(seen, "home-b").health.as_mut();
    let health = health.expect("a healthy connector tells");
    health.as_mut().expect("it has a health")
}

fn decoy(seen: &mut Observations) -> &mut DecoyView {
    let decoy = home(seen, "home-b").decoy.as_mut().expect("is looked at");
    decoy.as_mut().expect("is told to dial")
}

fn ending(seen: &mut Observations) -> &mut EndingView {
    let ending = seen.ending.as_mut().expect("is told to end");
    ending.as_mut().expect("is told to end")
}

const HEALTH: &[&str; 1] = &["resilience.health"];
const LIVE: &[&str; 1] = &["resilience.health-live"];
const REMOVED: &[&str; 1] = &["resilience.removed-peer"];
const SHUTDOWN: &[&str; 1] = &["resilience.shutdown"];

pub(super) fn mutants() -> Vec<BentObservation> {
    let mut all = of_health();
    all.extend(of_peers());
    all
}

fn of_health() -> Vec<BentObservation> {
    vec![
        fails(
            HEALTH,
            "a peer that does not exist is listed as connected",
            "home-b lists a peer as connected that does not exist",
            |seen| health(seen).decoy_connected = Some(true),
        ),
        fails(
            HEALTH,
            "a peer that does not exist is counted as connected",
            "home-b counts 2 peers as connected, and counted 1 before",
            |seen| health(seen).connected = 2,
        ),
        unknown(
            HEALTH,
            "a connector that was not asked before",
            "home-b: it was not asked before",
            |seen| health(seen).connected_before = None,
        ),
        unknown(
            &["resilience.health", "resilience.health-live"],
            "a connector that does not tell",
            "home-b: home-b's health port did not answer",
            |seen| {
                let silence = "home-b's health port did not answer as it should";
                home(seen, "home-b").health = Err(silence.to_owned());
            },
        ),
        fails(
            LIVE,
            "starting for ever",
            "home-b is still starting, with its peers connected",
            |seen| health(seen).status = Some("starting".to_owned()),
        ),
        fails(
            LIVE,
            "healthy without peers",
            "home-a says that it is healthy, and none of its peers is connected",
            |seen| ending(seen).bereft[0].1 = Ok(Some("healthy".to_owned())),
        ),
        unknown(
            LIVE,
            "a health that is silent without peers",
            "home-a without its peers: no answer",
            |seen| ending(seen).bereft[0].1 = Err("no answer".to_owned()),
        ),
    ]
}

fn of_peers() -> Vec<BentObservation> {
    vec![
        fails(
            REMOVED,
            "a removed peer is dialled again",
            "home-b asked its proxy 1 times for a peer after it had removed it",
            |seen| decoy(seen).removal = Removal::Watched { dials: 1 },
        ),
        unknown(
            REMOVED,
            "a peer that could not be removed",
            "home-b: no answer",
            |seen| decoy(seen).removal = Removal::Unknown("no answer".to_owned()),
        ),
        fails(
            SHUTDOWN,
            "a connector that does not end",
            "home-b had not ended 10.0 s after SIGTERM",
            |seen| ending(seen).took = None,
        ),
        unknown(
            SHUTDOWN,
            "a connector that was not told to end",
            "the engine did not answer",
            |seen| seen.ending = Err("the engine did not answer".to_owned()),
        ),
    ]
}
