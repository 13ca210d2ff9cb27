//! Answers that several families of rows share, each list with all that are legitimate.

use super::row::Defect;
use crate::conformance::build::ROW_ID;
use crate::conformance::seen::Seen;

/// An ERROR with any code and name: RFC-0023 lists some and asks for none in particular.
pub(super) fn error(id: u32) -> Seen {
    Seen::Error { id, text: None }
}

/// A REJECT; `?` in the code stands for any character.
pub(super) fn rejected(id: u32, code: &str) -> Seen {
    Seen::Reject {
        id,
        code: code.to_owned(),
    }
}

pub(super) fn note(text: &str) -> Seen {
    Seen::Note(text.to_owned())
}

/// Let in, and served from then on.
pub(super) fn let_in(id: u32) -> Vec<Seen> {
    vec![Seen::Empty { id }, Seen::Served]
}

/// The answer to every authentication that is refused: an ERROR, then the end of the connection, with
/// any code, at once or later (RFC-0023, section on authentication).
pub(super) fn refused(id: u32) -> Vec<Seen> {
    vec![error(id), Seen::Over]
}

/// A first message that asks nothing: refused like any other, or without the ERROR, since what is no
/// request gets no response (RFC-0023, sections on authentication and on flow).
pub(super) fn refused_or_over(id: u32) -> Vec<Vec<Seen>> {
    vec![refused(id), vec![Seen::Over]]
}

/// Where a server may let in or refuse.
pub(super) fn either(id: u32) -> Vec<Vec<Seen>> {
    vec![let_in(id), refused(id)]
}

/// The answer to a PREPARE without a route, and the connection goes on.
pub(super) fn no_route() -> Vec<Seen> {
    rejected_and_served("F02")
}

/// A REJECT with this code, and the connection goes on.
pub(super) fn rejected_and_served(code: &str) -> Vec<Seen> {
    vec![rejected(ROW_ID, code), Seen::Served]
}

/// A frame that cannot be read is ignored, as RFC-0023 recommends, or answered with one ERROR, or ends
/// this connection, which either side may end at any time; or both of these.
pub(super) fn unreadable() -> Vec<Vec<Seen>> {
    unreadable_then(&Seen::Served)
}

/// The same before the authentication. A server may also refuse what comes next.
pub(super) fn unreadable_at_first() -> Vec<Vec<Seen>> {
    let mut choices = unreadable_then(&Seen::Admitted);
    choices.push(vec![Seen::AnyError, Seen::AnyError, Seen::Over]);
    choices
}

fn unreadable_then(last: &Seen) -> Vec<Vec<Seen>> {
    vec![
        vec![last.clone()],
        vec![Seen::AnyError, last.clone()],
        vec![Seen::Over],
        vec![Seen::AnyError, Seen::Over],
    ]
}

/// A packet that is none, in a frame that can be read: answered with its request id, by an ERROR or a
/// REJECT with a final code, and the connection goes on. A second ERROR may follow.
pub(super) fn invalid_packet() -> Vec<Vec<Seen>> {
    vec![
        vec![error(ROW_ID), Seen::Served],
        vec![error(ROW_ID), error(0), Seen::Served],
        rejected_and_served("F??"),
    ]
}

/// An odd packet, which may be taken as it is or for none.
pub(super) fn odd_packet() -> Vec<Vec<Seen>> {
    [vec![no_route()], invalid_packet()].concat()
}

/// A packet that is none gets no answer at all.
pub(super) fn unanswered() -> Defect {
    Defect {
        source: "contract#defect-node-unanswered",
        shows: vec![Seen::Silence],
        what: "every request is answered (RFC-0023, section on flow); ilp-node leaves packets that \
               are not valid without an answer",
    }
}

/// Every order of these.
pub(super) fn in_any_order(items: &[Seen]) -> Vec<Vec<Seen>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders = Vec::new();
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        for order in in_any_order(&rest) {
            orders.push([vec![first.clone()], order].concat());
        }
    }
    orders
}
