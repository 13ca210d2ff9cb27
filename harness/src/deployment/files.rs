//! Copies of what a service mounts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::causes::with_causes;
use crate::connectors::DeployedFile;
use crate::input;

/// The most that is copied for one service, in bytes.
const MOST_BYTES: u64 = 64 << 20;
/// The most files and folders that are.
const MOST_FILES: usize = 2_000;

/// What has been copied for a service.
#[derive(Default)]
pub(super) struct Copies {
    pub(super) files: Vec<DeployedFile>,
    bytes: u64,
}

impl Copies {
    /// An empty folder.
    pub(super) fn folder(&mut self, path: &str) {
        self.files.push(DeployedFile {
            path: trimmed(path).to_owned(),
            mode: 0o755,
            content: None,
        });
    }

    /// What a file of the deployment holds itself.
    pub(super) fn content(&mut self, path: &str, content: &str) {
        self.files.push(DeployedFile {
            path: trimmed(path).to_owned(),
            mode: 0o644,
            content: Some(content.as_bytes().to_vec()),
        });
    }

    /// A file, or a folder with all that is in it.
    ///
    /// # Errors
    ///
    /// Why it cannot be copied, with the remedy.
    pub(super) fn copy(&mut self, from: &Path, to: &str) -> Result<(), String> {
        // Folders that are looked into, by where they really are: a link to one of those would go round for ever.
        self.walk(from, trimmed(to), &mut Vec::new())
    }

    fn walk(&mut self, from: &Path, to: &str, above: &mut Vec<PathBuf>) -> Result<(), String> {
        if self.files.len() >= MOST_FILES || self.bytes > MOST_BYTES {
            return Err(format!(
                "is more than the {MOST_FILES} files or {} MiB that are copied into a home; mount what the connector needs of it",
                MOST_BYTES >> 20
            ));
        }
        let shown = from.display();
        let unreadable = |error: &dyn std::error::Error| {
            format!(
                "is {shown}, which cannot be read ({}); let this user read it",
                with_causes(error)
            )
        };
        let real = match from.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(format!(
                    "is {shown}, which is not there: Compose would make an empty folder of it; put it there, or take the mount out"
                ));
            }
            Err(error) => return Err(unreadable(&error)),
        };
        let about = real.metadata().map_err(|error| unreadable(&error))?;
        let mode = about.permissions().mode() & 0o777;
        if about.is_dir() {
            if above.contains(&real) {
                return Ok(());
            }
            self.files.push(DeployedFile {
                path: to.to_owned(),
                mode,
                content: None,
            });
            let entries = fs::read_dir(&real).map_err(|error| unreadable(&error))?;
            let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
            names.sort();
            above.push(real.clone());
            for name in names {
                let inside = format!("{to}/{}", name.to_string_lossy());
                self.walk(&from.join(name), &inside, above)?;
            }
            above.pop();
            return Ok(());
        }
        if !about.is_file() {
            return Err(format!(
                "is {shown}, which is neither a file nor a folder, and a home has copies alone; take the mount out of what is judged, by an override"
            ));
        }
        let content = input::bytes(&real, MOST_BYTES).map_err(|error| unreadable(&error))?;
        self.bytes += content.len() as u64;
        self.files.push(DeployedFile {
            path: to.to_owned(),
            mode,
            content: Some(content),
        });
        Ok(())
    }
}

fn trimmed(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}
