//! What connectors say of the peers that they dial, once a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::checks::{PeerSample, Recovery};
use crate::run::context::Run;

/// Time between two questions.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one may take. A connector that hangs says nothing.
const LIMIT: Duration = Duration::from_secs(2);

/// The samples of a run.
pub(super) struct Samples<'r> {
    run: &'r Run,
    began: Instant,
    taken: Mutex<Vec<PeerSample>>,
    stopped: watch::Sender<bool>,
}

impl<'r> Samples<'r> {
    pub(super) fn new(run: &'r Run, began: Instant) -> Self {
        Self {
            run,
            began,
            taken: Mutex::default(),
            stopped: watch::Sender::new(false),
        }
    }

    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Asks until it is told to stop; at once of connectors that list no peers.
    pub(super) async fn take(&self) {
        if !self.run.plan.topology.connector.capabilities().lists_peers {
            return;
        }
        let mut stopped = self.stopped.subscribe();
        let ask = async {
            loop {
                join_all(
                    self.run
                        .plan
                        .peerings
                        .iter()
                        .map(|one| self.ask(&one.from, &one.to)),
                )
                .await;
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            // Its sender is this one's own.
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = ask => {}
        }
    }

    async fn ask(&self, from: &str, to: &str) {
        let Some(home) = self.run.plan.home(from) else {
            return;
        };
        let control = self.run.control(home);
        // One that is away is none of the peer's.
        let Ok(Ok(connected)) = tokio::time::timeout(LIMIT, control.connected(to)).await else {
            return;
        };
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.lock().push(PeerSample {
            at,
            home: from.to_owned(),
            peer: to.to_owned(),
            connected,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<PeerSample>> {
        // A list is whole after any panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever dials in one of these directions has said since this time that it is connected.
    pub(super) fn all_connected(&self, directions: &[Recovery], since: u64) -> bool {
        let taken = self.lock();
        let lists = self.run.plan.topology.connector.capabilities().lists_peers;
        let mut dialled = self.run.plan.peerings.iter().filter(|peering| {
            lists
                && directions
                    .iter()
                    .any(|one| one.from == peering.from && one.to == peering.to)
        });
        dialled.all(|peering| {
            let own = |one: &&PeerSample| one.home == peering.from && one.peer == peering.to;
            let last = taken.iter().rfind(own);
            last.is_some_and(|last| last.at >= since && last.connected == Some(true))
        })
    }

    pub(super) fn taken(&self) -> Vec<PeerSample> {
        std::mem::take(&mut self.lock())
    }
}
