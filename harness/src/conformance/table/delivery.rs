//! Packets that the connector delivers itself, in either dialect (contract#delivery).

use std::time::SystemTime;

use wire::{BtpFrame, Expiry, Fulfillment};

use super::answers::rejected_and_served;
use super::row::{Need, Row, Script, Send};
use crate::conformance::build::{self, NOWHERE, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;

/// How much time a packet that is to be delivered has left when the table is made: longer than the rows before it
/// take.
const AHEAD: u64 = 600_000;
/// How long ago another one has expired.
const AGO: u64 = 60_000;

/// What is delivered; its condition is made of it, and so is the fulfillment.
const DELIVERED: &[u8] = b"hi";

pub(super) fn rows(subject: &Subject) -> Vec<Row> {
    let codec = &subject.codec();
    let destination = subject.fulfils.as_deref().unwrap_or(NOWHERE);
    let to = |until, data: &[u8]| {
        let ilp = build::prepare_until(codec, destination, data, until);
        let message = build::encode(codec, &BtpFrame::message(ROW_ID, &ilp));
        Script::Admitted(vec![Send::Message(message)])
    };
    let now = Expiry::from(SystemTime::now());
    let row = Row::new;
    let rows = [
        row(
            "packet-fulfilled",
            "contract#delivery-answer",
            "a PREPARE that is delivered",
            to(now.plus_millis(AHEAD), DELIVERED),
        )
        .expects(vec![
            Seen::Fulfill {
                id: ROW_ID,
                fulfillment: Some(Fulfillment::for_data(DELIVERED)),
            },
            Seen::Served,
        ]),
        row(
            "packet-expired",
            "contract#expiry",
            "a PREPARE that expired a minute ago",
            to(now.minus_millis(AGO), b"late"),
        )
        .expects_one_of(vec![rejected_and_served("R??")]),
    ];
    rows.map(|row| row.needs(Need::Fulfils)).into()
}
