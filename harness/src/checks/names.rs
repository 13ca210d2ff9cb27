//! Onion names are resolved by the onion network and by nobody else.

use super::{Basis, Check, Finding, Need, Observations, Scope};
use crate::onion::mentions_address;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "names.socks",
        basis: Basis::Required,
        stands_on: "contract#transport-dial",
        says: "every SOCKS request of a connector carried a host name (ATYP 3), none an address",
        scope: Scope::Every,
        needs: Need::Socks,
        judge: socks,
    },
    Check {
        id: "names.dns",
        basis: Basis::Required,
        stands_on: "contract#transport-dial",
        says: "no onion name was asked of a home's name server",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: dns,
    },
];

/// SOCKS5's ATYP of a host name (RFC 1928 section 4).
const HOST_NAME: u8 = 3;

fn socks(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut looked_at = 0;
    for home in seen.onion_homes() {
        let wire = match &home.wire {
            Ok(wire) => wire,
            Err(reason) => {
                unknown.push(format!("{}: {reason}", home.id));
                continue;
            }
        };
        let dials = seen.onion_peerings.iter().any(|(from, _)| *from == home.id);
        if dials && wire.requests.is_empty() {
            wrong.push(format!("{}'s connector asked for nothing", home.id));
        }
        looked_at += wire.requests.len();
        for request in &wire.requests {
            if request.address_type != HOST_NAME {
                wrong.push(format!(
                    "{}'s connector asked for an address (ATYP {}) instead of a name",
                    home.id, request.address_type
                ));
            }
        }
        for what in &wire.malformed {
            wrong.push(format!("{}: {what}", home.id));
        }
    }
    wrong.dedup();
    Finding::known(
        looked_at,
        &wrong,
        &unknown,
        format!("{looked_at} requests, each with a host name"),
    )
}

fn dns(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    let mut looked_at = 0;
    let mut queries = 0;
    for home in &seen.homes {
        match &home.wire {
            Err(reason) => unknown.push(format!("{}: {reason}", home.id)),
            Ok(wire) => {
                looked_at += 1;
                queries += wire.queries.len();
                let leaked = wire
                    .queries
                    .iter()
                    .filter(|query| mentions_address(query.expose()))
                    .count();
                if leaked > 0 {
                    wrong.push(format!("{} asked for onion names {leaked} times", home.id));
                }
            }
        }
    }
    Finding::known(
        looked_at,
        &wrong,
        &unknown,
        format!("{looked_at} name servers were asked {queries} times, never for an onion name"),
    )
}
