//! `--repeat`: many runs of one topology, and what they come to together.

use std::io::Write;
use std::path::Path;

use super::error::CliError;
use super::exit::Exit;
use super::run::{Concluded, RunArgs};
use crate::checks::Verdict;
use crate::report::{Look, RepeatReport, Repeats, print_report};
use crate::run::{ArtefactError, Artefacts, Outcome, RunError};

/// Runs `times` times and sums up. Of all exit codes the most severe one counts, and the sum is told
/// and saved also when a run in the middle could not be made or reported: the runs before it took
/// their time.
///
/// # Errors
///
/// [`CliError`] when there is no run to sum up.
pub(super) async fn run(
    mut series: Series<'_>,
    times: u32,
    mut once: impl AsyncFnMut() -> Result<Outcome, RunError>,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let mut errors = Vec::new();
    for _ in 0..times {
        let taken = match once().await {
            Ok(mut outcome) => series.take(&mut outcome, out),
            Err(error) => Err(error.into()),
        };
        match taken {
            // What is missing now will be missing the next time.
            Ok(Exit::Interrupted | Exit::Environment) => break,
            Ok(Exit::Pass | Exit::Inconclusive | Exit::Usage | Exit::Fail) => {}
            Err(error) => {
                errors.push(error);
                break;
            }
        }
    }
    let exit = worst(series.exit, &errors);
    let exit = match series.sum_up(exit, out) {
        Ok(Some(exit)) => exit,
        Ok(None) => match errors.pop() {
            Some(error) => return Err(error),
            None => exit,
        },
        Err(error) => {
            errors.push(error);
            exit
        }
    };
    for error in &errors {
        error.tell();
    }
    Ok(worst(exit, &errors))
}

fn worst(exit: Exit, errors: &[CliError]) -> Exit {
    errors.iter().map(CliError::exit).fold(exit, Exit::max)
}

/// Runs that were made.
pub(super) struct Series<'a> {
    args: &'a RunArgs,
    keep_artefacts: bool,
    look: Look,
    repeats: Repeats,
    /// The most severe of all exit codes.
    exit: Exit,
}

impl<'a> Series<'a> {
    /// None yet. `look` is how they are shown.
    pub(super) fn new(args: &'a RunArgs, keep_artefacts: bool, look: Look) -> Self {
        Self {
            args,
            keep_artefacts,
            look,
            repeats: Repeats::default(),
            exit: Exit::Pass,
        }
    }

    /// Counts a run, and then tells of it. Returns its exit code.
    fn take(&mut self, outcome: &mut Outcome, out: &mut impl Write) -> Result<Exit, CliError> {
        let concluded = Concluded::of(outcome, Exit::of_verdict(outcome.verdict()));
        let saved = concluded.save(outcome);
        let Concluded { report, exit } = concluded;
        let keep = self.keep_artefacts
            || report.verdict != Verdict::Pass
            || saved.is_err()
            || !is_removed(&outcome.artefacts);
        self.exit = self.exit.max(exit);
        self.repeats.add(&report, &outcome.metrics, keep);
        saved.map_err(RunError::from)?;
        if !self.args.json && keep {
            print_report(out, &report, &self.look)?;
        } else if !self.args.json {
            writeln!(out, "{}: {}", report.run, report.headline)?;
        }
        Ok(exit)
    }

    /// Shows what the runs came to, and saves it in a folder of its own beside theirs. Returns the exit code, which
    /// what cannot be saved makes worse; none where there are no runs.
    fn sum_up(&self, exit: Exit, out: &mut impl Write) -> Result<Option<Exit>, CliError> {
        let Some(mut sum) = self.repeats.report(exit.code()) else {
            return Ok(None);
        };
        let saved = self.save(&sum);
        let exit = match &saved {
            Ok(_) => exit,
            // What cannot be saved is shown all the same.
            Err(_) => exit.max(Exit::Environment),
        };
        sum.exit_code = exit.code();
        if self.args.json {
            writeln!(out, "{}", sum.to_text())?;
        } else {
            sum.print(out, &self.look)?;
            if let Ok(artefacts) = &saved {
                let file = artefacts.folder().join("repeat.json");
                writeln!(out, "report: {}", file.display())?;
            }
        }
        self.args.summarise(|| sum.to_markdown());
        saved.map_err(RunError::from)?;
        Ok(Some(exit))
    }

    fn save(&self, sum: &RepeatReport) -> Result<Artefacts, ArtefactError> {
        let first = sum.runs.first().map_or("", |run| run.run.as_str());
        let artefacts = Artefacts::create_bare(&self.args.artefacts, &format!("repeat-{first}"))?;
        sum.save(&artefacts)?;
        // The last run's folder may be gone.
        if let Err(error) = artefacts.link_latest() {
            CliError::from(RunError::from(error)).tell();
        }
        Ok(artefacts)
    }
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

#[cfg(test)]
#[path = "repeat_tests.rs"]
mod tests;
