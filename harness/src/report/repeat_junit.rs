//! Many runs for CI systems: JUnit XML, a case per run, and a case per check over all of them.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::cases::{RUN, Suites, nature, not_passed, skipped};
use super::repeat::{CheckTally, RepeatReport, RunTally};
use super::words::past;
use crate::checks::Verdict;

/// The sum as JUnit XML.
///
/// The suite `run` has a case per run, which fails with a verdict of fail and is an error with an inconclusive one. Each
/// other suite is a family of checks: a check fails that failed in any run for a defect that nobody accepts, is an error
/// if it was inconclusive in any, and skipped if it passed in none.
///
/// # Errors
///
/// What the serializer says; it has no reason to.
pub(super) fn junit(sum: &RepeatReport) -> Result<String, SerializeError> {
    let name = &sum.topology.name;
    let title = format!("ator-harness {name}, {} runs", sum.runs.len());
    let mut whole = Suites::new(&title, runs(sum));
    whole.lasted(lasted(sum));
    for check in &sum.checks {
        let family = check.id.split('.').next().unwrap_or(&check.id);
        let mut case = TestCase::new(check.id.as_str(), status(check));
        case.set_classname(format!("{name}.{family}"));
        whole.add(family, case);
    }
    whole.into_text()
}

fn lasted(sum: &RepeatReport) -> Duration {
    Duration::from_millis(sum.runs.iter().map(|run| run.duration_ms).sum())
}

fn runs(sum: &RepeatReport) -> TestSuite {
    let mut suite = TestSuite::new(RUN);
    suite.set_time(lasted(sum));
    for (name, value) in [
        ("topology", sum.topology.name.as_str()),
        ("harness", &sum.harness),
        ("started", sum.started.as_deref().unwrap_or_default()),
    ] {
        suite.add_property(Property::new(name, value));
    }
    for run in &sum.runs {
        let mut case = TestCase::new(run.run.as_str(), of_run(sum, run));
        case.set_classname(format!("{}.{RUN}", sum.topology.name));
        case.set_time(Duration::from_millis(run.duration_ms));
        case.set_system_out(run.headline.as_str());
        suite.add_test_case(case);
    }
    suite
}

fn of_run(sum: &RepeatReport, run: &RunTally) -> TestCaseStatus {
    if run.verdict == Verdict::Pass {
        return TestCaseStatus::success();
    }
    let error = sum.errors.iter().find(|error| error.run == run.run);
    let word = error.map_or(run.verdict.word(), |error| &error.kind);
    let kept = run.artefacts.as_ref();
    let text = kept.map_or_else(
        || run.headline.clone(),
        |folder| format!("{}\nartefacts: {folder}", run.headline),
    );
    not_passed(nature(run.verdict), word, &run.headline, &text)
}

fn status(check: &CheckTally) -> TestCaseStatus {
    let counts = [
        (Verdict::Pass, check.passed),
        (Verdict::Fail, check.failed),
        (Verdict::Inconclusive, check.inconclusive),
        (Verdict::Unsupported, check.unsupported),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts = counts.map(|(verdict, count)| format!("{count} {}", past(*verdict)));
    let message = format!(
        "{} of {} runs",
        counts.collect::<Vec<_>>().join(", "),
        check.runs
    );
    let mut text = vec![format!("should be true: {}", check.says)];
    if let Some(first) = &check.first {
        text.push(format!("first in {}: {}", first.run, first.evidence));
    }
    let text = text.join("\n");
    if check.failed > check.accepted {
        not_passed(NonSuccessKind::Failure, "fail", &message, &text)
    } else if check.inconclusive > 0 {
        not_passed(NonSuccessKind::Error, "inconclusive", &message, &text)
    } else if check.passed > 0 {
        TestCaseStatus::success()
    } else if check.accepted > 0 {
        skipped("accepted defect", &message, &text)
    } else {
        skipped("unsupported", &message, &text)
    }
}
