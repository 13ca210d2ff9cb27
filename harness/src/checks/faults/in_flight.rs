//! Packets in flight when the connector ended to which they were under way.

use std::time::Duration;

use super::view::{seen_of, shortened, told};
use crate::checks::{FaultPacket, FaultView, FaultsView, Finding, Observations};
use crate::topology::format_duration;

/// So long before its time is over a packet's answer does not come from the end of that time: a hop takes a second off,
/// and stops waiting some time before the rest is over (contract#next-hop-timer).
const BY_TIMER: Duration = Duration::from_secs(3);
/// So long after the next hop was back a packet that waits for it is sent again, and answered, in milliseconds.
const SENT_AGAIN: u64 = 5_000;

/// Wrong is what was answered only when its time was over, or not at all, though the next hop had long been back: whoever
/// forgot it did so when the session ended. One that waits for a next hop that stays away may yet mean to send it again.
pub(super) fn in_flight(seen: &Observations) -> Finding {
    let view = match seen_of(seen) {
        Ok(view) => view,
        Err(finding) => return finding,
    };
    let mut wrong = Vec::new();
    let (mut count, mut waited, mut slowest) = (0, 0, Duration::ZERO);
    for packet in &view.in_flight {
        if packet.took + BY_TIMER < packet.limit {
            count += 1;
            slowest = slowest.max(packet.took);
        } else if was_back(view, packet) {
            count += 1;
            wrong.push(format!(
                "{}: answered after {}, and it lived for {}",
                told(packet),
                format_duration(packet.took),
                format_duration(packet.limit)
            ));
        } else {
            waited += 1;
        }
    }
    if count == 0 {
        return Finding::unsupported(match waited {
            0 => {
                "no packet was under way to a connector that ended, and whose end its peers are told"
            }
            _ => "what was under way waited for a next hop that did not come back in time",
        });
    }
    let slowest = format_duration(slowest);
    let good = format!("{count} packets in flight, the last answered after {slowest}");
    Finding::known(count, &shortened(wrong), &[], good)
}

/// Whether a packet's direction was back so long before its answer came that it could have been sent again, and nothing
/// else was broken meanwhile.
fn was_back(view: &FaultsView, packet: &FaultPacket) -> bool {
    let took = u64::try_from(packet.took.as_millis()).unwrap_or(u64::MAX);
    let answered = packet.sent.saturating_add(took);
    let during = |fault: &&FaultView| (fault.started..=fault.until).contains(&packet.sent);
    let Some(own) = view.faults.iter().find(during) else {
        return false;
    };
    let mut later = view.faults.iter();
    if later.any(|other| other.started > own.started && other.started <= answered) {
        return false;
    }
    let mut concerned = own.concerned.iter();
    let one = concerned.find(|one| one.from == packet.from && one.to == packet.to);
    let Some(took) = one.and_then(|one| one.took) else {
        return false;
    };
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    own.failed.is_none()
        && own
            .counts_from()
            .saturating_add(took)
            .saturating_add(SENT_AGAIN)
            <= answered
}
