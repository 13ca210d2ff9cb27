//! ILP packets between the homes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Basis, Check, Delivery, Finding, Need, Observations, Reason, Scope};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "packets.accepted",
        basis: Basis::Required,
        stands_on: "contract#next-hop",
        says: "every packet of amount 0 is fulfilled: in every peering's direction, over every path, and those of the probe",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: accepted,
    },
    Check {
        id: "packets.amounts",
        basis: Basis::EitherWay,
        stands_on: "contract#claims",
        says: "every packet above 0 is fulfilled in every peering's direction; where it is rejected because it carries no claim (T00, T04, F06), amounts are unsupported",
        scope: Scope::Every,
        needs: Need::Amounts,
        judge: super::amounts::judge,
    },
    Check {
        id: "packets.fulfillment",
        basis: Basis::Required,
        stands_on: "contract#fulfillment-convention",
        says: "every fulfillment fits its packet's condition",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: fulfillment,
    },
    Check {
        id: "packets.delivered",
        basis: Basis::Required,
        stands_on: "contract#delivery-request",
        says: "every fulfilled packet arrived at the right home, with the sent amount",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: delivered,
    },
    Check {
        id: "packets.once",
        basis: Basis::Required,
        stands_on: "contract#delivery-request",
        says: "no packet arrived twice, or at another home, or with another packet's payment id, and none was answered twice or late",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: once,
    },
    Check {
        id: "packets.payload",
        basis: Basis::Required,
        stands_on: "contract#ilp-data",
        says: "every packet arrived with the sent payload",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: payload,
    },
    Check {
        id: "packets.hops",
        basis: Basis::Required,
        stands_on: "contract#hop-changes",
        says: "every packet arrived with an earlier expiry than it was sent with where a connector handed it on, and with the same where none did",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: hops,
    },
    Check {
        id: "packets.no-route",
        basis: Basis::Required,
        stands_on: "contract#reject-codes",
        says: "a packet for an unknown destination is rejected with F02",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: no_route,
    },
    Check {
        id: "packets.expired",
        basis: Basis::Required,
        stands_on: "contract#expiry",
        says: "a packet that has expired is rejected with R00, and one with less time left than a hop takes off with R00 or R02",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: expired,
    },
    Check {
        id: "packets.application-error",
        basis: Basis::Required,
        stands_on: "contract#delivery-answer",
        says: "a packet that the business-logic server refuses is rejected with its code",
        scope: Scope::Every,
        needs: Need::RefusedDeliveries,
        judge: application_error,
    },
];

/// By how much the expiry may differ besides: it is written in whole milliseconds.
const SLACK_MS: i64 = 5;

/// Packets that there should be and are not.
fn missing(seen: &Observations) -> Vec<String> {
    let mut missing = Vec::new();
    let mut want = |from: &str, to: &str, what: &str, fits: &dyn Fn(&Delivery) -> bool| {
        let found = seen
            .deliveries
            .iter()
            .any(|packet| packet.from == *from && packet.to == *to && fits(packet));
        if !found {
            missing.push(format!("none {what} from {from} to {to}"));
        }
    };
    for (from, to) in &seen.peering_ends {
        want(from, to, "of amount 0", &|packet| packet.amount == 0);
    }
    for (from, to) in &seen.paths {
        want(from, to, "over the path", &|_| true);
    }
    if seen.probe_missing().is_none() {
        want(&seen.probe.id, &seen.probe.to, "of the probe", &|_| true);
        if let Some(far) = &seen.probe.far {
            want(&seen.probe.id, far, "of the probe", &|_| true);
        }
    }
    missing
}

/// Complaints, counted and in order.
#[derive(Default)]
struct Complaints(BTreeMap<String, u64>);

impl Complaints {
    fn add(&mut self, packet: &Delivery, what: &str) {
        let line = format!("{} to {}: {what}", packet.from, packet.to);
        *self.0.entry(line).or_default() += 1;
    }

    fn lines(self, seen: &Observations) -> Vec<String> {
        let counted = self.0.into_iter().map(|(line, count)| match count {
            1 => line,
            _ => format!("{line} ({count} packets)"),
        });
        missing(seen).into_iter().chain(counted).collect()
    }
}

