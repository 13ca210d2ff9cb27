//! Packets that are under way to a connector when that is ended: sent in a crowd for that, while its server hangs, because
//! of four in a second, each of which takes some milliseconds, there may be none.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::checks::FaultPacket;
use crate::run::faults::direction::Direction;

/// The crowd around the end of a connector.
#[derive(Default)]
pub(super) struct Crowd {
    /// The home whose connector is about to end.
    pub(super) around: watch::Sender<Option<String>>,
    /// When connectors were ended.
    ends: Mutex<Vec<u64>>,
    /// Those that were under way then.
    in_flight: Mutex<Vec<FaultPacket>>,
}

impl Crowd {
    /// Time between two packets of a direction.
    pub(super) const PACE: Duration = Duration::from_millis(40);
    /// How long they are sent before the end.
    pub(super) const BEFORE: Duration = Duration::from_millis(300);
    /// How long one lives: so long that a connector that comes back in time can be told from one that does not.
    pub(super) const LIMIT: Duration = Duration::from_secs(30);

    pub(super) fn is_wanted(&self) -> bool {
        self.around.borrow().is_some()
    }

    /// Whether a direction's first hop is the connector that is about to end.
    pub(super) fn takes(&self, direction: &Direction) -> bool {
        let around = self.around.borrow();
        around.as_deref() == Some(direction.next_hop())
    }

    /// The connector has ended.
    pub(super) fn ended(&self, at: u64) {
        self.around.send_replace(None);
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push(at);
    }

    /// Keeps a packet that was under way when a connector ended.
    pub(super) fn answered(&self, packet: FaultPacket) {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let took = u64::try_from(packet.took.as_millis()).unwrap_or(u64::MAX);
        let meanwhile = packet.sent..=packet.sent.saturating_add(took);
        if ends.iter().any(|at| meanwhile.contains(at)) {
            self.lock().push(packet);
        }
    }

    pub(super) fn in_flight(&self) -> Vec<FaultPacket> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<FaultPacket>> {
        // A list is whole after any panic.
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
