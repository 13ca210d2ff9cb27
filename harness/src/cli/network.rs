//! `network`: a private network that stands by, so that a run makes its homes alone.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::error::CliError;
use super::exit::Exit;
use super::images::ImageArgs;
use super::load::Common;
use super::out::{Answer, Out};
use super::run::Concluded;
use super::screen::{self, Screen};
use super::subnets::SubnetArgs;
use super::values::family_parser;
use crate::causes::with_causes;
use crate::descriptors;
use crate::engine::Placement;
use crate::onion::TldFamily;
use crate::report::print_report;
use crate::run::{
    Amounts, Interrupts, KnownNetwork, NetworkChoice, Options, Outcome, ReaperProgram,
    network_down, network_status, network_up,
};
use crate::topology::{Network, Topology, format_age};

/// Arguments of `network`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

impl Args {
    /// Whether it makes something that has to be removed when it is interrupted.
    pub(super) const fn brings_up(&self) -> bool {
        matches!(self.verb, Verb::Up(_))
    }
}

#[derive(Debug, Clone, Subcommand)]
enum Verb {
    /// Bring a network up that stays for 12 hours; one that stands already and fits is left as it is
    Up(UpArgs),
    /// Say which networks stand, and whether a run would join them; exit code 1 when it would join none
    Status(StatusArgs),
    /// Remove every network that no run uses
    Down(DownArgs),
}

#[derive(Debug, Clone, clap::Args)]
struct UpArgs {
    /// TLD family of its daemons
    #[arg(long, value_name = "FAMILY", default_value = "anon", value_parser = family_parser())]
    family: TldFamily,
    /// How many directory authorities; an odd number from 3 to 9
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = authorities)]
    authorities: usize,
    /// How many relays besides, 4 to 16
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = relays)]
    relays: usize,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    subnets: SubnetArgs,
    /// Folder in which the run that makes it gets a folder of its own, below `networks`
    #[arg(long, value_name = "DIR", default_value = "ator-runs")]
    artefacts: PathBuf,
    /// Print the report of the run that makes it as JSON, or which network stands already
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct StatusArgs {
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct DownArgs {
    /// Also those that runs use, which then fail
    #[arg(long)]
    force: bool,
    /// Print what was removed as JSON
    #[arg(long)]
    json: bool,
}

fn authorities(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ (3 | 5 | 7 | 9)) => Ok(count),
        _ => Err("an odd number from 3 to 9".to_owned()),
    }
}

fn relays(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 4..=16) => Ok(count),
        _ => Err("a number from 4 to 16".to_owned()),
    }
}

/// Brings a network up, says what stands, or removes it.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Up(args) => up(common, args, out).await,
        Verb::Status(args) => status(args, out).await,
        Verb::Down(args) => down(args, out).await,
    }
}

async fn up(common: &Common, args: &UpArgs, out: &Out) -> Result<Exit, CliError> {
    let interrupts = Interrupts::listen()?;
    let screen = Screen::open(common.verbose);
    let network = Network {
        authorities: args.authorities,
        relays: args.relays,
        ..Network::private(args.family)
    };
    descriptors::enough(0)?;
    let options = Options {
        placement: Placement::default(),
        tunnels: false,
        keep_addresses: false,
        subnets: args.subnets.ranges.clone(),
        sources: args
            .images
            .sources(common, &Topology::of_network(network.clone()))?,
        family: Some(args.family),
        connector: None,
        artefacts: args.artefacts.clone(),
        stand_in: None,
        network: NetworkChoice::Keep,
        keys: None,
        connector_memory: None,
        amounts: Amounts::default(),
        accepted_defects: Vec::new(),
        reaper: ReaperProgram::Command,
        bounds: Vec::new(),
        progress: Some(screen.progress()),
    };
    let mut notes = Vec::new();
    let outcome = Box::pin(network_up(&network, &options, &interrupts, &mut notes)).await;
    drop(screen);
    if args.json {
        return for_programs(outcome?.as_mut(), &notes, out);
    }
    let mut out = out.clone();
    for note in notes {
        writeln!(out, "{note}")?;
    }
    let Some(mut outcome) = outcome? else {
        return Ok(Exit::Pass);
    };
    let Concluded { report, exit } = saved(&mut outcome);
    if outcome.error.is_some() {
        print_report(&mut out, &report, &screen::of_output(common.verbose))?;
        return Ok(exit);
    }
    writeln!(
        out,
        "the network {} stands by; runs that it fits join it, and `ator-harness network down` removes it",
        report.run
    )?;
    Ok(exit)
}

