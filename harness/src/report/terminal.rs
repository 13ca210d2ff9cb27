//! The report for people.

use std::io::{self, Write};

use comfy_table::{Cell, Table};

use super::look::{Look, TABLE_WIDTH, Tone};
use super::model::{CheckView, DiagnosisView, Report};
use super::plain::plain;
use super::soak::SoakReport;
use super::usage_rows;
use super::words::{self, PAGE, show_bytes, show_ms, show_us};
use crate::checks::{self, Basis, Verdict};

/// How far the lines of a text after its first are set in.
const INDENT: usize = 2;

/// A run for people: the verdict, what did not pass with what it takes to understand it, a line of figures, and where
/// the page is. What passed is a count, unless `look` asks for everything.
///
/// # Errors
///
/// What the writer says.
pub fn print_report(out: &mut impl Write, report: &Report, look: &Look) -> io::Result<()> {
    let tone = Tone::of(report.verdict);
    let clean_up = report.clean_up_ms.map_or_else(
        || "left running".to_owned(),
        |took| format!("removed in {}", show_ms(took)),
    );
    let word = report.verdict.word().to_uppercase();
    let took = show_ms(report.duration_ms);
    let line = look.wrapped(
        &format!("verdict: {word} after {took} ({clean_up})"),
        INDENT,
    );
    writeln!(
        out,
        "\n{}",
        line.replacen(&word, &look.paint(tone, &word), 1)
    )?;
    why_no_verdict(out, report, look)?;
    not_passed(out, report, look)?;
    logs(out, report, look)?;
    if look.verbose {
        everything(out, report, look)?;
    }
    writeln!(out)?;
    // Of a soak's, which are many, those that were not got over.
    let faults = report.faults.iter();
    for fault in faults.filter(|one| report.soak.is_none() || look.verbose || !one.is_over()) {
        writeln!(out, "{}", look.wrapped(&plain(&fault.line()), INDENT))?;
    }
    if !report.checks.is_empty() {
        let more = if look.verbose { "" } else { " (-v lists them)" };
        let line = format!("checks: {}{more}", counted(&report.checks));
        writeln!(out, "{}", look.wrapped(&line, INDENT))?;
    }
    writeln!(out, "{}", look.wrapped(&figures(report), INDENT))?;
    if let Some(soak) = &report.soak {
        soaked(out, soak, look)?;
    }
    writeln!(out, "page: {}/{PAGE}", report.artefacts.folder)
}

/// What the run ended with before its checks: the error, its cause with the remedy, and who is at fault.
fn why_no_verdict(out: &mut impl Write, report: &Report, look: &Look) -> io::Result<()> {
    if let Some(error) = &report.error {
        say(out, look, "failed:", &error.message)?;
    }
    match &report.diagnosis {
        Some(found) => diagnosis(out, found, look),
        None => Ok(()),
    }
}

/// A cause with the remedy and the evidence, and who is at fault.
pub(super) fn diagnosis(
    out: &mut impl Write,
    found: &DiagnosisView,
    look: &Look,
) -> io::Result<()> {
    let cause = format!("{}: {}", found.cause, found.remedy);
    say(out, look, "cause:", &cause)?;
    for line in &found.evidence {
        say(out, look, "  evidence:", line)?;
    }
    match words::at_fault(found) {
        Some(whose) => say(out, look, "at fault:", whose),
        None => Ok(()),
    }
}

/// A line, or several, that begin with a word that stands out.
fn say(out: &mut impl Write, look: &Look, head: &str, text: &str) -> io::Result<()> {
    let line = look.wrapped(&format!("{head} {text}"), INDENT);
    let rest = line.strip_prefix(head).unwrap_or_default();
    writeln!(out, "{}{rest}", look.paint(Tone::Strong, head))
}