/// Judges a property of the packets. Without the probe's session there is less to look at, which
/// is said.
fn all(
    seen: &Observations,
    looked_at: usize,
    complaints: Complaints,
    good: impl Into<String>,
) -> Finding {
    let unknown: Vec<String> = seen.probe_missing().into_iter().collect();
    Finding::known(looked_at, &complaints.lines(seen), &unknown, good)
}

/// As [`all`], of what the homes' servers have recorded. A server that could not be asked says
/// nothing of the packets that it was sent.
fn all_recorded(
    seen: &Observations,
    looked_at: usize,
    complaints: Complaints,
    good: impl Into<String>,
) -> Finding {
    let unread = seen.unread_servers.iter();
    let unknown: Vec<String> = unread
        .map(|(home, reason)| format!("{home}: {reason}"))
        .chain(seen.probe_missing())
        .collect();
    Finding::known(looked_at, &complaints.lines(seen), &unknown, good)
}

/// Senders, receivers and how many packets, for evidence.
fn summary<'a>(packets: impl Iterator<Item = &'a Delivery>) -> String {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for packet in packets {
        *counts.entry((&packet.from, &packet.to)).or_default() += 1;
    }
    let lines: Vec<String> = counts
        .iter()
        .map(|((from, to), count)| format!("{from} to {to}: {count}"))
        .collect();
    lines.join(", ")
}

fn accepted(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    let zero = || seen.deliveries.iter().filter(|packet| packet.amount == 0);
    for packet in zero() {
        if let Some(what) = packet.answer.complaint() {
            complaints.add(packet, &what);
        }
    }
    all(seen, zero().count(), complaints, summary(zero()))
}

fn fulfilled(seen: &Observations) -> impl Iterator<Item = &Delivery> {
    seen.deliveries
        .iter()
        .filter(|packet| matches!(packet.answer, Answer::Fulfilled { .. }))
}

fn fulfillment(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    for packet in fulfilled(seen) {
        if packet.answer != (Answer::Fulfilled { fits: true }) {
            complaints.add(packet, "the fulfillment does not fit the condition");
        }
    }
    let count = fulfilled(seen).count();
    all(seen, count, complaints, format!("{count} fit"))
}

fn delivered(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    let recorded = fulfilled(seen).filter(|packet| !seen.unread_servers.contains_key(&packet.to));
    for packet in recorded {
        match packet.arrived.first() {
            None => complaints.add(packet, "fulfilled, but never arrived"),
            Some(received) if received.amount != packet.amount.to_string() => {
                complaints.add(packet, "arrived with another amount");
            }
            Some(_) => {}
        }
    }
    let good = summary(fulfilled(seen));
    all_recorded(seen, fulfilled(seen).count(), complaints, good)
}

fn arrived(seen: &Observations) -> impl Iterator<Item = &Delivery> {
    seen.deliveries
        .iter()
        .filter(|packet| !packet.arrived.is_empty())
}

fn once(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    let mut payment_ids = BTreeSet::new();
    for packet in &seen.deliveries {
        if packet.arrived.len() > 1 {
            let what = format!("arrived {} times", packet.arrived.len());
            complaints.add(packet, &what);
        }
        if packet.arrived_elsewhere > 0 {
            complaints.add(packet, "arrived at another home");
        }
        if let Some(received) = packet.arrived.first() {
            if received.payment_id.is_empty() {
                complaints.add(packet, "arrived without a payment id");
            } else if !payment_ids.insert(&received.payment_id) {
                complaints.add(packet, "arrived with another packet's payment id");
            }
        }
    }
    let irregular = seen.probe.counters.irregular();
    let finding = all_recorded(
        seen,
        arrived(seen).count(),
        complaints,
        format!("{} payment ids, each its own", payment_ids.len()),
    );
    if irregular > 0 {
        return Finding::fail(format!(
            "{irregular} late, duplicate, unknown or undecodable answers to the probe"
        ));
    }
    finding
}

fn payload(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    for packet in arrived(seen) {
        let same = packet
            .arrived
            .iter()
            .all(|received| received.data == packet.payload);
        if !same {
            complaints.add(packet, "arrived with another payload");
        }
    }
    let count = arrived(seen).count();
    all_recorded(seen, count, complaints, format!("{count} as sent"))
}

