//! SIGINT and SIGTERM, counted.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often the user has asked to stop. The first ends the run in order; the second skips what
/// is left of collecting logs. Removing is never skipped.
#[derive(Clone)]
pub struct Interrupts {
    count: watch::Receiver<u32>,
}

impl Interrupts {
    /// Takes over SIGINT and SIGTERM for the rest of the process.
    ///
    /// # Errors
    ///
    /// What the system says when a handler can't be set.
    pub fn listen() -> std::io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (sender, count) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { count })
    }

    /// Resolves once the user has asked at least `times` times.
    pub async fn at_least(&self, times: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|seen| *seen >= times).await.is_err() {
            // The task that counts lives as long as the runtime.
            std::future::pending::<()>().await;
        }
    }
}
