//! ILP packets between the homes.

use super::{Check, Delivery, Finding, Observations};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "packets.accepted",
        says: "packets of amount 0 and above 0 are accepted in every peering's direction, each with a fulfillment that fits its condition",
        judge: accepted,
    },
    Check {
        id: "packets.delivered",
        says: "each arrived once, at the right home only, with the sent payload, destination and amount and a payment id of its own",
        judge: delivered,
    },
    Check {
        id: "packets.no-route",
        says: "a packet for an unknown destination is rejected with F02",
        judge: no_route,
    },
    Check {
        id: "packets.probe",
        says: "every packet of the third peer is fulfilled, and arrived once with its payload",
        judge: probe,
    },
];

/// How a packet is named in evidence.
fn name(delivery: &Delivery) -> String {
    format!(
        "{} to {} of {}",
        delivery.from, delivery.to, delivery.amount
    )
}

/// Both kinds of amount have to be there for every peering, or the check did not look.
fn missing(seen: &Observations) -> Vec<String> {
    let mut missing = Vec::new();
    for (from, to) in &seen.peering_ends {
        for (what, wanted) in [("0", false), ("above 0", true)] {
            let found = seen.deliveries.iter().any(|delivery| {
                delivery.from == *from && delivery.to == *to && (delivery.amount > 0) == wanted
            });
            if !found {
                missing.push(format!("none of amount {what} from {from} to {to}"));
            }
        }
    }
    missing
}

fn accepted(seen: &Observations) -> Finding {
    let mut wrong = missing(seen);
    for delivery in &seen.deliveries {
        match &delivery.answer {
            Err(reason) => wrong.push(format!("{}: {reason}", name(delivery))),
            Ok(answer) if !answer.accepted => wrong.push(format!(
                "{}: rejected with {} {}",
                name(delivery),
                answer.code.as_deref().unwrap_or("no code"),
                answer.message.as_deref().unwrap_or("")
            )),
            Ok(answer) if answer.fulfillment.as_deref() != Some(delivery.fulfillment.as_str()) => {
                wrong.push(format!(
                    "{}: the fulfillment does not fit the condition",
                    name(delivery)
                ));
            }
            Ok(_) => {}
        }
    }
    let good: Vec<String> = seen.deliveries.iter().map(name).collect();
    Finding::all(seen.deliveries.len(), &wrong, good.join(", "))
}

fn delivered(seen: &Observations) -> Finding {
    let mut wrong = missing(seen);
    let mut payment_ids = Vec::new();
    for delivery in &seen.deliveries {
        let mut complain = |what: String| wrong.push(format!("{}: {what}", name(delivery)));
        if delivery.arrived_elsewhere > 0 {
            complain(format!(
                "arrived at another home {} times",
                delivery.arrived_elsewhere
            ));
        }
        let [received] = delivery.arrived.as_slice() else {
            complain(format!("arrived {} times", delivery.arrived.len()));
            continue;
        };
        if received.amount != delivery.amount.to_string() {
            complain(format!("arrived with amount {}", received.amount));
        }
        if received.destination != delivery.destination {
            complain(format!("arrived for {}", received.destination));
        }
        if received.data != delivery.payload {
            complain("arrived with another payload".to_owned());
        }
        if received.payment_id.is_empty() {
            complain("arrived without a payment id".to_owned());
        } else if payment_ids.contains(&&received.payment_id) {
            complain("arrived with the payment id of another packet".to_owned());
        }
        payment_ids.push(&received.payment_id);
    }
    let good = format!(
        "{} packets, each with its own payload and payment id",
        seen.deliveries.len()
    );
    Finding::all(seen.deliveries.len(), &wrong, good)
}

fn no_route(seen: &Observations) -> Finding {
    let mut wrong: Vec<String> = seen
        .home_ids
        .iter()
        .filter(|id| !seen.unknown.iter().any(|unknown| unknown.asked == **id))
        .map(|id| format!("{id} was not asked"))
        .collect();
    for unknown in &seen.unknown {
        match &unknown.came {
            Ok(code) if code == "F02" => {}
            Ok(code) => wrong.push(format!("{} answered {code}", unknown.asked)),
            Err(what) => wrong.push(format!("{}: {what}", unknown.asked)),
        }
    }
    let asked: Vec<&str> = seen
        .unknown
        .iter()
        .map(|unknown| unknown.asked.as_str())
        .collect();
    Finding::all(
        seen.unknown.len(),
        &wrong,
        format!("F02 from {}", asked.join(", ")),
    )
}

fn probe(seen: &Observations) -> Finding {
    let probe = &seen.probe;
    let mut wrong = Vec::new();
    if probe.fulfilled != probe.sent {
        let others: Vec<String> = probe
            .other_outcomes
            .iter()
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        wrong.push(format!(
            "{} of {} fulfilled; {}",
            probe.fulfilled,
            probe.sent,
            others.join(", ")
        ));
    }
    if probe.recorded != probe.sent {
        wrong.push(format!(
            "{} of {} recorded at {}",
            probe.recorded, probe.sent, probe.to
        ));
    }
    if probe.repeated > 0 {
        wrong.push(format!("{} recorded more than once", probe.repeated));
    }
    let irregular = probe.counters.irregular();
    if irregular > 0 {
        wrong.push(format!(
            "{irregular} late, duplicate, unknown or undecodable answers"
        ));
    }
    let looked_at = usize::try_from(probe.sent).unwrap_or(usize::MAX);
    let good = format!("{} fulfilled and recorded once each", probe.sent);
    Finding::all(looked_at, &wrong, good)
}
