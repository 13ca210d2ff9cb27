//! What holds while something is broken, and how a topology gets over it.

mod in_flight;
mod packets;
mod peers;
mod view;
mod way;

use std::time::Duration;

use self::in_flight::in_flight;
use self::packets::{answered, lost, once, undisturbed};
use self::peers::{closed, held, redials, truth};
use self::view::{made, ms, seen_of, unmade};
use super::{Basis, Check, Ended, Finding, Need, Observations, Scope};
use crate::topology::format_duration;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "faults.recovered",
        basis: Basis::Defect,
        stands_on: "contract#defect-peering-dead",
        says: "in every direction packets are fulfilled again by themselves in time after a fault",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: recovered,
    },
    Check {
        id: "faults.answered",
        basis: Basis::Required,
        stands_on: "contract#next-hop-answered",
        says: "every packet that a connector takes is answered once, by its expiry, whatever breaks meanwhile",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: answered,
    },
    Check {
        id: "faults.in-flight",
        basis: Basis::Defect,
        stands_on: "contract#defect-in-flight-forgotten",
        says: "a packet whose next hop's connector ends is answered by itself, or sent again, and not only when its time is over",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: in_flight,
    },
    Check {
        id: "faults.once",
        basis: Basis::Required,
        stands_on: "contract#next-hop",
        says: "no packet is delivered twice but one whose session broke before its answer, or fulfilled and not delivered, whatever breaks meanwhile",
        scope: Scope::Faults,
        needs: Need::Deliveries,
        judge: once,
    },
    Check {
        id: "faults.lost",
        basis: Basis::Required,
        stands_on: "contract#reconnect",
        says: "a fault costs no more packets than the topology allows",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: lost,
    },
    Check {
        id: "faults.undisturbed",
        basis: Basis::Required,
        stands_on: "contract#reconnect",
        says: "packets whose way does not lead through what is broken are fulfilled all along, and all are while nothing is",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: undisturbed,
    },
    Check {
        id: "faults.held",
        basis: Basis::Required,
        stands_on: "contract#reconnect",
        says: "a session that is up stays up while nothing is broken: its peer is not dialled anew",
        scope: Scope::Faults,
        needs: Need::Socks,
        judge: held,
    },
    Check {
        id: "faults.closed",
        basis: Basis::Required,
        stands_on: "contract#transport-block",
        says: "nothing is dialled past the proxy and no name is asked of DNS, whatever breaks",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: closed,
    },
    Check {
        id: "faults.redials",
        basis: Basis::Required,
        stands_on: "contract#reconnect",
        says: "a peer that is away is dialled again with pauses",
        scope: Scope::Faults,
        needs: Need::Socks,
        judge: redials,
    },
    Check {
        id: "faults.truth",
        basis: Basis::Defect,
        stands_on: "contract#defect-health-frozen",
        says: "who is connected, and health, are told truly within 35 s after they have changed, both ways",
        scope: Scope::Faults,
        needs: Need::Health,
        judge: truth,
    },
    Check {
        id: "faults.shutdown",
        basis: Basis::Defect,
        stands_on: "contract#defect-shutdown-hangs",
        says: "a connector that is told to end while packets flow has ended within 10 s, or 12 s while the daemon that it runs hangs",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: shutdown,
    },
    Check {
        id: "identity.kept",
        basis: Basis::Required,
        stands_on: "",
        says: "a home's address is the same after its daemon was started again, and another one when its keys are gone, and only then",
        scope: Scope::Faults,
        needs: Need::Nothing,
        judge: identity,
    },
];

fn recovered(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut good = Vec::new();
    let mut looked_at = 0;
    let mut for_good = Vec::new();
    let mut unknown = unmade(view);
    for fault in made(view) {
        let Some(within) = fault.within else {
            for_good.push(fault.what.clone());
            continue;
        };
        let mut slowest: Option<Duration> = None;
        for one in &fault.concerned {
            looked_at += 1;
            let late = match one.took {
                Some(took) if took <= within => {
                    slowest = slowest.max(Some(took));
                    continue;
                }
                Some(took) => format!(
                    "after {}, of {}",
                    format_duration(took),
                    format_duration(within)
                ),
                None => {
                    let waited = fault.until.saturating_sub(fault.counts_from());
                    format!("not within {}", ms(waited))
                }
            };
            let late = format!("{}: {} to {} {late}", fault.what, one.from, one.to);
            match way::none(seen, view, fault) {
                Some(why) => unknown.push(format!("{late}, and {why}")),
                None => wrong.push(late),
            }
        }
        if let Some(slowest) = slowest {
            good.push(format!(
                "{}: after {}",
                fault.what,
                format_duration(slowest)
            ));
        }
    }
    // A soak in which nothing is broken, or which was over before the first fault.
    if view.faults.is_empty() && view.soak.is_some() {
        return Finding::unsupported("nothing was broken");
    }
    if looked_at == 0 && unknown.is_empty() && !for_good.is_empty() {
        return Finding::unsupported(format!("{}: nothing comes back", for_good.join(", ")));
    }
    Finding::known(looked_at, &wrong, &unknown, good.join("; "))
}

fn shutdown(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    let ended = view.faults.iter().filter_map(|fault| fault.ended.as_ref());
    for Ended {
        home,
        within,
        took,
        farewell,
    } in ended
    {
        match took {
            Ok(Some(took)) if took <= within => {
                let took = format_duration(*took);
                good.push(match farewell {
                    Some(end) => format!("{home} after {took}, a session with it: {end}"),
                    None => format!("{home} after {took}"),
                });
            }
            Ok(Some(took)) => wrong.push(format!("{home} after {} only", format_duration(*took))),
            Ok(None) => wrong.push(format!(
                "{home} had not ended {} after SIGTERM",
                format_duration(*within)
            )),
            Err(why) => unknown.push(format!("{home}: {why}")),
        }
    }
    if good.is_empty() && wrong.is_empty() && unknown.is_empty() {
        return Finding::unsupported("no connector was told to end by a fault");
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}

fn identity(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut unknown = Vec::new();
    let mut good = Vec::new();
    for one in view
        .faults
        .iter()
        .filter_map(|fault| fault.identity.as_ref())
    {
        let home = &one.home;
        match (&one.before, &one.after, one.keys_lost) {
            (Err(why), _, _) | (_, Err(why), _) => unknown.push(format!("{home}: {why}")),
            (Ok(before), Ok(after), false) if before != after => {
                wrong.push(format!(
                    "{home} has another address, and its keys are there"
                ));
            }
            (Ok(before), Ok(after), true) if before == after => {
                wrong.push(format!("{home} has the address of keys that are gone"));
            }
            (Ok(_), Ok(_), false) => good.push(format!("{home} kept its address")),
            (Ok(_), Ok(_), true) => good.push(format!("{home} without its keys has another")),
        }
    }
    if good.is_empty() && wrong.is_empty() && unknown.is_empty() {
        return Finding::unsupported("no daemon was started again");
    }
    Finding::known(good.len(), &wrong, &unknown, good.join(", "))
}
