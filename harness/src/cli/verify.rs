//! `verify`: the main job.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::CliError;
use super::exit::Exit;
use super::load::{Common, ImageArgs};
use crate::report::{Repeats, Report, print_outcome, progress_line};
use crate::run::{Interrupts, Options, Outcome, Progress, RunError, bring_up_and_keep, verify};

/// Options of a run.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RunArgs {
    /// Name of a topology in fixtures/topologies, or a path to a file
    pub topology: String,
    #[command(flatten)]
    images: ImageArgs,
    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "ator-runs")]
    artefacts: PathBuf,
    /// Print the report as JSON on standard output instead of the table
    #[arg(long)]
    json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Run that many times, each with fresh keys, and sum the runs up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
}

impl RunArgs {
    fn options(&self, common: &Common) -> Result<Options, CliError> {
        // Progress goes to standard error, so that standard output holds the report alone.
        let progress: Progress = Arc::new(|event| {
            if let Some(line) = progress_line(event) {
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            }
        });
        Ok(Options {
            sources: common.sources(&self.images)?,
            artefacts: self.artefacts.clone(),
            progress: Some(progress),
        })
    }
}

/// Shows an outcome and saves its report.
fn conclude(outcome: &Outcome, json: bool, print: bool) -> Result<Exit, CliError> {
    let report = Report::new(outcome).to_text();
    let mut out = std::io::stdout().lock();
    if print && json {
        writeln!(out, "{report}")?;
    } else if print {
        print_outcome(&mut out, outcome)?;
    }
    let saved = outcome.save("report.json", &report);
    match (&outcome.error, saved) {
        // The reason why the run ended comes before a report that could not be saved.
        (Some(error), _) => Ok(Exit::of_error(error)),
        (None, Err(error)) => Err(RunError::from(error).into()),
        (None, Ok(())) => Ok(Exit::of_verdict(outcome.verdict())),
    }
}

/// Runs, judges and removes a topology, once or many times.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Exit, CliError> {
    let loaded = common.topology(&args.run.topology)?;
    let options = args.run.options(common)?;
    let interrupts = Interrupts::listen()?;
    if args.repeat == 1 {
        let outcome = verify(&loaded.topology, &options, &interrupts).await?;
        return conclude(&outcome, args.run.json, true);
    }
    let mut repeats = Repeats::default();
    let mut worst = Exit::Pass;
    for _ in 0..args.repeat {
        let outcome = verify(&loaded.topology, &options, &interrupts).await?;
        let exit = conclude(&outcome, args.run.json, !args.run.json)?;
        repeats.add(&outcome);
        if exit.code() > worst.code() || worst == Exit::Pass {
            worst = exit;
        }
        if matches!(exit, Exit::Interrupted | Exit::Environment) {
            break;
        }
    }
    let mut out = std::io::stdout().lock();
    if args.run.json {
        writeln!(out, "{}", repeats.to_text())?;
    } else {
        repeats.print(&mut out)?;
    }
    Ok(worst)
}

/// Brings a topology up and leaves it running.
pub(super) async fn up(common: &Common, args: &RunArgs) -> Result<Exit, CliError> {
    let loaded = common.topology(&args.topology)?;
    let options = args.options(common)?;
    let interrupts = Interrupts::listen()?;
    let source = (loaded.file.as_str(), loaded.text.as_str());
    let outcome = bring_up_and_keep(source, &loaded.topology, &options, &interrupts).await?;
    if outcome.error.is_some() {
        return conclude(&outcome, args.json, true);
    }
    let name = &loaded.topology.name;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{name} is up as run {}; `ator-harness verify {name}` judges it, `ator-harness down {name}` removes it",
        outcome.run
    )?;
    Ok(Exit::Pass)
}
