//! Packets while something is broken.

use std::time::Duration;

use super::view::{made, seen_of, shortened, told, unmade};
use crate::checks::{FaultPacket, FaultView, FaultsView, Finding, Observations, PacketEnd, Wire};
use crate::topology::format_duration;

/// How long a dial takes at most until there is a session, in milliseconds.
const DIAL: u64 = 5_000;

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
    let fine = usize::try_from(view.fine).unwrap_or(usize::MAX);
    let count = count + fine;
    let good = format!(
        "{count} packets, {} fulfilled; {excused} whose own connector was away meanwhile are not counted",
        fine + view.packets.iter().filter(|one| one.is_fulfilled()).count()
    );
    Finding::known(count, &shortened(wrong), &[], good)
}

pub(super) fn once(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let (mut count, mut again) = (0, 0);
    for packet in &view.packets {
        if view.unread.iter().any(|(home, _)| *home == packet.to) {
            continue;
        }
        count += 1;
        match (packet.arrived, packet.is_fulfilled()) {
            (0, true) => wrong.push(format!("{}: fulfilled, and not delivered", told(packet))),
            (0 | 1, _) => {}
            _ if may_be_sent_again(view, packet) => again += 1,
            (times, _) => wrong.push(format!("{}: delivered {times} times", told(packet))),
        }
    }
    let count = count + usize::try_from(view.fine).unwrap_or(usize::MAX);
    let unread = view.unread.iter();
    let unknown: Vec<String> = unread.map(|(home, why)| format!("{home}: {why}")).collect();
    let twice = match again {
        0 => "none delivered twice".to_owned(),
        again => format!("{again} sent again for want of an answer, no other delivered twice"),
    };
    let good = format!("{count} packets, {twice}, all delivered that were fulfilled");
    Finding::known(count, &shortened(wrong), &unknown, good)
}

/// Whether a packet's session had ended before it was answered, so that it may be sent again (contract#next-hop): it met
/// a fault, and somebody dialled anew until it was answered, begun when it was sent or so short a time before that the
/// new session came only then. Where no dial is recorded, the fault has to do.
fn may_be_sent_again(view: &FaultsView, packet: &FaultPacket) -> bool {
    let end = packet.sent.saturating_add(millis(packet.took));
    let meanwhile = packet.sent.saturating_sub(DIAL)..=end;
    let mut recorded = view.wires.iter().filter_map(|(_, wire)| wire.as_ref().ok());
    let dialled = |wire: &Wire| {
        let mut requests = wire.requests.iter();
        requests.any(|one| meanwhile.contains(&(one.at_us.saturating_sub(view.began_us) / 1000)))
    };
    view.faults.iter().any(|fault| fault.meets(packet))
        && (view.wires.is_empty() || recorded.any(dialled))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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

/// Every packet that crosses nothing broken: those of other directions, and all of them in between. A fault that could not
/// be made may have broken anything.
pub(super) fn undisturbed(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let mut count = usize::try_from(view.fine).unwrap_or(usize::MAX);
    for packet in view.packets.iter().filter(|packet| !packet.excused) {
        let meets = |fault: &FaultView| fault.meets(packet);
        if view.faults.iter().any(meets) {
            continue;
        }
        count += 1;
        let end = match &packet.end {
            PacketEnd::Rejected(code) => format!("rejected with {code}"),
            PacketEnd::Unanswered(why) => why.clone(),
            PacketEnd::Fulfilled { .. } => continue,
        };
        let mut faults = made(view);
        let elsewhere = faults.find(|fault| (fault.began..=fault.until).contains(&packet.sent));
        let when = elsewhere.map_or("nothing broken", |fault| fault.what.as_str());
        wrong.push(format!("{when}, {}: {end}", told(packet)));
    }
    let good = format!("{count} packets whose way led through nothing broken, all fulfilled");
    Finding::known(count, &shortened(wrong), &unmade(view), good)
}
