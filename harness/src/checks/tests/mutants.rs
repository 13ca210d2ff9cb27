//! Deliberately broken parts, each as what would be seen of it.

mod faults;
mod handshake;
mod isolation;
mod latency;
mod names;
mod network;
mod packets;
mod rejects;
mod resilience;
mod secrecy;
mod service;

use crate::checks::{Entry, HomeView, Observations, Verdict};
use crate::onion::OnionAddress;
use crate::topology::Metric;

/// One broken part.
pub(super) struct BentObservation {
    /// What is broken.
    pub(super) name: &'static str,
    /// The checks that must notice, and no others.
    pub(super) checks: &'static [&'static str],
    /// How they must come out.
    pub(super) verdict: Verdict,
    /// The checks that cannot be judged then, and no others.
    pub(super) open: &'static [&'static str],
    /// What some evidence must say, so that the check failed for the right reason.
    pub(super) evidence: &'static str,
    /// Breaks it.
    pub(super) bend: fn(&mut Observations),
}

/// A part whose defect makes exactly one check fail.
fn fails(
    check: &'static [&'static str; 1],
    name: &'static str,
    evidence: &'static str,
    bend: fn(&mut Observations),
) -> BentObservation {
    BentObservation {
        name,
        checks: check,
        verdict: Verdict::Fail,
        open: &[],
        evidence,
        bend,
    }
}

/// A part whose defect several checks have to notice.
fn fails_all(
    checks: &'static [&'static str],
    name: &'static str,
    evidence: &'static str,
    bend: fn(&mut Observations),
) -> BentObservation {
    BentObservation {
        name,
        checks,
        verdict: Verdict::Fail,
        open: &[],
        evidence,
        bend,
    }
}

/// Something that could not be looked at: the checks that need it accuse nobody, and do not pass.
fn unknown(
    checks: &'static [&'static str],
    name: &'static str,
    evidence: &'static str,
    bend: fn(&mut Observations),
) -> BentObservation {
    BentObservation {
        verdict: Verdict::Inconclusive,
        ..fails_all(checks, name, evidence, bend)
    }
}

/// Every mutant.
pub(super) fn all() -> Vec<BentObservation> {
    [
        network::mutants(),
        service::mutants(),
        isolation::mutants(),
        names::mutants(),
        handshake::mutants(),
        packets::mutants(),
        rejects::mutants(),
        resilience::mutants(),
        secrecy::mutants(),
        latency::mutants(),
        faults::mutants(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn home<'a>(seen: &'a mut Observations, id: &str) -> &'a mut HomeView {
    let home = seen.homes.iter_mut().find(|home| home.id == id);
    home.expect("a healthy topology has it")
}

/// The onion address that a home should have.
fn planned(home: &HomeView) -> &OnionAddress {
    home.planned.as_ref().expect("it has a daemon")
}

/// Takes everything away that a probe without a session cannot do.
pub(super) fn shut_out(seen: &mut Observations) {
    let probe = &mut seen.probe;
    probe.accepted = Entry::Shut("not let in: refused with F00".to_owned());
    let (id, asked) = (probe.id.clone(), format!("{}, by the probe", probe.to));
    seen.deliveries.retain(|packet| packet.from != id);
    seen.rejects.retain(|reject| reject.asked != asked);
    for metric in [
        Metric::BtpConnect,
        Metric::Authentication,
        Metric::RoundTrip,
        Metric::FarRoundTrip,
        Metric::WarmUp,
        Metric::FarWarmUp,
    ] {
        seen.metrics.remove(&metric);
    }
}
