//! BTP frames that are unreadable or unexpected (RFC-0023, section on flow): neither is answered,
//! and a request always is.

use wire::{BtpFrame, BtpType, Expiry, ProtocolData, ProtocolEntry};

use crate::conformance::build::{self, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;
use crate::conformance::table::answers::{
    error, in_any_order, rejected, unreadable, unreadable_at_first,
};
use crate::conformance::table::row::{Row, Script, Send};

/// Frames that end before their lengths say, or are of no type: name, words, bytes.
fn broken() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let head = |rest: &[u8]| [&[6, 0, 0, 0, 7][..], rest].concat();
    let typed = |kind: u8| vec![kind, 0, 0, 0, 7, 2, 1, 0];
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
            "bad-length-lies",
            "pre-bad-length-lies",
            "content of 9 bytes announced, 2 there",
            head(&[9, 1, 0]),
        ),
        (
            "bad-length-oversized",
            "pre-bad-length-oversized",
            "content of 4 GiB announced",
            head(&[0x84, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0]),
        ),
        (
            "bad-no-count",
            "pre-bad-no-count",
            "content without a count of entries",
            head(&[0]),
        ),
        (
            "bad-count-lies",
            "pre-bad-count-lies",
            "five entries announced, none there",
            head(&[2, 1, 5]),
        ),
        (
            "bad-count-oversized",
            "pre-bad-count-oversized",
            "4 Gi entries announced",
            head(&[5, 4, 0xFF, 0xFF, 0xFF, 0xFF]),
        ),
        (
            "bad-name-oversized",
            "pre-bad-name-oversized",
            "a name longer than the content",
            head(&[4, 1, 1, 0x7F, b'a']),
        ),
        (
            "bad-data-oversized",
            "pre-bad-data-oversized",
            "entry data of 4 GiB announced",
            head(&[10, 1, 1, 1, b'a', 0, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
        ),
        ("bad-type-0", "pre-bad-type-0", "type 0", typed(0)),
        (
            "bad-type-3",
            "pre-bad-type-3",
            "type 3, which BTP 2.0 no longer has",
            typed(3),
        ),
        ("bad-type-8", "pre-bad-type-8", "type 8", typed(8)),
        ("bad-type-255", "pre-bad-type-255", "type 255", typed(255)),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of rows")]
pub(crate) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let admitted = |message: Vec<u8>| Script::Admitted(vec![Send::Message(message)]);
    let row = Row::new;
    let mut rows = Vec::new();
    for (id, before_id, what, bytes) in broken() {
        rows.push(
            row(id, "contract#rfc-unreadable", what, admitted(bytes.clone()))
                .expects_one_of(unreadable()),
        );
        rows.push(
            row(
                before_id,
                "contract#rfc-unreadable-before-auth",
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
    let entry = [ProtocolEntry::new("hello", 2, b"{}")];
    let without_packet = BtpFrame::data(ROW_ID, BtpType::Message, ProtocolData::new(&entry), &[]);
    let time = Expiry::from(std::time::SystemTime::now()).to_generalized_time();
    let unexpected_error = BtpFrame::error(ROW_ID, "F00", "x", &time);
    let either = || {
        vec![
            vec![Seen::Empty { id: ROW_ID }, Seen::Served],
            vec![error(ROW_ID), Seen::Served],
        ]
    };
    rows.extend([
        row(
            "text-json",
            "contract#rfc-unreadable",
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
            "response-unknown-id",
            "contract#rfc-unexpected",
            "a RESPONSE to nothing",
            typed(BtpType::Response, &build::reject(codec)),
        )
        .expects(vec![Seen::Served]),
        row(
            "error-unknown-id",
            "contract#rfc-unexpected",
            "an ERROR to nothing",
            admitted(build::encode(codec, &unexpected_error)),
        )
        .expects(vec![Seen::Served]),
        row(
            "message-without-packet",
            "contract#rfc-empty-requests",
            "a MESSAGE without a packet",
            admitted(build::encode(codec, &without_packet)),
        )
        .expects_one_of(either()),
        row(
            "message-without-entries",
            "contract#rfc-empty-requests",
            "a MESSAGE without entries",
            typed(BtpType::Message, &[]),
        )
        .expects_one_of(either()),
        row(
            "transfer",
            "contract#rfc-empty-requests",
            "a TRANSFER of 0",
            typed(BtpType::Transfer, &[]),
        )
        .expects_one_of(either()),
        row(
            "request-id-0",
            "contract#rfc-requests",
            "a PREPARE with request id 0",
            admitted(build::message_nowhere(codec, 0)),
        )
        .expects(vec![rejected(0, "F02"), Seen::Served]),
        row(
            "request-id-max",
            "contract#rfc-requests",
            "a PREPARE with request id 4294967295",
            admitted(build::message_nowhere(codec, u32::MAX)),
        )
        .expects(vec![rejected(u32::MAX, "F02"), Seen::Served]),
        row(
            "requests-in-one-burst",
            "contract#rfc-requests",
            "three PREPAREs in one burst",
            Script::Admitted(vec![Send::Burst(
                (ROW_ID..ROW_ID + 3)
                    .map(|id| build::message_nowhere(codec, id))
                    .collect(),
            )]),
        )
        .expects_one_of(
            in_any_order(&[
                rejected(ROW_ID, "F02"),
                rejected(ROW_ID + 1, "F02"),
                rejected(ROW_ID + 2, "F02"),
            ])
            .into_iter()
            .map(|order| [order, vec![Seen::Served]].concat())
            .collect(),
        ),
    ]);
    rows
}
