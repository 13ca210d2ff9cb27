//! What connectors say of the peers that they dial, and of themselves, once a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::checks::{HealthSample, PeerSample, Recovery};
use crate::plan::HomePlan;
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
    healths: Mutex<Vec<HealthSample>>,
    stopped: watch::Sender<bool>,
}

impl<'r> Samples<'r> {
    pub(super) fn new(run: &'r Run, began: Instant) -> Self {
        Self {
            run,
            began,
            taken: Mutex::default(),
            healths: Mutex::default(),
            stopped: watch::Sender::new(false),
        }
    }

    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Asks until it is told to stop; at once of connectors that tell neither.
    pub(super) async fn take(&self) {
        let able = self.run.plan.topology.connector.capabilities();
        if !able.lists_peers && !able.tells_health {
            return;
        }
        let mut stopped = self.stopped.subscribe();
        let peerings = self.run.plan.peerings.iter();
        let peerings: Vec<_> = peerings.filter(|_| able.lists_peers).collect();
        let homes = self.run.plan.homes.iter();
        let homes: Vec<_> = homes.filter(|_| able.tells_health).collect();
        let ask = async {
            loop {
                join(
                    join_all(peerings.iter().map(|one| self.ask(&one.from, &one.to))),
                    join_all(homes.iter().map(|home| self.ask_health(home))),
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

    async fn ask_health(&self, home: &HomePlan) {
        let control = self.run.control(home);
        let Ok(Ok(health)) = tokio::time::timeout(LIMIT, control.health()).await else {
            return;
        };
        let Some(status) = health.status else { return };
        let mut healths = self.healths.lock().unwrap_or_else(PoisonError::into_inner);
        healths.push(HealthSample {
            at: self.now(),
            home: home.id.clone(),
            healthy: status == "healthy",
        });
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
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
        self.lock().push(PeerSample {
            at: self.now(),
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

    pub(super) fn healths(&self) -> Vec<HealthSample> {
        let mut healths = self.healths.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut healths)
    }

    pub(super) fn taken(&self) -> Vec<PeerSample> {
        std::mem::take(&mut self.lock())
    }
}
