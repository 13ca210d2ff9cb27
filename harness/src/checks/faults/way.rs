//! Whether the onion network had a way for what connectors dialled while they got over a fault.

use crate::checks::{FaultView, FaultsView, Observations, SocksRequest};
use crate::probe::{DialErrorKind, ReplyCode};

use super::view::ms;

/// Why it is not a connector's fault that a direction has not come back in time: since the fault was over peers were
/// dialled, to the end, and their daemons found a way for none of these dials. `None` where one had a way, or where
/// nobody dialled any more.
pub(super) fn none(seen: &Observations, view: &FaultsView, fault: &FaultView) -> Option<String> {
    let from = fault.counts_from();
    let within = fault.within.map(|within| within.as_millis());
    let within = within.and_then(|within| u64::try_from(within).ok());
    let until = fault.until.min(from.saturating_add(within?));
    let is_peer = |host: &str| {
        let mut planned = seen.homes.iter().filter_map(|home| home.planned.as_ref());
        planned.any(|one| one.expose() == host)
    };
    let mut dials = 0;
    let mut last = 0;
    for (home, wire) in &view.wires {
        let wire = match wire {
            Ok(wire) => wire,
            Err(why) => return Some(format!("what {home} dialled is not known: {why}")),
        };
        let peers = wire.requests.iter();
        for request in peers.filter(|request| is_peer(request.host.expose())) {
            let at = request.at_us.saturating_sub(view.began_us) / 1000;
            // Of those before, one may be open yet, and hang.
            if at > until || (at < from && (request.ended || request.reply.is_some())) {
                continue;
            }
            if had_a_way(request) {
                return None;
            }
            dials += 1;
            last = last.max(if request.ended { at } else { until });
        }
    }
    // Whoever dials no more in the second half has given up.
    let keeps_on = last >= from + (until.saturating_sub(from)) / 2;
    (dials > 0 && keeps_on).then(|| {
        format!(
            "the onion network carried none of the {dials} dials of peers in the {} after it",
            ms(until.saturating_sub(from))
        )
    })
}

/// Whether it came to its end, whatever that said.
fn had_a_way(request: &SocksRequest) -> bool {
    match request.reply {
        None => false,
        Some(byte) => ReplyCode::from_byte(byte)
            .is_none_or(|code| !DialErrorKind::Refused(code).is_of_the_way()),
    }
}
