//! Every check over a running topology: a family is one file and one line here.

use super::check::Check;
use super::{faults, handshake, isolation, names, network, packets, resilience, secrecy, service};
use crate::topology::NetworkKind;

/// Every check over a running topology, whatever it can be asked of, in report order.
#[must_use]
pub fn every() -> Vec<&'static Check> {
    [
        network::CHECKS,
        service::CHECKS,
        isolation::CHECKS,
        names::CHECKS,
        handshake::CHECKS,
        packets::CHECKS,
        resilience::CHECKS,
        secrecy::CHECKS,
        faults::CHECKS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The checks that a topology with such a network, and with faults or without, is asked, in report order.
#[must_use]
pub fn catalogue(network: NetworkKind, faults: bool) -> Vec<&'static Check> {
    let mut checks = every();
    checks.retain(|check| check.scope.holds(network, faults));
    checks
}
