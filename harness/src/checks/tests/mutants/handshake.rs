//! Who is let in.

use super::{BentObservation, fails, fails_all, home, shut_out, unknown};
use crate::checks::{Observations, Refusal};
use crate::connectors::secret_variable;

const WIRING: &[&str; 1] = &["handshake.wiring"];
const CONNECTED: &[&str; 1] = &["handshake.connected"];
const RIGHT: &[&str; 1] = &["handshake.right-secret"];
const WRONG: &[&str; 1] = &["handshake.wrong-secret"];
const EMPTY: &[&str; 1] = &["handshake.empty-secret"];
const CONFIGURED: &[&str; 1] = &["handshake.configured-secret"];

/// What looks at nothing but what the probe did in its session.
const OF_THE_SESSION: &[&str] = &[
    "latency.btp-connect.max",
    "latency.round-trip.p50",
    "latency.round-trip.p95",
    "packets.accepted",
    "packets.application-error",
    "packets.delivered",
    "packets.expired",
    "packets.fulfillment",
    "packets.hops",
    "packets.once",
    "packets.payload",
];

fn rewire(seen: &mut Observations, name: &str) {
    let wiring = &mut home(seen, "home-b").wiring;
    let variable = wiring.iter_mut().find(|(variable, _)| variable == name);
    variable.expect("the plan wires it").1 = false;
}

fn otherwise(how: &str) -> Refusal {
    Refusal::Otherwise(how.to_owned())
}

#[expect(clippy::too_many_lines, reason = "a table of mutants")]
pub(super) fn mutants() -> Vec<BentObservation> {
    vec![
        fails(
            WIRING,
            "a secret that nobody sends",
            concat!("another value for ", secret_variable!("HOME_A")),
            |seen| {
                rewire(seen, secret_variable!("HOME_A"));
            },
        ),
        fails(
            WIRING,
            "empty secrets are allowed",
            "another value for BTP_ALLOW_NOAUTH",
            |seen| {
                rewire(seen, "BTP_ALLOW_NOAUTH");
            },
        ),
        fails(
            WIRING,
            "no variable was looked at",
            "none of home-b's variables",
            |seen| {
                home(seen, "home-b").wiring.clear();
            },
        ),
        fails(
            CONNECTED,
            "a session that is down",
            "home-a is not connected to home-b",
            |seen| {
                seen.peerings[0].connected = Ok(Some(false));
            },
        ),
        fails(
            CONNECTED,
            "a peer that is not known",
            "home-a does not know the peer home-b",
            |seen| {
                seen.peerings[0].connected = Ok(None);
            },
        ),
        unknown(
            CONNECTED,
            "an admin API that does not answer",
            "home-a to home-b: home-a's connector does not list its peers",
            |seen| {
                let silence = "home-a's connector does not list its peers";
                seen.peerings[0].connected = Err(silence.to_owned());
            },
        ),
        fails(
            CONNECTED,
            "the accepting side logged nothing",
            "home-b logged no accepted authentication of home-a",
            |seen| {
                seen.peerings[0].accepted_in_log = false;
            },
        ),
        fails_all(
            &[
                "handshake.connected",
                "service.fetched",
                "service.rendezvous",
            ],
            "a peering that was not looked at",
            "home-b to home-a was not looked at",
            |seen| {
                seen.peerings.pop();
            },
        ),
        BentObservation {
            open: OF_THE_SESSION,
            ..fails(
                RIGHT,
                "the right secret is refused",
                "not let in: refused with F00",
                shut_out,
            )
        },
        fails(WRONG, "a wrong secret is accepted", "let in", |seen| {
            seen.probe.wrong_secret = Refusal::Accepted;
        }),
        fails(
            WRONG,
            "a refusal with another close code",
            "connection closed with 1002",
            |seen| {
                seen.probe.wrong_secret =
                    otherwise("refused with F00 BTPError, connection closed with 1002");
            },
        ),
        fails(
            WRONG,
            "a refusal with another code",
            "refused with T00",
            |seen| {
                seen.probe.wrong_secret = otherwise("refused with T00 BTPError");
            },
        ),
        fails(EMPTY, "an empty secret is accepted", "let in", |seen| {
            seen.probe.empty_secret = Refusal::Accepted;
        }),
        fails(
            EMPTY,
            "an empty secret leads to silence",
            "no answer",
            |seen| {
                seen.probe.empty_secret = otherwise("no answer within 10000 ms");
            },
        ),
        fails(
            EMPTY,
            "an empty secret is refused where it is allowed",
            "refused, though BTP_ALLOW_NOAUTH allows it",
            |seen| seen.probe.no_auth_allowed = true,
        ),
        fails(
            EMPTY,
            "an empty secret leads to silence where it is allowed",
            "no answer",
            |seen| {
                seen.probe.no_auth_allowed = true;
                seen.probe.empty_secret = otherwise("no answer within 10000 ms");
            },
        ),
        fails(
            CONFIGURED,
            "the token that is sent to a peer lets that peer in",
            "let in",
            |seen| seen.probe.configured_secret = Refusal::Accepted,
        ),
        fails(
            CONFIGURED,
            "the token that is sent to a peer leads to another close code",
            "closed with 1011",
            |seen| {
                seen.probe.configured_secret =
                    otherwise("refused with F00 BTPError, connection closed with 1011");
            },
        ),
    ]
}
