//! ILP packets (RFC-0027): what is valid has no route here, what is not is answered all the same.

use std::time::Duration;

use wire::Dialect;

use crate::conformance::build::{self, NOWHERE, ROW_ID};
use crate::conformance::subject::Subject;
use crate::conformance::table::answers::{invalid_packet, rejected_and_served, unanswered};
use crate::conformance::table::row::{Row, Script, Send};

/// The type of a PREPARE.
const PREPARE: u8 = 12;

/// A time far enough ahead, in the layout of RFC-0027.
const TIME: &[u8] = b"20990101000000000";

#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(crate) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let nowhere = NOWHERE.as_bytes();
    let script = |ilp: &[u8]| {
        let message = build::rfc_message(ROW_ID, ilp);
        Script::Admitted(vec![Send::Message(message)])
    };
    let by_hand = |time: &[u8], address: &[u8]| {
        let contents = build::odd_rfc_contents(0, time, address, &[]);
        build::rfc_packet(PREPARE, &contents)
    };
    let row = Row::new;
    let mut rows = Vec::new();

    let long = format!("test.{}", "a".repeat(1023 - 5));
    let large = build::odd_rfc_contents(u64::MAX, TIME, nowhere, &[]);
    let valid: [(&'static str, &'static str, &str, Vec<u8>); 6] = [
        (
            "packet-plain",
            "contract#rfc-packets",
            "a PREPARE without a route",
            build::prepare_nowhere(codec),
        ),
        (
            "packet-amount-max",
            "contract#rfc-amount-max",
            "amount 2^64 - 1",
            build::rfc_packet(PREPARE, &large),
        ),
        (
            "packet-upper-case",
            "contract#rfc-packets",
            "an address in upper case",
            by_hand(TIME, b"test.Ator_Harness.NOWHERE"),
        ),
        (
            "packet-address-tilde",
            "contract#rfc-packets",
            "an address with a tilde",
            by_hand(TIME, b"test.ator-harness.~nowhere"),
        ),
        (
            "packet-address-1023",
            "contract#rfc-packets",
            "an address of 1023 characters",
            by_hand(TIME, long.as_bytes()),
        ),
        (
            "packet-32-kib",
            "contract#rfc-packets",
            "32 KiB of data",
            build::prepare(
                codec,
                NOWHERE,
                &vec![0x5A; 32 * 1024],
                Duration::from_secs(60),
            ),
        ),
    ];
    rows.extend(valid.into_iter().map(|(id, source, what, ilp)| {
        // So much may be above a largest amount, or more than the sender's balance.
        let answers: &[&str] = match id {
            "packet-amount-max" => &["F02", "F08", "F06", "T00", "T04"],
            _ => &["F02"],
        };
        let answers = answers.iter().map(|code| rejected_and_served(code));
        row(id, source, what, script(&ilp)).expects_one_of(answers.collect())
    }));

    let whole = build::odd_rfc_contents(0, TIME, nowhere, &[]);
    let mut lies = build::rfc_packet(PREPARE, &whole);
    lies.truncate(lies.len() - 4);
    let mut destination_lies = whole.clone();
    // After amount, time and condition.
    destination_lies[8 + 17 + 32] = 0x7F;
    let too_long = format!("{long}a");
    let foreign = format!("packet-{}", Dialect::Toon);
    let invalid: [(&str, &str, Vec<u8>); 12] = [
        (
            "packet-type-only",
            "a packet that is only its type",
            vec![PREPARE],
        ),
        (
            "packet-unknown-type",
            "packet type 99",
            build::rfc_packet(99, &whole),
        ),
        ("packet-cut", "a packet without its last 4 bytes", lies),
        (
            "packet-envelope-oversized",
            "an envelope of 4 GiB announced",
            vec![PREPARE, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0],
        ),
        (
            "packet-condition-cut",
            "a packet that ends within its condition",
            build::rfc_packet(PREPARE, &whole[..8 + 17 + 20]),
        ),
        (
            "packet-destination-lies",
            "a destination longer than the packet",
            build::rfc_packet(PREPARE, &destination_lies),
        ),
        (
            &foreign,
            "a PREPARE as TOON connectors have it",
            [
                &[PREPARE, 0][..],
                b"20990101000000.000Z",
                &[0; 32],
                b"\x05g.b.x\0",
            ]
            .concat(),
        ),
        (
            "packet-address-empty",
            "an empty address",
            by_hand(TIME, b""),
        ),
        (
            "packet-address-dots",
            "the address test..b",
            by_hand(TIME, b"test..b"),
        ),
        (
            "packet-address-space",
            "an address with a space",
            by_hand(TIME, b"test.a b"),
        ),
        (
            "packet-address-1024",
            "an address of 1024 characters",
            by_hand(TIME, too_long.as_bytes()),
        ),
        (
            "packet-fulfill-as-request",
            "a FULFILL in a MESSAGE",
            build::fulfill(codec, b"", b""),
        ),
    ];
    rows.extend(invalid.into_iter().map(|(id, what, ilp)| {
        row(id, "contract#rfc-invalid-packets", what, script(&ilp))
            .expects_one_of(invalid_packet())
            .knows(unanswered())
    }));
    rows
}
