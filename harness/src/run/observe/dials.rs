//! Dials from inside every home that must or must not connect.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use futures_util::future::join_all;
use tokio::net::TcpListener;

use crate::causes::with_causes;
use crate::checks::{Attempt, DialExpectation};
use crate::engine::EngineError;
use crate::evidence::Gathered;
use crate::onion::anonrc::SOCKS_PORT;
use crate::plan::HomePlan;
use crate::run::context::Run;
use crate::run::dials::{dial, published};

/// How long a dial that must not connect is tried, in milliseconds. A home that is locked down has no route
/// and fails at once; a home behind NAT alone would wait this long.
const FORBIDDEN_DIAL_MS: &str = "1000";
/// How long a home's own port may take to answer, in milliseconds.
const LISTENING_MS: &str = "1000";

/// Dials from inside every home that must or must not connect, by the home's id.
pub(in crate::run) async fn attempts(
    run: &Run,
) -> Result<BTreeMap<String, Vec<Attempt>>, EngineError> {
    let homes = run.plan.homes.iter().map(|home| async {
        let attempts = of_home(run, home).await?;
        Ok((home.id.clone(), attempts))
    });
    join_all(homes).await.into_iter().collect()
}

async fn of_home(run: &Run, home: &HomePlan) -> Result<Vec<Attempt>, EngineError> {
    let mut targets: Vec<(DialExpectation, SocketAddr)> = published(&run.plan)
        .into_iter()
        .map(|target| (DialExpectation::Published, target))
        .collect();
    let neighbours = |other: &HomePlan| run.plan.topology.neighbours(&other.id, &home.id);
    let others: Vec<&HomePlan> = run
        .plan
        .homes
        .iter()
        .filter(|other| !neighbours(other))
        .collect();
    for other in &others {
        for port in other.ports.all().into_iter().chain([SOCKS_PORT]) {
            targets.push((DialExpectation::OtherHome, other.socket(port)));
        }
    }
    // Two more places that do listen: a relay at its own address instead of the published one,
    // and this process at another home's router.
    // Where homes are not locked down, there is no such place.
    if let Some(relay) = run.plan.relays.first() {
        let own = SocketAddr::from((relay.address, relay.published.or_port));
        targets.push((DialExpectation::Elsewhere, own));
    }
    let mut listener = None;
    if run.plan.router().is_some()
        && let Some(other) = others.first()
    {
        // Without a listener there is one place less to try, and the relay is left.
        match TcpListener::bind((other.gateway, 0)).await {
            Ok(bound) => match bound.local_addr() {
                Ok(address) => {
                    targets.push((DialExpectation::Elsewhere, address));
                    listener = Some(bound);
                }
                Err(error) => run
                    .recorder
                    .note(format!("no dial to a router: {}", with_causes(&error))),
            },
            Err(error) => run
                .recorder
                .note(format!("no dial to a router: {}", with_causes(&error))),
        }
    }
    let addresses: Vec<SocketAddr> = targets.iter().map(|(_, target)| *target).collect();
    let dialled = dial(run, home, &addresses, FORBIDDEN_DIAL_MS).await?;
    drop(listener);
    let outcome = |target: SocketAddr| dialled.iter().find(|one| one.target == target);
    Ok(targets
        .into_iter()
        .filter_map(|(expectation, target)| {
            Some(Attempt {
                expectation,
                target,
                outcome: outcome(target)?.outcome,
            })
        })
        .collect())
}

/// Whether the home's BTP ports take connections at the home's own address. Asked from inside: a
/// tunnel takes them before it knows.
pub(in crate::run) async fn listens(run: &Run, home: &HomePlan) -> Gathered<bool> {
    let ports = home.ports.btp();
    if ports.is_empty() {
        return Err("nobody dials it, so it has no BTP port".to_owned());
    }
    let own: Vec<SocketAddr> = ports.into_iter().map(|port| home.socket(port)).collect();
    let dialled = dial(run, home, &own, LISTENING_MS)
        .await
        .map_err(|error| with_causes(&error).to_string())?;
    Ok(dialled.iter().all(|one| one.outcome.is_connected()))
}
