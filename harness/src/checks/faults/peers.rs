//! What connectors do about their peers, and say of them, while something is broken.

use std::collections::BTreeMap;
use std::time::Duration;

use super::view::{made, ms, seen_of, unmade};
use crate::checks::{Finding, Observations, PeerSample};

/// How long what connectors say of their peers may take to be true: 35 s, and two more until they are asked.
const TRUE_WITHIN: Duration = Duration::from_secs(37);
/// More dials of one peer than this within [`WINDOW_US`] are without a pause.
const DIALS: usize = 20;
/// In microseconds.
const WINDOW_US: u64 = 4_000_000;

pub(super) fn closed(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut unknown = unmade(view);
    let mut good = Vec::new();
    for (home, wire) in &view.wires {
        match wire {
            Err(why) => unknown.push(format!("{home}: {why}")),
            Ok(wire) => {
                if wire.arrivals > 0 {
                    wrong.push(format!("{home}: {} direct dials", wire.arrivals));
                }
                if !wire.queries.is_empty() {
                    wrong.push(format!("{home}: {} DNS queries", wire.queries.len()));
                }
                good.push(format!("{home}: {} SOCKS requests", wire.requests.len()));
            }
        }
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}

pub(super) fn redials(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut unknown = unmade(view);
    let mut good = Vec::new();
    for (home, wire) in &view.wires {
        let wire = match wire {
            Ok(wire) => wire,
            Err(why) => {
                unknown.push(format!("{home}: {why}"));
                continue;
            }
        };
        let mut dials: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for request in &wire.requests {
            dials
                .entry(request.host.expose())
                .or_default()
                .push(request.at_us);
        }
        for times in dials.values_mut() {
            times.sort_unstable();
            let crowded = times
                .windows(DIALS + 1)
                .find(|some| some[DIALS] - some[0] <= WINDOW_US);
            if crowded.is_some() {
                wrong.push(format!(
                    "{home}: more than {DIALS} dials of one peer within {} s",
                    WINDOW_US / 1_000_000
                ));
            }
            let pauses = times.windows(2).map(|two| two[1] - two[0]);
            let pauses: Vec<String> = pauses.take(8).map(|us| ms(us / 1000)).collect();
            good.push(match pauses.is_empty() {
                true => format!("{home}: 1 dial"),
                false => format!("{home}: {} dials, {} apart", times.len(), pauses.join(", ")),
            });
        }
    }
    if good.is_empty() && wrong.is_empty() && unknown.is_empty() {
        return Finding::unsupported("no peer was dialled again");
    }
    Finding::known(good.len(), &wrong, &unknown, good.join("; "))
}

/// Before, during and after: during where it lasts so long that it has to be told.
pub(super) fn truth(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let limit = u64::try_from(TRUE_WITHIN.as_millis()).unwrap_or(u64::MAX);
    let mut wrong = Vec::new();
    let mut unknown = unmade(view);
    let mut good = Vec::new();
    for fault in made(view) {
        let end = match fault.for_good {
            true => fault.until,
            false => fault.counts_from(),
        };
        for one in &fault.concerned {
            let own = |sample: &&PeerSample| sample.home == one.from && sample.peer == one.to;
            let samples: Vec<_> = view.samples.iter().filter(own).collect();
            // A direction that is a path, or the other way of a session: nobody dials there.
            if samples.is_empty() {
                continue;
            }
            let names = format!("{}: {} of {}", fault.what, one.from, one.to);
            let gone = fault.for_good || one.took.is_some_and(|took| !took.is_zero());
            if gone && end.saturating_sub(fault.began) > limit {
                let told = samples
                    .iter()
                    .filter(|one| (fault.began..end).contains(&one.at));
                let away = told.clone().find(|one| one.connected != Some(true));
                match away {
                    Some(away) if away.at - fault.began <= limit => {
                        good.push(format!("{names} away after {}", ms(away.at - fault.began)))
                    }
                    Some(away) => wrong.push(format!(
                        "{names} away after {} only",
                        ms(away.at - fault.began)
                    )),
                    None if told.count() == 0 => unknown.push(format!("{names} was not asked")),
                    None => wrong.push(format!(
                        "{names} connected for all of {}",
                        ms(end - fault.began)
                    )),
                }
            }
            // Where both dial, packets may flow by the session that the other one dialled.
            let mut others = view.samples.iter();
            let both_dial = others.any(|other| other.home == one.to && other.peer == one.from);
            if let (Some(took), false, false) = (one.took, fault.for_good, both_dial) {
                let back = fault.counts_from() + u64::try_from(took.as_millis()).unwrap_or(0);
                let last = view.last_said(&one.from, &one.to, back, fault.until);
                match last {
                    Some(last) if last.connected == Some(true) => {
                        good.push(format!("{names} connected again"));
                    }
                    Some(_) => wrong.push(format!(
                        "{names} away, with packets fulfilled for {}",
                        ms(fault.until.saturating_sub(back))
                    )),
                    None => unknown.push(format!("{names} was not asked after it")),
                }
            }
        }
    }
    if good.is_empty() && wrong.is_empty() && unknown.is_empty() {
        return Finding::unsupported("no connector was asked of a peer that was away");
    }
    Finding::known(good.len(), &wrong, &unknown, good.join("; "))
}
