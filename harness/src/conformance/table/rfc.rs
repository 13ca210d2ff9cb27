//! Rows for connectors that speak RFC-0023. There is no observed contract for them, so the rows ask
//! only for what the RFCs say and for robustness.

use toon_wire::{BtpFrame, BtpType, ProtocolData};

use super::{Expected, Row, Script, Send, let_in, rejected};
use crate::conformance::build::{self, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;
use crate::probe::Credentials;

pub(super) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let fresh = |message: Vec<u8>| Script::Fresh(vec![Send::Message(message)]);
    let admitted = |message: Vec<u8>| Script::Admitted(vec![Send::Message(message)]);
    let wrong = Credentials::new(subject.peer.peer_id.clone(), "wrong-conformance-secret");
    let refusal = |mut row: Row| {
        row.expected = Expected::Refusal;
        row
    };
    let unasked = BtpFrame::data(ROW_ID, BtpType::Response, ProtocolData::EMPTY, &[]);
    let row = Row::new;
    let mut rows = vec![
        row(
            "auth-right-secret",
            "the right secret",
            fresh(build::auth(subject, 1)),
        )
        .expects(let_in(1)),
        refusal(row(
            "auth-wrong-secret",
            "a wrong secret",
            fresh(build::auth_as(subject, &wrong, 1)),
        )),
        refusal(row(
            "first-prepare",
            "a PREPARE first",
            fresh(build::message_nowhere(codec, 1)),
        )),
        row(
            "packet-plain",
            "a PREPARE without a route",
            admitted(build::message_nowhere(codec, ROW_ID)),
        )
        .expects(vec![rejected(ROW_ID, "F02"), Seen::Served]),
        row(
            "request-id-max",
            "a PREPARE with request id 4294967295",
            admitted(build::message_nowhere(codec, u32::MAX)),
        )
        .expects(vec![rejected(u32::MAX, "F02"), Seen::Served]),
        row(
            "response-unknown-id",
            "a RESPONSE to nothing",
            admitted(build::encode(codec, &unasked)),
        )
        .expects(vec![Seen::Served]),
    ];
    let malformed: [(&'static str, &str, Vec<u8>); 6] = [
        ("bad-empty", "an empty message", vec![]),
        ("bad-1-byte", "one byte", vec![6]),
        (
            "bad-header-only",
            "type and request id only",
            vec![6, 0, 0, 0, 7],
        ),
        ("bad-type-255", "type 255", vec![255, 0, 0, 0, 7, 1, 0]),
        (
            "bad-length-lies",
            "content of 4 GiB announced",
            vec![6, 0, 0, 0, 7, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
        ),
        (
            "bad-packet",
            "a packet that is none",
            build::encode(codec, &BtpFrame::message(ROW_ID, &[99, 0, 0])),
        ),
    ];
    rows.extend(
        malformed
            .into_iter()
            .map(|(id, what, bytes)| row(id, what, admitted(bytes))),
    );
    rows
}
