//! What a topology came to, for a test.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::checks::Verdict;
use crate::report::{CheckView, Look, Report, print_report};

/// A verdict with everything that it stands on.
///
/// Printed with `{}` it is what `ator-harness verify` prints: the verdict, the checks that did not pass with their
/// evidence, and why nothing could be judged where it could not.
#[derive(Clone)]
pub struct Judged {
    report: Arc<Report>,
    unsaved: Option<String>,
}

impl Judged {
    pub(super) fn new(report: Report, unsaved: Option<String>) -> Self {
        Self {
            report: Arc::new(report),
            unsaved,
        }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.report.verdict
    }

    /// The verdict in a line.
    #[must_use]
    pub fn headline(&self) -> &str {
        &self.report.headline
    }

    /// The checks that failed, and those that could not be judged: what keeps it from passing.
    pub fn failed(&self) -> impl Iterator<Item = &CheckView> {
        let checks = self.report.checks.iter();
        checks.filter(|check| {
            !check.accepted && matches!(check.verdict, Verdict::Fail | Verdict::Inconclusive)
        })
    }

    /// The check of this id; `None` where it was not judged.
    #[must_use]
    pub fn check(&self, id: &str) -> Option<&CheckView> {
        self.report.checks.iter().find(|check| check.id == id)
    }

    /// All that is known of the run, redacted.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The run's folder: `report.html`, `report.json`, `junit.xml`, `events.jsonl`, and `logs/` of every container.
    #[must_use]
    pub fn folder(&self) -> &Path {
        Path::new(&self.report.artefacts.folder)
    }

    /// Why the report is not in the run's folder, where it is not.
    #[must_use]
    pub fn unsaved(&self) -> Option<&str> {
        self.unsaved.as_deref()
    }

    /// Fails a test unless the verdict is pass.
    ///
    /// # Panics
    ///
    /// If it is not, with all that is known of why.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.verdict() == Verdict::Pass, "{self}");
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        print_report(&mut text, &self.report, &Look::default()).map_err(|_| fmt::Error)?;
        f.write_str(&String::from_utf8_lossy(&text))?;
        match &self.unsaved {
            Some(why) => writeln!(f, "{why}"),
            None => Ok(()),
        }
    }
}

/// As it is printed: a failed `expect` or `unwrap` shows it.
impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
