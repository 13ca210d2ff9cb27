//! Each home's onion service.

use super::{Basis, Check, Finding, Need, Observations, Scope};
use crate::onion::OnionAddress;

/// Reason of a failed upload (control-spec, "HS_DESC").
const REJECTED: &str = "UPLOAD_REJECTED";

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "service.address",
        basis: Basis::Required,
        stands_on: "",
        says: "every onion address that is handed out is well formed for the topology's TLD family, checksum included, is that of the home's key, and no other home's",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: address,
    },
    Check {
        id: "service.uploaded",
        basis: Basis::Required,
        stands_on: "",
        says: "every home's descriptor was uploaded to its HSDirs (every one of a private network, half of them elsewhere), and none refused it",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: uploaded,
    },
    Check {
        id: "service.fetched",
        basis: Basis::Required,
        stands_on: "",
        says: "every dialled home's descriptor was fetched by another home's daemon",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: fetched,
    },
    Check {
        id: "service.rendezvous",
        basis: Basis::Required,
        stands_on: "",
        says: "every dialling home's daemon joined a rendezvous circuit",
        scope: Scope::Every,
        needs: Need::Nothing,
        judge: rendezvous,
    },
];

fn address(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut unknown = Vec::new();
    for home in seen.onion_homes() {
        match &home.hostname {
            Err(reason) => unknown.push(format!("{}'s address: {reason}", home.id)),
            Ok(None) => wrong.push(format!("{} hands out no address", home.id)),
            Ok(Some(text)) => match text.expose().trim().parse::<OnionAddress>() {
                Err(error) => wrong.push(format!("{}'s address {error}", home.id)),
                Ok(found) if found.family() != seen.family => wrong.push(format!(
                    "{}'s address is of the .{} family, the topology asks for .{}",
                    home.id,
                    found.family(),
                    seen.family
                )),
                Ok(found) => match other_of(seen, &home.id, &found) {
                    // By two daemons with one address nobody is found for long.
                    Some(other) => wrong.push(format!("{}'s address is that of {other}", home.id)),
                    None if home.planned.as_ref() != Some(&found) => {
                        wrong.push(format!("{}'s address is not that of its key", home.id));
                    }
                    None => {}
                },
            },
        }
    }
    let looked_at = seen.onion_homes().count();
    let good = format!("{looked_at} addresses of the .{} family", seen.family);
    Finding::known(looked_at, &wrong, &unknown, good)
}

/// Another home whose address this is.
fn other_of<'s>(seen: &'s Observations, home: &str, address: &OnionAddress) -> Option<&'s str> {
    let mut others = seen.onion_homes().filter(|other| other.id != home);
    let other = others.find(|other| other.planned.as_ref() == Some(address));
    other.map(|other| other.id.as_str())
}

fn uploaded(seen: &Observations) -> Finding {
    let mut wrong = seen.unseen_homes();
    let mut counts = Vec::new();
    for home in seen.onion_homes() {
        let daemon = &home.daemon;
        if daemon.uploaded < home.uploads_expected {
            wrong.push(format!(
                "{}: {} of {} uploads confirmed",
                home.id, daemon.uploaded, home.uploads_expected
            ));
        }
        // The other failures are of fetches, which are tried again at another HSDir.
        let refused = daemon
            .failed
            .iter()
            .filter(|reason| *reason == REJECTED)
            .count();
        if refused > 0 {
            wrong.push(format!("{}: {refused} uploads refused", home.id));
        }
        counts.push(format!("{}: {} confirmed", home.id, daemon.uploaded));
    }
    Finding::all(counts.len(), &wrong, counts.join(", "))
}

fn fetched(seen: &Observations) -> Finding {
    let dialled: Vec<_> = seen
        .homes
        .iter()
        .filter(|home| seen.onion_peerings.iter().any(|(_, to)| *to == home.id))
        .collect();
    let mut wrong = [seen.unseen_homes(), seen.unseen_peerings()].concat();
    wrong.extend(
        dialled
            .iter()
            .filter(|home| home.fetched_by.iter().all(|(_, count)| *count == 0))
            .map(|home| format!("nobody fetched {}'s descriptor", home.id)),
    );
    let good: Vec<String> = dialled
        .iter()
        .flat_map(|home| {
            home.fetched_by
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(by, count)| format!("{by} fetched {}'s {count} times", home.id))
        })
        .collect();
    Finding::all(dialled.len(), &wrong, good.join(", "))
}

fn rendezvous(seen: &Observations) -> Finding {
    let dialling: Vec<_> = seen
        .homes
        .iter()
        .filter(|home| seen.onion_peerings.iter().any(|(from, _)| *from == home.id))
        .collect();
    let mut wrong = [seen.unseen_homes(), seen.unseen_peerings()].concat();
    wrong.extend(
        dialling
            .iter()
            .filter(|home| home.daemon.joined == 0)
            .map(|home| format!("{}'s daemon joined none", home.id)),
    );
    let good: Vec<String> = dialling
        .iter()
        .map(|home| format!("{}: {} joined", home.id, home.daemon.joined))
        .collect();
    Finding::all(dialling.len(), &wrong, good.join(", "))
}
