//! The report for people.

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::presets;
use comfy_table::{Cell, ContentArrangement, Table};

use super::model::{CheckView, Report};
use super::plain::plain;
use super::words::{self, PAGE, show_bytes, show_ms};
use crate::checks::Verdict;
use crate::events::{Event, EventKind, Stage};
use crate::evidence::Subject;
use crate::topology::{format_age, format_duration};

/// Width of the table when the output is no terminal.
const WIDTH: u16 = 132;

/// One line about an event, or nothing for events that only the files need.
#[must_use]
pub fn progress_line(event: &Event) -> Option<String> {
    line(event).map(|line| plain(&line))
}

fn line(event: &Event) -> Option<String> {
    let at = format!("{:>7.2} s", event.at_ms as f64 / 1000.0);
    let name = |stage: &Stage, node: &Option<Subject>| match node {
        Some(node) => format!("{stage} {node}"),
        None => stage.to_string(),
    };
    let took = |millis: &u64| format_duration(Duration::from_millis(*millis));
    match &event.kind {
        EventKind::RunStarted {
            run,
            topology,
            network,
        } => {
            let over = network.as_ref().map_or_else(String::new, |network| {
                let age = format_age(Duration::from_millis(network.age_ms));
                format!(", over the standing network {}, {age} old", network.run)
            });
            Some(format!("{at}  {topology}, run {run}{over}"))
        }
        EventKind::StageStarted { .. } | EventKind::CheckJudged(_) => None,
        EventKind::StageReached {
            stage,
            node,
            millis,
            evidence,
        } => Some(format!(
            "{at}  ok    {:<28} {:>8}  {evidence}",
            name(stage, node),
            took(millis)
        )),
        // One line for every relay, and for every HSDir of every home, is for the files.
        EventKind::StageSeen {
            stage: Stage::Listed | Stage::Upload,
            ..
        } => None,
        EventKind::StageSeen {
            stage,
            node,
            started_ms,
            ended_ms,
            evidence,
        } => Some(format!(
            "{:>7.2} s  seen  {:<28} {:>8}  {evidence}",
            *ended_ms as f64 / 1000.0,
            name(stage, node),
            took(&ended_ms.saturating_sub(*started_ms))
        )),
        EventKind::StageFailed {
            stage,
            node,
            millis,
            interrupted,
            evidence,
        } => Some(format!(
            "{at}  left  {:<28} {:>8}  {}last seen: {evidence}",
            name(stage, node),
            took(millis),
            if *interrupted { "interrupted; " } else { "" }
        )),
        EventKind::NodeDied { role, status } => {
            Some(format!("{at}  died  {role}, status {status}"))
        }
        EventKind::Note { text } => Some(format!("{at}  note  {text}")),
    }
}

/// The table of checks, what a failure needs to be understood, and where everything is.
///
/// # Errors
///
/// What the writer says.
pub fn print_report(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(out)?;
    if !report.checks.is_empty() {
        writeln!(out, "{}", table(&report.checks))?;
    }
    if let Some(error) = &report.error {
        writeln!(out, "failed: {}", error.message)?;
    }
    if let Some(diagnosis) = &report.diagnosis {
        writeln!(out, "cause: {}: {}", diagnosis.cause, diagnosis.remedy)?;
        for line in &diagnosis.evidence {
            writeln!(out, "  evidence: {line}")?;
        }
        if let Some(whose) = words::at_fault(diagnosis) {
            writeln!(out, "at fault: {whose}")?;
        }
    }
    for log in &report.logs {
        match log.tail.len() {
            0 => writeln!(out, "\nlast lines of {}: none were written", log.role)?,
            _ => writeln!(out, "\nlast lines of {}:", log.role)?,
        }
        for line in &log.tail {
            writeln!(out, "  {line}")?;
        }
    }
    let clean_up = report.clean_up_ms.map_or_else(
        || "left running".to_owned(),
        |took| format!("removed in {}", show_ms(took)),
    );
    writeln!(
        out,
        "\nverdict: {} after {} ({clean_up})",
        report.verdict.word().to_uppercase(),
        show_ms(report.duration_ms)
    )?;
    not_judged(out, report)?;
    let show = |bytes: Option<u64>, otherwise: &str| {
        bytes.map_or_else(|| otherwise.to_owned(), show_bytes)
    };
    writeln!(
        out,
        "memory: harness {} at its peak, all containers {}",
        show(report.memory.harness_peak_bytes, "unknown"),
        show(report.memory.containers_bytes, "not measured")
    )?;
    let folder = &report.artefacts.folder;
    writeln!(out, "artefacts: {folder}\nreport: {folder}/{PAGE}")
}

/// What the verdict says nothing about, and which defects it leaves out.
fn not_judged(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for check in report.checks.iter().filter(|check| check.accepted) {
        writeln!(out, "accepted: {}: {}", check.id, check.evidence)?;
    }
    let unsupported = report.checks.iter();
    for check in unsupported.filter(|check| check.verdict == Verdict::Unsupported) {
        writeln!(out, "not judged: {}: {}", check.id, check.evidence)?;
    }
    Ok(())
}

/// One row per check.
pub(super) fn table(checks: &[CheckView]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(["check", "verdict", "measured", "budget", "evidence"]);
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
pub fn looks(rows: &[[String; 3]]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(["looked at", "found", "to do"]);
    for row in rows {
        table.add_row(row.iter().map(|text| Cell::new(plain(text))));
    }
    table
}
