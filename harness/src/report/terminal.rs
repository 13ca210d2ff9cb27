//! The report for people.

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::presets;
use comfy_table::{Cell, ContentArrangement, Table};

use super::json::peak_memory_bytes;
use crate::checks::Verdict;
use crate::events::{Event, EventKind, Stage};
use crate::onion::redact;
use crate::run::{Outcome, RunError};
use crate::topology::format_duration;

/// Logs shown after a failure, at most.
const LOGS_SHOWN: usize = 4;
/// Width of the table when the output is no terminal.
const WIDTH: u16 = 132;

/// One line about an event, or nothing for events that only the files need.
#[must_use]
pub fn progress_line(event: &Event) -> Option<String> {
    let at = format!("{:>7.2} s", event.at_ms as f64 / 1000.0);
    let name = |stage: &Stage, node: &Option<String>| match node {
        Some(node) => format!("{stage} {node}"),
        None => stage.to_string(),
    };
    let took = |millis: &u64| format_duration(Duration::from_millis(*millis));
    match &event.kind {
        EventKind::RunStarted { run, topology } => Some(format!("{at}  {topology}, run {run}")),
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
            evidence,
        } => Some(format!(
            "{at}  left  {:<28} {:>8}  last seen: {evidence}",
            name(stage, node),
            took(millis)
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
pub fn print_outcome(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    writeln!(out)?;
    if !outcome.checks.is_empty() {
        writeln!(out, "{}", table(outcome))?;
    }
    if let Some(error) = &outcome.error {
        writeln!(out, "failed: {error}")?;
    }
    if let Some(diagnosis) = &outcome.diagnosis {
        writeln!(out, "cause: {}: {}", diagnosis.cause, diagnosis.remedy)?;
        for line in &diagnosis.evidence {
            writeln!(out, "  evidence: {}", redact(line))?;
        }
    }
    if outcome.verdict() != Verdict::Pass {
        print_logs(out, outcome)?;
    }
    let clean_up = outcome.clean_up.map_or_else(
        || "left running".to_owned(),
        |took| format!("removed in {}", format_duration(took)),
    );
    writeln!(
        out,
        "\nverdict: {} after {} ({clean_up})",
        outcome.verdict().word().to_uppercase(),
        format_duration(outcome.duration)
    )?;
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let harness = peak_memory_bytes().map_or_else(|| "unknown".to_owned(), mebibytes);
    let containers = outcome
        .containers_memory
        .map_or_else(|| "not measured".to_owned(), mebibytes);
    writeln!(
        out,
        "memory: harness {harness} at its peak, all containers {containers}"
    )?;
    writeln!(out, "artefacts: {}", outcome.artefacts.display())
}

fn table(outcome: &Outcome) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(["check", "verdict", "measured", "budget", "evidence"]);
    for check in &outcome.checks {
        table.add_row([
            Cell::new(&check.id),
            Cell::new(check.verdict.word()),
            Cell::new(&check.measured),
            Cell::new(&check.budget),
            Cell::new(&check.evidence),
        ]);
    }
    table
}

/// The ends of the logs that matter: of the container that died, or of the homes.
fn print_logs(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let died = match &outcome.error {
        Some(RunError::NodeDied(death)) => Some(death.role.as_str()),
        _ => None,
    };
    let node = match &outcome.error {
        Some(RunError::Stage(failure)) => failure.node.as_deref(),
        _ => None,
    };
    let matters = |role: &str| match (died, node) {
        (Some(died), _) => role == died,
        (None, Some(node)) => node.split([' ', '/']).any(|part| role.starts_with(part)),
        (None, None) => role.ends_with("/connector"),
    };
    let shown = outcome
        .logs
        .iter()
        .filter(|log| matters(&log.role) && !log.tail.is_empty());
    for log in shown.take(LOGS_SHOWN) {
        writeln!(out, "\nlast lines of {}:", log.role)?;
        for line in &log.tail {
            writeln!(out, "  {}", redact(line))?;
        }
    }
    Ok(())
}
