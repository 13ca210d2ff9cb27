//! Which rows are run, and what they come to.

use std::io::{self, Write};

use wire::Dialect;

use super::args::Args;
use super::error::Error;
use super::junit::junit;
use super::report::Report;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::conformance::{Row, RowReport, known_defects, summarise};

/// What was found until the end.
pub(super) struct Found {
    pub(super) dialect: Dialect,
    pub(super) rows: Vec<RowReport>,
    /// Whether another connection had to be served after each row.
    pub(super) others_watched: bool,
}

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

/// Prints what was found, also until an end that `ended` tells of, and says what it comes to. `otherwise` is the exit
/// code where all rows are well.
pub(super) fn conclude(
    args: &Args,
    found: Found,
    ended: Result<(), Error>,
    otherwise: Exit,
    output: &mut dyn Write,
) -> Result<(), Error> {
    let mut rows = found.rows;
    for row in &mut rows {
        row.accept(&args.accept_defects);
    }
    let summary = summarise(&rows);
    let concluded = ended.and_then(|()| match summary.failed + summary.defects {
        0 => Ok(()),
        _ => Err(Error::Rows {
            defects: summary.defects,
            failed: summary.failed,
            total: rows.len(),
        }),
    });
    let exit = concluded.as_ref().map_or_else(Error::exit, |()| otherwise);
    let saved = save(args, found.dialect, &rows, &concluded);
    // What cannot be saved is shown all the same.
    let exit = saved
        .as_ref()
        .map_or_else(|error| exit.max(error.exit()), |()| exit);
    let report = Report::new(found.dialect, &rows, summary, found.others_watched, exit);
    report.write(args.json, output)?;
    match (concluded, saved) {
        (concluded, Ok(())) => concluded,
        (Ok(()), Err(error)) => Err(error),
        (Err(error), Err(unsaved)) => {
            let (told, ends) = if error.exit() < unsaved.exit() {
                (error, unsaved)
            } else {
                (unsaved, error)
            };
            CliError::from(told).tell();
            Err(ends)
        }
    }
}

/// Writes the file that `--junit` names.
fn save(
    args: &Args,
    dialect: Dialect,
    rows: &[RowReport],
    concluded: &Result<(), Error>,
) -> Result<(), Error> {
    let Some(file) = &args.junit else {
        return Ok(());
    };
    let text = junit(dialect, rows, concluded).map_err(io::Error::other);
    let written = text.and_then(|text| std::fs::write(file, text));
    written.map_err(|source| Error::Junit {
        path: file.display().to_string(),
        source,
    })
}
