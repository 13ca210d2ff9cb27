//! An engine's socket on another machine, brought here by the `ssh` program.
//!
//! One `ssh` for as long as the engine is used: every call is a channel of it. bollard's own way
//! would start a session of its own, handshake and all, for every call, and leaves the sessions
//! behind when this process is killed.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::answer;

/// How long a session may take to stand.
const LIMIT: Duration = Duration::from_secs(15);
/// What the far side sends back once the session and its forward stand.
const READY: &str = "ready";
/// Most of what `ssh` says that is shown.
const SHOWN: u64 = 2000;

/// Why there is no session. Each names the remedy, where there is one.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// There is no place for the socket on this machine.
    #[error("there is no folder for its socket")]
    NoFolder(#[source] std::io::Error),
    /// The program is missing.
    #[error("the ssh program is missing; install it (Debian: openssh-client)")]
    Missing,
    /// The program is there and does not start.
    #[error("the ssh program can't be started")]
    Start(#[source] std::io::Error),
    /// It ended before the session stood.
    #[error("ssh ended: {said}; make `ssh {host}` work without a question first")]
    Ended {
        /// Where to.
        host: String,
        /// What it said.
        said: String,
    },
    /// The session did not stand in time.
    #[error("no session within {} s", LIMIT.as_secs())]
    Silent,
}

/// A session that forwards one socket. The program far away reads until this process's end closes,
/// however that happens, and then the session is over.
pub(super) struct Forward {
    _session: Child,
    folder: TempDir,
}

/// Where a session goes.
pub(super) struct Destination<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    /// The socket there.
    pub(super) socket: &'a str,
}

impl Forward {
    /// Opens a session, without asking anybody anything: keys, agents and known hosts are those of
    /// `ssh`'s own configuration.
    pub(super) async fn open(to: &Destination<'_>) -> Result<Self, SshError> {
        let folder = tempfile::Builder::new()
            .prefix("ator-ssh-")
            .tempdir()
            .map_err(SshError::NoFolder)?;
        let mut command = Command::new("ssh");
        command.arg("-T");
        for option in [
            "BatchMode=yes",
            "ExitOnForwardFailure=yes",
            "ControlMaster=no",
            "ControlPath=none",
            "ServerAliveInterval=10",
            "ServerAliveCountMax=3",
        ] {
            command.args(["-o", option]);
        }
        let forward = format!("{}:{}", socket_in(&folder).display(), to.socket);
        command.args(["-L", &forward]);
        if let Some(user) = to.user {
            command.args(["-l", user]);
        }
        if let Some(port) = to.port {
            command.args(["-p", &port.to_string()]);
        }
        let host = to.host.trim_start_matches('[').trim_end_matches(']');
        command
            .args(["--", host, "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for the harness, which still has to clean up.
            .process_group(0)
            .kill_on_drop(true);
        let mut session = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => SshError::Missing,
            _ => SshError::Start(error),
        })?;
        match timeout(LIMIT, greet(&mut session)).await {
            Ok(true) => {
                // Whatever it says from now on shows in the calls that fail; a pipe that nobody
                // reads would stop it.
                if let Some(mut errors) = session.stderr.take() {
                    // Ends with the pipe, and so with the session; it has nothing to tell.
                    tokio::spawn(async move {
                        tokio::io::copy(&mut errors, &mut tokio::io::sink()).await
                    });
                }
                Ok(Self {
                    _session: session,
                    folder,
                })
            }
            Ok(false) => Err(SshError::Ended {
                host: to.host.to_owned(),
                said: last_words(&mut session).await,
            }),
            Err(_) => Err(SshError::Silent),
        }
    }

    /// The socket on this machine.
    pub(super) fn socket(&self) -> PathBuf {
        socket_in(&self.folder)
    }
}

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("engine.sock")
}

/// Whether the far side answers.
async fn greet(session: &mut Child) -> bool {
    let (Some(input), Some(output)) = (session.stdin.as_mut(), session.stdout.as_mut()) else {
        return false;
    };
    // An error here is that ssh has ended, which the missing answer shows.
    let _ = input.write_all(format!("{READY}\n").as_bytes()).await;
    // What a login shell may print before.
    let mut output = BufReader::new(output);
    // A pipe that breaks has ended, and then what ssh has said is told.
    while let Ok(line) = answer::line(&mut output).await
        && !line.is_empty()
    {
        if line.trim_end() == READY {
            return true;
        }
    }
    false
}

async fn last_words(session: &mut Child) -> String {
    let mut text = String::new();
    if let Some(errors) = session.stderr.take() {
        let mut errors = errors.take(SHOWN);
        // What has come until then is shown, and why there is no more of it says nothing new.
        let _ = timeout(Duration::from_secs(1), errors.read_to_string(&mut text)).await;
    }
    match text.trim() {
        "" => "it says nothing".to_owned(),
        text => text.lines().map(str::trim).collect::<Vec<_>>().join("; "),
    }
}
