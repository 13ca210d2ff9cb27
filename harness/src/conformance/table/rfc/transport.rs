//! WebSocket below BTP (RFC 6455).

use crate::conformance::build::ROW_ID;
use crate::conformance::seen::Seen;
use crate::conformance::subject::Subject;
use crate::conformance::table::row::{Defect, Expected, Row, rejected};
use crate::conformance::table::transport;

pub(crate) fn rows(subject: &Subject) -> Vec<Row> {
    let mut rows = transport::websocket_rows(subject);
    for row in &mut rows {
        // Who fails a connection should say why in a close frame, but need not (section 7.1.7).
        if let Expected::Exactly(expected) = &row.expected
            && let [Seen::Closed { reason: None, .. }] = expected.as_slice()
        {
            row.expected = Expected::OneOf(vec![expected.clone(), vec![Seen::Over]]);
        }
        if row.id == "ws-unmasked" {
            row.defect = Some(Defect {
                source: "contract#defect-plugin-unmasked",
                shows: vec![rejected(ROW_ID, "F02"), Seen::Silence],
                what: "a server must end the connection of a client that does not mask (RFC 6455 \
                       section 5.1); the ws 6 below ilp-plugin-btp takes its frames",
            });
        }
    }
    rows
}
