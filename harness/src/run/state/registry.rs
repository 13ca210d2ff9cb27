//! The folder of all runs: a folder per run, its record, and who works on it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{self, StateError, Unreadable, unusable};
use super::locks::{self, Guard, Owner, RunLock, Starting, TopologyLock};
use super::persisted::PersistedRun;
use crate::engine::Placement;
use crate::environment::variable;
use crate::plan::RunId;

/// The file of a [`RunRecord`].
const RECORD: &str = "standing.json";
/// The file of a [`PersistedRun`].
const PERSISTED: &str = "kept.json";
/// The registry's own lock.
const GUARD: &str = ".lock";

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct Registry {
    root: PathBuf,
}

/// What has to be known of a run to find what it has left, whatever became of its process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The topology's name.
    pub topology: String,
    /// The engines.
    pub placement: Placement,
    /// The process that began it.
    pub owner: Owner,
}

/// What the state folder says of a run's life.
#[derive(Debug)]
pub enum Life {
    /// A process works on it.
    UnderWay,
    /// `up` has left it running.
    Persisted(Box<PersistedRun>),
    /// It was left running, and the file about that cannot be read.
    PersistedUnreadable(StateError),
    /// Its process is gone, and it was not left running.
    Ended,
    /// Whether a process works on it cannot be asked.
    Unclear(StateError),
}

/// A run that has a folder here.
#[derive(Debug)]
pub struct KnownRun {
    /// Its id.
    pub run: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its record; `None` when its process was gone before it had begun anything.
    pub record: Result<Option<RunRecord>, StateError>,
    /// What its record calls the topology, if that much can be read of one that cannot be read as a whole.
    pub named: Option<String>,
    /// What became of it.
    pub life: Life,
}

impl KnownRun {
    /// The topology's name, when its record tells.
    #[must_use]
    pub fn topology(&self) -> Option<&str> {
        match &self.record {
            Ok(record) => record.as_ref().map(|record| record.topology.as_str()),
            Err(_) => self.named.as_deref(),
        }
    }

    /// The process that works on it, while one does and its record tells.
    #[must_use]
    pub fn owner(&self) -> Option<&Owner> {
        let record = self.record.as_ref().ok()?.as_ref()?;
        matches!(self.life, Life::UnderWay).then_some(&record.owner)
    }
}

impl Registry {
    /// The folder that `ATOR_HARNESS_STATE` names, else `ator-harness` below the user's state
    /// folder (XDG base directory specification), else below the temporary folder.
    #[must_use]
    pub fn locate() -> Self {
        let root = variable("ATOR_HARNESS_STATE")
            .map(PathBuf::from)
            .or_else(|| {
                variable("XDG_STATE_HOME").map(|home| Path::new(&home).join("ator-harness"))
            })
            .or_else(|| {
                variable("HOME").map(|home| Path::new(&home).join(".local/state/ator-harness"))
            })
            .unwrap_or_else(|| tempfile::env::temp_dir().join("ator-harness"));
        Self::at(root)
    }

    /// The folder of networks that stand by: the one that `ATOR_HARNESS_NETWORKS` names, else
    /// `networks` in that of [`Registry::locate`].
    #[must_use]
    pub fn networks() -> Self {
        let named = variable("ATOR_HARNESS_NETWORKS");
        Self::at(named.map_or_else(|| Self::locate().root.join("networks"), PathBuf::from))
    }

    /// The runs in a folder.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of a run.
    #[must_use]
    pub fn folder(&self, run: &str) -> PathBuf {
        self.root.join(run)
    }

    pub(super) fn guard(&self) -> Result<Guard, StateError> {
        make(&self.root)?;
        Guard::take(&self.root.join(GUARD))
    }

    fn topology_lock(&self, topology: &str) -> PathBuf {
        self.root.join(format!("{topology}.lock"))
    }

