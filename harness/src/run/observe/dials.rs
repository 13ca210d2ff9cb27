//! Dials from inside every home that must or must not connect.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::causes::with_causes;
use crate::checks::{Attempt, DialExpectation};
use crate::engine::EngineError;
use crate::evidence::{Dialled, Gathered};
use crate::onion::anonrc::SOCKS_PORT;
use crate::plan::HomePlan;
use crate::run::context::Run;
use crate::run::dials::{dial, published};

/// How long a dial that must not connect is tried, in milliseconds. A home that is locked down has no route
/// and fails at once; a home behind NAT alone would wait this long.
const FORBIDDEN_DIAL_MS: &str = "1000";
/// How often a place that must not be reached has to be reached before it counts as open. An engine lets everything pass
/// between its networks for some milliseconds whenever it makes one: it takes out the rule that keeps them apart and puts
/// it back (libnetwork, `EnsureJumpRule`).
const LOOKS: usize = 3;
/// The time between two such looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
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
    let mut dialled = dial(run, home, &addresses, FORBIDDEN_DIAL_MS).await?;
    for _ in 1..LOOKS {
        let open = open(&targets, &dialled);
        if open.is_empty() {
            break;
        }
        sleep(BETWEEN_LOOKS).await;
        let again = dial(run, home, &open, FORBIDDEN_DIAL_MS).await?;
        let shut = shut_since(&mut dialled, again);
        if !shut.is_empty() {
            let shut: Vec<String> = shut.iter().map(ToString::to_string).collect();
            run.recorder.note(format!(
                "{} reached {} for a moment, and then no more: what an engine does while it makes a network",
                home.id,
                shut.join(", ")
            ));
        }
    }
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

/// The places that must not be reached and were.
fn open(targets: &[(DialExpectation, SocketAddr)], dialled: &[Dialled]) -> Vec<SocketAddr> {
    let forbidden = |target: SocketAddr| {
        let mut targets = targets.iter();
        targets
            .any(|(expectation, one)| *expectation != DialExpectation::Published && *one == target)
    };
    dialled
        .iter()
        .filter(|one| forbidden(one.target) && !one.outcome.met_nobody())
        .map(|one| one.target)
        .collect()
}

/// Takes later dials for the earlier ones where those now meet nobody, and returns where that is.
fn shut_since(dialled: &mut [Dialled], again: Vec<Dialled>) -> Vec<SocketAddr> {
    let mut shut = Vec::new();
    for later in again.into_iter().filter(|one| one.outcome.met_nobody()) {
        if let Some(earlier) = dialled.iter_mut().find(|one| one.target == later.target) {
            shut.push(later.target);
            *earlier = later;
        }
    }
    shut
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

#[cfg(test)]
mod tests {
    use super::{open, shut_since};
    use crate::checks::DialExpectation::{Elsewhere, OtherHome, Published};
    use crate::evidence::{DialOutcome, Dialled};
    use std::net::SocketAddr;

    fn at(port: u16) -> SocketAddr {
        ([10, 0, 0, 1], port).into()
    }

    fn dialled(port: u16, outcome: DialOutcome) -> Dialled {
        Dialled {
            target: at(port),
            outcome,
            millis: 1,
        }
    }

    #[test]
    fn what_must_not_be_reached_and_was_is_looked_at_again() {
        let targets = [
            (Published, at(1)),
            (OtherHome, at(2)),
            (OtherHome, at(3)),
            (Elsewhere, at(4)),
        ];
        let first = [
            dialled(1, DialOutcome::Connected),
            dialled(2, DialOutcome::Connected),
            dialled(3, DialOutcome::Timeout),
            dialled(4, DialOutcome::Refused),
        ];
        assert_eq!(open(&targets, &first), [at(2), at(4)]);
    }

    #[test]
    fn only_what_is_open_each_time_counts_as_open() {
        let mut dials = [
            dialled(2, DialOutcome::Connected),
            dialled(4, DialOutcome::Connected),
        ];
        let again = vec![
            dialled(2, DialOutcome::Timeout),
            dialled(4, DialOutcome::Refused),
        ];
        assert_eq!(shut_since(&mut dials, again), [at(2)]);
        assert_eq!(dials[0].outcome, DialOutcome::Timeout);
        assert_eq!(dials[1].outcome, DialOutcome::Connected);
    }
}
