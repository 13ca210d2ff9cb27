//! `ledger`: what nights came to, in a file that only grows.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::exit::Exit;
use super::out::{Answer, Out};
use super::screen;
use crate::environment::variable;
use crate::input::{self, InputError};
use crate::ledger::{Duplicate, Entry, EntryError, Ledger, LineError, Summary, whole_lines};
use crate::report::{ReadError, Saved};

/// The variable that names the commit in a CI job.
const COMMIT: &str = "GITHUB_SHA";

/// Arguments of `ledger`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Verb {
    /// Append one line per report; none of them when one is refused
    Add(AddArgs),
    /// Print per check how often it failed lately, and how times went; exit code 1 when a check is
    /// flagged, 4 when there are no runs
    Show(ShowArgs),
}

/// Arguments of `ledger add`.
#[derive(Debug, Clone, clap::Args)]
struct AddArgs {
    /// The ledger, a file of JSON lines; made when it is not there
    ledger: PathBuf,
    /// A report.json or a repeat.json
    #[arg(value_name = "REPORT", required_unless_present = "repair")]
    reports: Vec<PathBuf>,
    /// The commit that was tested, 7 to 64 hexadecimal digits; the one in GITHUB_SHA when not given
    #[arg(long, value_name = "SHA", value_parser = commit)]
    commit: Option<String>,
    /// Cut a last line that an interrupted writer left without its end
    #[arg(long)]
    repair: bool,
    /// Print what was added as JSON
    #[arg(long)]
    json: bool,
}

/// What was added.
#[derive(Debug, Serialize)]
struct Added {
    ledger: String,
    added: usize,
    lines: usize,
    cut_bytes: usize,
}

/// Arguments of `ledger show`.
#[derive(Debug, Clone, clap::Args)]
struct ShowArgs {
    /// The ledger
    ledger: PathBuf,
    /// How many of a topology's last lines to look at, several numbers with commas
    #[arg(long, value_name = "N,N", default_value = "7,30", value_delimiter = ',', value_parser = window)]
    last: Vec<usize>,
    /// Print the sum as JSON
    #[arg(long)]
    json: bool,
    /// Print the sum as Markdown, as for a CI job's summary
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

fn commit(text: &str) -> Result<String, String> {
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex && (7..=64).contains(&text.len()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected 7 to 64 hexadecimal digits".to_owned())
    }
}

fn window(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err("expected whole numbers from 1 to 10000 with commas, such as 7,30".to_owned()),
    }
}

/// Why a ledger was not read or not added to.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The ledger cannot be read or written.
    #[error("failed to {doing} {path}; give the path of a ledger that can be read and written")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The ledger.
        path: String,
        /// Why.
        source: InputError,
    },
    /// A line of the ledger cannot be read.
    #[error("failed to read {path}")]
    Line {
        /// The ledger.
        path: String,
        /// Which line, and what is wrong with it.
        source: LineError,
    },
    /// A report cannot be read.
    #[error(transparent)]
    Report(#[from] ReadError),
    /// A report lacks what a line cannot do without.
    #[error("failed to make a line of {path}")]
    Entry {
        /// The report.
        path: String,
        /// What it lacks.
        source: EntryError,
    },
    /// A report's run is in the ledger already.
    #[error("failed to add {path} to {ledger}; nothing was added")]
    Duplicate {
        /// The report.
        path: String,
        /// The ledger.
        ledger: String,
        /// Which run, and where it is.
        source: Duplicate,
    },
    /// The variable with the commit holds none.
    #[error(
        "failed to read the commit in {COMMIT}: {0}; set it so, set it to nothing, or give --commit"
    )]
    Commit(String),
    /// The ledger has no line.
    #[error("{path} has no runs yet; add some with `ator-harness ledger add`")]
    NoRuns {
        /// The ledger.
        path: String,
    },
    /// The output cannot be written.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl LedgerError {
    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::File { .. }
            | Self::Line { .. }
            | Self::Report(_)
            | Self::Entry { .. }
            | Self::Duplicate { .. }
            | Self::Commit(_) => Exit::Usage,
            Self::NoRuns { .. } => Exit::Inconclusive,
            Self::Output(_) => Exit::Environment,
        }
    }
}

/// Runs a verb.
pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, LedgerError> {
    match &args.verb {
        Verb::Add(args) => add(args, out),
        Verb::Show(args) => show(args, out),
    }
}

