//! An audit for people.

use std::io::{self, Write};

use super::document::{AuditCheck, AuditLevel, AuditReport, Word};

/// Prints findings, the worst first, and what was not looked at.
pub(super) fn print(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    for level in [AuditLevel::Fail, AuditLevel::Warning, AuditLevel::Unknown] {
        for check in &report.checks {
            findings(check, level, out)?;
        }
    }
    for check in report.checks.iter().filter(|check| !check.notes.is_empty()) {
        writeln!(out, "not given  {}: {}", check.id, check.notes.join("; "))?;
    }
    let unseen: Vec<&str> = report
        .checks
        .iter()
        .filter(|check| check.verdict == Word::NotLookedAt)
        .map(|check| check.id)
        .collect();
    if !unseen.is_empty() {
        writeln!(
            out,
            "not looked at, for want of what they are about: {}",
            unseen.join(", ")
        )?;
    }
    let summary = &report.summary;
    writeln!(out, "mode {}", report.mode)?;
    writeln!(
        out,
        "{} files; of {} checks {} failed, {} warned, {} cannot be told, {} passed, {} had nothing to look at",
        report.files.len(),
        report.checks.len(),
        summary.fail,
        summary.warning,
        summary.unknown,
        summary.pass,
        summary.not_looked_at,
    )
}

fn findings(check: &AuditCheck, level: AuditLevel, out: &mut dyn Write) -> io::Result<()> {
    let mut any = false;
    for finding in check.findings.iter().filter(|one| one.level == level) {
        any = true;
        let (file, line) = (&finding.file, finding.line);
        writeln!(
            out,
            "{:<8} {:<26} {file}:{line}: {}",
            level.word(),
            check.id,
            finding.evidence
        )?;
    }
    if any {
        writeln!(out, "{:<8} {:<26} remedy: {}", "", "", check.remedy)?;
    }
    Ok(())
}
