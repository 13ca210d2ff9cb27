//! Whether a home's descriptor is to be had from the network, and whether it is that of the daemon that runs now.
//!
//! HSDirs keep the descriptor of a daemon that is gone for hours, and one that was started anew with the same keys finds
//! it there within its first second. The introduction points in it lead nowhere: relays that still hold a circuit of the
//! former daemon acknowledge an introduction that nobody gets, and whoever dials waits in vain, for up to three times
//! its circuit build timeout (measured: 20 s to 60 s of `home start`, in 19 of 28 starts). So the present daemon's own
//! descriptor is waited for before any is fetched.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};

use super::ladder::{Found, seconds};
use crate::causes::with_causes;
use crate::onion::monitor::{Monitor, Transfer};
use crate::onion::{OnionAddress, redact};

/// Time between two attempts.
const POLL: Duration = Duration::from_millis(500);
/// How long one descriptor fetch may take.
const FETCH: Duration = Duration::from_secs(15);
/// Time between two fetches that succeed.
const AGAIN: Duration = Duration::from_secs(2);
/// How long HSDirs are waited for that have not answered when half of them have the descriptor.
const STRAGGLERS: Duration = Duration::from_secs(5);

/// Waits until the home's daemon has published its descriptor, and fetches it.
pub(super) async fn published(
    monitor: &mut Monitor,
    address: &OnionAddress,
    limit: Duration,
) -> Found {
    let until = Instant::now() + limit;
    let result = match sent(monitor, address, until).await {
        Ok(()) => own(monitor, address, until).await,
        Err(why) => Err(why),
    };
    let confirmed = confirmed(monitor);
    match result {
        Ok(took) => Found::holds(format!(
            "{confirmed}the descriptor is published, and was fetched through another circuit in {}",
            seconds(took)
        )),
        Err(why) => Found::surroundings(
            format!("{confirmed}the descriptor cannot be fetched: {why}"),
            "wait, and look again; the network's HSDirs get it from the daemon by themselves",
        ),
    }
}

/// What was seen of the uploads; nothing for a daemon that had done them before.
fn confirmed(monitor: &Monitor) -> String {
    let state = monitor.state();
    match state.uploads {
        0 => String::new(),
        all => format!("{} of {all} HSDirs confirmed it, ", state.uploaded),
    }
}

/// How far a daemon is with sending its descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing was seen of it.
    Unseen,
    /// HSDirs have not answered, or too few have it.
    UnderWay,
    /// Enough of them have it.
    Done,
}

/// How far a daemon is that has begun these uploads.
pub(super) fn how_far(uploads: &[Transfer], now: Instant) -> Sent {
    let Some(last) = uploads.iter().map(|one| one.begun).max() else {
        return Sent::Unseen;
    };
    let confirmed = uploads.iter().filter(|one| is_confirmed(one)).count();
    let is_open = uploads.iter().any(|one| one.ended.is_none());
    let waits = is_open && now.saturating_duration_since(last) < STRAGGLERS;
    match confirmed * 2 < uploads.len() || waits {
        true => Sent::UnderWay,
        false => Sent::Done,
    }
}

fn is_confirmed(upload: &Transfer) -> bool {
    matches!(upload.ended, Some((_, Ok(()))))
}

/// Waits until the daemon has sent its own descriptor to the HSDirs.
async fn sent(monitor: &mut Monitor, address: &OnionAddress, until: Instant) -> Result<(), String> {
    let mut watch = monitor.watch();
    loop {
        watch.mark_unchanged();
        let seen = how_far(&monitor.timeline().uploads, Instant::now());
        let is_sent = match seen {
            Sent::Unseen => monitor.has_published(address).await,
            seen => Ok(seen == Sent::Done),
        };
        let is_sent = is_sent.map_err(|error| redact(&with_causes(&error).to_string()))?;
        // An upload that began while the daemon was asked is waited for as well.
        let has_begun = seen == Sent::Unseen && monitor.state().uploads > 0;
        if is_sent && !has_begun {
            return Ok(());
        }
        if monitor.state().gone {
            return Err("the daemon has ended".to_owned());
        }
        if Instant::now() >= until {
            return Err(match seen {
                Sent::Unseen => "the daemon has not sent it to any HSDir".to_owned(),
                _ => "too few HSDirs confirmed it".to_owned(),
            });
        }
        // What nothing tells is looked at again all the same.
        let _ = timeout_at((Instant::now() + POLL).into(), watch.changed()).await;
    }
}

