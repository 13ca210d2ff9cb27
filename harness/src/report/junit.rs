//! The report for CI systems: JUnit XML, a suite per family and a case per check.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::cases::{RUN, Suites, nature, not_passed, skipped};
use super::model::{CheckView, Report};
use super::words::{self, show_ms};
use crate::checks::Verdict;

/// The report as JUnit XML.
///
/// A failed check is a failure, an inconclusive one an error, an unsupported one and an accepted defect are skipped, each
/// with its evidence. A run that ended before its checks, or made none, fails the suite `run`.
///
/// # Errors
///
/// What the serializer says; it has no reason to.
pub(super) fn junit(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut whole = Suites::new(
        &format!("ator-harness {}", report.topology.name),
        run_suite(report),
    );
    whole.lasted(Duration::from_millis(report.duration_ms));
    for check in &report.checks {
        whole.add(check.family(), case(report, check));
    }
    whole.into_text()
}

fn run_suite(report: &Report) -> TestSuite {
    let status = match (&report.error, report.checks.is_empty()) {
        (Some(error), _) => not_passed(
            nature(report.verdict),
            &error.kind,
            &error.message,
            &stages_left(report),
        ),
        (None, true) => not_passed(
            NonSuccessKind::Error,
            "nothing-judged",
            &report.headline,
            &report.headline,
        ),
        (None, false) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new("judged", status);
    case.set_classname(format!("{}.{RUN}", report.topology.name));
    case.set_time(Duration::from_millis(report.duration_ms));
    case.set_system_out(report.headline.as_str());
    let mut suite = TestSuite::new(RUN);
    suite.set_time(Duration::from_millis(report.duration_ms));
    for (name, value) in [
        ("run", report.run.as_str()),
        ("topology", &report.topology.name),
        ("harness", &report.harness),
        ("started", report.started.as_deref().unwrap_or_default()),
        ("artefacts", &report.artefacts.folder),
    ] {
        suite.add_property(Property::new(name, value));
    }
    suite.add_test_case(case);
    suite
}

fn case(report: &Report, check: &CheckView) -> TestCase {
    let text = text(check);
    let status = match check.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail | Verdict::Inconclusive if !check.accepted => not_passed(
            nature(check.verdict),
            check.verdict.word(),
            &check.evidence,
            &text,
        ),
        Verdict::Unsupported | Verdict::Fail | Verdict::Inconclusive => {
            skipped(check.outcome(), &check.evidence, &text)
        }
    };
    let mut case = TestCase::new(check.id.as_str(), status);
    case.set_classname(format!("{}.{}", report.topology.name, check.family()));
    if check.verdict == Verdict::Pass {
        case.set_system_out(text);
    }
    case
}

/// What a check says, measured and saw, line by line.
fn text(check: &CheckView) -> String {
    let mut lines = vec![format!("should be true: {}", check.says)];
    if !check.measured.is_empty() {
        lines.push(format!("measured: {}", check.measured));
    }
    if !check.budget.is_empty() {
        lines.push(format!("budget: {}", check.budget));
    }
    lines.push(format!("evidence: {}", check.evidence));
    lines.join("\n")
}

/// The cause as far as it is known, and the stages that were not reached with the last thing seen.
fn stages_left(report: &Report) -> String {
    let left = report.stages.iter().filter(|stage| !stage.reached);
    let cause = report.diagnosis.iter().flat_map(|found| {
        let cause = format!("cause: {}: {}", found.cause, found.remedy);
        let evidence = found
            .evidence
            .iter()
            .map(|line| format!("evidence: {line}"));
        let whose = words::at_fault(found).map(|whose| format!("at fault: {whose}"));
        std::iter::once(cause).chain(evidence).chain(whose)
    });
    let lines: Vec<String> = std::iter::once(report.headline.clone())
        .chain(cause)
        .chain(left.map(|stage| {
            let outcome = match stage.interrupted {
                true => format!("interrupted after {}", show_ms(stage.millis)),
                false => stage.outcome().to_owned(),
            };
            format!("{outcome}: {}: {}", stage.name(), stage.evidence)
        }))
        .collect();
    lines.join("\n")
}
