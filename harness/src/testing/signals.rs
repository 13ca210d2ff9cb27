//! Signals that ask the process of a test to end: what it has started is removed first.

use std::io;
use std::process::exit;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use crate::run::Interrupts;

/// What of this process has to be removed before it ends.
#[derive(Default)]
struct Live {
    next: u64,
    all: Vec<(u64, Interrupts)>,
}

static LIVE: Mutex<Live> = Mutex::new(Live {
    next: 0,
    all: Vec::new(),
});
/// Told whenever one of them is gone.
static GONE: Condvar = Condvar::new();
/// Whether signals are listened to, or why not.
static LISTENING: OnceLock<Result<(), String>> = OnceLock::new();

fn live() -> MutexGuard<'static, Live> {
    // A list is whole after any panic.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something that is told of signals, and that the end of the process waits for, as long as this is held.
pub(super) struct Held(u64);

impl Held {
    /// Listens for the rest of the process to SIGINT, SIGTERM, SIGQUIT and SIGHUP, as far as it does not ignore them,
    /// and has `interrupts` asked by each.
    ///
    /// # Errors
    ///
    /// When the system has no thread or no handler for it.
    pub(super) fn new(interrupts: &Interrupts) -> io::Result<Self> {
        let listening = LISTENING.get_or_init(|| listen().map_err(|error| error.to_string()));
        listening.clone().map_err(io::Error::other)?;
        let mut live = live();
        let id = live.next;
        live.next += 1;
        live.all.push((id, interrupts.clone()));
        Ok(Self(id))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        live().all.retain(|(id, _)| *id != self.0);
        GONE.notify_all();
    }
}

/// Starts the thread that listens. It lives as long as the process, because a handler does too.
fn listen() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let signals = {
        let _entered = runtime.enter();
        Interrupts::listen()?
    };
    thread::Builder::new()
        .name("ator-signals".to_owned())
        .spawn(move || {
            for times in 1.. {
                runtime.block_on(signals.at_least(times));
                for (_, interrupts) in &live().all {
                    interrupts.ask();
                }
                if times == 1 {
                    let signals = signals.clone();
                    // What cannot be waited for is left to the reapers.
                    drop(thread::Builder::new().spawn(move || end(&signals)));
                }
            }
        })?;
    Ok(())
}

/// Ends the process as the signal would have, once nothing of it is left.
fn end(signals: &Interrupts) {
    let mut live = live();
    while !live.all.is_empty() {
        live = GONE.wait(live).unwrap_or_else(PoisonError::into_inner);
    }
    exit(128 + signals.signal().unwrap_or_default());
}