/// What the run that made the network came to, with its report saved.
fn saved(outcome: &mut Outcome) -> Concluded {
    let concluded = Concluded::of(outcome, Exit::Pass);
    let saved = concluded.save(outcome);
    concluded.after(saved)
}

fn for_programs(
    outcome: Option<&mut Outcome>,
    notes: &[String],
    out: &Out,
) -> Result<Exit, CliError> {
    let Some(outcome) = outcome else {
        let answer = Answer::new("network-up", Exit::Pass, json!({ "notes": notes }));
        out.document(&answer.to_text())?;
        return Ok(Exit::Pass);
    };
    let Concluded { report, exit } = saved(outcome);
    out.document(&report.to_text())?;
    Ok(exit)
}

async fn status(args: &StatusArgs, out: &Out) -> Result<Exit, CliError> {
    let (known, unreadable) = network_status().await?;
    let joined = known.iter().any(|one| one.unfit.is_none());
    let exit = if joined { Exit::Pass } else { Exit::Fail };
    let unreadable: Vec<String> = unreadable
        .iter()
        .map(|error| with_causes(error).to_string())
        .collect();
    if args.json {
        let networks: Vec<Looked<'_>> = known.iter().map(Looked::of).collect();
        let content = json!({ "networks": networks, "unreadable": unreadable });
        out.document(&Answer::new("network-status", exit, content).to_text())?;
        return Ok(exit);
    }
    let mut out = out.clone();
    if known.is_empty() && unreadable.is_empty() {
        writeln!(
            out,
            "no network stands by; `ator-harness network up` brings one up"
        )?;
    }
    for one in &known {
        show(&mut out, one)?;
    }
    for error in &unreadable {
        writeln!(out, "{error}")?;
    }
    Ok(exit)
}

/// What `status` says of a network, for programs.
#[derive(Debug, Serialize)]
struct Looked<'a> {
    run: &'a str,
    family: String,
    authorities: usize,
    relays: usize,
    age_s: u64,
    left_s: u64,
    users: &'a [String],
    /// Why a run would not join it; absent where one would.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfit: Option<&'a str>,
}

impl<'a> Looked<'a> {
    fn of(one: &'a KnownNetwork) -> Self {
        Self {
            run: &one.run,
            family: one.network.family.to_string(),
            authorities: one.network.authorities,
            relays: one.network.relays,
            age_s: one.age.as_secs(),
            left_s: one.left.as_secs(),
            users: &one.users,
            unfit: one.unfit.as_deref(),
        }
    }
}

fn show(out: &mut impl Write, one: &KnownNetwork) -> std::io::Result<()> {
    let KnownNetwork {
        run,
        network,
        age,
        left,
        users,
        unfit,
    } = one;
    let (age, left) = (format_age(*age), format_age(*left));
    writeln!(
        out,
        "network {run}: .{}, {} authorities and {} relays, {age} old, stays for {left}",
        network.family, network.authorities, network.relays
    )?;
    match unfit {
        None => writeln!(out, "  in order")?,
        Some(unfit) => writeln!(out, "  it {unfit}; the next run replaces it")?,
    }
    if !users.is_empty() {
        writeln!(out, "  used by {}", users.join(", "))?;
    }
    Ok(())
}

async fn down(args: &DownArgs, out: &Out) -> Result<Exit, CliError> {
    let all = network_down(args.force).await?;
    let whole = all.iter().all(|(_, became)| became.is_ok());
    let exit = if whole { Exit::Pass } else { Exit::Fail };
    if args.json {
        let networks = all.iter().map(|(run, became)| match became {
            Ok(removed) => json!({ "run": run, "removed": removed }),
            Err(users) => json!({ "run": run, "users": users }),
        });
        let content = json!({ "networks": networks.collect::<Vec<_>>() });
        out.document(&Answer::new("network-down", exit, content).to_text())?;
        return Ok(exit);
    }
    let mut out = out.clone();
    if all.is_empty() {
        writeln!(out, "no network stands by; nothing to remove")?;
    }
    for (run, became) in all {
        match became {
            Ok(removed) => writeln!(
                out,
                "network {run}: {removed} containers and networks removed"
            )?,
            Err(users) => writeln!(
                out,
                "network {run}: used by {}, and stays; wait until they have ended, or give --force",
                users.join(", ")
            )?,
        }
    }
    Ok(exit)
}