/// The checks that did not pass: what failed first, then what nobody knows, what is accepted, and what was not judged.
fn not_passed(out: &mut impl Write, report: &Report, look: &Look) -> io::Result<()> {
    for check in report.checks.iter().filter(|check| check.failed()) {
        let head = match check.basis {
            Some(Basis::Defect) => "defect:",
            _ => "failed:",
        };
        writeln!(out, "{} {}", look.paint(Tone::Bad, head), check.id)?;
        let seen = format!("{}{}", measured(check), check.evidence);
        let mut parts = vec![("wanted", check.says.clone()), ("evidence", seen)];
        parts.extend(remedy(check).map(|remedy| ("remedy", remedy)));
        for (what, text) in parts {
            let line = look.wrapped(&format!("  {what}: {text}"), 2 * INDENT);
            writeln!(out, "{line}")?;
        }
    }
    for group in words::alike(report) {
        let ids: Vec<&str> = group.iter().map(|check| check.id.as_str()).collect();
        let line = format!("inconclusive: {}: {}", ids.join(", "), group[0].evidence);
        writeln!(out, "{}", look.wrapped(&line, INDENT))?;
    }
    for check in report.checks.iter().filter(|check| check.accepted) {
        let line = format!("accepted: {}: {}", check.id, check.evidence);
        writeln!(out, "{}", look.wrapped(&line, INDENT))?;
    }
    let unsupported = report.checks.iter();
    for check in unsupported.filter(|check| check.verdict == Verdict::Unsupported) {
        let line = format!("not judged: {}: {}", check.id, check.evidence);
        writeln!(out, "{}", look.wrapped(&line, INDENT))?;
    }
    Ok(())
}

/// What was measured, and the bound, before the evidence of a check that measures.
fn measured(check: &CheckView) -> String {
    match (check.measured.as_str(), check.budget.as_str()) {
        ("", _) => String::new(),
        (measured, "") => format!("{measured}: "),
        (measured, budget) => format!("{measured}, at most {budget}: "),
    }
}

/// Where what the check wants is written down, for whoever has to put it right.
fn remedy(check: &CheckView) -> Option<String> {
    let known = checks::every();
    let stands_on = known
        .iter()
        .find(|known| known.id == check.id)
        .and_then(|known| known.stands_on.strip_prefix("contract"));
    if let Some(anchor) = stands_on {
        return Some(format!(
            "what the connector has to do is in docs/connector-contract.md{anchor}"
        ));
    }
    (!check.budget.is_empty())
        .then(|| "make it faster, or allow for more in the topology's budgets".to_owned())
}

/// The ends of the logs that explain why there are no checks. Where there are some, their evidence does, and the page has
/// the logs.
fn logs(out: &mut impl Write, report: &Report, look: &Look) -> io::Result<()> {
    if report.error.is_none() && !look.verbose {
        return Ok(());
    }
    for log in &report.logs {
        match log.tail.len() {
            0 => writeln!(out, "\nlast lines of {}: none were written", log.role)?,
            _ => writeln!(out, "\nlast lines of {}:", log.role)?,
        }
        for line in &log.tail {
            writeln!(out, "{}", look.wrapped(&format!("  {line}"), 2 * INDENT))?;
        }
    }
    Ok(())
}

/// Every check and every stage.
fn everything(out: &mut impl Write, report: &Report, look: &Look) -> io::Result<()> {
    if !report.checks.is_empty() {
        writeln!(out, "\n{}", look.paint(Tone::Strong, "checks"))?;
    }
    for check in &report.checks {
        let outcome = check.outcome();
        let line = format!(
            "  {outcome:<12}  {:<29} {}{}",
            check.id,
            measured(check),
            check.evidence
        );
        let line = look.wrapped(&line, 4 * INDENT);
        let tone = Tone::of(check.verdict);
        writeln!(
            out,
            "{}",
            line.replacen(outcome, &look.paint(tone, outcome), 1)
        )?;
    }
    if !report.stages.is_empty() {
        writeln!(out, "\n{}", look.paint(Tone::Strong, "stages"))?;
    }
    for stage in &report.stages {
        let line = format!(
            "  {:>7.2} s  {:<11}  {:<28} {:>8}  {}",
            stage.started_ms as f64 / 1000.0,
            stage.outcome(),
            stage.name(),
            show_ms(stage.millis),
            stage.evidence
        );
        writeln!(out, "{}", look.wrapped(&line, 4 * INDENT))?;
    }
    Ok(())
}

