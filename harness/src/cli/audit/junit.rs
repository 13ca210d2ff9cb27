//! An audit for CI systems: JUnit XML, a suite for each family and a case for each check.

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::document::{AuditCheck, AuditReport, Word};
use crate::report::{RUN, Suites, not_passed, skipped};

/// The audit as JUnit XML.
///
/// What fails or warns is a failure, what cannot be told an error; what had nothing to look at is skipped. Where nothing
/// was looked at at all, the suite `run` is an error.
///
/// # Errors
///
/// What the serializer says; it has no reason to.
pub(super) fn junit(report: &AuditReport) -> Result<String, SerializeError> {
    let mut whole = Suites::new("ator-harness audit", run(report));
    for check in &report.checks {
        let mut case = TestCase::new(check.id, status(check));
        case.set_classname(format!("audit.{}", check.family()));
        if check.verdict == Word::Pass {
            case.set_system_out(format!("{}: {} looked at", check.says, check.looked));
        }
        whole.add(check.family(), case);
    }
    whole.into_text()
}

fn run(report: &AuditReport) -> TestSuite {
    let judged = report
        .checks
        .iter()
        .any(|check| check.family() != "input" && check.verdict != Word::NotLookedAt);
    let status = match judged {
        true => TestCaseStatus::success(),
        false => {
            let told = "nothing was looked at: no file is of a kind that is known";
            not_passed(NonSuccessKind::Error, "nothing-judged", told, told)
        }
    };
    let mut case = TestCase::new("judged", status);
    case.set_classname(format!("audit.{RUN}"));
    let mut suite = TestSuite::new(RUN);
    suite.add_property(Property::new("mode", report.mode.as_str()));
    suite.add_property(Property::new("harness", env!("CARGO_PKG_VERSION")));
    suite.add_test_case(case);
    suite
}

fn status(check: &AuditCheck) -> TestCaseStatus {
    let found = check.findings.iter().map(|one| {
        format!(
            "{} {}:{}: {}",
            one.level.word(),
            one.file,
            one.line,
            one.evidence
        )
    });
    let found: Vec<String> = found.collect();
    let first = found.first().cloned().unwrap_or_default();
    let text = [
        found,
        vec![
            format!("should be true: {}", check.says),
            format!("remedy: {}", check.remedy),
        ],
    ]
    .concat();
    let text = text.join("\n");
    match check.verdict {
        Word::Pass => TestCaseStatus::success(),
        Word::NotLookedAt => skipped(
            "not-looked-at",
            "there was nothing of what it is about",
            &text,
        ),
        Word::Unknown => not_passed(NonSuccessKind::Error, "unknown", &first, &text),
        Word::Warning => not_passed(NonSuccessKind::Failure, "warning", &first, &text),
        Word::Fail => not_passed(NonSuccessKind::Failure, "fail", &first, &text),
    }
}
