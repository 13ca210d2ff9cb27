//! The last ring of cleaning up: a process that outlives a SIGKILL of the harness.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use crate::engine::{Calls, EngineAddress, Engines, Placement};
use crate::run::error::RunError;
use crate::run::state::Registry;

/// What the harness tells the reaper before it ends in order.
const DONE: &[u8] = b"done";

/// The harness's end: while it is open, the run is alive.
pub(in crate::run) struct Reaper {
    child: Child,
    line: ChildStdin,
}

impl Reaper {
    /// Starts this program again as the reaper of a run, in a process group of its own, so that a
    /// Ctrl-C at the terminal does not reach it.
    pub(in crate::run) fn start(run: &str, engines: &Placement) -> io::Result<Self> {
        let addresses = engines.addresses();
        let addresses = addresses.iter().map(ToString::to_string);
        let mut child = Command::new(std::env::current_exe()?)
            .args(["reap", run])
            .args(addresses)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let line = child
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("the reaper has no standard input"))?;
        Ok(Self { child, line })
    }

    /// Tells the reaper that there is nothing to do, and waits until it has gone.
    pub(in crate::run) async fn dismiss(mut self) {
        // A reaper that is gone has nothing left to be told.
        let _ = self.line.write_all(DONE).await;
        drop(self.line);
        // Its status says nothing: what it removes, it removes for others.
        let _ = self.child.wait().await;
    }
}

/// The reaper's own main: waits until standard input ends, and removes the run unless it was told
/// that the run has ended in order.
///
/// # Errors
///
/// [`RunError`] when something could not be removed; the next run's sweep finds it.
pub async fn reap(run: &str, engines: &[EngineAddress]) -> Result<usize, RunError> {
    let mut told = Vec::new();
    // An error on the line means the same as its end.
    let _ = tokio::io::stdin().read_to_end(&mut told).await;
    if told == DONE {
        return Ok(0);
    }
    let (answering, silent) = Engines::answering(engines).await;
    let removed = match answering {
        Some(engines) => engines.remove_run(run, Calls::UnderWay).await?,
        None => 0,
    };
    match silent.into_iter().next() {
        Some(error) => Err(error.into()),
        None => {
            Registry::locate().forget(run)?;
            Registry::networks().forget(run)?;
            Ok(removed)
        }
    }
}
