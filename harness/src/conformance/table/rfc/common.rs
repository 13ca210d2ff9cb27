//! What several families of rows expect.

use crate::conformance::build::ROW_ID;
use crate::conformance::seen::Seen;
use crate::conformance::table::row::{Defect, rejected};

/// An ERROR with any code and name: RFC-0023 lists some and asks for none in particular.
pub(super) fn error(id: u32) -> Seen {
    Seen::Error { id, text: None }
}

/// The RFC's answer to every refused authentication: an ERROR, then a close.
pub(super) fn refused(id: u32) -> Vec<Seen> {
    vec![error(id), Seen::Over]
}

/// A packet that is none is answered all the same, with an ERROR or with a REJECT by one of the two
/// codes that RFC-0027 has for it, and the connection goes on.
pub(super) fn answered() -> Vec<Vec<Seen>> {
    vec![
        vec![error(ROW_ID), Seen::Served],
        vec![rejected(ROW_ID, "F01"), Seen::Served],
        vec![rejected(ROW_ID, "F00"), Seen::Served],
    ]
}

/// The plugin ends the connection where the RFC has a message ignored.
pub(super) fn closes() -> Defect {
    Defect {
        source: "contract#defect-plugin-closes",
        shows: vec![Seen::Over],
        what: "what cannot be read has to be ignored (RFC-0023, section on flow); ilp-plugin-btp \
               ends the connection",
    }
}
