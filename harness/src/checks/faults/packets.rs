//! Packets while something is broken.

use super::view::{made, seen_of, shortened, told, unmade};
use crate::checks::{FaultPacket, Finding, Observations, PacketEnd};
use crate::topology::format_duration;

pub(super) fn answered(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let own = view.packets.iter().filter(|packet| !packet.excused);
    let mut wrong = Vec::new();
    let mut count = 0;
    for packet in own {
        count += 1;
        let why = match &packet.end {
            PacketEnd::Unanswered(why) => why.clone(),
            PacketEnd::Fulfilled { fits: false } => "its fulfillment does not fit".to_owned(),
            _ if packet.took > packet.limit + FaultPacket::GRACE => format!(
                "answered after {}, and it lived for {}",
                format_duration(packet.took),
                format_duration(packet.limit)
            ),
            _ => continue,
        };
        wrong.push(format!("{}: {why}", told(packet)));
    }
    let excused = view.packets.len() - count;
    let good = format!(
        "{count} packets, {} fulfilled; {excused} whose own connector was away meanwhile are not counted",
        view.packets.iter().filter(|one| one.is_fulfilled()).count()
    );
    Finding::known(count, &shortened(wrong), &[], good)
}

pub(super) fn once(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for packet in &view.packets {
        if view.unread.iter().any(|(home, _)| *home == packet.to) {
            continue;
        }
        count += 1;
        match (packet.arrived, packet.is_fulfilled()) {
            (0, true) => wrong.push(format!("{}: fulfilled, and not delivered", told(packet))),
            (0 | 1, _) => {}
            (times, _) => wrong.push(format!("{}: delivered {times} times", told(packet))),
        }
    }
    let unread = view.unread.iter();
    let unknown: Vec<String> = unread.map(|(home, why)| format!("{home}: {why}")).collect();
    let good = format!("{count} packets, none delivered twice, all delivered that were fulfilled");
    Finding::known(count, &shortened(wrong), &unknown, good)
}

pub(super) fn lost(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut good = Vec::new();
    for fault in made(view) {
        let Some(most) = fault.loses_at_most else {
            continue;
        };
        let during = |packet: &&FaultPacket| {
            (fault.began..=fault.until).contains(&packet.sent) && !packet.excused
        };
        let sent = view.packets.iter().filter(during);
        let lost = sent.filter(|packet| !packet.is_fulfilled()).count();
        let text = format!("{}: {lost} lost, of {most} at most", fault.what);
        match u64::try_from(lost).is_ok_and(|lost| lost <= most) {
            true => good.push(text),
            false => wrong.push(text),
        }
    }
    let unknown = unmade(view);
    if good.is_empty() && wrong.is_empty() && unknown.is_empty() {
        return Finding::unsupported("the topology does not say how many may be (loses_at_most)");
    }
    Finding::known(good.len(), &wrong, &unknown, good.join("; "))
}

pub(super) fn undisturbed(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for fault in made(view) {
        let others = view.packets.iter().filter(|packet| {
            (fault.began..=fault.until).contains(&packet.sent)
                && !fault.concerns(&packet.from, &packet.to)
                && !packet.excused
        });
        for packet in others {
            count += 1;
            if !packet.is_fulfilled() {
                let end = match &packet.end {
                    PacketEnd::Rejected(code) => format!("rejected with {code}"),
                    PacketEnd::Unanswered(why) => why.clone(),
                    PacketEnd::Fulfilled { .. } => continue,
                };
                wrong.push(format!("{}, {}: {end}", fault.what, told(packet)));
            }
        }
    }
    let unknown = unmade(view);
    if count == 0 && unknown.is_empty() {
        return Finding::unsupported("every direction leads through what was broken");
    }
    let good = format!("{count} packets of other directions, all fulfilled");
    Finding::known(count, &shortened(wrong), &unknown, good)
}
