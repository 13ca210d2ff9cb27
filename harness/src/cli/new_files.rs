//! Files that are written where none is yet: all of them, or none.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::exit::Exit;

/// A file to write.
pub(super) struct NewFile {
    /// Where.
    pub(super) path: PathBuf,
    /// Its permission bits.
    pub(super) mode: u32,
    /// What it holds.
    pub(super) content: Vec<u8>,
}

/// Why files are not written. Each text names the files and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum NewFilesError {
    /// Some are there already.
    #[error(
        "{} already there, and nothing was written; name another folder, or move what is there",
        there(files)
    )]
    There {
        /// Their paths.
        files: Vec<String>,
    },
    /// One cannot be written.
    #[error("failed to write {path}; name a folder that can be written, with space")]
    Write {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

fn there(files: &[String]) -> String {
    match files {
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(", ")),
    }
}

impl NewFilesError {
    /// The exit code.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::There { .. } => Exit::Usage,
            Self::Write { .. } => Exit::Environment,
        }
    }
}

/// Writes the files, all or none.
pub(super) fn write_new(files: &[NewFile]) -> Result<(), NewFilesError> {
    // A link that leads nowhere is there as well.
    let taken = files
        .iter()
        .filter(|file| file.path.symlink_metadata().is_ok());
    let taken: Vec<String> = taken.map(|file| file.path.display().to_string()).collect();
    if !taken.is_empty() {
        return Err(NewFilesError::There { files: taken });
    }
    for (index, file) in files.iter().enumerate() {
        if let Err(source) = create(file) {
            // Nothing is there that was not there before: what is left of them would be in the way the next time.
            for before in &files[..index] {
                let _ = fs::remove_file(&before.path);
            }
            let path = file.path.display().to_string();
            return Err(match source.kind() {
                ErrorKind::AlreadyExists => NewFilesError::There { files: vec![path] },
                _ => NewFilesError::Write { path, source },
            });
        }
    }
    Ok(())
}

fn create(file: &NewFile) -> std::io::Result<()> {
    let path: &Path = &file.path;
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(file.mode);
    let mut opened = options.open(path)?;
    let written = opened.write_all(&file.content);
    if written.is_err() {
        // It is ours, and not whole.
        let _ = fs::remove_file(path);
    }
    written
}
