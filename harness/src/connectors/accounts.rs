//! The harness's own accounts of a run's connectors: sessions that are opened once, and what has arrived
//! over them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64;
use wire::{Prepare, RejectCode};

use super::packets::Received;
use crate::probe::{InboundHandler, InboundReply, Session};

/// The id by which the harness comes to the connector of a home as an account of it. Homes and the
/// probe may not be called so where it does.
pub const ACCOUNT: &str = "harness";
/// The last segment of a destination that an account refuses.
pub(super) const REFUSED: &str = "rej_application_error";
/// How many bytes of packets are kept: many times what a run looks for. Whoever sends more has the rest
/// answered and not kept.
const RECORDED: usize = 64 << 20;

/// The harness's own accounts of a run's connectors, one per home. Clones share them.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Mutex<HashMap<String, Arc<Account>>>>);

impl Accounts {
    pub(super) fn of(&self, home: &str) -> Arc<Account> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(home.to_owned()).or_default())
    }
}

/// The account of one home: its session while there is one, and what has arrived.
#[derive(Default)]
pub(super) struct Account {
    /// Its session.
    pub(super) session: tokio::sync::Mutex<Option<Session>>,
    record: Arc<Mutex<Record>>,
}

/// What has arrived at an account.
#[derive(Default)]
struct Record {
    packets: Vec<Received>,
    /// About how many bytes they take.
    size: usize,
}

impl Record {
    fn note(&mut self, prepare: &Prepare<'_>, destination: String) {
        // What an entry takes besides its payload counts too: packets may be empty.
        let size = prepare.data.len() + destination.len() + size_of::<Received>();
        if self.size + size > RECORDED {
            return;
        }
        self.size += size;
        self.packets.push(Received {
            destination,
            amount: prepare.amount.to_string(),
            // BTP has no id that a packet keeps over hops. The condition follows from the payload, and no two
            // packets that a run looks for have one payload.
            payment_id: BASE64.encode(&prepare.condition.0),
            data: BASE64.encode(prepare.data),
            expires_at: prepare.expires_at.to_string(),
        });
    }
}

impl Account {
    /// Every packet that has arrived, in order.
    pub(super) fn received(&self) -> Vec<Received> {
        let record = self.record.lock();
        record
            .unwrap_or_else(PoisonError::into_inner)
            .packets
            .clone()
    }

    /// What a session of it does with packets.
    pub(super) fn inbound(&self) -> InboundHandler {
        delivered(Arc::clone(&self.record))
    }
}

/// Notes every packet and fulfills it, but for those that ask to be refused.
fn delivered(record: Arc<Mutex<Record>>) -> InboundHandler {
    InboundHandler::new(move |prepare| {
        let destination = prepare.destination.as_str().to_owned();
        let refused = destination.rsplit('.').next() == Some(REFUSED);
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        record.note(prepare, destination);
        if refused {
            return InboundReply::Reject {
                code: RejectCode::F99,
                triggered_by: String::new(),
                message: "it asked to be refused".to_owned(),
            };
        }
        InboundReply::fulfilling(prepare)
    })
}
