//! The file's lines, read and added to.

use std::collections::HashMap;

use serde_json::Value;

use super::entry::{Entry, SCHEMA};

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The last line has no end: its writer was interrupted.
    #[error(
        "line {line}: {bytes} bytes without an end, left by an interrupted writer; run `ator-harness ledger add --repair` on it, which keeps every line before"
    )]
    Torn {
        /// Counted from 1.
        line: usize,
        /// Length of what is there of it.
        bytes: usize,
    },
    /// It is no line of a ledger.
    #[error("line {line}: {reason}; restore the ledger from an earlier artefact")]
    Bad {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It has another shape.
    #[error(
        "line {line}: it has schema {found} and this harness reads schema {SCHEMA}; use the harness that wrote it"
    )]
    OtherSchema {
        /// Counted from 1.
        line: usize,
        /// Its schema.
        found: u64,
    },
    /// A run is there twice.
    #[error(
        "line {line}: run {run} is in line {first} already; restore the ledger from an earlier artefact"
    )]
    Twice {
        /// Counted from 1.
        line: usize,
        /// The run's id.
        run: String,
        /// The other line.
        first: usize,
    },
}

/// A run is in the ledger already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("run {run} is in line {line} already; each run is counted once, so leave this report out")]
pub struct Duplicate {
    /// The run's id.
    pub run: String,
    /// The line that has it, counted from 1.
    pub line: usize,
}

/// Every line that a ledger has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    entries: Vec<Entry>,
    lines: HashMap<String, usize>,
}

impl Ledger {
    /// Reads a whole ledger.
    ///
    /// # Errors
    ///
    /// The first line that is not whole, not of this schema, or there twice.
    pub fn parse(text: &[u8]) -> Result<Self, LineError> {
        let (whole, torn) = text.split_at(whole_lines(text));
        let mut ledger = Self::default();
        // Every line has its end, so that the last piece is empty.
        for bytes in whole.split_inclusive(|byte| *byte == b'\n') {
            let line = ledger.entries.len() + 1;
            let entry = parse_line(bytes, line)?;
            ledger.add(entry).map_err(|twice| LineError::Twice {
                line,
                run: twice.run,
                first: twice.line,
            })?;
        }
        if torn.is_empty() {
            Ok(ledger)
        } else {
            Err(LineError::Torn {
                line: ledger.entries.len() + 1,
                bytes: torn.len(),
            })
        }
    }

    /// Adds one line.
    ///
    /// # Errors
    ///
    /// [`Duplicate`] when one of its runs is there already; nothing is added then.
    pub fn add(&mut self, entry: Entry) -> Result<(), Duplicate> {
        if let Some((run, line)) = entry
            .runs
            .iter()
            .find_map(|run| Some((run, self.lines.get(run)?)))
        {
            return Err(Duplicate {
                run: run.clone(),
                line: *line,
            });
        }
        let line = self.entries.len() + 1;
        let runs = entry.runs.iter().map(|run| (run.clone(), line));
        self.lines.extend(runs);
        self.entries.push(entry);
        Ok(())
    }

    /// The lines, in file order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// How many bytes of a ledger are whole lines. What follows them was torn.
#[must_use]
pub fn whole_lines(text: &[u8]) -> usize {
    text.iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1)
}

fn parse_line(bytes: &[u8], line: usize) -> Result<Entry, LineError> {
    let bad = |reason: String| LineError::Bad { line, reason };
    let value: Value = serde_json::from_slice(bytes).map_err(|error| bad(json_reason(&error)))?;
    // The schema first: a line of another one has other fields.
    match value.get("schema").and_then(Value::as_u64) {
        Some(schema) if schema == u64::from(SCHEMA) => {}
        Some(found) => return Err(LineError::OtherSchema { line, found }),
        None => return Err(bad("it has no schema".to_owned())),
    }
    let entry: Entry = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
    if entry.runs.is_empty() {
        return Err(bad("it has no runs".to_owned()));
    }
    Ok(entry)
}

/// What is wrong, with the column but without the parser's line, which is always the first.
fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    format!("no JSON at column {}: {reason}", error.column())
}
