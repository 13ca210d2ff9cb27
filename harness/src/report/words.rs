//! Words and figures that all reports for people share.

use std::time::Duration;

use super::model::{CheckView, ErrorView, Report};
use crate::checks::Verdict;
use crate::topology::format_duration;

/// The page's file in a run's folder, which other forms point to.
pub(super) const PAGE: &str = "report.html";

/// The inconclusive checks, those that are so for one and the same reason together.
pub(super) fn alike(report: &Report) -> Vec<Vec<&CheckView>> {
    let mut groups: Vec<Vec<&CheckView>> = Vec::new();
    let open = |check: &&CheckView| check.verdict == Verdict::Inconclusive;
    for check in report.checks.iter().filter(open) {
        let same = |group: &&mut Vec<&CheckView>| group[0].evidence == check.evidence;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(check),
            None => groups.push(vec![check]),
        }
    }
    groups
}

/// The verdict as one sentence that begins with the verdict and names what failed.
pub(super) fn headline(
    verdict: Verdict,
    error: Option<&ErrorView>,
    checks: &[CheckView],
) -> String {
    let word = past(verdict);
    if let Some(error) = error {
        return format!("{word}: {}", error.message);
    }
    if checks.is_empty() {
        return format!("{word}: no check was made");
    }
    let count = |wanted| {
        checks
            .iter()
            .filter(|check| check.verdict == wanted)
            .count()
    };
    let skipped = match count(Verdict::Unsupported) {
        0 => String::new(),
        unsupported => format!(", {unsupported} unsupported"),
    };
    let total = checks.len();
    match verdict {
        Verdict::Pass => format!("{word}: {} checks hold{skipped}", count(Verdict::Pass)),
        Verdict::Fail => {
            let first = checks.iter().find(|check| check.verdict == Verdict::Fail);
            let name = first.map_or("", |check| check.id.as_str());
            match count(Verdict::Fail) {
                1 => format!("{word}: {name}, 1 of {total} checks{skipped}"),
                failed => format!(
                    "{word}: {name} and {} more, {failed} of {total} checks{skipped}",
                    failed - 1
                ),
            }
        }
        Verdict::Inconclusive | Verdict::Unsupported => format!(
            "{word}: {} of {total} checks had too little to judge by{skipped}",
            count(Verdict::Inconclusive)
        ),
    }
}

/// A verdict as the word for what a run did.
pub(super) const fn past(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Unsupported => "unsupported",
    }
}

/// Every verdict, worst first.
pub(super) const WORST_FIRST: [Verdict; 4] = [
    Verdict::Fail,
    Verdict::Inconclusive,
    Verdict::Unsupported,
    Verdict::Pass,
];

/// Milliseconds with the unit a reader expects.
pub(super) fn show_ms(millis: u64) -> String {
    format_duration(Duration::from_millis(millis))
}

/// Microseconds with the unit a reader expects.
pub(crate) fn show_us(micros: f64) -> String {
    // A report from a file may hold any number.
    Duration::try_from_secs_f64(micros / 1_000_000.0)
        .map_or_else(|_| "?".to_owned(), format_duration)
}

/// Bytes in mebibytes.
pub(super) fn show_bytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// `p95`, or `max` for the hundredth percentile.
pub(super) fn show_percentile(percentile: f64) -> String {
    if percentile >= 100.0 {
        "max".to_owned()
    } else {
        format!("p{percentile}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, verdict: Verdict) -> CheckView {
        CheckView {
            id: id.to_owned(),
            says: String::new(),
            verdict,
            measured: String::new(),
            budget: String::new(),
            evidence: String::new(),
            judged_ms: None,
        }
    }

    #[test]
    fn a_headline_says_how_and_what() {
        use Verdict::{Fail, Inconclusive, Pass, Unsupported};
        let error = ErrorView {
            kind: "interrupted".to_owned(),
            message: "interrupted".to_owned(),
        };
        let cases: [(Verdict, Option<&ErrorView>, &[Verdict], &str); 7] = [
            (Pass, None, &[Pass, Pass], "passed: 2 checks hold"),
            (
                Pass,
                None,
                &[Pass, Unsupported],
                "passed: 1 checks hold, 1 unsupported",
            ),
            (Fail, None, &[Pass, Fail], "failed: x.1, 1 of 2 checks"),
            (
                Fail,
                None,
                &[Pass, Fail, Inconclusive, Fail],
                "failed: x.1 and 1 more, 2 of 4 checks",
            ),
            (
                Inconclusive,
                None,
                &[Pass, Inconclusive],
                "inconclusive: 1 of 2 checks had too little to judge by",
            ),
            (Inconclusive, None, &[], "inconclusive: no check was made"),
            (Inconclusive, Some(&error), &[], "inconclusive: interrupted"),
        ];
        for (verdict, error, checks, wanted) in cases {
            let checks: Vec<CheckView> = checks
                .iter()
                .enumerate()
                .map(|(index, verdict)| check(&format!("x.{index}"), *verdict))
                .collect();
            assert_eq!(headline(verdict, error, &checks), wanted);
        }
    }
}
