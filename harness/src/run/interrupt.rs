//! The signals by which a user or a system asks a process to end, counted.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often a run has been asked to stop, mostly as its process was by signals. The first ends the run in order; the second skips what
/// is left of collecting logs. Removing is never skipped.
#[derive(Clone, Default)]
pub struct Interrupts {
    asked: watch::Sender<Asked>,
}

/// What a process was asked.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    times: u32,
    /// The number of the signal by which it was asked last; none where it was by this program itself.
    signal: Option<i32>,
}

impl Interrupts {
    /// Takes over SIGINT, SIGTERM, SIGQUIT and SIGHUP for the rest of the process. One that whoever
    /// started it has it ignore, as `nohup` does with SIGHUP, stays ignored.
    ///
    /// # Errors
    ///
    /// What the system says when a handler can't be set.
    pub fn listen() -> std::io::Result<Self> {
        let interrupts = Self::default();
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
            let interrupts = interrupts.clone();
            tokio::spawn(async move {
                while asked.recv().await.is_some() {
                    interrupts.asked_by(Some(kind.as_raw_value()));
                }
            });
        }
        Ok(interrupts)
    }

    /// Asks once more, as a signal would. Without [`listen`](Self::listen) nobody else does.
    pub fn ask(&self) {
        self.asked_by(None);
    }

    fn asked_by(&self, signal: Option<i32>) {
        self.asked.send_modify(|asked| {
            asked.times += 1;
            asked.signal = signal;
        });
    }

    /// The number of the signal by which was asked last, where it was by one.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.asked.borrow().signal
    }

    /// Lets `work` go on until it ends; `None` once the user has asked.
    pub async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.at_least(1) => None,
        }
    }

    /// Whether the user has asked.
    pub(in crate::run) fn have_asked(&self) -> bool {
        self.asked.borrow().times > 0
    }

    /// Resolves once the user has asked at least `times` times.
    pub async fn at_least(&self, times: u32) {
        let mut asked = self.asked.subscribe();
        // Its sender is here.
        let _ = asked.wait_for(|asked| asked.times >= times).await;
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

    #[tokio::test]
    async fn what_is_asked_is_heard_by_every_clone() {
        let interrupts = Interrupts::default();
        let other = interrupts.clone();
        interrupts.ask();
        other.at_least(1).await;
        assert_eq!(other.unless_asked(std::future::pending::<()>()).await, None);
        assert_eq!(other.signal(), None);
        other.asked_by(Some(15));
        interrupts.at_least(2).await;
        assert_eq!(interrupts.signal(), Some(15));
    }

    #[test]
    fn what_is_ignored_is_told_by_its_bit() {
        let status = "Name:\tx\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000002\n";
        assert!(is_ignored(status, SignalKind::hangup()));
        assert!(!is_ignored(status, SignalKind::interrupt()));
        assert!(!is_ignored("", SignalKind::hangup()));
    }
}
