//! The forms in which reports are saved, each with its file. What is not listed here is not written,
//! and `docs/reports.md` has a row for each.

use std::io;

use super::html::html;
use super::json::json_text;
use super::junit::junit;
use super::markdown::markdown;
use super::model::Report;
use super::repeat::RepeatReport;
use super::repeat_junit;
use super::words::PAGE;

/// One form of a report.
pub struct Form<R> {
    /// The file that it is written to, in the run's folder or in that of the sum.
    pub file: &'static str,
    /// The file's content; an error is what the serializer says, which has no reason to.
    pub render: fn(&R) -> io::Result<String>,
}

/// The forms of a run's report.
pub const FORMS: &[Form<Report>] = &[
    Form {
        file: PAGE,
        render: |report| Ok(report.to_html()),
    },
    Form {
        file: "report.md",
        render: |report| Ok(report.to_markdown()),
    },
    Form {
        file: "junit.xml",
        render: Report::to_junit,
    },
    Form {
        file: "report.json",
        render: |report| Ok(report.to_text()),
    },
];

/// The forms of what many runs came to.
pub const REPEAT_FORMS: &[Form<RepeatReport>] = &[
    Form {
        file: "repeat.json",
        render: |report| Ok(report.to_text()),
    },
    Form {
        file: "repeat.md",
        render: |report| Ok(report.to_markdown()),
    },
    Form {
        file: "junit.xml",
        render: RepeatReport::to_junit,
    },
];

impl Report {
    /// The report as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        json_text(self)
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

impl RepeatReport {
    /// The sum as JUnit XML.
    ///
    /// # Errors
    ///
    /// What the serializer says; it has no reason to.
    pub fn to_junit(&self) -> io::Result<String> {
        repeat_junit::junit(self).map_err(io::Error::other)
    }
}