fn add(args: &AddArgs, out: &Out) -> Result<Exit, LedgerError> {
    let commit = match (&args.commit, variable(COMMIT)) {
        (Some(given), _) => Some(given.clone()),
        (None, Some(set)) => Some(commit(&set.to_string_lossy()).map_err(LedgerError::Commit)?),
        (None, None) => None,
    };
    // Reports first, so that a wrong one does not make a ledger.
    let mut entries = Vec::new();
    for path in &args.reports {
        let report = Saved::read(path)?;
        let entry = Entry::of(&report, commit.as_deref());
        entries.push(entry.map_err(|source| LedgerError::Entry {
            path: path.display().to_string(),
            source,
        })?);
    }
    let mut open = Open::for_adding(&args.ledger)?;
    let cut = if args.repair { open.repair()? } else { 0 };
    let mut ledger = open.parse()?;
    let mut text = String::new();
    for (path, entry) in args.reports.iter().zip(entries) {
        text.push_str(&entry.to_line());
        ledger.add(entry).map_err(|source| LedgerError::Duplicate {
            path: path.display().to_string(),
            ledger: open.path.clone(),
            source,
        })?;
    }
    open.append(text.as_bytes())?;
    let (added, lines) = (args.reports.len(), ledger.entries().len());
    if args.json {
        let ledger = open.path.clone();
        let added = Added {
            ledger,
            added,
            lines,
            cut_bytes: cut,
        };
        out.document(&Answer::new("ledger-add", Exit::Pass, added).to_text())?;
        return Ok(Exit::Pass);
    }
    let mut out = out.clone();
    if cut > 0 {
        writeln!(out, "{}: cut {cut} bytes of a torn last line", open.path)?;
    }
    writeln!(out, "{}: {added} lines added, {lines} in all", open.path)?;
    Ok(Exit::Pass)
}

fn show(args: &ShowArgs, out: &Out) -> Result<Exit, LedgerError> {
    let ledger = Open::for_reading(&args.ledger)?.parse()?;
    if ledger.entries().is_empty() {
        let path = args.ledger.display().to_string();
        return Err(LedgerError::NoRuns { path });
    }
    let summary = Summary::of(&ledger, &args.last);
    if args.json {
        out.document(&summary.to_text())?;
    } else if args.markdown {
        writeln!(out.clone(), "{}", summary.to_markdown())?;
    } else {
        summary.print(&mut out.clone(), &screen::of_output(0))?;
    }
    Ok(if summary.flags() {
        Exit::Fail
    } else {
        Exit::Pass
    })
}

/// A ledger that is locked until this is dropped, and what it held when it was opened.
struct Open {
    path: String,
    file: File,
    held: Vec<u8>,
}

impl Open {
    /// Waits for other writers and readers to end.
    fn for_adding(path: &Path) -> Result<Self, LedgerError> {
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let open = Self::with(path, &mut options, File::lock)?;
        if is_new {
            // A file is there after a power cut only if its folder knows it.
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))
                .and_then(|folder| folder.sync_all())
                .map_err(open.failed("make"))?;
        }
        Ok(open)
    }

    /// Waits for writers to end.
    fn for_reading(path: &Path) -> Result<Self, LedgerError> {
        Self::with(path, OpenOptions::new().read(true), File::lock_shared)
    }

    fn with(
        path: &Path,
        options: &mut OpenOptions,
        lock: fn(&File) -> io::Result<()>,
    ) -> Result<Self, LedgerError> {
        let path_text = path.display().to_string();
        let failed = |doing, source| LedgerError::File {
            doing,
            path: path_text.clone(),
            source,
        };
        let opened = input::careful(options).open(path);
        let file = opened.map_err(|error| failed("open", error.into()))?;
        lock(&file).map_err(|error| failed("lock", error.into()))?;
        let held = input::bytes_of(&file, input::BY_PROGRAMS);
        let held = held.map_err(|error| failed("read", error))?;
        Ok(Self {
            path: path_text,
            file,
            held,
        })
    }

    fn failed(&self, doing: &'static str) -> impl Fn(io::Error) -> LedgerError {
        let path = self.path.clone();
        move |error| LedgerError::File {
            doing,
            path: path.clone(),
            source: error.into(),
        }
    }

    fn parse(&self) -> Result<Ledger, LedgerError> {
        Ledger::parse(&self.held).map_err(|source| LedgerError::Line {
            path: self.path.clone(),
            source,
        })
    }

    /// Cuts what follows the last whole line, and returns how many bytes that were.
    fn repair(&mut self) -> Result<usize, LedgerError> {
        let whole = whole_lines(&self.held);
        let torn = self.held.len() - whole;
        if torn > 0 {
            self.cut_to(whole).map_err(self.failed("repair"))?;
            self.held.truncate(whole);
        }
        Ok(torn)
    }

    fn cut_to(&self, length: usize) -> io::Result<()> {
        self.file.set_len(length as u64)?;
        self.file.sync_all()
    }

    /// Appends, and returns when it is on the disk. When that fails, what was there stays as it was.
    fn append(&self, text: &[u8]) -> Result<(), LedgerError> {
        let written = (&self.file)
            .write_all(text)
            .and_then(|()| self.file.sync_all());
        written.map_err(|error| {
            // If this fails too, the next reader finds the torn line and says so.
            let _ = self.cut_to(self.held.len());
            self.failed("append to")(error)
        })
    }
}
