//! ILP packets: what is decoded, what is refused, what is forwarded (contract#ilp-packet,
//! contract#undecodable-packet, contract#forwarding).

use wire::BtpFrame;

use super::answers::{invalid_packet, no_route, odd_packet, rejected_and_served, unanswered};
use super::row::{Row, Script, Send};
use crate::conformance::build::{self, NOWHERE, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;

/// A time far enough ahead, in the contract's layout.
const TIME: &[u8] = b"99990101000000.000Z";

#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(super) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let nowhere = NOWHERE.as_bytes();
    let admitted = |message: Vec<u8>| Script::Admitted(vec![Send::Message(message)]);
    let row = Row::new;
    let mut rows = Vec::new();

    // Decoded, however odd: answered with F02, because there is no route.
    let long = format!("test.{}", "a".repeat(1023 - 5));
    let accepted: [(&'static str, &'static str, &str, Vec<u8>); 11] = [
        (
            "packet-plain",
            "contract#reject-codes",
            "a PREPARE without a route",
            build::odd_prepare(&[0], TIME, nowhere, &[]),
        ),
        (
            "packet-amount-large",
            "contract#ilp-amount",
            "amount 2^72",
            build::odd_prepare(&[0x8A, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], TIME, nowhere, &[]),
        ),
        (
            "packet-amount-not-minimal",
            "contract#ilp-amount",
            "amount 5 as 81 05",
            build::odd_prepare(&[0x81, 5], TIME, nowhere, &[]),
        ),
        (
            "packet-amount-no-bytes",
            "contract#ilp-amount",
            "amount 0 as 80",
            build::odd_prepare(&[0x80], TIME, nowhere, &[]),
        ),
        (
            "packet-month-13",
            "contract#ilp-time",
            "a time in month 13",
            build::odd_prepare(&[0], b"90991301000000.000Z", nowhere, &[]),
        ),
        (
            "packet-hour-25",
            "contract#ilp-time",
            "a time in hour 25",
            build::odd_prepare(&[0], b"90990101250000.000Z", nowhere, &[]),
        ),
        (
            "packet-trailing",
            "contract#trailing-bytes",
            "bytes after the end of a packet",
            build::odd_prepare(&[0], TIME, nowhere, &[1, 2, 3, 4]),
        ),
        (
            "packet-upper-case",
            "contract#ilp-address",
            "an address in upper case",
            build::odd_prepare(&[0], TIME, b"TEST.Ator_Harness.nowhere", &[]),
        ),
        (
            "packet-address-1023",
            "contract#ilp-address",
            "an address of 1023 characters",
            build::odd_prepare(&[0], TIME, long.as_bytes(), &[]),
        ),
        (
            "packet-peer-config",
            "contract#ildcp",
            "the ILDCP address peer.config",
            build::odd_prepare(&[0], TIME, b"peer.config", &[]),
        ),
        ("packet-32-kib", "contract#ilp-data", "32 KiB of data", {
            let ilp = build::prepare(
                codec,
                NOWHERE,
                &vec![0x5A; 32 * 1024],
                std::time::Duration::from_secs(60),
            );
            build::encode(codec, &BtpFrame::message(ROW_ID, &ilp))
        }),
    ];
    for (id, source, what, message) in accepted {
        let answers = match id {
            "packet-plain" | "packet-upper-case" | "packet-address-1023" | "packet-32-kib" => {
                vec![no_route()]
            }
            "packet-peer-config" => vec![
                rejected_and_served("???"),
                vec![
                    Seen::Fulfill {
                        id: ROW_ID,
                        fulfillment: None,
                    },
                    Seen::Served,
                ],
            ],
            // An amount above 0 may be more than is let through, or need a claim.
            "packet-amount-large" | "packet-amount-not-minimal" => [
                odd_packet(),
                vec![rejected_and_served("T00"), rejected_and_served("T04")],
            ]
            .concat(),
            _ => odd_packet(),
        };
        rows.push(row(id, source, what, admitted(message)).expects_one_of(answers));
    }

    // Not decoded, and answered all the same.
    let mut rfc_envelope = vec![12, 0x40];
    rfc_envelope.extend_from_slice(&[0; 8]);
    rfc_envelope.extend_from_slice(b"20990101000000000");
    rfc_envelope.extend_from_slice(&[0; 32]);
    rfc_envelope.extend_from_slice(&[5]);
    rfc_envelope.extend_from_slice(b"g.b.x\0");
    let too_long = format!("{long}a");
    let refused: [(&'static str, &'static str, &str, Vec<u8>); 11] = [
        (
            "packet-type-only",
            "contract#undecodable-packet",
            "a packet that is only its type",
            build::byte_message(ROW_ID, &[12]),
        ),
        (
            "packet-unknown-type",
            "contract#undecodable-packet",
            "packet type 99",
            build::byte_message(ROW_ID, &[99, 0, 0, 0]),
        ),
        (
            "packet-rfc-envelope",
            "contract#rfc-differences",
            "a PREPARE as RFC-0027 has it",
            build::byte_message(ROW_ID, &rfc_envelope),
        ),
        (
            "packet-time-17",
            "contract#rfc-differences",
            "a time without the dot and the Z",
            build::odd_prepare(&[0], b"20990101000000000", nowhere, &[]),
        ),
        (
            "packet-address-empty",
            "contract#undecodable-packet",
            "an empty address",
            build::odd_prepare(&[0], TIME, b"", &[]),
        ),
        (
            "packet-address-dots",
            "contract#undecodable-packet",
            "the address g..b",
            build::odd_prepare(&[0], TIME, b"g..b", &[]),
        ),
        (
            "packet-address-tilde",
            "contract#ilp-address-tilde",
            "the address test.~x",
            build::odd_prepare(&[0], TIME, b"test.~x", &[]),
        ),
        (
            "packet-address-utf8",
            "contract#undecodable-packet",
            "an address with an umlaut",
            build::odd_prepare(&[0], TIME, "test.ä".as_bytes(), &[]),
        ),
        (
            "packet-address-1024",
            "contract#undecodable-packet",
            "an address of 1024 characters",
            build::odd_prepare(&[0], TIME, too_long.as_bytes(), &[]),
        ),
        (
            "packet-fulfill-as-request",
            "contract#undecodable-packet",
            "a FULFILL in a MESSAGE",
            build::byte_message(ROW_ID, &build::fulfill(codec, b"", b"")),
        ),
        (
            "packet-reject-as-request",
            "contract#undecodable-packet",
            "a REJECT in a MESSAGE",
            build::byte_message(ROW_ID, &build::reject(codec)),
        ),
    ];
    for (id, source, what, message) in refused {
        // What RFC-0015 allows is a valid address without a route.
        let answers = match id {
            "packet-address-tilde" => odd_packet(),
            _ => invalid_packet(),
        };
        rows.push(
            row(id, source, what, admitted(message))
                .expects_one_of(answers)
                .knows(unanswered()),
        );
    }
    rows
}
