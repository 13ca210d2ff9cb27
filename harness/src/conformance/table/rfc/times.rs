//! Times (RFC-0030): of varying length in an ERROR, of 17 digits in a PREPARE.

use crate::conformance::build::{self, NOWHERE, ROW_ID};
use crate::conformance::seen::Seen;
use crate::conformance::table::answers::{
    invalid_packet, no_route, rejected_and_served, unanswered, unreadable,
};
use crate::conformance::table::row::{Defect, Row, Script, Send};

/// The type of a PREPARE.
const PREPARE: u8 = 12;

/// As an ERROR has them: name of the row, words, text.
const OF_ERRORS: [(&str, &str, &str); 6] = [
    ("error-time-seconds", "whole seconds", "20171224161432Z"),
    ("error-time-tenths", "tenths", "20171224161432.2Z"),
    ("error-time-hundredths", "hundredths", "20171224161432.27Z"),
    ("error-time-millis", "milliseconds", "20171224161432.279Z"),
    (
        "error-time-leap-second",
        "a leap second",
        "20161231235960.852Z",
    ),
    ("error-time-9999", "the year 9999", "99991224161432.279Z"),
];

/// What RFC-0030 has parsers refuse.
const OF_NO_ERRORS: [(&str, &str, &str); 8] = [
    (
        "error-time-trailing-zero",
        "a trailing zero",
        "20171224161430.20Z",
    ),
    (
        "error-time-period",
        "a period and no digits",
        "20171224161430.Z",
    ),
    (
        "error-time-micros",
        "four digits after the period",
        "20171224161432.2791Z",
    ),
    ("error-time-comma", "a comma", "20171224161432,279Z"),
    (
        "error-time-offset",
        "another time zone",
        "20171224181432.279+0200",
    ),
    ("error-time-month-13", "month 13", "20171324161432.279Z"),
    ("error-time-midnight-24", "24 o'clock", "20171224240000Z"),
    ("error-time-minutes", "no seconds", "201712241614Z"),
];

/// In place of a PREPARE's 17 digits, all of them long over however they are read.
const OF_NO_PACKETS: [(&str, &str, &[u8; 17]); 3] = [
    (
        "packet-time-month-13",
        "a PREPARE that expired in month 13",
        b"20171324161432279",
    ),
    (
        "packet-time-midnight-24",
        "a PREPARE that expired at 24 o'clock",
        b"20171224240000000",
    ),
    (
        "packet-time-generalized",
        "a PREPARE with the time of an ERROR",
        b"20171224161432.2Z",
    ),
];

pub(crate) fn rows() -> Vec<Row> {
    [error_rows(), packet_rows()].concat()
}

/// An ERROR to nothing, which is ignored where it can be read.
fn error_rows() -> Vec<Row> {
    let script = |time: &str| Script::Admitted(vec![Send::Message(build::rfc_error_at(time))]);
    let sends = |what: &str, time: &str| format!("an ERROR to nothing with {what}, {time}");
    let readable = OF_ERRORS.iter().map(|(id, what, time)| {
        Row::new(
            id,
            "contract#rfc-error-time",
            &sends(what, time),
            script(time),
        )
        .expects(vec![Seen::Served])
    });
    let others = OF_NO_ERRORS.iter().map(|(id, what, time)| {
        Row::new(
            id,
            "contract#rfc-unreadable",
            &sends(what, time),
            script(time),
        )
        .expects_one_of(unreadable())
    });
    readable.chain(others).collect()
}

fn packet_rows() -> Vec<Row> {
    let prepare = |time: &[u8; 17]| {
        let contents = build::odd_rfc_contents(0, time, NOWHERE.as_bytes(), &[]);
        let message = build::rfc_message(ROW_ID, &build::rfc_packet(PREPARE, &contents));
        Script::Admitted(vec![Send::Message(message)])
    };
    let last = Row::new(
        "packet-time-9999",
        "contract#rfc-packet-time",
        "a PREPARE that expires in the year 9999",
        prepare(b"99991224161432279"),
    );
    let invalid = OF_NO_PACKETS.iter().map(|(id, what, time)| {
        Row::new(id, "contract#rfc-packet-time", what, prepare(time))
            .expects_one_of(invalid_packet())
            .knows(unanswered())
            .knows(rolls_over())
    });
    std::iter::once(last.expects(no_route()))
        .chain(invalid)
        .collect()
}

/// A packet whose time was taken for another one, which is over.
fn rolls_over() -> Defect {
    Defect {
        source: "contract#defect-packet-time-rolls",
        shows: rejected_and_served("R??"),
        what: "a time that no calendar has is no time (RFC-0030, section on fixed-length timestamps); \
               ilp-packet carries month 13 over into the next year",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::report::{RowReport, Verdict};
    use crate::conformance::table::answers::{error, rejected};

    fn judged(id: &str, came: &[Seen]) -> Verdict {
        let rows = rows();
        let row = rows.iter().find(|row| row.id == id).expect("a row");
        RowReport::judged(row, came).verdict
    }

    #[test]
    fn who_cannot_read_a_legal_time_fails_and_who_refuses_another_does_not() {
        for (id, over) in [
            ("error-time-seconds", Verdict::Fail),
            ("error-time-leap-second", Verdict::Fail),
            ("error-time-trailing-zero", Verdict::Pass),
        ] {
            assert_eq!(judged(id, &[Seen::Served]), Verdict::Pass, "{id}");
            assert_eq!(
                judged(id, &[Seen::Ended("closed".to_owned())]),
                over,
                "{id}"
            );
        }
    }

    #[test]
    fn a_time_that_no_calendar_has_is_refused_and_not_carried_over() {
        let month_13 = |first| judged("packet-time-month-13", &[first, Seen::Served]);
        assert_eq!(month_13(error(ROW_ID)), Verdict::Pass);
        assert_eq!(month_13(rejected(ROW_ID, "F01")), Verdict::Pass);
        assert_eq!(month_13(rejected(ROW_ID, "R00")), Verdict::Defect);
        assert_eq!(month_13(rejected(ROW_ID, "T00")), Verdict::Fail);
    }
}
