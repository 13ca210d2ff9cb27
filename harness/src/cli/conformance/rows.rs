//! Which rows are run, and what they come to.

use std::io::Write;

use wire::Dialect;

use super::args::Args;
use super::error::Error;
use super::report;
use crate::conformance::{Row, RowReport, known_defects, summarise};

/// The rows that are asked for, once it is known that what is to be accepted can be found.
pub(super) fn chosen(args: &Args, mut table: Vec<Row>) -> Result<Vec<Row>, Error> {
    let known = known_defects(&table);
    let mut accepted = args.accept_defects.iter();
    if let Some(id) = accepted.find(|id| !known.contains(&id.as_str())) {
        let id = id.clone();
        return Err(Error::UnknownDefect { id, known });
    }
    let wanted = |id: &str| {
        args.only.is_empty() || args.only.iter().any(|name| id.starts_with(name.as_str()))
    };
    table.retain(|row| wanted(&row.id));
    match table.is_empty() {
        true => Err(Error::NoRows(args.only.clone())),
        false => Ok(table),
    }
}

/// Prints what was found, also until an end that `ended` tells of, and says what it comes to.
pub(super) fn conclude(
    args: &Args,
    dialect: Dialect,
    mut rows: Vec<RowReport>,
    watched: bool,
    ended: Result<(), Error>,
    output: &mut dyn Write,
) -> Result<(), Error> {
    for row in &mut rows {
        row.accept(&args.accept_defects);
    }
    let summary = summarise(&rows);
    report::write(dialect, &rows, summary, watched, args.json, output)?;
    ended?;
    if summary.failed + summary.defects > 0 {
        return Err(Error::Rows {
            defects: summary.defects,
            failed: summary.failed,
            total: rows.len(),
        });
    }
    Ok(())
}
