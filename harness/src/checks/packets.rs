//! ILP packets between the homes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Check, Delivery, Finding, Need, Observations, Reason, Scope};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "packets.accepted",
        says: "every packet is fulfilled: of amount 0 and above 0 in every peering's direction, over every path, and those of the probe",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: accepted,
    },
    Check {
        id: "packets.fulfillment",
        says: "every fulfillment fits its packet's condition",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: fulfillment,
    },
    Check {
        id: "packets.delivered",
        says: "every fulfilled packet arrived at the right home, with the sent amount",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: delivered,
    },
    Check {
        id: "packets.once",
        says: "no packet arrived twice, or at another home, or with another packet's payment id, and none was answered twice or late",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: once,
    },
    Check {
        id: "packets.payload",
        says: "every packet arrived with the sent payload",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: payload,
    },
    Check {
        id: "packets.hops",
        says: "every packet arrived with an expiry that is one second earlier for each connector that handed it on",
        scope: Scope::Every,
        needs: Need::Deliveries,
        judge: hops,
    },
    Check {
        id: "packets.no-route",
        says: "a packet for an unknown destination is rejected with F02",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: no_route,
    },
    Check {
        id: "packets.expired",
        says: "a packet that has expired, and one with too little time for the next hop, are rejected with R00",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: expired,
    },
    Check {
        id: "packets.application-error",
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
        if seen.connector.capabilities().forwards_amounts {
            want(from, to, "of an amount above 0", &|packet| {
                packet.amount > 0
            });
        }
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
    for packet in &seen.deliveries {
        match &packet.answer {
            Answer::Fulfilled { .. } => {}
            Answer::Rejected { code, message } => {
                complaints.add(packet, &format!("rejected with {code} {message}"));
            }
            Answer::Otherwise(what) => complaints.add(packet, what),
        }
    }
    let good = summary(seen.deliveries.iter());
    all(seen, seen.deliveries.len(), complaints, good)
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

fn hops(seen: &Observations) -> Finding {
    let mut complaints = Complaints::default();
    let mut most = 0;
    let hop_time = seen.connector.answers().hop_time.as_millis();
    let per_hop = i64::try_from(hop_time).unwrap_or(i64::MAX);
    for packet in arrived(seen) {
        let received = packet.arrived.first().and_then(|first| first.expires_ms());
        let Some(expires) = received else {
            complaints.add(packet, "arrived without an expiry");
            continue;
        };
        let expected = per_hop * i64::from(packet.hops);
        // What the sender's expiry was before the hops took their time from it.
        let sent = expires + expected;
        let (from, until) = packet.expires_ms;
        if sent < from - SLACK_MS || sent > until + SLACK_MS {
            let what = format!(
                "its expiry is {} ms earlier, {} hops take {expected} ms",
                from - expires,
                packet.hops
            );
            complaints.add(packet, &what);
        }
        most = most.max(packet.hops);
    }
    let good = format!("up to {most} hops, each took a second of the expiry");
    all_recorded(seen, arrived(seen).count(), complaints, good)
}

/// Judges the rejects for some reasons. Every reason has to have been tried.
fn rejected(seen: &Observations, reasons: &[Reason], asked: &[String]) -> Finding {
    let owed = seen.connector.answers();
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
                reason.code(&owed)
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
            Ok(code) if code == reject.reason.code(&owed) => {}
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
        .map(|reject| format!("{} from {}", reject.reason.code(&owed), reject.asked))
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
