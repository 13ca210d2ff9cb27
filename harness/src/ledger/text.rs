//! A ledger's sum, for people: on the terminal and in a job's summary.

use std::fmt::Write as _;
use std::io::{self, Write};

use comfy_table::CellAlignment;
use time::format_description::well_known::Rfc3339;

use super::entry::Tally;
use super::summary::{
    CheckSummary, FLAG_FAILURES, FLAG_WINDOW, StageTrend, Summary, TopologySummary, Window,
};
use crate::report::{Look, TABLE_WIDTH, code, escape, show_us};

impl Summary {
    /// The sum as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        crate::report::json_text(self)
    }

    /// Prints, per topology, a table of checks and one of times.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn print(&self, out: &mut impl Write, look: &Look) -> io::Result<()> {
        for topology in &self.topologies {
            writeln!(out, "{}", heading(topology))?;
            for (header, rows) in self.tables(topology) {
                let mut table = look.table(TABLE_WIDTH);
                table.set_header(header).add_rows(rows);
                for column in table.column_iter_mut().skip(1) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
                writeln!(out, "{table}")?;
            }
        }
        for (topology, check) in self.flagged() {
            writeln!(out, "flagged: {} of {}", check.id, name(topology))?;
        }
        writeln!(out, "{}", self.legend())
    }

    /// The sum as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = String::from("## Flake ledger\n");
        for (topology, check) in self.flagged() {
            let _ = write!(
                out,
                "\n- **flagged**: `{}` of {}",
                code(&check.id),
                escape(&name(topology))
            );
        }
        if self.flags() {
            out.push('\n');
        }
        for topology in &self.topologies {
            let _ = writeln!(out, "\n### {}", escape(&heading(topology)));
            for (header, rows) in self.tables(topology) {
                let _ = writeln!(out, "\n{}", line(&header));
                let _ = writeln!(out, "|---|{}", "--:|".repeat(header.len() - 1));
                for row in rows {
                    let _ = writeln!(out, "{}", line(&row));
                }
            }
        }
        let _ = write!(out, "\n{}", escape(&self.legend()));
        out
    }

    fn flagged(&self) -> impl Iterator<Item = (&TopologySummary, &CheckSummary)> {
        self.topologies.iter().flat_map(|topology| {
            let flagged = topology.checks.iter().filter(|check| check.flagged);
            flagged.map(move |check| (topology, check))
        })
    }

    fn tables(&self, topology: &TopologySummary) -> [(Vec<String>, Vec<Vec<String>>); 2] {
        let windows = |first: &str, more: &[&str], word: &str| {
            let mut header = vec![first.to_owned()];
            header.extend(more.iter().map(|&text| text.to_owned()));
            header.extend(self.last.iter().map(|last| format!("{word} {last}")));
            header
        };
        let checks = topology.checks.iter().map(check_row).collect();
        let times = topology.stages.iter().chain(&topology.metrics);
        [
            (windows("check", &[], "failed in last"), checks),
            (
                windows("stage or metric, p50", &["latest"], "last"),
                times.map(time_row).collect(),
            ),
        ]
    }

    fn legend(&self) -> String {
        format!(
            "A line is one night's run or repeat; it counts as failed when the check failed in any \
             of its runs. Flagged: failed in {FLAG_FAILURES} of the last {FLAG_WINDOW} lines."
        )
    }
}

fn name(topology: &TopologySummary) -> String {
    format!("{} ({})", topology.topology, topology.family)
}

fn heading(topology: &TopologySummary) -> String {
    let date = topology.latest.format(&Rfc3339).unwrap_or_default();
    let commit = topology.commit.as_deref().unwrap_or("not recorded");
    format!(
        "{}: {} lines, the last of {date} {}, commit {commit}",
        name(topology),
        topology.entries,
        topology.verdict.word(),
    )
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    format!("| {} |", cells.join(" | "))
}

fn check_row(check: &CheckSummary) -> Vec<String> {
    let mark = if check.flagged { " FLAGGED" } else { "" };
    let mut row = vec![format!("{}{mark}", check.id)];
    row.extend(check.windows.iter().map(show_window));
    row
}

/// `2 of 7 (3 of 140 runs), 1 inconclusive`: what is none is left out.
fn show_window(window: &Window) -> String {
    let Tally {
        passed,
        failed,
        inconclusive,
        unsupported,
    } = window.runs;
    let runs = passed + failed + inconclusive + unsupported;
    let mut text = format!("{} of {}", window.failed, window.entries);
    if runs > window.entries {
        let _ = write!(text, " ({failed} of {runs} runs)");
    }
    for (count, word) in [
        (window.inconclusive, "inconclusive"),
        (window.unsupported, "unsupported"),
        (window.absent, "not judged"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}

fn time_row(trend: &StageTrend) -> Vec<String> {
    let show = |millis: Option<f64>| millis.map_or_else(|| "-".to_owned(), |ms| show_us(ms * 1e3));
    let mut row = vec![trend.name.clone(), show(trend.latest_ms)];
    row.extend(trend.windows_ms.iter().copied().map(show));
    row
}
