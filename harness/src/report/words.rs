//! Words and figures that all reports for people share.

use std::time::Duration;

use super::model::{CheckView, DiagnosisView, ErrorView, Report};
use crate::checks::{Basis, Verdict};
use crate::topology::format_duration;

/// The page's file in a run's folder, which other forms point to.
pub const PAGE: &str = "report.html";

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
        let counted = checks.iter().filter(|check| check.verdict == wanted);
        counted.filter(|check| !check.accepted).count()
    };
    let skipped = match count(Verdict::Unsupported) {
        0 => String::new(),
        unsupported => format!(", {unsupported} unsupported"),
    };
    let accepted = match checks.iter().filter(|check| check.accepted).count() {
        0 => String::new(),
        1 => "1 accepted defect, ".to_owned(),
        more => format!("{more} accepted defects, "),
    };
    let total = checks.len();
    let what = match verdict {
        Verdict::Pass => format!("{} checks hold", count(Verdict::Pass)),
        Verdict::Fail => failures(checks),
        Verdict::Inconclusive | Verdict::Unsupported => format!(
            "{} of {total} checks had too little to judge by",
            count(Verdict::Inconclusive)
        ),
    };
    format!("{word}: {accepted}{what}{skipped}")
}

/// Whose fault it is that there is no verdict, where it is not the subject's.
pub(super) fn at_fault(diagnosis: &DiagnosisView) -> Option<&'static str> {
    match diagnosis.at_fault.as_deref()? {
        "surroundings" => Some(
            "this machine, its engine or the onion daemon; nothing is said of the connectors, which were not \
             to blame",
        ),
        "unknown" => Some("nobody knows; it happened in the private network, before any connector"),
        _ => None,
    }
}

/// What failed: the defects first, then the others.
fn failures(checks: &[CheckView]) -> String {
    let failed = checks.iter().filter(|check| check.failed());
    let (defects, others): (Vec<&CheckView>, Vec<&CheckView>) =
        failed.partition(|check| check.basis == Some(Basis::Defect));
    let named = |failed: &[&CheckView]| match failed {
        [] => String::new(),
        [one] => one.id.clone(),
        [first, more @ ..] => format!("{} and {} more", first.id, more.len()),
    };
    let count = defects.len() + others.len();
    let of = format!("{count} of {} checks", checks.len());
    match (defects.len(), others.len()) {
        (0, _) => format!("{}, {of}", named(&others)),
        (number, others_too) => {
            let noun = if number == 1 { "defect" } else { "defects" };
            let besides = match others_too {
                0 => String::new(),
                _ => format!("{}, ", named(&others)),
            };
            format!("{number} {noun} ({}), {besides}{of}", named(&defects))
        }
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
            basis: Some(Basis::Required),
            says: String::new(),
            verdict,
            accepted: false,
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

    #[test]
    fn defects_are_counted_first_and_accepted_ones_apart() {
        let defect = |id: &str, accepted: bool| CheckView {
            basis: Some(Basis::Defect),
            accepted,
            ..check(id, Verdict::Fail)
        };
        let (passed, failed) = (check("x.1", Verdict::Pass), check("x.2", Verdict::Fail));
        for (verdict, checks, wanted) in [
            (
                Verdict::Fail,
                vec![passed.clone(), defect("d.1", false)],
                "failed: 1 defect (d.1), 1 of 2 checks",
            ),
            (
                Verdict::Fail,
                vec![failed, defect("d.1", false), defect("d.2", false)],
                "failed: 2 defects (d.1 and 1 more), x.2, 3 of 3 checks",
            ),
            (
                Verdict::Pass,
                vec![passed, defect("d.1", true)],
                "passed: 1 accepted defect, 1 checks hold",
            ),
        ] {
            assert_eq!(headline(verdict, None, &checks), wanted);
        }
    }
}
