//! The rows.

mod handshake;
mod messages;
mod packets;
mod rfc;
mod row;
mod transport;

use wire::Dialect;

use super::subject::Subject;

pub use row::{Defect, Expected, Need, Row, Setup};
pub(super) use row::{Script, Send};

/// All rows for a connector of the subject's dialect.
#[must_use]
pub fn table(subject: &Subject) -> Vec<Row> {
    match subject.dialect {
        Dialect::Toon => [
            handshake::rows(subject),
            handshake::identity_rows(subject),
            messages::rows(subject),
            packets::rows(subject),
            packets::forwarding_rows(),
            transport::rows(subject),
        ]
        .concat(),
        Dialect::Rfc => [
            rfc::handshake::rows(subject),
            rfc::messages::rows(subject),
            rfc::packets::rows(subject),
            rfc::transport::rows(subject),
        ]
        .concat(),
    }
}
