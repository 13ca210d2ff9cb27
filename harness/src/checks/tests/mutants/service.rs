//! Onion services and the homes as a whole.

use super::{BentObservation, fails, fails_all, home, planned, unknown};
use crate::checks::Observations;
use crate::onion::{OnionAddress, TldFamily};
use crate::secret::Secret;

/// Replaces what a home's daemon wrote into its hostname file.
fn publish(seen: &mut Observations, hostname: impl FnOnce(&OnionAddress) -> String) {
    let home = home(seen, "home-a");
    home.hostname = Ok(Some(Secret::new(hostname(planned(home)))));
}

const ADDRESS: &[&str; 1] = &["service.address"];
const UPLOADED: &[&str; 1] = &["service.uploaded"];
const FETCHED: &[&str; 1] = &["service.fetched"];
const RENDEZVOUS: &[&str; 1] = &["service.rendezvous"];

#[expect(clippy::too_many_lines, reason = "a table of mutants")]
pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        fails(
            ADDRESS,
            "a checksum that fits no family",
            "has a checksum that does not fit .anon",
            |seen| {
                publish(seen, |address| {
                    let other = if address.expose().starts_with('a') {
                        "b"
                    } else {
                        "a"
                    };
                    format!("{other}{}", &address.expose()[1..])
                });
            },
        ),
        fails(
            ADDRESS,
            "the checksum of another family",
            "was made by a daemon of the .anon family",
            |seen| {
                publish(seen, |address| format!("{}.onion", address.expose_label()));
            },
        ),
        fails(
            ADDRESS,
            "an address of another family",
            "is of the .anyone family, the topology asks for .anon",
            |seen| {
                publish(seen, |_| {
                    OnionAddress::of_key(&[9; 32], TldFamily::Anyone)
                        .expose()
                        .to_owned()
                });
            },
        ),
        fails(
            ADDRESS,
            "the address of another key",
            "is not that of its key",
            |seen| {
                publish(seen, |_| {
                    OnionAddress::of_key(&[9; 32], TldFamily::Anon)
                        .expose()
                        .to_owned()
                });
            },
        ),
        fails(
            ADDRESS,
            "two homes that share one address",
            "home-b's address is that of home-a",
            |seen| {
                let shared = home(seen, "home-a").hostname.clone();
                home(seen, "home-b").hostname = shared;
            },
        ),
        fails(
            ADDRESS,
            "an address that is cut short",
            "has 55 characters before its TLD",
            |seen| {
                publish(seen, |address| address.expose()[1..].to_owned());
            },
        ),
        fails(
            ADDRESS,
            "no address",
            "home-a hands out no address",
            |seen| home(seen, "home-a").hostname = Ok(None),
        ),
        unknown(
            ADDRESS,
            "no hostname file",
            "home-a's address: no such file",
            |seen| {
                home(seen, "home-a").hostname = Err("no such file".to_owned());
            },
        ),
        fails(
            ADDRESS,
            "an empty hostname file",
            "home-a's address does not end in",
            |seen| {
                publish(seen, |_| String::new());
            },
        ),
        fails(
            UPLOADED,
            "one upload is missing",
            "home-b: 13 of 14 uploads confirmed",
            |seen| {
                home(seen, "home-b").daemon.uploaded -= 1;
            },
        ),
        fails(
            UPLOADED,
            "an HSDir refused the descriptor",
            "home-b: 1 uploads refused",
            |seen| {
                home(seen, "home-b")
                    .daemon
                    .failed
                    .push("UPLOAD_REJECTED".to_owned());
            },
        ),
        fails(
            FETCHED,
            "nobody fetched",
            "nobody fetched home-b's descriptor",
            |seen| {
                home(seen, "home-b").fetched_by[0].1 = 0;
            },
        ),
        fails(
            FETCHED,
            "nobody who could fetch was asked",
            "nobody fetched home-a's descriptor",
            |seen| {
                home(seen, "home-a").fetched_by.clear();
            },
        ),
        fails(
            RENDEZVOUS,
            "no rendezvous",
            "home-a's daemon joined none",
            |seen| {
                home(seen, "home-a").daemon.joined = 0;
            },
        ),
        fails_all(
            &[
                "handshake.wiring",
                "isolation.circuit",
                "isolation.home-to-home",
                "isolation.no-direct-dial",
                "isolation.nothing-else",
                "isolation.published-reachable",
                "names.dns",
                "names.socks",
                "network.bootstrapped",
                "resilience.health",
                "resilience.health-live",
                "resilience.removed-peer",
                "service.address",
                "service.fetched",
                "service.rendezvous",
                "service.uploaded",
            ],
            "a home that was not looked at",
            "home-b was not looked at",
            |seen| seen.homes.retain(|home| home.id != "home-b"),
        ),
    ]
}