    /// Makes a run's folder, takes its lock, and writes its record.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn begin(&self, run: &str, record: &RunRecord) -> Result<RunLock, StateError> {
        let _guard = self.guard()?;
        let folder = self.folder(run);
        make(&folder)?;
        let lock = RunLock::take(&folder, run)?;
        files::write(&folder.join(RECORD), record)?;
        Ok(lock)
    }

    /// Takes the lock of a topology that is to be brought up and left running, or returns what is
    /// known of who holds it.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn lock_topology(
        &self,
        topology: &str,
        starting: &Starting,
    ) -> Result<Result<TopologyLock, Option<Starting>>, StateError> {
        let guard = self.guard()?;
        let path = self.topology_lock(topology);
        TopologyLock::take(&guard, &self.root.join(GUARD), &path, starting)
    }

    /// Whether `up` is bringing a topology up, and what is known of who does it.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn starting(&self, topology: &str) -> Result<Option<Option<Starting>>, StateError> {
        let path = self.topology_lock(topology);
        if !path.exists() {
            return Ok(None);
        }
        let _guard = self.guard()?;
        let held = locks::is_held(&path).map_err(unusable(&path))?;
        Ok(held.then(|| locks::holder(&path)))
    }

    /// Writes down a topology that stays running.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the file.
    pub fn persist(&self, run: &str, persisted: &PersistedRun) -> Result<(), StateError> {
        files::write(&self.folder(run).join(PERSISTED), persisted)
    }

    /// An error about the file of a topology that was left running.
    #[must_use]
    pub fn unreadable(&self, run: &str, reason: Unreadable) -> StateError {
        unreadable(run, &self.folder(run).join(PERSISTED))(reason)
    }

    /// Forgets a run. One that is not known is forgotten already.
    ///
    /// # Errors
    ///
    /// [`StateError`] names the folder.
    pub fn forget(&self, run: &str) -> Result<(), StateError> {
        let folder = self.folder(run);
        // Anything else is not a run's folder.
        if !RunId::is_one(run) || !folder.exists() {
            return Ok(());
        }
        let _guard = self.guard()?;
        match fs::remove_dir_all(&folder) {
            // Somebody else has forgotten it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(unusable(&folder)),
        }
    }

    /// Every run that has a folder here, in the order of their ids. Other folders are none of ours.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`] when the folder cannot be listed; what cannot be read of a run is in
    /// its [`KnownRun`].
    pub fn runs(&self) -> Result<Vec<KnownRun>, StateError> {
        let mut runs = Vec::new();
        if !self.root.exists() {
            return Ok(runs);
        }
        let _guard = self.guard()?;
        for entry in fs::read_dir(&self.root).map_err(unusable(&self.root))? {
            let entry = entry.map_err(unusable(&self.root))?;
            let name = entry.file_name();
            if let Some(run) = name.to_str().filter(|name| RunId::is_one(name)) {
                runs.push(self.look_at(run));
            }
        }
        runs.sort_by(|a, b| a.run.cmp(&b.run));
        Ok(runs)
    }

    /// The registry's lock is held, so a folder without a lock is not one that is being made.
    fn look_at(&self, run: &str) -> KnownRun {
        let folder = self.folder(run);
        let (lock, persisted) = (folder.join("lock"), folder.join(PERSISTED));
        let path = folder.join(RECORD);
        let record = files::read(&path);
        let life = match locks::is_held(&lock) {
            Err(error) => Life::Unclear(unreadable(run, &lock)(Unreadable::File(error.into()))),
            Ok(true) => Life::UnderWay,
            Ok(false) => match files::read(&persisted).map_err(unreadable(run, &persisted)) {
                Err(error) => Life::PersistedUnreadable(error),
                Ok(Some(persisted)) => Life::Persisted(Box::new(persisted)),
                Ok(None) => match record {
                    // Where a later version notes what it leaves running is not known here.
                    Err(Unreadable::Later(format)) => {
                        Life::PersistedUnreadable(unreadable(run, &path)(Unreadable::Later(format)))
                    }
                    _ => Life::Ended,
                },
            },
        };
        KnownRun {
            run: run.to_owned(),
            named: record.is_err().then(|| files::topology(&path)).flatten(),
            record: record.map_err(unreadable(run, &path)),
            folder,
            life,
        }
    }
}

fn unreadable(run: &str, path: &Path) -> impl FnOnce(Unreadable) -> StateError {
    let (run, path) = (run.to_owned(), path.display().to_string());
    move |source| StateError::Unreadable { run, path, source }
}

/// Makes a folder that nobody else can look into, with those above it.
pub(super) fn make(folder: &Path) -> Result<(), StateError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(unusable(folder))
}
