//! Packets above 0, which not every connector hands on without settlement.

use std::collections::BTreeMap;

use super::{Answer, Finding, Observations};

/// What a connector says that hands nothing on without a claim or credit: contract#claims, and T04 for
/// credit (contract#reject-codes). By the code alone, because any text is right.
const NOT_WITHOUT_SETTLEMENT: [&str; 3] = ["T00", "T04", "F06"];

/// Judges the packets above 0. Those that were rejected for want of settlement say what the connector can't
/// do, as long as packets of amount 0 take the same way.
pub(super) fn judge(seen: &Observations) -> Finding {
    if seen.only_zero {
        return Finding::unsupported("nothing above 0 was sent, as --amounts zero asks for");
    }
    let mut wrong = Vec::new();
    let mut lacking: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut good = Vec::new();
    for (from, to) in &seen.peering_ends {
        let name = format!("{from} to {to}");
        let of_way = || {
            let packets = seen.deliveries.iter();
            packets.filter(|packet| packet.from == *from && packet.to == *to)
        };
        let fulfilled = |answer: &Answer| matches!(answer, Answer::Fulfilled { .. });
        let zero = of_way().any(|packet| packet.amount == 0 && fulfilled(&packet.answer));
        let mut above = of_way().filter(|packet| packet.amount > 0).peekable();
        if above.peek().is_none() {
            wrong.push(format!("none of an amount above 0 from {name}"));
        }
        for packet in above {
            match &packet.answer {
                Answer::Fulfilled { .. } => good.push(format!("{name}: {}", packet.amount)),
                Answer::Rejected { code, message }
                    if zero && NOT_WITHOUT_SETTLEMENT.contains(&code.as_str()) =>
                {
                    let why = format!("{code} {message}").trim_end().to_owned();
                    lacking.entry(why).or_default().push(name.clone());
                }
                other => wrong.extend(other.complaint().map(|what| format!("{name}: {what}"))),
            }
        }
    }
    if wrong.is_empty() && !lacking.is_empty() {
        let lines = lacking.iter();
        let lines = lines.map(|(why, ways)| format!("{}: {why}", ways.join(", ")));
        let lines: Vec<String> = lines.collect();
        return Finding::unsupported(format!(
            "packets of amount 0 go through, those above are rejected without settlement; {}",
            lines.join("; ")
        ));
    }
    Finding::all(good.len(), &wrong, good.join(", "))
}
