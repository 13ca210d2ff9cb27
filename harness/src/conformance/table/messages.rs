//! BTP frames that are malformed or unexpected (contract#malformed).

use wire::{BtpFrame, BtpType, ProtocolData, ProtocolEntry};

use super::answers::{error, no_route, rejected, unreadable, unreadable_at_first};
use super::row::{Row, Script, Send};
use crate::conformance::build::{self, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;

/// Frames that cannot be decoded: name, words, bytes.
fn undecodable() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let head = |rest: &[u8]| [&[6, 0, 0, 0, 7][..], rest].concat();
    let oversized = head(&[1, 3, b'f', b'o', b'o', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    vec![
        ("bad-empty", "pre-bad-empty", "an empty message", vec![]),
        ("bad-1-byte", "pre-bad-1-byte", "one byte", vec![6]),
        (
            "bad-4-bytes",
            "pre-bad-4-bytes",
            "four bytes",
            vec![6, 0, 0, 0],
        ),
        (
            "bad-header-only",
            "pre-bad-header-only",
            "type and request id only",
            head(&[]),
        ),
        (
            "bad-no-ilp-length",
            "pre-bad-no-ilp-length",
            "no ILP length",
            head(&[0]),
        ),
        (
            "bad-type-0",
            "pre-bad-type-0",
            "type 0",
            vec![0, 0, 0, 0, 7, 0, 0, 0, 0, 0],
        ),
        (
            "bad-type-8",
            "pre-bad-type-8",
            "type 8",
            vec![8, 0, 0, 0, 7, 0, 0, 0, 0, 0],
        ),
        (
            "bad-type-255",
            "pre-bad-type-255",
            "type 255",
            vec![255, 0, 0, 0, 7, 0, 0, 0, 0, 0],
        ),
        (
            "bad-count-lies",
            "pre-bad-count-lies",
            "five entries announced, none there",
            head(&[5, 0, 0, 0, 0]),
        ),
        (
            "bad-name-oversized",
            "pre-bad-name-oversized",
            "a name longer than the message",
            head(&[1, 255, b'a']),
        ),
        (
            "bad-data-oversized",
            "pre-bad-data-oversized",
            "entry data of 4 GiB announced",
            oversized,
        ),
        (
            "bad-ilp-oversized",
            "pre-bad-ilp-oversized",
            "a packet of 4 GiB announced",
            head(&[0, 0xFF, 0xFF, 0xFF, 0xFF, 12]),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(super) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let admitted = |message: Vec<u8>| Script::Admitted(vec![Send::Message(message)]);
    let row = Row::new;
    let mut rows = Vec::new();
    for (id, before_id, what, bytes) in undecodable() {
        rows.push(
            row(
                id,
                "contract#undecodable-frame-answer",
                what,
                admitted(bytes.clone()),
            )
            .expects_one_of(unreadable()),
        );
        rows.push(
            row(
                before_id,
                "contract#undecodable-frame-answer",
                &format!("{what}, before the authentication"),
                Script::Fresh(vec![Send::Message(bytes)]),
            )
            .expects_one_of(unreadable_at_first()),
        );
    }
    let typed = |kind: BtpType, ilp: &[u8]| {
        let frame = BtpFrame::data(ROW_ID, kind, ProtocolData::EMPTY, ilp);
        admitted(build::encode(codec, &frame))
    };
    let prepare = build::prepare_nowhere(codec);
    let entry = [ProtocolEntry::new("hello", 1, b"{}")];
    let without_packet = BtpFrame::data(ROW_ID, BtpType::Message, ProtocolData::new(&entry), &[]);
    let time = "2026-01-01T00:00:00.000Z";
    let silent = vec![Seen::Served];
    rows.extend([
        row(
            "text-json",
            "contract#ws-text",
            "a text message with JSON",
            Script::Admitted(vec![Send::Text(r#"{"type":"PREPARE"}"#)]),
        )
        .expects_one_of(unreadable()),
        row(
            "text-not-utf8",
            "contract#ws-text-utf8",
            "a text message that is not UTF-8",
            Script::Admitted(vec![Send::Raw(build::websocket_frame(
                0x81,
                true,
                &[6, 0xFF, 0xFE],
            ))]),
        )
        .expects(vec![Seen::Over]),
        row(
            "message-without-packet",
            "contract#message-without-packet",
            "a MESSAGE without a packet",
            admitted(build::encode(codec, &without_packet)),
        )
        .expects_one_of(vec![
            vec![Seen::Served],
            vec![Seen::Empty { id: ROW_ID }, Seen::Served],
            vec![error(ROW_ID), Seen::Served],
        ]),
        row(
            "message-trailing",
            "contract#trailing-bytes",
            "bytes after the end of a frame",
            admitted([&build::message_nowhere(codec, ROW_ID)[..], &[0xAA, 0xBB]].concat()),
        )
        .expects_one_of([vec![no_route()], unreadable()].concat()),
        row(
            "response-unknown-id",
            "contract#unexpected-message",
            "a RESPONSE to nothing",
            typed(BtpType::Response, &build::reject(codec)),
        )
        .expects(silent.clone()),
        row(
            "error-unknown-id",
            "contract#unexpected-message",
            "an ERROR to nothing",
            admitted(build::encode(
                codec,
                &BtpFrame::error(ROW_ID, "F00", "x", time),
            )),
        )
        .expects(silent.clone()),
        row(
            "type-3-prepare",
            "contract#other-types",
            "type 3",
            typed(BtpType::Prepare, &prepare),
        )
        .expects_one_of(unreadable()),
        row(
            "type-4-fulfill",
            "contract#other-types",
            "type 4",
            typed(BtpType::Fulfill, &prepare),
        )
        .expects_one_of(unreadable()),
        row(
            "type-5-reject",
            "contract#other-types",
            "type 5",
            typed(BtpType::Reject, &prepare),
        )
        .expects_one_of(unreadable()),
        row(
            "type-7-transfer",
            "contract#other-types",
            "type 7",
            typed(BtpType::Transfer, &prepare),
        )
        .expects_one_of(
            [
                unreadable(),
                vec![vec![Seen::Empty { id: ROW_ID }, Seen::Served]],
            ]
            .concat(),
        ),
        row(
            "request-id-0",
            "contract#request-id",
            "a PREPARE with request id 0",
            admitted(build::message_nowhere(codec, 0)),
        )
        .expects(vec![rejected(0, "F02"), Seen::Served]),
        row(
            "request-id-max",
            "contract#request-id",
            "a PREPARE with request id 4294967295",
            admitted(build::message_nowhere(codec, u32::MAX)),
        )
        .expects(vec![rejected(u32::MAX, "F02"), Seen::Served]),
        row(
            "request-id-twice",
            "contract#request-id-twice",
            "two PREPAREs with one request id",
            Script::Admitted(vec![Send::Burst(vec![
                build::message_nowhere(codec, ROW_ID),
                build::message_nowhere(codec, ROW_ID),
            ])]),
        )
        .expects_one_of(vec![
            vec![
                rejected(ROW_ID, "F02"),
                rejected(ROW_ID, "F02"),
                Seen::Served,
            ],
            vec![rejected(ROW_ID, "F02"), error(ROW_ID), Seen::Served],
            vec![error(ROW_ID), rejected(ROW_ID, "F02"), Seen::Served],
        ]),
    ]);
    rows
}
