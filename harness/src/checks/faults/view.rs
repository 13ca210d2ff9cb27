//! What the checks of faults have in common.

use std::time::Duration;

use crate::checks::{FaultPacket, FaultView, FaultsView, Finding, Observations};
use crate::topology::format_duration;

/// How many of the same are quoted.
const QUOTED: usize = 3;

/// What was seen of the faults, or that nothing was.
pub(super) fn seen_of(seen: &Observations) -> Result<&FaultsView, Finding> {
    match &seen.faults {
        Ok(Some(view)) => Ok(view),
        Ok(None) => Err(Finding::unsupported(
            "the topology is left running, so nothing of it was broken",
        )),
        Err(reason) => Err(Finding::inconclusive(reason)),
    }
}

/// Why nothing is known of a fault that could not be made.
pub(super) fn unmade(view: &FaultsView) -> Vec<String> {
    let failed = view.faults.iter();
    let failed = failed.filter_map(|fault| Some((fault, fault.failed.as_ref()?)));
    failed
        .map(|(fault, why)| format!("{}: {why}", fault.what))
        .collect()
}

/// The faults that were made as they were meant.
pub(super) fn made(view: &FaultsView) -> impl Iterator<Item = &FaultView> {
    view.faults.iter().filter(|fault| fault.failed.is_none())
}

pub(super) fn ms(time: u64) -> String {
    format_duration(Duration::from_millis(time))
}

pub(super) fn told(packet: &FaultPacket) -> String {
    format!("{} to {} at {}", packet.from, packet.to, ms(packet.sent))
}

/// The first of many, and how many there are.
pub(super) fn shortened(mut wrong: Vec<String>) -> Vec<String> {
    let count = wrong.len();
    if count > QUOTED {
        wrong.truncate(QUOTED);
        wrong.push(format!("{count} in all"));
    }
    wrong
}
