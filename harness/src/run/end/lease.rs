//! Putting off the deadline of a run that goes on, where everybody who may remove it sees it.
//!
//! Who shares the engine with a run but neither its state folder nor its machine has only the
//! deadline to go by. It is in labels, which cannot be changed; so a run that lasts creates a volume
//! with a later one, again and again, on each of its engines.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::causes::with_causes;
use crate::engine::{Deadline, EngineError, Engines, Labels, Now};
use crate::events::Recorder;

/// A deadline is put off when this part of its time is over, so that several tries may fail.
const PART: u32 = 6;

/// Keeps a run's deadline ahead of the time for as long as this exists.
pub(in crate::run) struct Lease {
    task: JoinHandle<()>,
}

impl Lease {
    /// Puts off the deadline of a run, first after a sixth of its lifetime.
    pub(in crate::run) fn hold(
        engines: &Engines,
        labels: &Labels,
        lifetime: Duration,
        recorder: &Recorder,
    ) -> Self {
        let (engines, labels, recorder) = (engines.clone(), labels.clone(), recorder.clone());
        let task = tokio::spawn(async move {
            let mut leases = Leases::new(&labels, lifetime);
            loop {
                tokio::time::sleep(lifetime / PART).await;
                if let Err(error) = leases.renew(&engines).await {
                    recorder.note(format!(
                        "the run's deadline could not be put off, which is tried again: {}",
                        with_causes(&error)
                    ));
                }
            }
        });
        Self { task }
    }

    /// Ends it, before everything of the run is removed, the lease among it.
    pub(in crate::run) async fn end(mut self) {
        self.task.abort();
        // All it can say is that it was aborted.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The volumes that put off a run's deadline.
pub struct Leases {
    labels: Labels,
    lifetime: Duration,
    /// How many there have been.
    count: usize,
}

impl Leases {
    /// None so far.
    #[must_use]
    pub fn new(labels: &Labels, lifetime: Duration) -> Self {
        Self {
            labels: labels.clone(),
            lifetime,
            count: 0,
        }
    }

    fn name(&self, number: usize) -> String {
        format!("ator-{}-lease-{number}", self.labels.run)
    }

    /// Creates the next, and removes the one before.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when an engine refuses; the deadline is then that of the last.
    pub async fn renew(&mut self, engines: &Engines) -> Result<(), EngineError> {
        let (_, latest) = engines.clocks().await?;
        self.labels.deadline = Deadline::after(self.lifetime, &Now::at(latest));
        let next = self.count + 1;
        engines.create_lease(&self.name(next), &self.labels).await?;
        let before = std::mem::replace(&mut self.count, next);
        if before > 0 {
            engines.remove_volume(&self.name(before)).await?;
        }
        Ok(())
    }
}
