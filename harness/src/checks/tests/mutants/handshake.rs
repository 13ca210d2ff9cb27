//! Who is let in.

use super::super::healthy::refused;
use super::{BentObservation, fails, fails_all, home, shut_out, unknown};
use crate::checks::{Answer, Entry, Observations, Refusal};
use crate::connectors::secret_variable;

const WIRING: &[&str; 1] = &["handshake.wiring"];
const CONNECTED: &[&str; 1] = &["handshake.connected"];
const RIGHT: &[&str; 1] = &["handshake.right-secret"];
const WRONG: &[&str; 1] = &["handshake.wrong-secret"];
const EMPTY: &[&str; 1] = &["handshake.empty-secret"];
const TAKEOVER: &[&str; 1] = &["handshake.takeover"];
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

/// What fails besides when no packet crosses between two homes.
const OF_PACKETS: &[&str] = &["isolation.circuit", "packets.accepted", "packets.amounts"];
const CUT: &[&str] = &[
    "handshake.connected",
    "isolation.circuit",
    "packets.accepted",
    "packets.amounts",
];

/// Takes away whatever shows a session between the two homes.
fn cut(seen: &mut Observations) {
    for packet in &mut seen.deliveries {
        if packet.from.starts_with("home") {
            packet.arrived.clear();
            packet.answer = Answer::Rejected {
                code: "T01".to_owned(),
                message: "down".to_owned(),
            };
        }
    }
    for home in &mut seen.homes {
        home.circuits.iter_mut().for_each(|trace| trace.joined = 0);
    }
}

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
            "a session that is said to be down, and is not",
            "home-a says that home-b is not connected, but a packet crossed",
            |seen| seen.peerings[0].connected = Ok(Some(false)),
        ),
        fails_all(
            CUT,
            "a session that is down",
            "home-a is not connected to home-b",
            |seen| {
                cut(seen);
                seen.peerings[0].connected = Ok(Some(false));
            },
        ),
        fails_all(
            CUT,
            "a peer that is not known",
            "home-a does not know the peer home-b",
            |seen| {
                cut(seen);
                seen.peerings[0].connected = Ok(None);
            },
        ),
        BentObservation {
            open: CONNECTED,
            ..fails_all(
                OF_PACKETS,
                "a session that is said to be up, and nothing shows it",
                "home-a to home-b: rejected with T01 down",
                cut,
            )
        },
        BentObservation {
            open: CONNECTED,
            ..fails_all(
                OF_PACKETS,
                "a session that nothing shows, of a connector that does not tell",
                "home-a to home-b: rejected with T01 down",
                |seen| {
                    cut(seen);
                    seen.peerings[0].connected = Err("no answer".to_owned());
                },
            )
        },
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
        BentObservation {
            open: OF_THE_SESSION,
            ..unknown(
                RIGHT,
                "a dial with the right secret whose circuit broke on the way",
                "general failure",
                |seen| {
                    shut_out(seen);
                    let broke = "dial failed: connect through the SOCKS proxy: general failure";
                    seen.probe.accepted = Entry::Untried(broke.to_owned());
                },
            )
        },
        fails(WRONG, "a wrong secret is accepted", "let in", |seen| {
            seen.probe.wrong_secret = Refusal::Accepted;
        }),
        fails(
            WRONG,
            "a refusal after which the connection stays",
            "connection kept open",
            |seen| {
                seen.probe.wrong_secret =
                    otherwise("authenticate: refused with F00 BTPError, connection kept open");
            },
        ),
        fails(
            WRONG,
            "an end without a word",
            "connection closed with 1008",
            |seen| {
                seen.probe.wrong_secret = otherwise("authenticate: connection closed with 1008");
            },
        ),
        fails_all(
            &["handshake.empty-secret", "handshake.takeover"],
            "an empty secret is accepted",
            "let in",
            |seen| seen.probe.empty_secret = Refusal::Accepted,
        ),
        fails(
            TAKEOVER,
            "an empty secret takes over an id where empty ones are allowed",
            "probe, which has a secret, was let in by home-b without it",
            |seen| {
                no_auth(seen);
                seen.probe.empty_secret = Refusal::Accepted;
            },
        ),
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
            "a stranger's empty secret leads to silence where it is allowed",
            "no answer",
            |seen| {
                no_auth(seen);
                seen.probe.stranger = otherwise("no answer within 10000 ms");
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
            "the token that is sent to a peer leads to silence",
            "no answer",
            |seen| seen.probe.configured_secret = otherwise("no answer within 10000 ms"),
        ),
    ]
}

/// Makes the dialled home one that lets peers in without a secret, and shows it.
fn no_auth(seen: &mut Observations) {
    seen.probe.no_auth_allowed = true;
    seen.probe.empty_secret = refused();
    seen.probe.stranger = Refusal::Accepted;
}
