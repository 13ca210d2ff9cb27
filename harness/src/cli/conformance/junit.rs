//! What `conformance` found, for CI systems: JUnit XML, a case per row.

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};
use wire::Dialect;

use super::error::Error;
use crate::causes::with_causes;
use crate::conformance::{RowReport, Verdict};
use crate::report::{RUN, Suites, not_passed, plain, skipped};

/// The rows as JUnit XML: a suite per family of rows, and the suite `run`, which is an error where not every row was
/// run.
///
/// A row that failed, showed a defect or killed the connector is a failure; one that is unsupported, or whose defect is
/// accepted, is skipped.
///
/// # Errors
///
/// What the serializer says; it has no reason to.
pub(super) fn junit(
    dialect: Dialect,
    rows: &[RowReport],
    concluded: &Result<(), Error>,
) -> Result<String, SerializeError> {
    let dialect = dialect.as_str();
    let title = format!("ator-harness conformance, {dialect}");
    let mut whole = Suites::new(&title, run(dialect, concluded));
    for row in rows {
        // As in `auth-wrong-secret`.
        let family = row.id.split('-').next().unwrap_or(&row.id);
        let mut case = TestCase::new(row.id.as_str(), status(row));
        case.set_classname(format!("{dialect}.{family}"));
        if row.verdict == Verdict::Pass {
            case.set_system_out(text(row));
        }
        whole.add(family, case);
    }
    whole.into_text()
}

fn run(dialect: &str, concluded: &Result<(), Error>) -> TestSuite {
    let status = match concluded {
        // Which they are, their own cases say.
        Ok(()) | Err(Error::Rows { .. }) => TestCaseStatus::success(),
        Err(error) => {
            let told = with_causes(error).to_string();
            not_passed(NonSuccessKind::Error, "not-ended", &told, &told)
        }
    };
    let mut case = TestCase::new("judged", status);
    case.set_classname(format!("{dialect}.{RUN}"));
    let mut suite = TestSuite::new(RUN);
    suite.add_property(Property::new("dialect", dialect));
    suite.add_property(Property::new("harness", env!("CARGO_PKG_VERSION")));
    suite.add_test_case(case);
    suite
}

fn status(row: &RowReport) -> TestCaseStatus {
    let message = plain(row.why.as_ref().unwrap_or(&row.came));
    match row.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Accepted | Verdict::Unsupported => {
            skipped(row.verdict.as_str(), &message, &text(row))
        }
        Verdict::Defect | Verdict::Fail => not_passed(
            NonSuccessKind::Failure,
            row.verdict.as_str(),
            &message,
            &text(row),
        ),
    }
}

/// What was sent, what may come and what came, line by line.
fn text(row: &RowReport) -> String {
    let mut lines = vec![
        format!(
            "stands on: {}, {}; see {}",
            row.basis.words(),
            row.by,
            row.source
        ),
        format!("sent: {}", row.sends),
        format!("legitimate: {}", row.expected),
    ];
    if !row.came.is_empty() {
        lines.push(format!("came: {}", plain(&row.came)));
    }
    lines.join("\n")
}
