//! `verify`: the main job. `up`: the same, and what was brought up is left running.

use std::io::Write;

use super::error::CliError;
use super::exit::Exit;
use super::load::{Besides, Common};
use super::out::Out;
use super::repeat::{self, Series};
use super::run::{Concluded, RunArgs};
use super::screen::{self, Screen};
use super::values::{amounts_parser, fault};
use crate::checks::defect;
use crate::run::{Amounts, Interrupts, Options, PERSISTED_LIFETIME, bring_up_and_keep, verify};
use crate::topology::{Bound, NamedFault, format_age};

/// Arguments of `verify`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Run that many times, each with fresh keys, and sum the runs up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000), conflicts_with = "open", help_heading = "Judging")]
    repeat: u32,
    /// Which amounts are sent: 0 and one above it (all), or 0 alone (zero), for connectors that hand
    /// nothing on without settlement
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = amounts_parser(), help_heading = "Judging")]
    amounts: Amounts,
    /// Defects that may be there: ids of checks of the level defect, with commas between them
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = defect, help_heading = "Judging")]
    accept_defects: Vec<String>,
    /// Break something while packets flow, and see what holds and how long it takes to get over it: the name of a
    /// fault (docs/faults.md); several with commas between them, one after the other
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = fault, help_heading = "Judging")]
    fault: Vec<&'static NamedFault>,
    /// Bounds in place of those of the topology's budgets: METRIC:pPERCENTILE=TIME, as in round-trip:p95=400ms; without
    /// a percentile the most that any sample may be. Several with commas between them
    #[arg(
        long,
        value_name = "BOUND,…",
        value_delimiter = ',',
        help_heading = "Judging"
    )]
    budget: Vec<Bound>,
    /// With --repeat, keep the artefacts of passed runs too
    #[arg(long, help_heading = "Results")]
    keep_artefacts: bool,
}

/// Runs, judges and removes a topology, once or many times.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let screen = Screen::open(common.verbose);
    let look = screen::of_output(common.verbose);
    let besides = Besides {
        faults: &args.fault,
        bounds: &args.budget,
    };
    let (loaded, options) = args.run.load(common, &besides, &screen)?;
    let options = Options {
        amounts: args.amounts,
        accepted_defects: args.accept_defects.clone(),
        ..options
    };
    let mut out = out.clone();
    let once = async || {
        let outcome = Box::pin(verify(&loaded.topology, &options, &interrupts)).await;
        screen.close();
        outcome
    };
    if args.repeat > 1 {
        let series = Series::new(&args.run, args.keep_artefacts, look);
        return repeat::run(series, args.repeat, once, &mut out).await;
    }
    let mut outcome = once().await?;
    let concluded = Concluded::of(&outcome, Exit::of_verdict(outcome.verdict()));
    let saved = concluded.save(&mut outcome);
    let concluded = concluded.after(saved);
    args.run.show(&mut out, &concluded.report, &look);
    Ok(concluded.exit)
}

/// Brings a topology up and leaves it running.
pub(super) async fn up(common: &Common, args: &RunArgs, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let screen = Screen::open(common.verbose);
    let (loaded, options) = args.load(common, &Besides::default(), &screen)?;
    let mut outcome = Box::pin(bring_up_and_keep(
        &loaded.source,
        &loaded.topology,
        &options,
        &interrupts,
    ))
    .await?;
    drop(screen);
    let concluded = Concluded::of(&outcome, Exit::Pass);
    let saved = concluded.save(&mut outcome);
    let Concluded { report, exit } = concluded.after(saved);
    let mut out = out.clone();
    if outcome.error.is_some() || args.json {
        args.show(&mut out, &report, &screen::of_output(common.verbose));
        return Ok(exit);
    }
    args.summarise(|| report.to_markdown());
    let name = &loaded.topology.name;
    writeln!(
        out,
        "{name} is up as run {}, for {} at most; `ator-harness verify {name}` judges it, `ator-harness down {name}` removes it",
        report.run,
        format_age(PERSISTED_LIFETIME)
    )?;
    Ok(exit)
}
