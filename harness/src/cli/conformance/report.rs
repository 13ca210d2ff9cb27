//! What `conformance` prints.

use std::io::{self, Write};

use comfy_table::presets;
use serde::Serialize;
use wire::Dialect;

use crate::cli::exit::Exit;
use crate::cli::screen;
use crate::conformance::{RowReport, Summary, Verdict};
use crate::report::{VERSION, json_text, plain};

/// Width of the printed table in columns at the most, enough for its longest sentences in a few lines.
const WIDTH: u16 = 160;

/// What the table came to: what `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    kind: &'static str,
    version: u32,
    harness: &'static str,
    exit_code: u8,
    dialect: &'static str,
    /// Whether another connection had to be served after each row.
    others_watched: bool,
    summary: Summary,
    rows: &'a [RowReport],
}

impl<'a> Report<'a> {
    pub(super) const fn new(
        dialect: Dialect,
        rows: &'a [RowReport],
        summary: Summary,
        others_watched: bool,
        exit: Exit,
    ) -> Self {
        Self {
            kind: "conformance",
            version: VERSION,
            harness: env!("CARGO_PKG_VERSION"),
            exit_code: exit.code(),
            dialect: dialect.as_str(),
            others_watched,
            summary,
            rows,
        }
    }

    /// Writes the report, as JSON or as a table.
    pub(super) fn write(&self, json: bool, output: &mut dyn Write) -> io::Result<()> {
        if json {
            return writeln!(output, "{}", json_text(self));
        }
        print(self.rows, self.summary, output)?;
        if !self.others_watched {
            writeln!(
                output,
                "no other connection was watched: the secret was not accepted, or only one connection \
                 of a peer is served at a time"
            )?;
        }
        Ok(())
    }
}

fn print(rows: &[RowReport], summary: Summary, output: &mut dyn Write) -> io::Result<()> {
    let mut table = screen::of_output(0).table(WIDTH);
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
        "row",
        "stands on",
        "sent",
        "legitimate",
        "came",
        "verdict",
    ]);
    for row in rows {
        let came = match row.verdict {
            Verdict::Unsupported => row.why.clone().unwrap_or_default(),
            Verdict::Pass | Verdict::Fail | Verdict::Defect | Verdict::Accepted => row.came.clone(),
        };
        table.add_row([
            &row.id,
            &format!("{}, {}", row.basis.words(), row.by),
            &row.sends,
            &row.expected,
            &plain(&came),
            row.verdict.as_str(),
        ]);
    }
    writeln!(output, "{table}")?;
    for verdict in [Verdict::Defect, Verdict::Accepted, Verdict::Fail] {
        for row in rows.iter().filter(|row| row.verdict == verdict) {
            let why = row.why.as_ref().map(|why| format!(": {}", plain(why)));
            writeln!(
                output,
                "{} {}{}; see {}",
                verdict.as_str(),
                row.id,
                why.unwrap_or_default(),
                row.source
            )?;
        }
    }
    if summary.failed + summary.defects + summary.accepted > 0 {
        writeln!(
            output,
            "contract#... is a statement of docs/connector-contract.md"
        )?;
    }
    writeln!(
        output,
        "{} defects, {} accepted, {} failed, {} passed, {} unsupported",
        summary.defects, summary.accepted, summary.failed, summary.passed, summary.unsupported
    )
}
