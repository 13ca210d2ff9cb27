//! Suites and cases of JUnit XML, whatever they are about.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::checks::Verdict;

/// The suite of the whole. It is there in every report, so that one without anything judged is never green.
pub(crate) const RUN: &str = "run";

/// Suites in the order in which their first cases came, after the one of the whole.
pub(crate) struct Suites {
    whole: Report,
    suites: Vec<TestSuite>,
}

impl Suites {
    pub(crate) fn new(name: &str, run: TestSuite) -> Self {
        Self {
            whole: Report::new(name),
            suites: vec![run],
        }
    }

    /// How long the whole took.
    pub(super) fn lasted(&mut self, time: Duration) {
        self.whole.set_time(time);
    }

    /// Adds a case to the suite of this name.
    pub(crate) fn add(&mut self, name: &str, case: TestCase) {
        // The whole's own comes first and is never added to.
        let mut suites = self.suites.iter_mut().skip(1);
        if let Some(suite) = suites.find(|suite| suite.name.as_str() == name) {
            suite.add_test_case(case);
            return;
        }
        let mut suite = TestSuite::new(name);
        suite.add_test_case(case);
        self.suites.push(suite);
    }

    /// As XML; an error is what the serializer says, which has no reason to.
    pub(crate) fn into_text(mut self) -> Result<String, SerializeError> {
        self.whole.add_test_suites(self.suites);
        self.whole.to_string()
    }
}

/// What a case that did not pass is called, by why.
pub(super) const fn nature(verdict: Verdict) -> NonSuccessKind {
    match verdict {
        Verdict::Fail => NonSuccessKind::Failure,
        Verdict::Pass | Verdict::Inconclusive | Verdict::Unsupported => NonSuccessKind::Error,
    }
}

/// A case that did not pass.
pub(crate) fn not_passed(
    kind: NonSuccessKind,
    word: &str,
    message: &str,
    text: &str,
) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(word)
        .set_message(message)
        .set_description(text);
    status
}

/// A case that counts neither for nor against.
pub(crate) fn skipped(word: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status
        .set_type(word)
        .set_message(message)
        .set_description(text);
    status
}
