//! The signals by which a user or a system asks a process to end, counted.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often the process has been asked to stop. The first ends the run in order; the second skips what
/// is left of collecting logs. Removing is never skipped.
#[derive(Clone)]
pub struct Interrupts {
    count: watch::Receiver<u32>,
}

impl Interrupts {
    /// Takes over SIGINT, SIGTERM, SIGQUIT and SIGHUP for the rest of the process. One that whoever
    /// started it has it ignore, as `nohup` does with SIGHUP, stays ignored.
    ///
    /// # Errors
    ///
    /// What the system says when a handler can't be set.
    pub fn listen() -> std::io::Result<Self> {
        let (sender, count) = watch::channel(0);
        // Without that file nothing is known to be ignored.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::quit(),
            SignalKind::hangup(),
        ] {
            if is_ignored(&status, kind) {
                continue;
            }
            let mut asked = signal(kind)?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while asked.recv().await.is_some() {
                    sender.send_modify(|count| *count += 1);
                }
            });
        }
        // Where all are ignored, nobody ever asks.
        tokio::spawn(async move { sender.closed().await });
        Ok(Self { count })
    }

    /// Lets `work` go on until it ends; `None` once the user has asked.
    pub async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.at_least(1) => None,
        }
    }

    /// Resolves once the user has asked at least `times` times.
    pub async fn at_least(&self, times: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|seen| *seen >= times).await.is_err() {
            // The tasks that count live as long as the runtime.
            std::future::pending::<()>().await;
        }
    }
}

/// Whether a process with this `/proc/self/status` ignores a signal (proc(5), `SigIgn`: a bit for each
/// signal, the first of which is the lowest).
fn is_ignored(status: &str, kind: SignalKind) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
    let bit = u32::try_from(kind.as_raw_value() - 1).unwrap_or(u32::MAX);
    mask.is_some_and(|mask| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_told_by_its_bit() {
        let status = "Name:\tx\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000002\n";
        assert!(is_ignored(status, SignalKind::hangup()));
        assert!(!is_ignored(status, SignalKind::interrupt()));
        assert!(!is_ignored("", SignalKind::hangup()));
    }
}
