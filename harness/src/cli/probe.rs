//! `probe`: measure a topology that `up` left running.

use std::io::Write;
use std::time::Duration;

use super::error::CliError;
use super::exit::Exit;
use super::load::{Besides, Common, TopologyArgs};
use super::out::Out;
use super::screen;
use crate::checks::{Load, Pace, Verdict, verdict};
use crate::report::ProbeReport;
use crate::run::{Interrupts, measure};
use crate::topology::parse_duration;

/// Packets in flight when neither a rate nor a concurrency is given.
const CONCURRENCY: u16 = 8;
/// Longest measurement: as long as a topology may be left running.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// Highest rate, in packets per second: far above what a connector forwards.
const FASTEST: f64 = 100_000.0;

/// Arguments of `probe`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    topology: TopologyArgs,
    /// How long to measure
    #[arg(long = "for", value_name = "TIME", value_parser = some_time)]
    time: Duration,
    /// Open loop: send at this rate, such as 50/s, whatever comes back
    #[arg(long, value_name = "RATE", value_parser = rate, conflicts_with = "concurrency")]
    rate: Option<f64>,
    /// Closed loop: keep that many packets in flight; 8 when no rate is given either
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: Option<u16>,
    /// How long to send before, in the same way; reported apart
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    warm_up: Duration,
    /// Bytes of data in a packet
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u16).range(8..=32_768))]
    payload: u16,
    /// Home that the packets are for; the one that the topology's probe dials when not given
    #[arg(long, value_name = "HOME")]
    to: Option<String>,
    /// Circuits to dial over before; the last of them is then dialled over as often again
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    fresh_dials: u32,
    /// Reach the homes' ports through their engines, as where these are elsewhere
    #[arg(long)]
    tunnels: bool,
    /// Print the report as JSON on standard output instead of the tables
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    match parse_duration(text).map_err(|error| error.to_string())? {
        time if time > LONGEST => Err("12 hours (\"720m\") is the longest".to_owned()),
        time => Ok(time),
    }
}

fn some_time(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("a measurement of no length measures nothing".to_owned()),
        time => Ok(time),
    }
}

/// `50/s` or `30/m`, as packets per second.
fn rate(text: &str) -> Result<f64, String> {
    let Some((number, unit)) = text.trim().split_once('/') else {
        return Err(format!(
            "{text:?} has no unit; write \"{text}/s\" or \"{text}/m\""
        ));
    };
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        other => return Err(format!("unknown unit {other:?}; use /s or /m")),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number / seconds <= FASTEST => Ok(number / seconds),
        _ => Err(format!(
            "expected packets per second or minute, above zero and at most {FASTEST}/s"
        )),
    }
}

/// Measures, shows and judges.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let loaded = common.topology(&args.topology, None, None, &Besides::default())?;
    let concurrency = usize::from(args.concurrency.unwrap_or(CONCURRENCY));
    let load = Load {
        pace: args
            .rate
            .map_or(Pace::Closed { concurrency }, |rate| Pace::Open { rate }),
        time: args.time,
        warm_up: args.warm_up,
        payload: usize::from(args.payload),
        to: args.to.clone(),
        dials: args.fresh_dials,
    };
    let sized = args.topology.homes.is_some();
    // Progress goes to standard error, so that standard output holds the report alone.
    let begun = |what: &str| {
        let _ = writeln!(std::io::stderr().lock(), "{what}");
    };
    let found = measure(
        &loaded.topology,
        sized,
        args.tunnels,
        &load,
        &interrupts,
        &begun,
    )
    .await?;
    let exit = match verdict(&found.checks) {
        _ if found.interrupted => Exit::Interrupted,
        Verdict::Inconclusive if !found.busy.is_empty() => Exit::Environment,
        verdict => Exit::of_verdict(verdict),
    };
    let report = ProbeReport::new(&found, exit.code());
    if args.json {
        out.document(&report.to_text())?;
    } else {
        report.print(&mut out.clone(), &screen::of_output(common.verbose))?;
    }
    Ok(exit)
}
