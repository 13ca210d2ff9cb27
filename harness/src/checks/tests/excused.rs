//! What a network that is not judged comes to.

use std::time::Duration;

use super::faulted::dial;
use super::healthy::{PACKETS, healthy, samples};
use crate::checks::{
    CheckResult, FaultsView, SocksRequest, Verdict, Wait, excuse_machine, excuse_network, judge,
};
use crate::secret::Secret;
use crate::topology::Metric;

#[test]
fn a_network_that_is_not_judged_is_excused_and_nothing_else_is() {
    let mut seen = healthy();
    seen.authorities[1].ballot.consensus = Ok(None);
    seen.authorities[2].certificates = Err("its directory port did not answer".to_owned());
    seen.deliveries.clear();
    let judged = judge(&seen);
    let mut excused = judged.clone();
    let wrong = excuse_network(&mut excused);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].contains("da2 has not made the consensus"),
        "{wrong:?}"
    );
    let verdict_of = |results: &[CheckResult], id: &str| {
        let mut results = results.iter();
        results
            .find(|result| result.id == id)
            .expect("is judged")
            .verdict
    };
    assert_eq!(verdict_of(&judged, "network.consensus"), Verdict::Fail);
    assert_eq!(
        verdict_of(&excused, "network.consensus"),
        Verdict::Inconclusive
    );
    for (before, after) in judged.iter().zip(&excused) {
        let is_network = before.id == "network.consensus" || before.id == "network.certificates";
        assert!(is_network || before == after, "{}", before.id);
    }
    assert_eq!(verdict_of(&excused, "packets.delivered"), Verdict::Fail);
    assert_eq!(excuse_network(&mut judge(&healthy())), Vec::<String>::new());
}

/// The verdict on round trips that are too slow, where so much of the time something waited for a processor and the
/// connectors had this part of them, and what is said of the machine.
fn slow_while(waited: f64, by_connectors: f64) -> (Verdict, Vec<String>) {
    let mut seen = healthy();
    let slow = samples(PACKETS, Duration::from_millis(210));
    seen.metrics.insert(Metric::RoundTrip, slow);
    let wait = Wait {
        waited,
        by_connectors,
    };
    seen.waits.insert(Metric::RoundTrip, wait);
    // What is in order stays so, and what nothing is known of is judged as it was measured.
    seen.waits.insert(Metric::BtpConnect, wait);
    let late = samples(1, Duration::from_secs(26));
    seen.metrics.insert(Metric::Ready, late);
    seen.deliveries.clear();
    let judged = judge(&seen);
    let mut excused = judged.clone();
    let told = excuse_machine(&mut excused, &seen.budgets, &seen.waits);
    let mut median = None;
    for (before, after) in judged.iter().zip(&excused) {
        match &*before.id {
            "latency.round-trip.p50" => {
                assert_eq!(before.verdict, Verdict::Fail);
                assert!(after.evidence.starts_with(&before.evidence));
                median = Some(after.verdict);
            }
            _ => assert_eq!(before, after),
        }
    }
    (median.expect("is judged"), told)
}

#[test]
fn what_is_slow_while_something_else_has_the_processors_is_not_known_to_be_slow() {
    let (verdict, told) = slow_while(0.83, 0.1);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert_eq!(
        told,
        [
            "while round-trip was measured, programs of this machine waited for a processor 83 % of the time; the \
             connectors had 10 % of all processors' time"
        ]
    );
    // With processors to spare, and where the connectors take them.
    for (waited, by_connectors) in [(0.2, 0.1), (0.9, 0.6)] {
        let kept = slow_while(waited, by_connectors);
        assert_eq!(kept, (Verdict::Fail, Vec::new()));
    }
}

/// The verdict on getting over the cut of 45 s, of 60 s, which lasts from 2 s until 47 s, with these dials and never.
fn over_the_cut(dials: &[(u64, Option<u8>)]) -> CheckResult {
    let mut seen = healthy();
    let peer = seen.homes[1].planned.clone().expect("is planned");
    let faults: &mut FaultsView = seen
        .faults
        .as_mut()
        .expect("was seen")
        .as_mut()
        .expect("is");
    let cut = &mut faults.faults[0];
    cut.until = 112_000;
    cut.concerned.iter_mut().for_each(|one| one.took = None);
    let requests = dials.iter().map(|(at, reply)| SocksRequest {
        host: Secret::new(peer.expose()),
        reply: *reply,
        ended: reply.is_some(),
        ..dial(*at)
    });
    faults.wires[0].1.as_mut().expect("was read").requests = requests.collect();
    let results = judge(&seen);
    let found = results
        .into_iter()
        .find(|result| result.id == "faults.recovered");
    found.expect("is judged")
}

#[test]
fn a_connector_is_not_blamed_for_a_network_that_carries_none_of_its_dials() {
    const UNREACHABLE: Option<u8> = Some(4);
    for dials in [
        &[(50_000, UNREACHABLE), (80_000, UNREACHABLE)][..],
        // The last one is open yet.
        &[(50_000, UNREACHABLE), (60_000, None)],
        &[(40_000, None)],
        // Another one came to its peer, before the fault was over.
        &[(1_000, Some(0)), (90_000, Some(6))],
    ] {
        let result = over_the_cut(dials);
        assert_eq!(result.verdict, Verdict::Inconclusive, "{dials:?}");
        assert!(
            result.evidence.contains("the onion network carried none"),
            "{}",
            result.evidence
        );
    }
    for dials in [
        // Nobody dialled.
        &[][..],
        // Given up.
        &[(40_000, UNREACHABLE), (50_000, UNREACHABLE)],
        // One had a way: to the connector, or to a port that nobody listens at.
        &[(50_000, UNREACHABLE), (80_000, Some(0))],
        &[(50_000, UNREACHABLE), (80_000, Some(5))],
        &[(50_000, UNREACHABLE), (80_000, Some(1))],
    ] {
        assert_eq!(over_the_cut(dials).verdict, Verdict::Fail, "{dials:?}");
    }
}