/// How much a hop takes off is either way (contract#hop-changes), that it takes some is not: else the hop
/// before it would be out of time no later than the one after it. What is less than the time that it takes to
/// hand a packet over cannot be told from nothing.
fn hops(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    let (mut most, mut least_ms) = (0, i64::MAX);
    for packet in arrived(seen) {
        let received = packet.arrived.first().and_then(|first| first.expires_ms());
        let Some(expires) = received else {
            complaints.add(packet, "arrived without an expiry");
            continue;
        };
        let (from, until) = packet.expires_ms;
        let hops = i64::from(packet.hops);
        if hops == 0 && (expires < from - SLACK_MS || expires > until + SLACK_MS) {
            let earlier = from - expires;
            complaints.add(
                packet,
                &format!("its expiry is {earlier} ms earlier, and no connector handed it on"),
            );
        } else if hops > 0 && expires >= from {
            let what = format!("its expiry is not earlier, after {hops} hops");
            complaints.add(packet, &what);
        } else if hops > 0 {
            least_ms = least_ms.min((from - expires) / hops);
        }
        most = most.max(packet.hops);
    }
    let good = match most {
        0 => "no connector handed one on".to_owned(),
        _ => format!("up to {most} hops, each took at least {least_ms} ms of the expiry"),
    };
    all_recorded(seen, arrived(seen).count(), complaints, good)
}

/// The most that a hop can have taken off an expiry, in milliseconds; `None` where no packet shows it.
fn hop_takes_ms(seen: &Observations) -> Option<i64> {
    let handed_on = arrived(seen).filter(|packet| packet.hops > 0);
    let taken = handed_on.filter_map(|packet| {
        let expires = packet.arrived.first()?.expires_ms()?;
        Some((packet.expires_ms.1 - expires) / i64::from(packet.hops))
    });
    taken.max()
}

/// Judges the rejects for some reasons. Every reason has to have been tried.
fn rejected(seen: &Observations, reasons: &[Reason], asked: &[String]) -> Finding {
    let owed = seen.connector.answers();
    let short_ms = i64::try_from(owed.too_short().as_millis()).unwrap_or(i64::MAX);
    let mut wrong = Vec::new();
    let tried: Vec<_> = seen
        .rejects
        .iter()
        .filter(|reject| reasons.contains(&reject.reason))
        .collect();
    let mut open = None;
    for reason in reasons {
        if tried.iter().any(|reject| reject.reason == *reason) {
            continue;
        }
        open = seen.probe_missing();
        if open.is_none() {
            wrong.push(format!(
                "{}: no packet was sent that {} is due to",
                reason.words(),
                reason.codes(&owed).join(" or ")
            ));
        }
    }
    for id in asked {
        if !tried.iter().any(|reject| reject.asked == *id) {
            wrong.push(format!("{id} was not asked"));
        }
    }
    for reject in &tried {
        match &reject.came {
            Ok(code) if reject.reason.codes(&owed).contains(&code.as_str()) => {}
            // A connector that takes less off an expiry had time enough for the next hop.
            Err(_)
                if reject.reason == Reason::TooLittleTime
                    && reject.fulfilled
                    && hop_takes_ms(seen).is_some_and(|taken| taken < short_ms) => {}
            Ok(code) => wrong.push(format!(
                "{}: {} answered {code}",
                reject.reason.words(),
                reject.asked
            )),
            Err(what) => wrong.push(format!(
                "{}: {} {what}",
                reject.reason.words(),
                reject.asked
            )),
        }
    }
    if let Some(reason) = open.filter(|_| wrong.is_empty()) {
        return Finding::inconclusive(reason);
    }
    let good: Vec<String> = tried
        .iter()
        .map(|reject| match &reject.came {
            Ok(code) => format!("{code} from {}", reject.asked),
            Err(what) => format!("{}: {what}, with time enough", reject.asked),
        })
        .collect();
    Finding::all(tried.len(), &wrong, good.join(", "))
}

fn no_route(seen: &Observations) -> Finding {
    rejected(seen, &[Reason::NoRoute], &seen.home_ids)
}

fn expired(seen: &Observations) -> Finding {
    rejected(seen, &[Reason::Expired, Reason::TooLittleTime], &[])
}

fn application_error(seen: &Observations) -> Finding {
    rejected(seen, &[Reason::Application], &[])
}
