//! Deliberately broken parts, each as what would be seen of it.

mod latency;
mod network;
mod packets;
mod peers;
mod secrecy;
mod service;

use crate::checks::{HomeView, Observations, Verdict};

/// One broken part.
pub(super) struct Mutant {
    /// What is broken.
    pub(super) name: &'static str,
    /// The checks that must notice, and no others.
    pub(super) checks: &'static [&'static str],
    /// How they must come out.
    pub(super) verdict: Verdict,
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
) -> Mutant {
    Mutant {
        name,
        checks: check,
        verdict: Verdict::Fail,
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
) -> Mutant {
    Mutant {
        name,
        checks,
        verdict: Verdict::Fail,
        evidence,
        bend,
    }
}

/// Every mutant.
pub(super) fn all() -> Vec<Mutant> {
    [
        network::mutants(),
        service::mutants(),
        peers::isolation(),
        peers::handshake(),
        packets::between_homes(),
        packets::of_the_probe(),
        secrecy::mutants(),
        latency::mutants(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn home<'a>(seen: &'a mut Observations, id: &str) -> &'a mut HomeView {
    let home = seen.homes.iter_mut().find(|home| home.id == id);
    home.expect("a healthy topology has it")
}
