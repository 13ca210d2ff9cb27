//! Writing what a run came to: every form of its report into its folder, and the job's summary.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use super::forms::{FORMS, Form, REPEAT_FORMS};
use super::model::Report;
use super::repeat::RepeatReport;
use crate::run::{ArtefactError, Artefacts};

/// The job summary could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to append the summary to {path}; choose another file with --summary")]
pub struct SummaryError {
    /// The file.
    pub path: String,
    /// What the system said.
    pub source: io::Error,
}

impl Report {
    /// Writes every form of the report ([`FORMS`]) into the folder, readable by its owner only.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the file.
    pub fn save(&self, folder: &Path) -> Result<(), ArtefactError> {
        save(self, FORMS, &Artefacts::existing(folder))
    }
}

impl RepeatReport {
    /// Writes every form of the sum ([`REPEAT_FORMS`]) into its folder, readable by its owner only.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the file.
    pub fn save(&self, folder: &Artefacts) -> Result<(), ArtefactError> {
        save(self, REPEAT_FORMS, folder)
    }
}

fn save<R>(report: &R, forms: &[Form<R>], folder: &Artefacts) -> Result<(), ArtefactError> {
    for form in forms {
        let content = (form.render)(report).map_err(|source| ArtefactError {
            path: folder.folder().join(form.file).display().to_string(),
            source,
        })?;
        folder.write(form.file, content.as_bytes())?;
    }
    Ok(())
}

/// Appends a summary to a file, which is made when it is not there.
///
/// # Errors
///
/// [`SummaryError`] names the file.
pub fn append_summary(file: &Path, markdown: &str) -> Result<(), SummaryError> {
    let failed = |source| SummaryError {
        path: file.display().to_string(),
        source,
    };
    let mut open = OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .map_err(failed)?;
    open.write_all(format!("{markdown}\n").as_bytes())
        .map_err(failed)
}
