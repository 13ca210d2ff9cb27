//! A comparison on the terminal.

use std::io::{self, Write};

use comfy_table::CellAlignment;

use super::super::look::{Look, TABLE_WIDTH};
use super::super::words::show_us;
use super::{Comparison, TimeRow};

impl Comparison {
    /// The comparison as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        crate::report::json_text(self)
    }

    /// Prints every figure, what came out differently, and the sum.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn print(&self, out: &mut impl Write, look: &Look) -> io::Result<()> {
        let mut table = look.table(TABLE_WIDTH);
        table.set_header(["stage or metric", "figure", "A", "B", "change", ""]);
        for row in &self.times {
            let show = |micros: Option<f64>| micros.map_or_else(|| "-".to_owned(), show_us);
            table.add_row([
                row.name.clone(),
                row.figure.to_owned(),
                show(row.a_us),
                show(row.b_us),
                change(row),
                if row.slower { "slower" } else { "" }.to_owned(),
            ]);
        }
        for column in 2..5 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "A: {}\nB: {}\n{table}", self.a, self.b)?;
        for change in &self.changes {
            let word = if change.worse { "worse" } else { "changed" };
            writeln!(out, "{word}  {}: {} to {}", change.what, change.a, change.b)?;
        }
        writeln!(out, "{}: {}", self.topology, judged(self))
    }
}

/// What was compared, and what that came to.
pub(super) fn judged(comparison: &Comparison) -> String {
    let figures = comparison.times.len();
    let times = match comparison.limits.threshold {
        None => format!("{figures} figures shown and not judged (--threshold judges them)"),
        Some(share) => format!(
            "{} of {figures} figures slower by more than {} % and {}",
            comparison.slower,
            share * 100.0,
            crate::topology::format_duration(comparison.limits.floor)
        ),
    };
    format!("{times}, {} checks or stages worse", comparison.worse)
}

pub(super) fn change(row: &TimeRow) -> String {
    row.change.map_or_else(
        || "-".to_owned(),
        |change| format!("{:+.0} %", change * 100.0),
    )
}
