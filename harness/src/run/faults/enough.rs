//! When enough was done.

use std::time::Duration;

use tokio::time::sleep;

use crate::run::interrupt::Interrupts;

/// Whether the user has asked for the end of a soak.
pub(super) struct Enough {
    pub(super) interrupts: Option<Interrupts>,
}

impl Enough {
    /// Of a run that ends by itself.
    pub(super) const fn never() -> Self {
        Self { interrupts: None }
    }

    /// Resolves when the user has asked.
    pub(super) async fn asked(&self) {
        match &self.interrupts {
            Some(interrupts) => interrupts.at_least(1).await,
            None => std::future::pending().await,
        }
    }

    /// Waits for a time, or until the user has asked.
    pub(super) async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.asked() => {}
        }
    }
}
