//! The report for a CI job's summary: Markdown, what failed first.

use std::fmt::Write;

use super::model::{CheckView, Report};
use super::usage_rows;
use super::words::{self, PAGE, alike, past, show_ms, show_percentile, show_us};
use crate::checks::Verdict;

/// Evidence in a table is cut to this many characters; the failed checks above it are not.
const EVIDENCE_IN_TABLE: usize = 160;

/// The report as Markdown (GitHub's dialect). Writing to a `String` does not fail.
pub(super) fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "## {}: {}\n",
        escape(&report.topology.name),
        escape(&report.headline)
    );
    let removed = report.clean_up_ms.map_or_else(
        || "left running".to_owned(),
        |ms| format!("removed in {}", show_ms(ms)),
    );
    let _ = writeln!(
        out,
        "Verdict **{}** after {} ({removed}), run `{}`, exit code {}.\n",
        report.verdict.word(),
        show_ms(report.duration_ms),
        code(&report.run),
        report.exit_code
    );
    cause(&mut out, report);
    what_failed(&mut out, report);
    checks(&mut out, report);
    budgets(&mut out, report);
    soak(&mut out, report);
    let _ = writeln!(
        out,
        "Artefacts: `{}` (`{PAGE}` has the timeline and the histograms).",
        code(&report.artefacts.folder)
    );
    out
}

fn soak(out: &mut String, report: &Report) {
    let Some(soak) = &report.soak else { return };
    let _ = writeln!(out, "Soak: {}.\n", soak.line());
    let _ = writeln!(
        out,
        "| used by | what | from, to | at most | grows in an hour |"
    );
    let _ = writeln!(out, "|---|---|---|---|---|");
    for usage in &soak.usage {
        for [name, range, max, grown] in usage_rows::rows(usage) {
            let of = escape(&usage.of);
            let _ = writeln!(out, "| {of} | {name} | {range} | {max} | {grown} |");
        }
    }
    out.push('\n');
}

fn cause(out: &mut String, report: &Report) {
    let Some(diagnosis) = &report.diagnosis else {
        return;
    };
    let _ = writeln!(
        out,
        "Cause **{}**: {}\n",
        escape(&diagnosis.cause),
        escape(&diagnosis.remedy)
    );
    for line in &diagnosis.evidence {
        let _ = writeln!(out, "- {}", escape(line));
    }
    if let Some(whose) = words::at_fault(diagnosis) {
        let _ = writeln!(out, "\nAt fault: {whose}.");
    }
    out.push('\n');
}

fn what_failed(out: &mut String, report: &Report) {
    let failed = report.checks.iter().filter(|check| check.failed());
    let open = alike(report);
    let alone = open.iter().filter(|group| group.len() == 1).flatten();
    let bad: Vec<&CheckView> = failed.chain(alone.copied()).collect();
    let many: Vec<_> = open.iter().filter(|group| group.len() > 1).collect();
    let left: Vec<_> = report
        .stages
        .iter()
        .filter(|stage| !stage.reached)
        .collect();
    if bad.is_empty() && many.is_empty() && left.is_empty() && report.deaths.is_empty() {
        return;
    }
    let _ = writeln!(out, "### What did not pass\n");
    for check in bad {
        let measured = match (check.measured.as_str(), check.budget.as_str()) {
            ("", "") => String::new(),
            (measured, budget) => {
                format!(
                    "<br>measured {}, budget {}",
                    escape(measured),
                    escape(budget)
                )
            }
        };
        let _ = writeln!(
            out,
            "- **{}** {}: {}{measured}<br>should be true: {}",
            escape(&check.id),
            past(check.verdict),
            escape(&check.evidence),
            escape(&check.says)
        );
    }
    for checks in many {
        let ids: Vec<&str> = checks.iter().map(|check| check.id.as_str()).collect();
        let _ = writeln!(
            out,
            "- **{} checks** {}: {}<br>{}",
            checks.len(),
            past(Verdict::Inconclusive),
            escape(&checks[0].evidence),
            escape(&ids.join(", "))
        );
    }
    for stage in left {
        let _ = writeln!(
            out,
            "- stage **{}** {} after {}; last seen: {}",
            escape(&stage.name()),
            stage.outcome(),
            show_ms(stage.millis),
            escape(&stage.evidence)
        );
    }
    for death in &report.deaths {
        let _ = writeln!(
            out,
            "- **{}** ended with status {} at {}",
            escape(&death.role),
            escape(&death.status),
            show_ms(death.at_ms)
        );
    }
    out.push('\n');
}

fn checks(out: &mut String, report: &Report) {
    if report.checks.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<details><summary>All {} checks</summary>\n\n| check | verdict | measured | budget | evidence |\n|---|---|---|---|---|",
        report.checks.len()
    );
    for check in &report.checks {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            escape(&check.id),
            check.verdict.word(),
            escape(&check.measured),
            escape(&check.budget),
            escape(&cut(&check.evidence))
        );
    }
    let _ = writeln!(out, "\n</details>\n");
}

fn budgets(out: &mut String, report: &Report) {
    let verdict = |id: &str| {
        let check = report.checks.iter().find(|check| check.id == id);
        check.map_or("not judged", |check| check.verdict.word())
    };
    let mut rows = report
        .metrics
        .iter()
        .flat_map(|(name, metric)| {
            metric
                .budgets
                .iter()
                .map(move |budget| (name, metric, budget))
        })
        .peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(
        out,
        "| budget | bound | measured | samples | verdict |\n|---|---|---|---|---|"
    );
    for (name, metric, budget) in rows {
        let _ = writeln!(
            out,
            "| {} {} | {} | {} | {} of {} | {} |",
            escape(name),
            show_percentile(budget.percentile),
            show_us(budget.at_most_us),
            show_us(budget.measured_us),
            metric.count,
            budget.samples,
            verdict(&budget.check)
        );
    }
    out.push('\n');
}

/// A text in which nothing is markup, on one line.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Blanks and controls at the ends would keep marks around the text from being marks.
    let blank = |character: char| character.is_whitespace() || character.is_control();
    for character in text.trim_matches(blank).chars() {
        match character {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(character);
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // What would make a mention of a name.
            '@' => out.push_str("&#64;"),
            '\n' => out.push_str("<br>"),
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    // What would make a link of an address.
    out.replace("://", "&#58;//")
}

/// A text between backticks.
pub(crate) fn code(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '`' => '\'',
            character if character.is_control() => ' ',
            character => character,
        })
        .collect()
}

fn cut(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(EVIDENCE_IN_TABLE).collect();
    if characters.next().is_some() {
        format!("{start}…")
    } else {
        start
    }
}
