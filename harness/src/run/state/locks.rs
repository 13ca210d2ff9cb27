//! Locks that fall with the process that holds them: one per run, and one per topology that is being
//! brought up.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

use super::files::{self, StateError, unusable};

/// How long another process may hold the registry's own lock, which it does for a few file
/// operations.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two tries.
const POLL: Duration = Duration::from_millis(5);

/// What a process does with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Brings a topology up and leaves it.
    Up,
    /// Brings a topology up, judges it and removes it.
    Verify,
    /// Brings a network up that stands by.
    Network,
    /// Proves the instruments.
    Doctor,
    /// Holds one connector by itself against the table of rows.
    Conformance,
    /// A test of somebody's, by the library.
    Test,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Verify => "verify",
            Self::Network => "network up",
            Self::Doctor => "doctor",
            Self::Conformance => "conformance",
            Self::Test => "a test",
        })
    }
}

/// Which process works on a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// What it does.
    pub verb: Verb,
    /// Its id, in its own container or machine.
    pub process: u32,
    /// When it began, by its own clock.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

impl Owner {
    /// This process.
    #[must_use]
    pub fn this(verb: Verb, since: OffsetDateTime) -> Self {
        Self {
            verb,
            process: std::process::id(),
            since,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        // The description is checked when this is compiled; formatting cannot fail.
        let since = self.since.format(&format).unwrap_or_default();
        write!(
            f,
            "process {} (`{}`, since {since} UTC)",
            self.process, self.verb
        )
    }
}

/// A topology that `up` is bringing up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starting {
    /// The run.
    pub run: String,
    /// Who does it.
    pub owner: Owner,
}

/// The registry's own lock, held while folders and locks are made, looked at or removed, so that
/// nobody sees a run without its lock, or takes a glance at a lock for its holder.
pub(super) struct Guard(#[expect(dead_code, reason = "the lock is held by being here")] File);

impl Guard {
    pub(super) fn take(path: &Path) -> Result<Self, StateError> {
        let file = open(path).map_err(unusable(path))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                    std::thread::sleep(POLL);
                }
                Err(TryLockError::WouldBlock) => {
                    let seconds = PATIENCE.as_secs();
                    let held = format!("another process has held its lock for {seconds} s");
                    return Err(unusable(path)(io::Error::other(held)));
                }
                Err(TryLockError::Error(error)) => return Err(unusable(path)(error)),
            }
        }
    }
}

/// A lock file. Network file systems want it writable for an exclusive lock.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Whether some process holds the lock of this file; a file that is not there has no lock.
pub(super) fn is_held(path: &Path) -> io::Result<bool> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A run's lock: the run is alive as long as this exists. It is held twice: by a file in the run's
/// folder for those who use the same state folder, and by the name of a socket, for everybody else
/// on the machine.
pub struct RunLock {
    folder: PathBuf,
    _file: File,
    _socket: UnixDatagram,
}

impl RunLock {
    pub(super) fn take(folder: &Path, run: &str) -> Result<Self, StateError> {
        let path = folder.join("lock");
        let file = open(&path).map_err(unusable(&path))?;
        // Nobody else knows this run yet.
        file.try_lock()
            .map_err(|error| unusable(&path)(io::Error::other(error)))?;
        let socket = socket_name(run)
            .and_then(|name| UnixDatagram::bind_addr(&name))
            .map_err(|source| StateError::Unannounced {
                run: run.to_owned(),
                source,
            })?;
        Ok(Self {
            folder: folder.to_owned(),
            _file: file,
            _socket: socket,
        })
    }

    /// The run's own folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes the folder. Returns it, with the reason, if it is still there.
    #[must_use]
    pub fn remove(self) -> Vec<String> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if self.folder.exists() => {
                vec![format!("{}: {error}", self.folder.display())]
            }
            _ => Vec::new(),
        }
    }
}

/// The name by which the process that works on a run is known on its machine: an abstract socket,
/// which needs no folder that all users share, has no permissions, and is gone with the process.
fn socket_name(run: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("ator-harness/run/{run}"))
}

/// Whether a process on this machine works on the run, of whatever user and state folder. A process
/// in another network namespace is not seen.
///
/// # Errors
///
/// What the system says when it does not tell.
pub fn is_announced(run: &str) -> io::Result<bool> {
    let asked = UnixDatagram::unbound()?.connect_addr(&socket_name(run)?);
    match asked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
        Err(error) => Err(error),
    }
}

/// A topology's lock: `up` holds it from before it looks whether the topology runs until it has left
/// it running or removed it again.
pub struct TopologyLock {
    file: Option<File>,
    path: PathBuf,
    guard: PathBuf,
}

impl TopologyLock {
    /// Takes the lock, or returns what is known of who holds it. The registry's own lock is held.
    pub(super) fn take(
        _: &Guard,
        guard: &Path,
        path: &Path,
        starting: &Starting,
    ) -> Result<Result<Self, Option<Starting>>, StateError> {
        let file = open(path).map_err(unusable(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Err(holder(path))),
            Err(TryLockError::Error(error)) => return Err(unusable(path)(error)),
        }
        // In place: a file that was renamed over this one would not be locked.
        files::encode(starting)
            .and_then(|text| fs::write(path, text))
            .map_err(unusable(path))?;
        Ok(Ok(Self {
            file: Some(file),
            path: path.to_owned(),
            guard: guard.to_owned(),
        }))
    }
}

impl Drop for TopologyLock {
    fn drop(&mut self) {
        // Removed under the registry's lock, so that nobody has just opened it. One that cannot be
        // removed is a file without a lock, which the next `up` takes.
        if let Ok(_guard) = Guard::take(&self.guard) {
            let _ = fs::remove_file(&self.path);
            drop(self.file.take());
        }
    }
}

/// Who holds a topology's lock; `None` when the file does not tell.
pub(super) fn holder(path: &Path) -> Option<Starting> {
    // That somebody holds it is certain whatever the file says; who it is, is only for the message.
    files::read(path).ok().flatten()
}
