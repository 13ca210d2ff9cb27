//! The last ring of cleaning up: a process that outlives a SIGKILL of the harness.

use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::engine::{Calls, EngineAddress, Engines, LABEL_RUN, Material, Placement};
use crate::run::error::RunError;
use crate::run::state::Registry;

/// What the harness tells the reaper before it ends in order.
const DONE: &[u8] = b"done";
/// What a helper says once it is there.
const READY: &[u8] = b"ready";
/// How long it may take to.
const READY_LIMIT: Duration = Duration::from_secs(10);

/// The program that outlives this process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReaperProgram {
    /// This process's own, which is the `ator-harness` command.
    #[default]
    Command,
    /// The harness's helper, where this process is anybody's. It knows engines of this machine alone, and leaves the
    /// run's folder of state to the next sweep.
    Helper(Material),
}

impl ReaperProgram {
    /// The reaper of a run, not started yet. What it is made of has to live until it is.
    fn command(&self, run: &str, engines: &Placement) -> io::Result<(Command, Option<OwnedFd>)> {
        let addresses = engines.addresses();
        let material = match self {
            Self::Command => {
                let mut command = Command::new(std::env::current_exe()?);
                let addresses = addresses.iter().map(ToString::to_string);
                command.args(["reap", run]).args(addresses);
                return Ok((command, None));
            }
            Self::Helper(material) => material,
        };
        let [EngineAddress::Socket(socket)] = &addresses[..] else {
            let reason = "what is left of a run can be removed through one engine's socket alone";
            return Err(io::Error::other(reason));
        };
        let (mut command, held) = match material {
            Material::File(path) => (Command::new(path), None),
            Material::Program(program) => {
                let (path, file) = in_memory(program.bytes)?;
                (Command::new(path), Some(file))
            }
        };
        command
            .arg0("ator-harness-reaper")
            .args(["reap", "--socket"])
            .arg(socket)
            .args(["--label", &format!("{LABEL_RUN}={run}")])
            // A job's runner ends what has its variables, and this is to outlive the job.
            .env_clear();
        Ok((command, held))
    }
}

/// A program as a file that has no place, and the path at which a child of this process finds it.
fn in_memory(program: &[u8]) -> io::Result<(String, OwnedFd)> {
    let file = memfd_create("ator-harness-reaper", MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    file.write_all(program)?;
    Ok((format!("/proc/self/fd/{}", file.as_raw_fd()), file.into()))
}

/// The harness's end: while it is open, the run is alive.
pub(in crate::run) struct Reaper {
    child: Child,
    line: ChildStdin,
}

impl Reaper {
    /// Starts the reaper of a run, in a process group of its own, so that a Ctrl-C at the terminal does not reach it.
    /// A helper has to say that it is there: one of an earlier version would not remove anything.
    pub(in crate::run) async fn start(
        program: &ReaperProgram,
        run: &str,
        engines: &Placement,
    ) -> io::Result<Self> {
        let (mut command, _held) = program.command(run, engines)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(match program {
                ReaperProgram::Command => Stdio::null(),
                ReaperProgram::Helper(_) => Stdio::piped(),
            })
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        if let Some(said) = child.stdout.take() {
            hear(said).await?;
        }
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

/// Waits until a helper has said that it is there.
async fn hear(mut said: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut word = [0; READY.len()];
    let heard = timeout(READY_LIMIT, said.read_exact(&mut word)).await;
    match heard {
        Ok(Ok(_)) if word == *READY => Ok(()),
        _ => Err(io::Error::other(
            "the helper that would remove what is left does not start; it may be of another version, which `make images` or building anew changes",
        )),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(addresses: &[&str]) -> Placement {
        let homes = addresses.iter().enumerate();
        Placement {
            common: None,
            homes: homes
                .map(|(at, one)| (at.to_string(), one.parse().expect("an address")))
                .collect(),
        }
    }

    #[tokio::test]
    async fn a_helper_that_comes_along_is_started_from_memory() {
        let program = std::fs::read("/bin/cat").expect("every Linux has it");
        let (path, held) = in_memory(&program).expect("there is memory");
        let mut command = Command::new(path);
        command.arg("/proc/self/comm").stdout(Stdio::piped());
        let output = command.spawn().expect("starts").wait_with_output();
        drop(held);
        assert!(output.await.expect("ends").status.success());
    }

    #[tokio::test]
    async fn a_helper_that_says_something_else_is_refused() {
        hear(&b"ready\n"[..]).await.expect("it is there");
        for other in ["", "read", "error: unrecognized subcommand 'reap'"] {
            let error = hear(other.as_bytes()).await.expect_err("it is not");
            assert!(error.to_string().contains("make images"), "{error}");
        }
    }

    #[test]
    fn a_helper_takes_one_engine_of_this_machine() {
        let helper = ReaperProgram::Helper(Material::File("/agent".into()));
        for addresses in [&["ssh://host"] as &[_], &["unix:///a", "unix:///b"], &[]] {
            let error = helper.command("r", &placement(addresses));
            error.map(drop).expect_err("not one socket");
        }
        let (command, _) = helper
            .command("r", &placement(&["unix:///a"]))
            .expect("one socket");
        let arguments: Vec<_> = command.as_std().get_args().collect();
        assert_eq!(
            arguments,
            ["reap", "--socket", "/a", "--label", "ator-harness.run=r"]
        );
    }
}
