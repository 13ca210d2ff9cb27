//! What connectors do about their peers, and say of them, while something is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::view::{made, ms, seen_of, shortened, unmade};
use crate::checks::{FaultView, FaultsView, Finding, Observations, PeerSample, Recovery, Wire};

/// How long what connectors say of their peers may take to be true: 35 s, and two more until they are asked.
const TRUE_WITHIN: Duration = Duration::from_secs(37);
/// More dials of one peer than this within [`WINDOW_US`] are without a pause.
const DIALS: usize = 20;
/// In microseconds.
const WINDOW_US: u64 = 4_000_000;

/// What was found: wrong, not known, in order.
type Found = [Vec<String>; 3];

/// Looks at what each home's recorder saw, and finds what is wrong and what is in order. What could not be read, or was
/// not made, is not known.
fn on_wires(
    view: &FaultsView,
    mut look: impl FnMut(&str, &Wire, &mut Vec<String>, &mut Vec<String>),
) -> Found {
    let (mut wrong, mut unknown, mut good) = (Vec::new(), unmade(view), Vec::new());
    for (home, wire) in &view.wires {
        match wire {
            Ok(wire) => look(home, wire, &mut wrong, &mut good),
            Err(why) => unknown.push(format!("{home}: {why}")),
        }
    }
    [wrong, unknown, good]
}

pub(super) fn closed(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let [wrong, unknown, good] = on_wires(view, |home, wire, wrong, good| {
        if wire.arrivals > 0 {
            wrong.push(format!("{home}: {} direct dials", wire.arrivals));
        }
        if !wire.queries.is_empty() {
            wrong.push(format!("{home}: {} DNS queries", wire.queries.len()));
        }
        good.push(format!("{home}: {} SOCKS requests", wire.requests.len()));
    });
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}

/// Dials of a peer that was connected, since when nothing was broken. Whoever was not back, or is not known to have been,
/// is dialled rightly.
pub(super) fn held(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let peer = |host: &str| {
        let mut homes = seen.homes.iter();
        homes.find(|home| {
            home.planned
                .as_ref()
                .is_some_and(|one| one.expose() == host)
        })
    };
    let [wrong, unknown, good] = on_wires(view, |home, wire, wrong, good| {
        let mut anew = 0;
        for request in &wire.requests {
            let Some(peer) = peer(request.host.expose()) else {
                continue;
            };
            let at = request.opened_us.saturating_sub(view.began_us) / 1000;
            let felt = view.faults.iter().map(FaultView::felt);
            if felt.clone().any(|felt| felt.contains(&at)) {
                continue;
            }
            // Since then nothing was broken.
            let quiet = felt.map(|felt| *felt.end()).filter(|end| *end < at).max();
            let since = quiet.unwrap_or(0)..=at;
            let mut said = view
                .samples
                .iter()
                .filter(|one| one.home == home && one.peer == peer.id && since.contains(&one.at));
            let was_up = match said.clone().next() {
                Some(_) => said.any(|one| one.connected == Some(true)),
                // Who was connected to begin with, and is not asked, is still.
                None => quiet.is_none() && view.faults.is_empty(),
            };
            if was_up {
                anew += 1;
                wrong.push(format!("{home} dialled {} anew at {}", peer.id, ms(at)));
            }
        }
        if anew == 0 {
            good.push(format!("{home}: no peer dialled anew"));
        }
    });
    Finding::known(good.len(), &shortened(wrong), &unknown, good.join(", "))
}

pub(super) fn redials(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let [wrong, unknown, good] = on_wires(view, |home, wire, wrong, good| {
        let mut dials: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for request in &wire.requests {
            dials
                .entry(request.host.expose())
                .or_default()
                .push(request.opened_us);
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
    });
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
    for fault in made(view) {
        let told = [&mut wrong, &mut unknown, &mut good];
        healths(view, fault, limit, told);
    }
    if good.is_empty() && wrong.is_empty() && unknown.is_empty() {
        return Finding::unsupported("no connector was asked of a peer that was away");
    }
    Finding::known(good.len(), &wrong, &unknown, good.join("; "))
}

/// What connectors said of their health, all of whose peers a fault takes away: not that they are healthy when that has
/// lasted, and that again when all are back.
fn healths(
    view: &FaultsView,
    fault: &FaultView,
    limit: u64,
    [wrong, unknown, good]: [&mut Vec<String>; 3],
) {
    let end = match fault.for_good {
        true => fault.until,
        false => fault.counts_from(),
    };
    let homes: BTreeSet<&str> = view.samples.iter().map(|one| one.home.as_str()).collect();
    for home in homes {
        let own = view.samples.iter().filter(|one| one.home == home);
        let peers: BTreeSet<&str> = own.map(|one| one.peer.as_str()).collect();
        let recovery = |peer: &&str| {
            let mut concerned = fault.concerned.iter();
            concerned.find(|one| one.from == home && one.to == **peer)
        };
        let recoveries: Option<Vec<_>> = peers.iter().map(recovery).collect();
        let Some(recoveries) = recoveries else {
            continue;
        };
        let gone = |one: &&Recovery| one.took.is_none_or(|took| !took.is_zero());
        let names = format!("{}: {home}", fault.what);
        let said = |from: u64, until: u64| {
            let own = view.healths.iter().filter(move |one| one.home == home);
            own.filter(move |one| (from..until).contains(&one.at))
        };
        // One that never tells has nothing to be true.
        if said(0, u64::MAX).next().is_none() {
            continue;
        }
        let lasts = end.saturating_sub(fault.began) > limit;
        if lasts && (fault.for_good || recoveries.iter().all(gone)) {
            let late = said(fault.began.saturating_add(limit), end);
            let truly = said(fault.began, end).find(|one| !one.healthy);
            match truly {
                Some(one) => good.push(format!(
                    "{names} says after {} that it is not healthy",
                    ms(one.at - fault.began)
                )),
                None if late.count() > 0 => wrong.push(format!(
                    "{names} says for all of {} that it is healthy",
                    ms(end - fault.began)
                )),
                None => unknown.push(format!("{names} was not asked of its health")),
            }
        }
        let was = said(0, fault.began)
            .next_back()
            .is_some_and(|one| one.healthy);
        let back = recoveries.iter().filter_map(|one| one.took).max();
        let (Some(back), true, false) = (back, was, fault.for_good) else {
            continue;
        };
        let back = fault.counts_from() + u64::try_from(back.as_millis()).unwrap_or(0);
        let connected = |peer: &&str| {
            let last = view.last_said(home, peer, back, fault.until);
            last.is_some_and(|last| last.connected == Some(true))
        };
        // Asked after the last of its peers was said to be connected.
        let last = said(back, fault.until.saturating_add(1)).next_back();
        if !peers.iter().all(connected) {
            continue;
        }
        match last.map(|last| last.healthy) {
            Some(true) => good.push(format!("{names} says that it is healthy again")),
            Some(false) => wrong.push(format!(
                "{names} says that it is not healthy, and its peers are connected"
            )),
            None => unknown.push(format!("{names} was not asked of its health after it")),
        }
    }
}
