//! What happens to packets that are forwarded to us, in either dialect (contract#forwarding).

use super::answers::{error, note, rejected};
use super::handshake::refused_login_harms;
use super::row::{Defect, Need, Row, Script};
use crate::conformance::build::ROW_ID;
use crate::conformance::forwarding::{Forward, said};
use crate::conformance::refusal::said as refused;
use crate::conformance::seen::Seen;

/// A packet that has to be answered by the connector itself: by a REJECT, or by one ERROR or two.
fn refused_packet(code: &str) -> Vec<Vec<Seen>> {
    vec![
        vec![rejected(ROW_ID, code)],
        vec![error(ROW_ID)],
        vec![error(ROW_ID), error(0)],
    ]
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = [answer_rows(), connection_rows()].concat();
    for row in &mut rows {
        row.need = Need::Forwards;
    }
    rows
}

/// What a hop changes, and whose answer comes back.
fn answer_rows() -> Vec<Row> {
    let row = Row::new;
    vec![
        row(
            "forward-fulfilled",
            "contract#hop-changes",
            "a packet that is forwarded to us, which we fulfil",
            Script::Forward(Forward::Fulfilled),
        )
        .expects(vec![
            note(said::UNCHANGED),
            note(said::EARLIER),
            note(said::FULFILLED),
        ]),
        row(
            "forward-rejected",
            "contract#next-hop",
            "a packet that is forwarded to us, which we reject",
            Script::Forward(Forward::Rejected),
        )
        .expects(vec![note(said::REJECTED)]),
        row(
            "forward-wrong-fulfillment",
            "contract#fulfillment-convention",
            "a packet that is forwarded to us, and a fulfillment that does not fit its condition",
            Script::Forward(Forward::WrongFulfillment),
        )
        .expects_one_of(refused_packet("???")),
        row(
            "forward-expired",
            "contract#expiry",
            "a packet to us that expired a minute ago",
            Script::Forward(Forward::Expired),
        )
        .expects(vec![rejected(ROW_ID, "R??")]),
        row(
            "forward-unanswered",
            "contract#next-hop-answered",
            "a packet that is forwarded to us, which we do not answer",
            Script::Forward(Forward::Unanswered),
        )
        .expects_one_of(refused_packet("???")),
    ]
}

/// What becomes of packets when connections come and go.
fn connection_rows() -> Vec<Row> {
    let row = Row::new;
    vec![
        row(
            "duplicate-older-closes",
            "contract#defect-older-close-deregisters",
            "a second connection with the same peer id, then the first closes; a packet to that peer",
            Script::OlderCloses,
        )
        .expects(vec![note(said::NEWER_REACHED)])
        .knows(Defect {
            source: "contract#defect-older-close-deregisters",
            shows: vec![note(said::NEWER_LOST)],
            what: "when the older of two connections with one peer id closes, the newer one is \
                   deregistered: packets do not reach it although it is connected",
        }),
        row(
            "forward-after-refusal",
            "contract#defect-refused-login-harms",
            "a login with the id of a connected peer is refused; a packet to that peer",
            Script::RefusedThenForward,
        )
        .expects(vec![note(refused::STILL_REACHED)])
        .knows(refused_login_harms(vec![note(refused::LOST)])),
        row(
            "next-hop-leaves",
            "contract#defect-in-flight-forgotten",
            "the next hop's connection ends while a packet is on its way to it",
            Script::NextHopLeaves,
        )
        .expects_one_of(vec![vec![note(said::AT_ONCE)], vec![note(said::SENT_AGAIN)]])
        .knows(Defect {
            source: "contract#defect-in-flight-forgotten",
            shows: vec![note(said::TOO_LATE)],
            what: "a packet in flight to a peer that disconnects is forgotten: no answer until its \
                   time is over",
        })
        .knows(Defect {
            source: "contract#defect-in-flight-forgotten",
            shows: vec![Seen::Silence],
            what: "a packet in flight to a peer that disconnects is forgotten: no answer at all",
        }),
        row(
            "foreign-answer",
            "contract#defect-answer-from-any-connection",
            "a connection answers a packet that another one was asked, then that one answers",
            Script::ForeignAnswer,
        )
        .expects(vec![note(said::ASKED)])
        .knows(Defect {
            source: "contract#defect-answer-from-any-connection",
            shows: vec![note(said::NOT_ASKED)],
            what: "an answer with the right request id is taken from any authenticated connection",
        }),
    ]
}
