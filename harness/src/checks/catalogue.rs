//! Every check over a running topology: a family is one file and one line here.

use super::check::Check;
use super::{faults, handshake, isolation, names, network, packets, resilience, secrecy, service};
use crate::evidence::Basis;
use crate::suggest::did_you_mean;
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

/// The id of the check of a defect that may be there, by itself or by the contract's name for it.
///
/// # Errors
///
/// A sentence with the defects that there are.
pub fn defect(text: &str) -> Result<String, String> {
    let defects = || {
        every()
            .into_iter()
            .filter(|check| check.basis == Basis::Defect)
    };
    let is_it = |check: &&&Check| {
        let anchor = check.stands_on.split_once('#').map(|(_, anchor)| anchor);
        check.id == text || anchor == Some(text)
    };
    if let Some(check) = defects().collect::<Vec<_>>().iter().find(is_it) {
        return Ok(check.id.to_owned());
    }
    let what = match every().iter().find(|check| check.id == text) {
        Some(check) => format!("is not of the level defect, but {}", check.basis.words()),
        None => "is no check".to_owned(),
    };
    let ids: Vec<&str> = defects().map(|check| check.id).collect();
    Err(format!(
        "{text:?} {what}; the defects are {}{}",
        ids.join(", "),
        did_you_mean(text, ids.iter().copied())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_is_named_by_its_check_or_by_the_contract() {
        for name in ["resilience.removed-peer", "defect-removed-peer-dialled"] {
            assert_eq!(defect(name).as_deref(), Ok("resilience.removed-peer"));
        }
        for (name, says) in [
            (
                "secrecy.addresses",
                "is not of the level defect, but required",
            ),
            (
                "no.such",
                "is no check; the defects are handshake.takeover, ",
            ),
        ] {
            let error = defect(name).expect_err("is no defect");
            assert!(error.contains(says), "{error}");
        }
    }
}
