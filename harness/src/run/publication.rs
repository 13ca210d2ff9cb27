//! When an onion service counts as published.

use std::collections::BTreeSet;

use crate::onion::monitor::{DaemonState, Timeline};
use crate::plan::Plan;
use crate::topology::Publication;

/// Descriptors per service: this time period's and the next one's (rend-spec-v3).
const DESCRIPTORS: usize = 2;

/// HSDirs per descriptor: two replicas, four each (`hsdir_n_replicas`, `hsdir_spread_store`).
const HSDIRS: usize = 8;

/// How many uploads a complete publication has. Every node of a small network is an HSDir, and
/// none gets the same descriptor twice; in a network that others run some HSDir is always out of
/// order, and half of them are enough to be found.
pub(in crate::run) fn uploads_expected(plan: &Plan, state: &DaemonState) -> usize {
    match plan.topology.network.publication() {
        Publication::Everywhere => DESCRIPTORS * plan.nodes().count().min(HSDIRS),
        Publication::Half => state.uploads.div_ceil(2).max(DESCRIPTORS),
    }
}

/// Whether a publication is complete.
pub(in crate::run) fn is_published(plan: &Plan, state: &DaemonState, timeline: &Timeline) -> bool {
    let begun: BTreeSet<&str> = timeline
        .uploads
        .iter()
        .map(|upload| upload.descriptor.as_str())
        .collect();
    let ended = state.uploaded + state.failed.len() >= state.uploads;
    let begun_and_ended = match plan.topology.network.publication() {
        Publication::Everywhere => true,
        Publication::Half => begun.len() >= DESCRIPTORS && ended,
    };
    state.uploaded >= uploads_expected(plan, state) && begun_and_ended
}
