//! A run's folder: events, plan, report and logs, saved before anything is removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::events::Sink;

/// A file or folder of the artefacts could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to write artefacts to {path}; free space there or choose another folder with --artefacts"
)]
pub struct ArtefactError {
    /// The file or folder.
    pub path: String,
    /// What the system said.
    pub source: io::Error,
}

/// What was asked of engines, daemons and connectors, in the folder of a run that did not pass.
pub(in crate::run) const TRACE: &str = "trace.log";

/// A run's folder.
#[derive(Debug, Clone)]
pub struct Artefacts {
    folder: PathBuf,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ArtefactError {
    let path = path.display().to_string();
    move |source| ArtefactError { path, source }
}

impl Artefacts {
    /// Makes the folder of a run below `root`.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the folder.
    pub fn create(root: &Path, run: &str) -> Result<Self, ArtefactError> {
        let folder = root.join(run);
        fs::create_dir_all(folder.join("logs")).map_err(failed(&folder))?;
        Ok(Self { folder })
    }

    /// Makes a folder below `root` for what belongs to no single run.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the folder.
    pub fn create_bare(root: &Path, name: &str) -> Result<Self, ArtefactError> {
        let folder = root.join(name);
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        Ok(Self { folder })
    }

    /// A run's folder that is there already.
    #[must_use]
    pub fn existing(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A sink that writes each event as one line of `events.jsonl`.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] when the file can't be made.
    pub fn event_sink(&self) -> Result<Sink, ArtefactError> {
        let path = self.folder.join("events.jsonl");
        let mut file = self.open("events.jsonl").map_err(failed(&path))?;
        Ok(Box::new(move |event| {
            let mut line = serde_json::to_vec(event)?;
            line.push(b'\n');
            file.write_all(&line)
        }))
    }

    /// Writes one file, readable by its owner only.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the file.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), ArtefactError> {
        let path = self.folder.join(name);
        self.open(name)
            .and_then(|mut file| file.write_all(content))
            .map_err(failed(&path))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.folder.join(name))
    }

    /// Points `latest` beside the folder at it. Two runs that end together may both try: the link
    /// is replaced in one step.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the link.
    pub fn link_latest(&self) -> Result<(), ArtefactError> {
        let (Some(root), Some(name)) = (self.folder.parent(), self.folder.file_name()) else {
            return Ok(());
        };
        let link = root.join("latest");
        let fresh = root.join(format!(".latest-{}", name.to_string_lossy()));
        // Of a process that was killed in between; mostly there is none. One that stays fails the next step.
        let _ = fs::remove_file(&fresh);
        symlink(name, &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .map_err(failed(&link))
    }
}
