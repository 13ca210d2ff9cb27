//! `soak`: a topology under load for hours, with faults or without.

use std::time::Duration;

use super::error::CliError;
use super::exit::Exit;
use super::load::{Besides, Common};
use super::out::Out;
use super::run::{Concluded, RunArgs};
use super::screen::{self, Screen};
use super::values::fault;
use crate::checks::defect;
use crate::run::{Interrupts, Options, verify};
use crate::topology::{FAULTS, NamedFault, Soak, parse_duration};

/// Arguments of `soak`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// How long packets flow, such as 25m or 2h; up to 12h
    #[arg(long = "for", value_name = "TIME", value_parser = time, help_heading = "Soak")]
    lasts: Duration,
    /// Make faults, drawn by this number: which, on whom, when and for how long. The same number draws the same ones
    #[arg(long, value_name = "N", help_heading = "Soak")]
    seed: Option<u64>,
    /// Draw from these faults alone (docs/faults.md), with commas between them; without --seed, by the seed 0
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = fault, help_heading = "Soak")]
    fault: Vec<&'static NamedFault>,
    /// Defects that may be there: ids of checks of the level defect, with commas between them
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = defect, help_heading = "Judging")]
    accept_defects: Vec<String>,
}

fn time(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text).map_err(|error| error.to_string())?;
    match time {
        Duration::ZERO => Err("is no time".to_owned()),
        time if time > Soak::LONGEST => Err("is longer than 12h".to_owned()),
        time => Ok(time),
    }
}

/// Keeps a topology busy, judges and removes it.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let screen = Screen::open(common.verbose);
    // Before anything is looked for on the machine: a wrong argument is one on a machine without images, too.
    args.run.refuse_faults(common)?;
    let pool = args.pool(common)?;
    let (mut loaded, options) = args.run.load(common, &Besides::default(), &screen)?;
    loaded.topology.soak = Some(Soak {
        lasts: args.lasts,
        seed: args.seed.or((!args.fault.is_empty()).then_some(0)),
        pool,
    });
    let options = Options {
        accepted_defects: args.accept_defects.clone(),
        ..options
    };
    let mut outcome = Box::pin(verify(&loaded.topology, &options, &interrupts)).await?;
    screen.close();
    let concluded = Concluded::of(&outcome, Exit::of_verdict(outcome.verdict()));
    let saved = concluded.save(&mut outcome);
    let concluded = concluded.after(saved);
    let look = screen::of_output(common.verbose);
    args.run.show(&mut out.clone(), &concluded.report, &look);
    Ok(concluded.exit)
}

impl Args {
    /// The faults that are drawn from: those that were asked for, which have to fit the topology and to be got over; else
    /// all that are and do.
    fn pool(&self, common: &Common) -> Result<Vec<&'static NamedFault>, CliError> {
        if let Some(fault) = self
            .fault
            .iter()
            .find(|one| one.recovers_within_s.is_none())
        {
            return Err(CliError::NotGotOver { fault: fault.name });
        }
        let mut pool = Vec::new();
        if !self.fault.is_empty() {
            for fault in &self.fault {
                self.run.fits(common, fault)?;
                pool.push(*fault);
            }
        } else if self.seed.is_some() {
            let of_all = FAULTS.iter();
            let got_over = of_all.filter(|fault| fault.recovers_within_s.is_some());
            pool.extend(got_over.filter(|fault| self.run.fits(common, fault).is_ok()));
        }
        Ok(pool)
    }
}
