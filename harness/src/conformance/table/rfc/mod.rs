//! Rows for connectors that speak RFC-0023 and RFC-0027.
//!
//! Only what these say is asked for. Where they leave a choice, for instance between an ERROR and a
//! RESPONSE with a REJECT, either will do; what they leave open, such as how long a server waits
//! for the authentication, is not asked. `ilp-plugin-btp` 1.5.0, which the Interledger project
//! published, departs from them in places: rows know it by name.

pub(super) mod handshake;
pub(super) mod messages;
pub(super) mod packets;
pub(super) mod transport;

use super::{Defect, rejected};
use crate::conformance::build::ROW_ID;
use crate::conformance::seen::Seen;

/// An ERROR with any code and name: RFC-0023 lists some and asks for none in particular.
fn error(id: u32) -> Seen {
    Seen::Error { id, text: None }
}

/// The RFC's answer to every refused authentication: an ERROR, then a close.
fn refused(id: u32) -> Vec<Seen> {
    vec![error(id), Seen::Over]
}

/// A packet that is none is answered all the same, with an ERROR or with a REJECT by one of the two
/// codes that RFC-0027 has for it, and the connection goes on.
fn answered() -> Vec<Vec<Seen>> {
    vec![
        vec![error(ROW_ID), Seen::Served],
        vec![rejected(ROW_ID, "F01"), Seen::Served],
        vec![rejected(ROW_ID, "F00"), Seen::Served],
    ]
}

/// The plugin ends the connection where the RFC has a message ignored.
fn closes() -> Defect {
    Defect {
        shows: vec![Seen::Over],
        what: "what cannot be read has to be ignored (RFC-0023, section on flow); ilp-plugin-btp \
               ends the connection",
    }
}
