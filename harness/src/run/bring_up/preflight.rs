//! Whether a network that others run lets a home in.
//!
//! Nothing of the homes can be judged where their daemons cannot enter the network at all: that says
//! something of the place where they run. The daemon's own connections (`ORCONN`) and its bootstrap
//! tell what is in the way.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::events::Stage;
use crate::evidence::Subject;
use crate::onion::monitor::{DaemonState, Monitor};
use crate::plan::HomePlan;
use crate::run::context::Run;
use crate::run::error::{RunError, StageFailure};
use crate::run::preflight_failure::{NO_ROUTE, PreflightFailure};

/// How long a daemon may take to its first connection. It tries another relay every few seconds.
const ENTRY: Duration = Duration::from_secs(30);
/// How long bootstrap may stand still. A slow public network moves within seconds.
const STANDSTILL: Duration = Duration::from_secs(45);
/// So many failures of one kind, and nothing else, are no chance any more.
const ENOUGH: usize = 3;
/// Bootstrap percentage from which a TCP connection was there (`conn_done`).
const TCP_CONNECTED: u8 = 10;

/// What keeps a daemon out of its network, after it was waited for and after its bootstrap has stood still for so long.
/// `None` while that cannot be said.
#[must_use]
pub fn kept_out(
    home: &str,
    state: &DaemonState,
    waited: Duration,
    stood: Duration,
) -> Option<PreflightFailure> {
    match state.connections.connected {
        0 if state.bootstrap < 100 => failure(home, state, waited),
        _ => (stood >= STANDSTILL).then(|| blocked(home, state)),
    }
}

/// What is in the way of a daemon that has entered nothing yet. `None` while that cannot be said.
fn failure(home: &str, state: &DaemonState, waited: Duration) -> Option<PreflightFailure> {
    let connections = &state.connections;
    let failed: usize = connections.failed.values().sum();
    let unrouted = connections.failed.get(NO_ROUTE).copied().unwrap_or(0);
    if unrouted >= ENOUGH && unrouted == failed {
        return Some(PreflightFailure::NoRoute {
            home: home.to_owned(),
            dials: unrouted,
        });
    }
    if state.bootstrap >= TCP_CONNECTED && failed >= ENOUGH {
        return Some(blocked(home, state));
    }
    (waited >= ENTRY).then(|| PreflightFailure::Unreachable {
        home: home.to_owned(),
        seen: became(state),
        waited,
    })
}

fn blocked(home: &str, state: &DaemonState) -> PreflightFailure {
    PreflightFailure::Blocked {
        home: home.to_owned(),
        percent: state.bootstrap,
        tag: state.tag.clone(),
        seen: became(state),
    }
}

/// What became of a daemon's connections, in words.
fn became(state: &DaemonState) -> String {
    let connections = &state.connections;
    let failed: Vec<String> = connections
        .failed
        .iter()
        .map(|(reason, count)| format!("{count} failed with {reason}"))
        .collect();
    let ended = connections.connected + connections.failed.values().sum::<usize>();
    let silent = connections.launched.saturating_sub(ended);
    let mut parts = vec![format!("{} connections were tried", connections.launched)];
    parts.extend(failed);
    if silent > 0 {
        parts.push(format!("{silent} got no answer"));
    }
    if let Some(reason) = &state.warning {
        parts.push(format!("the daemon warns: {reason}"));
    }
    parts.join(", ")
}

/// Waits until a home's daemon is bootstrapped, or says what keeps it out of the network.
pub(in crate::run) async fn entered(
    run: &Run,
    home: &HomePlan,
    monitor: &Monitor,
) -> Result<(), RunError> {
    let guard = run
        .recorder
        .stage(Stage::Preflight, Subject::Home(home.id.clone()));
    let mut watch = monitor.watch();
    let begun = Instant::now();
    let mut moved = (begun, 0);
    loop {
        let state = watch.borrow_and_update().clone();
        guard.saw(format!(
            "bootstrap at {} % ({}), {}",
            state.bootstrap,
            state.tag,
            became(&state)
        ));
        if state.bootstrap == 100 {
            guard.reached(became(&state));
            return Ok(());
        }
        if state.gone {
            return Err(
                StageFailure::of(&guard, "the daemon closed its control connection").into(),
            );
        }
        if state.bootstrap > moved.1 {
            moved = (Instant::now(), state.bootstrap);
        }
        let until = match state.connections.connected {
            0 => begun + ENTRY,
            _ => moved.0 + STANDSTILL,
        };
        if let Some(failure) = kept_out(&home.id, &state, begun.elapsed(), moved.0.elapsed()) {
            return Err(failure.into());
        }
        // What comes first: an event, or the time after which none is an answer too.
        if let Ok(Err(_)) = timeout_at(until, watch.changed()).await {
            return Err(
                StageFailure::of(&guard, "the daemon closed its control connection").into(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(percent: u8, launched: usize, failed: &[(&str, usize)]) -> DaemonState {
        let mut state = DaemonState::default();
        state.bootstrap = percent;
        state.tag = "conn".to_owned();
        state.connections.launched = launched;
        for (reason, count) in failed {
            state
                .connections
                .failed
                .insert((*reason).to_owned(), *count);
        }
        state
    }

    fn sentence(state: &DaemonState, waited: u64) -> Option<String> {
        let found = failure("a", state, Duration::from_secs(waited));
        found.map(|failure| failure.to_string())
    }

    #[test]
    fn a_machine_without_a_route_is_known_at_once() {
        let text = sentence(&state(0, 3, &[("NOROUTE", 3)]), 3).expect("known");
        assert!(
            text.starts_with("no route to the internet from a: all 3 connections"),
            "{text}"
        );
        // Two may be chance, and one that fails otherwise has found a way.
        assert_eq!(sentence(&state(0, 2, &[("NOROUTE", 2)]), 3), None);
        assert_eq!(
            sentence(&state(0, 4, &[("NOROUTE", 3), ("TIMEOUT", 1)]), 3),
            None
        );
    }

    #[test]
    fn silence_and_refusals_are_told_with_their_numbers() {
        let silent = state(5, 4, &[]);
        assert_eq!(sentence(&silent, 29), None);
        let text = sentence(&silent, 30).expect("known");
        assert!(
            text.contains("4 connections were tried, 4 got no answer within 30 s"),
            "{text}"
        );
        let refused = state(5, 4, &[("CONNECTREFUSED", 3)]);
        let text = sentence(&refused, 31).expect("known");
        assert!(
            text.contains("3 failed with CONNECTREFUSED, 1 got no answer"),
            "{text}"
        );
    }

    #[test]
    fn a_portal_takes_connections_and_no_handshake() {
        let mut portal = state(10, 3, &[("TLS_ERROR", 3)]);
        portal.warning = Some("TLS_ERROR".to_owned());
        let text = sentence(&portal, 4).expect("known");
        assert!(
            text.starts_with("a captive or blocking network between a and"),
            "{text}"
        );
        assert!(
            text.contains("stuck at 10 % (conn), 3 connections were tried, 3 failed"),
            "{text}"
        );
        assert_eq!(sentence(&state(10, 3, &[("TLS_ERROR", 2)]), 4), None);
    }
}
