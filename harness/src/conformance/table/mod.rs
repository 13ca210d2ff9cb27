//! The rows.

mod answers;
mod delivery;
mod forwarding;
mod handshake;
mod messages;
mod packets;
mod rfc;
mod row;
mod stands;
mod transport;

use std::collections::BTreeSet;

use wire::Dialect;

use super::subject::Subject;

pub use row::{Defect, Expected, Need, Row, Setup};
pub(super) use row::{Listen, Script, Send, defect_name};

/// All rows for a connector of the subject's dialect.
#[must_use]
pub fn table(subject: &Subject) -> Vec<Row> {
    match subject.dialect {
        Dialect::Toon => [
            handshake::rows(subject),
            handshake::identity_rows(subject),
            messages::rows(subject),
            packets::rows(subject),
            delivery::rows(subject),
            forwarding::rows(),
            transport::rows(subject),
            vec![transport::shutdown_row()],
        ]
        .concat(),
        Dialect::Rfc => [
            rfc::handshake::rows(subject),
            rfc::messages::rows(subject),
            rfc::packets::rows(subject),
            rfc::times::rows(),
            delivery::rows(subject),
            forwarding::rows(),
            transport::websocket_rows(subject),
            vec![transport::shutdown_row()],
        ]
        .concat(),
    }
}

/// The names of the defects that these rows are able to see, each once.
#[must_use]
pub fn known_defects(rows: &[Row]) -> Vec<&'static str> {
    let defects = rows.iter().flat_map(|row| &row.defects);
    let names: BTreeSet<_> = defects.map(Defect::id).collect();
    names.into_iter().collect()
}
