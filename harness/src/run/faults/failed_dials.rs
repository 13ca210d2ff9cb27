//! Dials that failed, each with what explains it.

use std::time::Instant;

use crate::checks::{FailedDial, FaultView, FaultsView, SocksRequest};
use crate::onion::monitor::{Stream, Timeline};
use crate::run::context::Run;
use crate::run::faults::monitors::Monitors;

/// How far the record and the daemon's events may be apart, in milliseconds. A port is not used again so soon.
const APART: u128 = 2_000;

/// Every dial of a peer that failed while packets flowed.
pub(super) fn of(run: &Run, view: &FaultsView, monitors: &Monitors<'_>) -> Vec<FailedDial> {
    let mut all = Vec::new();
    for (home, wire) in &view.wires {
        let Ok(wire) = wire else { continue };
        let timelines = monitors.all(home);
        let peers = run.plan.homes.iter().filter_map(|home| home.onion());
        let peers: Vec<&str> = peers.map(|onion| onion.address.expose()).collect();
        for request in wire.requests.iter().filter(|request| has_failed(request)) {
            // The peer that does not exist never answers.
            if !peers.contains(&request.host.expose()) {
                continue;
            }
            let at = request.at_us.saturating_sub(view.began_us) / 1000;
            let unix_ms = i64::try_from(request.at_us / 1000).unwrap_or(i64::MAX);
            let stream = run
                .recorder
                .instant_of(unix_ms)
                .and_then(|at| stream(&timelines, request.upstream, at));
            all.push(FailedDial {
                home: home.clone(),
                at,
                why: explained(stream, &view.faults, home, at),
            });
        }
    }
    all.sort_by_key(|dial| dial.at);
    all
}

fn has_failed(request: &SocksRequest) -> bool {
    match request.reply {
        Some(code) => code != 0,
        None => request.ended,
    }
}

/// The stream that a daemon opened for a request.
fn stream(timelines: &[Timeline], port: u16, at: Instant) -> Option<&Stream> {
    let streams = timelines.iter().flat_map(|one| one.streams.values());
    let apart = |stream: &&Stream| {
        let (one, other) = (stream.begun, at);
        let apart = one.max(other).duration_since(one.min(other));
        apart.as_millis()
    };
    streams
        .filter(|stream| stream.source_port == Some(port))
        .filter(|stream| apart(stream) <= APART)
        .min_by_key(apart)
}

fn explained(stream: Option<&Stream>, faults: &[FaultView], home: &str, at: u64) -> Option<String> {
    let during = faults.iter().find(|fault| {
        let recovered = fault.concerned.iter().filter_map(|one| one.took).max();
        let recovered = recovered.map_or(fault.until, |took| {
            let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            fault.counts_from().saturating_add(took)
        });
        let concerned = fault.concerned.iter();
        let mut concerned = concerned.filter(|one| one.from == home || one.to == home);
        (fault.began..=recovered.max(fault.counts_from())).contains(&at)
            && concerned.next().is_some()
    });
    let told = stream.map(|stream| match (&stream.failure, stream.ended) {
        (Some(reason), _) => format!("the daemon: {reason}"),
        (None, Some(_)) => "ended before it was accepted".to_owned(),
        (None, None) => "the daemon has not answered it".to_owned(),
    });
    match (told, during) {
        (Some(told), Some(fault)) => Some(format!("{told}, while {}", fault.what)),
        (Some(told), None) => Some(told),
        (None, Some(fault)) => Some(format!("while {}", fault.what)),
        (None, None) => None,
    }
}