/// Fetches the descriptor until it is one that this daemon was seen to send. Returns how long the fetch that succeeded
/// took.
async fn own(
    monitor: &mut Monitor,
    address: &OnionAddress,
    until: Instant,
) -> Result<Duration, String> {
    let patient = Instant::now() + STRAGGLERS;
    loop {
        let left = until.saturating_duration_since(Instant::now()).max(FETCH);
        let took = fetched(monitor, address, left).await?;
        let timeline = monitor.timeline();
        // It may have sent that one before it was observed, and the other since.
        if is_own(&timeline.uploads, &timeline.fetches) || Instant::now() >= patient {
            return Ok(took);
        }
        // An HSDir is asked once in 15 min, and there are 6 to 8 of them.
        sleep(AGAIN).await;
    }
}

/// Whether what was fetched last is a descriptor that was sent. A daemon sends two, of which one is for the present (by
/// their ids); one that has sent them before it was observed is taken at its word.
pub(super) fn is_own(uploads: &[Transfer], fetches: &[Transfer]) -> bool {
    let last = fetches.iter().rev().find(|one| is_confirmed(one));
    uploads.is_empty()
        || last.is_some_and(|fetch| {
            let mut sent = uploads.iter().filter(|one| is_confirmed(one));
            sent.any(|one| one.descriptor == fetch.descriptor)
        })
}

/// Has a daemon fetch the descriptor of an address from the network, however often it takes. Returns how long the fetch
/// that succeeded took.
pub(super) async fn fetched(
    monitor: &mut Monitor,
    address: &OnionAddress,
    limit: Duration,
) -> Result<Duration, String> {
    let label = address.expose_label();
    let until = Instant::now() + limit;
    let mut watch = monitor.watch();
    let count = |state: &crate::onion::monitor::DaemonState| {
        state.received.get(label).copied().unwrap_or_default()
    };
    loop {
        let before = count(&watch.borrow_and_update());
        let begun = Instant::now();
        let asked = monitor.control.command(&format!("HSFETCH {label}")).await;
        if let Err(error) = asked {
            return Err(redact(&with_causes(&error).to_string()));
        }
        let attempt = (begun + FETCH).min(until);
        while let Ok(Ok(())) = timeout_at(attempt.into(), watch.changed()).await {
            if count(&watch.borrow_and_update()) > before {
                return Ok(begun.elapsed());
            }
            if monitor.state().gone {
                return Err("the daemon has ended".to_owned());
            }
            // Every HSDir that was asked has refused.
            let timeline = monitor.timeline();
            let mut of_it = timeline
                .fetches
                .iter()
                .filter(|one| one.label.expose() == label && one.begun >= begun)
                .peekable();
            if of_it.peek().is_some()
                && of_it.all(|one| one.ended.as_ref().is_some_and(|(_, end)| end.is_err()))
                && begun.elapsed() > POLL
            {
                break;
            }
        }
        if Instant::now() >= until {
            let timeline = monitor.timeline();
            let last = timeline.fetches.iter().rev().find_map(|one| {
                let reason = one.ended.as_ref()?.1.as_ref().err()?;
                (one.label.expose() == label).then(|| reason.clone())
            });
            return Err(last.map_or_else(
                || format!("no answer within {}", seconds(limit)),
                |reason| format!("the HSDirs say {reason}"),
            ));
        }
        sleep(POLL).await;
    }
}
