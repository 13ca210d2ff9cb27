//! Writing every report of a run into its folder.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use super::html::html;
use super::junit::junit;
use super::markdown::markdown;
use super::model::Report;
use crate::run::{ArtefactError, Artefacts};

/// The files that [`Report::save`] writes.
pub(super) const FILES: [&str; 4] = ["junit.xml", "report.html", "report.json", "report.md"];

/// The job summary could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to append the summary to {path}: {source}; choose another file with --summary")]
pub struct SummaryError {
    /// The file.
    pub path: String,
    /// What the system said.
    pub source: io::Error,
}

impl Report {
    /// Writes `report.json`, `report.html`, `report.md` and `junit.xml` into the folder, readable
    /// by their owner only.
    ///
    /// # Errors
    ///
    /// [`ArtefactError`] names the file.
    pub fn save(&self, folder: &Path) -> Result<(), ArtefactError> {
        let artefacts = Artefacts::existing(folder);
        artefacts.write("report.json", self.to_text().as_bytes())?;
        artefacts.write("report.html", self.to_html().as_bytes())?;
        artefacts.write("report.md", self.to_markdown().as_bytes())?;
        let xml = self.to_junit().map_err(|source| ArtefactError {
            path: folder.join("junit.xml").display().to_string(),
            source,
        })?;
        artefacts.write("junit.xml", xml.as_bytes())
    }

    /// The report as one page without anything outside it.
    #[must_use]
    pub fn to_html(&self) -> String {
        html(self)
    }

    /// The report as Markdown, for a CI job's summary.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown(self)
    }

    /// The report as JUnit XML.
    ///
    /// # Errors
    ///
    /// What the serializer says; it has no reason to.
    pub fn to_junit(&self) -> io::Result<String> {
        junit(self).map_err(io::Error::other)
    }
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
