//! Files to be audited, and what comes of them.

use std::path::{Path, PathBuf};

use ator_harness::audit::{Audit, Finding, Outcome, Verdict, audit};
use tempfile::TempDir;

/// The fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/audit")
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("is readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Files of a test's own.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("is in a folder")).expect("makes it");
            std::fs::write(path, text).expect("writes");
        }
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Audits the folder.
    pub(crate) fn audit(&self) -> Audit {
        audit(&[self.0.path().to_owned()], 1)
    }

    /// Audits these files of it.
    pub(crate) fn audit_named(&self, names: &[&str]) -> Audit {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        audit(&paths, 1)
    }
}

/// What a check came to.
pub(crate) fn outcome<'a>(audit: &'a Audit, id: &str) -> &'a Outcome {
    let mut outcomes = audit.outcomes.iter();
    let found = outcomes.find(|outcome| outcome.check.id == id);
    found.unwrap_or_else(|| panic!("there is no check {id}"))
}

/// The verdict of a check.
pub(crate) fn verdict(audit: &Audit, id: &str) -> Verdict {
    outcome(audit, id).verdict
}

/// The lines of a check's findings.
pub(crate) fn lines(audit: &Audit, id: &str) -> Vec<usize> {
    let findings = outcome(audit, id).findings.iter();
    findings.map(|finding| finding.at.line).collect()
}

/// Every finding, for messages.
pub(crate) fn told(audit: &Audit) -> String {
    let told = |id: &str, finding: &Finding| {
        format!(
            "{} {id} {}: {}",
            finding.level.word(),
            finding.at,
            finding.evidence
        )
    };
    let outcomes = audit.outcomes.iter();
    let all = outcomes.flat_map(|one| {
        one.findings
            .iter()
            .map(|finding| told(one.check.id, finding))
    });
    all.collect::<Vec<_>>().join("\n")
}
