//! `report`: what runs there are, and what each came to.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::open::open_page;
use super::out::{Answer, Out};
use super::screen;
use crate::causes::with_causes;
use crate::checks::Verdict;
use crate::report::{PAGE, ReadError, Saved, print_report};
use crate::topology::format_duration;

/// Where runs are saved unless another folder is given.
pub(super) const ARTEFACTS: &str = "ator-runs";
/// What a folder of a run, or of many, has its report in.
const FILES: [&str; 2] = ["report.json", "repeat.json"];

/// Arguments of `report`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Verb {
    /// Show what a run came to, or many that were summed up; -v lists every check and stage
    Show(ShowArgs),
    /// List the runs that there are, each with its verdict, the latest last
    List(ListArgs),
}

#[derive(Debug, Clone, clap::Args)]
struct ShowArgs {
    /// A run id or its end, `latest`, or a path to a run's folder or report
    #[arg(value_name = "RUN")]
    run: String,
    /// Folder in which runs are looked for
    #[arg(long, value_name = "DIR", default_value = ARTEFACTS)]
    artefacts: PathBuf,
    /// Show its page in a browser, too
    #[arg(long)]
    open: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct ListArgs {
    /// Folder in which runs are looked for
    #[arg(long, value_name = "DIR", default_value = ARTEFACTS)]
    artefacts: PathBuf,
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

/// One run, or many that were summed up.
#[derive(Debug, Serialize)]
struct Listed {
    /// The folder's name: the run id, or that of the first of many.
    run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    topology: Option<String>,
    /// Of many, the worst.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    /// What it came to in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<String>,
    /// Why its report cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Shows or lists.
pub(super) fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Show(args) => show(common, args, out),
        Verb::List(args) => list(common, args, out),
    }
}

/// Shows one. It is done when it is shown, whatever its verdict was.
fn show(common: &Common, args: &ShowArgs, out: &Out) -> Result<Exit, CliError> {
    let file = find(&args.artefacts, &args.run)?;
    let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
    let saved = Saved::read(&file)?;
    if args.open && matches!(saved, Saved::Repeat(_)) {
        return Err(CliError::NoPageOfMany);
    }
    match saved {
        Saved::Run(mut report) => {
            // It may have been moved since.
            report.artefacts.folder = folder.display().to_string();
            if args.json {
                out.document(&report.to_text())?;
            } else {
                let look = screen::of_output(common.verbose);
                print_report(&mut out.clone(), &report, &look)?;
            }
        }
        Saved::Repeat(sum) if args.json => out.document(&sum.to_text())?,
        Saved::Repeat(sum) => {
            let look = screen::of_output(common.verbose);
            sum.print(&mut out.clone(), &look)?;
        }
    }
    if args.open {
        open_page(&folder.join(PAGE))?;
    }
    Ok(Exit::Pass)
}

/// The file of a report that somebody names like this.
fn find(artefacts: &Path, run: &str) -> Result<PathBuf, CliError> {
    let given = Path::new(run);
    if given.is_file() {
        return Ok(given.to_owned());
    }
    let within = |folder: &Path| {
        let mut files = FILES.iter().map(|name| folder.join(name));
        files.find(|file| file.is_file())
    };
    if let Some(file) = within(given).or_else(|| within(&artefacts.join(run))) {
        return Ok(file);
    }
    let folders = folders(artefacts);
    let names: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
    let ends: Vec<&PathBuf> = folders
        .iter()
        .filter(|folder| !run.is_empty() && name(folder).ends_with(run))
        .collect();
    match ends.as_slice() {
        [one] => within(one).ok_or_else(|| no_run(artefacts, run, names)),
        _ => Err(no_run(artefacts, run, names)),
    }
}

fn no_run(artefacts: &Path, run: &str, known: Vec<String>) -> CliError {
    CliError::NoSuchRun {
        run: run.to_owned(),
        folder: artefacts.display().to_string(),
        known,
    }
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The folders with a report, the oldest run first: those of networks among them.
fn folders(artefacts: &Path) -> Vec<PathBuf> {
    let within = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        // `latest` is another name of one of them.
        let real = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let paths = real.map(|entry| entry.path());
        let has_report = |path: &PathBuf| FILES.iter().any(|file| path.join(file).is_file());
        paths.filter(has_report).collect()
    };
    let mut folders = within(artefacts);
    folders.extend(within(&artefacts.join("networks")));
    folders.sort_by_key(|folder| name(folder).trim_start_matches("repeat-").to_owned());
    folders
}

fn list(common: &Common, args: &ListArgs, out: &Out) -> Result<Exit, CliError> {
    let listed: Vec<Listed> = folders(&args.artefacts)
        .iter()
        .map(|one| look(one))
        .collect();
    if args.json {
        let content = json!({ "folder": args.artefacts, "runs": listed });
        out.document(&Answer::new("report-list", Exit::Pass, content).to_text())?;
        return Ok(Exit::Pass);
    }
    let mut out = out.clone();
    if listed.is_empty() {
        writeln!(
            out,
            "no run is in {}; --artefacts names another folder",
            args.artefacts.display()
        )?;
    }
    let look = screen::of_output(common.verbose);
    let wide = listed.iter().map(|one| one.run.len()).max().unwrap_or(0);
    for one in &listed {
        let word = one.verdict.map_or("unreadable", Verdict::word);
        let topology = one.topology.as_deref().unwrap_or("?");
        let told = one.headline.as_ref().or(one.error.as_ref());
        let told = told.map_or("", String::as_str);
        let line = format!("{:<wide$}  {word:<12}  {topology:<16}  {told}", one.run);
        writeln!(
            out,
            "{}",
            look.verdict(&look.wrapped(&line, wide + 2), one.verdict)
        )?;
    }
    Ok(Exit::Pass)
}

fn look(folder: &Path) -> Listed {
    let run = name(folder);
    let file = FILES.iter().map(|name| folder.join(name));
    let read = file
        .into_iter()
        .find(|file| file.is_file())
        .map(|file| Saved::read(&file));
    let empty = Listed {
        run,
        topology: None,
        verdict: None,
        started: None,
        headline: None,
        error: None,
    };
    match read {
        Some(Ok(Saved::Run(report))) => {
            let took = format_duration(std::time::Duration::from_millis(report.duration_ms));
            Listed {
                topology: Some(report.topology.name.clone()),
                verdict: Some(report.verdict),
                started: report.started.clone(),
                headline: Some(format!("{}, after {took}", report.headline)),
                ..empty
            }
        }
        Some(Ok(Saved::Repeat(sum))) => Listed {
            topology: Some(sum.topology.name.clone()),
            verdict: sum.runs.iter().map(|run| run.verdict).max(),
            started: None,
            headline: Some(format!("{} runs: {}", sum.runs.len(), sum.counts())),
            ..empty
        },
        Some(Err(error)) => Listed {
            error: Some(told(&error)),
            ..empty
        },
        None => empty,
    }
}

fn told(error: &ReadError) -> String {
    with_causes(error).to_string()
}
