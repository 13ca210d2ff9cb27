//! Every check over a running topology: a family is one file and one line here.

use super::check::Check;
use super::{handshake, isolation, names, network, packets, resilience, secrecy, service};
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
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The checks that a topology with such a network is asked, in report order.
#[must_use]
pub fn catalogue(network: NetworkKind) -> Vec<&'static Check> {
    let mut checks = every();
    checks.retain(|check| check.scope.holds(network));
    checks
}
