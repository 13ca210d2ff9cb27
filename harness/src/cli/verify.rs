//! `verify`: the main job.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::engines::EngineArgs;
use super::error::CliError;
use super::exit::Exit;
use super::load::{Common, FamilyArgs, ImageArgs, Loaded, TopologyArgs};
use crate::checks::Verdict;
use crate::report::{Repeats, Report, append_summary, print_report, progress_line};
use crate::run::{
    Artefacts, Interrupts, Options, Outcome, Progress, RunError, bring_up_and_keep, verify,
};

/// Options of a run.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    topology: TopologyArgs,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    engines: EngineArgs,
    /// Reach the homes' ports through their engines, also where they are on this machine
    #[arg(long)]
    tunnels: bool,
    /// Join the network of this topology, which `up` left running, in place of the public one
    #[arg(long, value_name = "TOPOLOGY")]
    authorities: Option<String>,
    /// Keep the homes' onion service keys in named volumes, and with them their addresses, for runs
    /// that give the same name; for topologies that join the public network
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    keys: Option<String>,
    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "ator-runs")]
    artefacts: PathBuf,
    /// Print the report as JSON on standard output instead of the table
    #[arg(long)]
    json: bool,
    /// Append the report as Markdown to this file, as a CI job's summary
    #[arg(long, value_name = "FILE", env = "GITHUB_STEP_SUMMARY")]
    summary: Option<PathBuf>,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Run that many times, each with fresh keys, and sum the runs up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// With --repeat, keep the artefacts of passed runs too
    #[arg(long)]
    keep_artefacts: bool,
}

impl RunArgs {
    fn load(&self, common: &Common) -> Result<(Loaded, Options), CliError> {
        let loaded = common.topology(&self.topology, self.family.family)?;
        // Progress goes to standard error, so that standard output holds the report alone.
        let progress: Progress = Arc::new(|event| {
            if let Some(line) = progress_line(event) {
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            }
        });
        let options = Options {
            placement: self.engines.placement(&loaded.topology)?,
            tunnels: self.tunnels,
            sources: common.sources(&self.images, loaded.topology.network.family)?,
            family: self.family.family,
            artefacts: self.artefacts.clone(),
            stand_in: self.authorities.clone(),
            keys: self.keys.clone(),
            progress: Some(progress),
        };
        Ok((loaded, options))
    }
}

/// A part of a volume's name.
fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || text.len() > 40 || !text.chars().all(plain) {
        return Err("1 to 40 lower-case letters, digits and dashes".to_owned());
    }
    Ok(text.to_owned())
}

/// A run's report, saved in its folder, and the exit code.
struct Concluded {
    report: Report,
    exit: Exit,
}

/// Makes a run's report and saves it in every form. `otherwise` is the exit code of a run without
/// an error.
fn conclude(outcome: &Outcome, otherwise: Exit) -> Result<Concluded, CliError> {
    let exit = outcome.error.as_ref().map_or(otherwise, Exit::of_error);
    let report = Report::new(outcome, exit.code());
    match report.save(&outcome.artefacts) {
        // The reason why the run ended comes before a report that could not be saved.
        Err(error) if outcome.error.is_none() => Err(RunError::from(error).into()),
        _ => Ok(Concluded { report, exit }),
    }
}

impl RunArgs {
    /// Shows a report, and appends it to the job's summary.
    fn show(&self, report: &Report) -> Result<(), CliError> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", report.to_text())?;
        } else {
            print_report(&mut out, report)?;
        }
        self.summarise(|| report.to_markdown())
    }

    fn summarise(&self, markdown: impl FnOnce() -> String) -> Result<(), CliError> {
        // A variable that is set to nothing names no file.
        match &self.summary {
            Some(file) if !file.as_os_str().is_empty() => Ok(append_summary(file, &markdown())?),
            _ => Ok(()),
        }
    }
}

/// Runs, judges and removes a topology, once or many times.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Exit, CliError> {
    let (loaded, options) = args.run.load(common)?;
    let interrupts = Interrupts::listen()?;
    if args.repeat == 1 {
        let outcome = Box::pin(verify(&loaded.topology, &options, &interrupts)).await?;
        let Concluded { report, exit } = conclude(&outcome, Exit::of_verdict(outcome.verdict()))?;
        args.run.show(&report)?;
        return Ok(exit);
    }
    let mut repeats = Repeats::default();
    let mut worst = Exit::Pass;
    for _ in 0..args.repeat {
        let outcome = Box::pin(verify(&loaded.topology, &options, &interrupts)).await?;
        let Concluded { report, exit } = conclude(&outcome, Exit::of_verdict(outcome.verdict()))?;
        let keep = args.keep_artefacts
            || report.verdict != Verdict::Pass
            || !is_removed(&outcome.artefacts);
        let mut out = std::io::stdout().lock();
        if !args.run.json && keep {
            print_report(&mut out, &report)?;
        } else if !args.run.json {
            writeln!(out, "{}: {}", report.run, report.headline)?;
        }
        drop(out);
        repeats.add(&report, &outcome.metrics, keep);
        if exit.code() > worst.code() || worst == Exit::Pass {
            worst = exit;
        }
        if matches!(exit, Exit::Interrupted | Exit::Environment) {
            break;
        }
    }
    sum_up(&repeats, &args.run, worst)?;
    Ok(worst)
}

/// Removes a run's folder. What cannot be removed is said and stays.
fn is_removed(folder: &Path) -> bool {
    let removed = std::fs::remove_dir_all(folder);
    if let Err(error) = &removed {
        let _ = writeln!(
            std::io::stderr().lock(),
            "failed to remove {}: {error}; it is kept",
            folder.display()
        );
    }
    removed.is_ok()
}

/// Shows what many runs came to, and saves it in a folder of its own beside theirs.
fn sum_up(repeats: &Repeats, args: &RunArgs, worst: Exit) -> Result<(), CliError> {
    let Some(sum) = repeats.report(worst.code()) else {
        return Ok(());
    };
    let first = sum.runs.first().map_or("", |run| run.run.as_str());
    let saved = Artefacts::create_bare(&args.artefacts, &format!("repeat-{first}"))
        .and_then(|artefacts| {
            artefacts.write("repeat.json", sum.to_text().as_bytes())?;
            artefacts.write("repeat.md", sum.to_markdown().as_bytes())?;
            // The last run's folder may be gone.
            artefacts.link_latest()?;
            Ok(artefacts)
        })
        .map_err(RunError::from)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", sum.to_text())?;
    } else {
        sum.print(&mut out)?;
        let file = saved.folder().join("repeat.json");
        writeln!(out, "report: {}", file.display())?;
    }
    args.summarise(|| sum.to_markdown())
}

/// Brings a topology up and leaves it running.
pub(super) async fn up(common: &Common, args: &RunArgs) -> Result<Exit, CliError> {
    let (loaded, options) = args.load(common)?;
    let interrupts = Interrupts::listen()?;
    let outcome = Box::pin(bring_up_and_keep(
        &loaded.source,
        &loaded.topology,
        &options,
        &interrupts,
    ))
    .await?;
    let Concluded { report, exit } = conclude(&outcome, Exit::Pass)?;
    if outcome.error.is_some() {
        args.show(&report)?;
        return Ok(exit);
    }
    args.summarise(|| report.to_markdown())?;
    let name = &loaded.topology.name;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{name} is up as run {}; `ator-harness verify {name}` judges it, `ator-harness down {name}` removes it",
        report.run
    )?;
    Ok(Exit::Pass)
}
