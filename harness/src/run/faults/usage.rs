//! What containers and the harness itself use over time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::sleep;

use crate::checks::{Usage, UsageOverTime};
use crate::run::context::Run;
use crate::run::faults::load::Load;

/// Every look so far.
#[derive(Default)]
pub(super) struct UsageLog {
    each: Mutex<Vec<UsageOverTime>>,
}

impl UsageLog {
    /// Looks again and again; never ends.
    pub(super) async fn look_every(&self, run: &Run, load: &Load<'_>, pause: Duration) {
        loop {
            self.look(run, load).await;
            sleep(pause).await;
        }
    }

    /// Looks once. A container that is away, or an engine that does not say, leaves its place empty.
    pub(super) async fn look(&self, run: &Run, load: &Load<'_>) {
        let at = load.now();
        let containers = run.containers();
        let looks = containers.iter().map(|one| async {
            let (used, descriptors) = join(
                one.engine.usage(&one.name),
                one.engine.descriptors(&one.name),
            )
            .await;
            let used = used.ok();
            Usage {
                at,
                memory: used.map(|used| used.memory).filter(|bytes| *bytes > 0),
                threads: used.and_then(|used| used.threads),
                descriptors: descriptors.ok().flatten(),
            }
        });
        let looks = join_all(looks).await;
        let names = containers.iter().map(|one| one.role.to_string());
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        for (of, look) in names.zip(looks).chain([("harness".to_owned(), own(at))]) {
            match each.iter_mut().find(|known| known.of == of) {
                Some(known) => known.looks.push(look),
                None => each.push(UsageOverTime {
                    of,
                    looks: vec![look],
                }),
            }
        }
    }

    pub(super) fn taken(&self) -> Vec<UsageOverTime> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut each)
    }
}

/// What this process uses, from the kernel (proc(5)).
fn own(at: u64) -> Usage {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let descriptors = std::fs::read_dir("/proc/self/fd").ok();
    Usage {
        at,
        memory: number("VmRSS:").map(|kilobytes| kilobytes * 1024),
        threads: number("Threads:"),
        // Without the one by which they are counted.
        descriptors: descriptors
            .and_then(|all| u64::try_from(all.count()).ok())
            .map(|count| count.saturating_sub(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let used = own(5);
        assert_eq!(used.at, 5);
        assert!(used.memory.is_some_and(|bytes| bytes > 1 << 20), "{used:?}");
        assert!(used.threads.is_some_and(|count| count > 0), "{used:?}");
        assert!(used.descriptors.is_some_and(|count| count > 0), "{used:?}");
    }
}
