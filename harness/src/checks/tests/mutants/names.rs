//! Names on the wire between a connector and everybody else.

use super::{BentObservation, fails, home, planned, unknown};
use crate::checks::{Observations, Wire};
use crate::secret::Secret;

fn wire<'a>(seen: &'a mut Observations, id: &str) -> &'a mut Wire {
    let wire = home(seen, id).wire.as_mut();
    wire.expect("a healthy home's record can be read")
}

const SOCKS: &[&str; 1] = &["names.socks"];
const DNS: &[&str; 1] = &["names.dns"];
const BOTH: &[&str] = &["names.dns", "names.socks"];

pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        unknown(
            BOTH,
            "a record that cannot be read",
            "home-b: its recorder never listened",
            |seen| home(seen, "home-b").wire = Err("its recorder never listened".to_owned()),
        ),
        fails(
            SOCKS,
            "a connector that asks the proxy for nothing",
            "home-a's connector asked for nothing",
            |seen| wire(seen, "home-a").requests.clear(),
        ),
        fails(
            SOCKS,
            "an IPv4 address instead of a name",
            "home-b's connector asked for an address (ATYP 1) instead of a name",
            |seen| wire(seen, "home-b").requests[0].address_type = 1,
        ),
        fails(
            SOCKS,
            "an IPv6 address in a later request",
            "home-b's connector asked for an address (ATYP 4) instead of a name",
            |seen| {
                let requests = &mut wire(seen, "home-b").requests;
                requests
                    .last_mut()
                    .expect("there are requests")
                    .address_type = 4;
            },
        ),
        fails(
            SOCKS,
            "something else than SOCKS5",
            "home-a: version 4 instead of 5",
            |seen| {
                let malformed = &mut wire(seen, "home-a").malformed;
                malformed.push("version 4 instead of 5".to_owned());
            },
        ),
        fails(
            DNS,
            "an onion name asked of DNS",
            "home-b asked for onion names 1 times",
            |seen| {
                let name = planned(&seen.homes[0]).expose().to_owned();
                wire(seen, "home-b").queries.push(Secret::new(name));
            },
        ),
        fails(
            DNS,
            "the name of a peer that does not exist, in capitals and with a dot",
            "home-a asked for onion names 1 times",
            |seen| {
                let name = format!("{}.", planned(&seen.homes[1]).expose().to_uppercase());
                wire(seen, "home-a").queries.push(Secret::new(name));
            },
        ),
    ]
}
