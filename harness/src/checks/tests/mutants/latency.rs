//! Measured values above their budgets, or too few of them.

use std::time::Duration;

use super::super::healthy::{PACKETS, samples};
use super::{BentObservation, fails};
use crate::checks::Verdict;
use crate::topology::Metric;

const READY: &[&str; 1] = &["latency.ready.max"];
const DIAL: &[&str; 1] = &["latency.dial.max"];
const CONNECT: &[&str; 1] = &["latency.btp-connect.max"];
const MEDIAN: &[&str; 1] = &["latency.round-trip.p50"];
const TAIL: &[&str; 1] = &["latency.round-trip.p95"];

/// Too few samples: nothing is known to be wrong, and nothing to be right.
fn too_few(
    check: &'static [&'static str],
    name: &'static str,
    evidence: &'static str,
    bend: fn(&mut crate::checks::Observations),
) -> BentObservation {
    BentObservation {
        name,
        checks: check,
        verdict: Verdict::Inconclusive,
        open: &[],
        evidence,
        bend,
    }
}

pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        fails(READY, "ready too late", "1 samples", |seen| {
            seen.metrics
                .insert(Metric::Ready, samples(1, Duration::from_secs(26)));
        }),
        fails(DIAL, "one slow dial", "max 3.1 s", |seen| {
            let mut dials = samples(2, Duration::from_millis(300));
            dials.record(Duration::from_millis(3100));
            seen.metrics.insert(Metric::Dial, dials);
        }),
        fails(CONNECT, "a slow BTP connect", "max 3.6 s", |seen| {
            seen.metrics
                .insert(Metric::BtpConnect, samples(1, Duration::from_millis(3600)));
        }),
        fails(MEDIAN, "round trips slow on the whole", "p50 210", |seen| {
            seen.metrics.insert(
                Metric::RoundTrip,
                samples(PACKETS, Duration::from_millis(210)),
            );
        }),
        fails(
            TAIL,
            "every tenth round trip is slow",
            "p50 20 ms, p95 420",
            |seen| {
                let mut trips = samples(PACKETS - PACKETS / 10, Duration::from_millis(20));
                trips.merge(&samples(PACKETS / 10, Duration::from_millis(420)));
                seen.metrics.insert(Metric::RoundTrip, trips);
            },
        ),
        too_few(
            DIAL,
            "a dial is missing",
            "2 samples (at least 3 asked for)",
            |seen| {
                seen.metrics
                    .insert(Metric::Dial, samples(2, Duration::from_millis(300)));
            },
        ),
        too_few(
            &["latency.round-trip.p50", "latency.round-trip.p95"],
            "a round trip is missing",
            "199 samples (at least 200 asked for)",
            |seen| {
                seen.metrics.insert(
                    Metric::RoundTrip,
                    samples(PACKETS - 1, Duration::from_millis(20)),
                );
            },
        ),
        fails(
            CONNECT,
            "nothing was measured",
            "nothing was measured",
            |seen| {
                seen.metrics.remove(&Metric::BtpConnect);
            },
        ),
        fails(
            DIAL,
            "a metric without samples",
            "nothing was measured",
            |seen| {
                seen.metrics
                    .insert(Metric::Dial, samples(0, Duration::ZERO));
            },
        ),
    ]
}