/// What a soak came to: a line, and a line for what grew; with `-v` all that was used.
fn soaked(out: &mut impl Write, soak: &SoakReport, look: &Look) -> io::Result<()> {
    let line = format!("soak: {}", soak.line());
    writeln!(out, "{}", look.wrapped(&line, INDENT))?;
    for dial in &soak.unexplained {
        let at = show_ms(dial.at_ms);
        let line = format!("  unexplained: a dial of {} after {at}", dial.home);
        writeln!(out, "{}", look.wrapped(&line, 2 * INDENT))?;
    }
    let shown = soak.usage.iter();
    for usage in shown.filter(|one| look.verbose || one.of == "harness") {
        let rows = usage_rows::rows(usage);
        let each = rows.iter().map(|[name, range, max, grown]| {
            format!("{name} {range}, at most {max}, {grown} an hour")
        });
        let line = format!(
            "  {}: {}",
            plain(&usage.of),
            each.collect::<Vec<_>>().join("; ")
        );
        writeln!(out, "{}", look.wrapped(&line, 2 * INDENT))?;
    }
    Ok(())
}

/// How many checks came out how.
fn counted(checks: &[CheckView]) -> String {
    let accepted = checks.iter().filter(|check| check.accepted).count();
    let verdicts = [
        (Verdict::Pass, "passed"),
        (Verdict::Fail, "failed"),
        (Verdict::Inconclusive, "inconclusive"),
        (Verdict::Unsupported, "unsupported"),
    ];
    let of = |wanted| {
        let counted = checks.iter().filter(|check| check.verdict == wanted);
        counted.filter(|check| !check.accepted).count()
    };
    let counts = verdicts.map(|(verdict, word)| (of(verdict), word));
    let counts = counts
        .into_iter()
        .chain([(accepted, "accepted")])
        .filter(|(count, word)| *count > 0 || *word == "passed");
    let counts: Vec<String> = counts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    counts.join(", ")
}

/// What was measured for the budgets, in one line. The page has the rest.
fn figures(report: &Report) -> String {
    let mut parts: Vec<String> = report
        .metrics
        .iter()
        .filter(|(_, figures)| figures.count > 0 && !figures.budgets.is_empty())
        .map(|(name, figures)| match figures.count {
            1 => format!("{} {}", plain(name), show_us(figures.max_us)),
            2..20 => format!("{} up to {}", plain(name), show_us(figures.max_us)),
            _ => format!(
                "{} p50 {} p95 {}",
                plain(name),
                show_us(figures.p50_us),
                show_us(figures.p95_us)
            ),
        })
        .collect();
    let show = |bytes: Option<u64>, otherwise: &str| {
        bytes.map_or_else(|| otherwise.to_owned(), show_bytes)
    };
    parts.push(format!(
        "memory {} (harness), {} (all containers)",
        show(report.memory.harness_peak_bytes, "unknown"),
        show(report.memory.containers_bytes, "not measured")
    ));
    format!("figures: {}", parts.join(", "))
}

/// One row per check.
pub(super) fn table(checks: &[CheckView], look: &Look) -> Table {
    let mut table = look.table(TABLE_WIDTH);
    table.set_header(["check", "verdict", "measured", "budget", "evidence"]);
    for check in checks {
        table.add_row([
            Cell::new(&check.id),
            Cell::new(check.outcome()),
            Cell::new(&check.measured),
            Cell::new(&check.budget),
            Cell::new(&check.evidence),
        ]);
    }
    table
}

/// What was looked at, what was found, and what is to be done about it, a row for each.
#[must_use]
pub fn looks(rows: &[[String; 3]], look: &Look) -> Table {
    let mut table = look.table(TABLE_WIDTH);
    table.set_header(["looked at", "found", "to do"]);
    for row in rows {
        table.add_row(row.iter().map(|text| Cell::new(plain(text))));
    }
    table
}
