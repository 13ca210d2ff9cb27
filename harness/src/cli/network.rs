//! `network`: a private network that stands by, so that a run makes its homes alone.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::error::CliError;
use super::exit::Exit;
use super::images::ImageArgs;
use super::load::Common;
use super::run::{Concluded, progress};
use super::subnets::SubnetArgs;
use super::values::family_parser;
use crate::causes::with_causes;
use crate::engine::Placement;
use crate::onion::TldFamily;
use crate::report::print_report;
use crate::run::{
    Amounts, Interrupts, KnownNetwork, NetworkChoice, Options, network_down, network_status,
    network_up,
};
use crate::topology::{Network, Topology, format_age};

/// Arguments of `network`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Clone, Subcommand)]
enum Verb {
    /// Bring a network up that stays for 12 hours; one that stands already and fits is left as it is
    Up(UpArgs),
    /// Say which networks stand, and whether a run would join them; exit code 1 when it would join none
    Status,
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
}

#[derive(Debug, Clone, clap::Args)]
struct DownArgs {
    /// Also those that runs use, which then fail
    #[arg(long)]
    force: bool,
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
pub(super) async fn run(common: &Common, args: &Args) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Up(args) => up(common, args).await,
        Verb::Status => status().await,
        Verb::Down(args) => down(args).await,
    }
}

async fn up(common: &Common, args: &UpArgs) -> Result<Exit, CliError> {
    let network = Network {
        authorities: args.authorities,
        relays: args.relays,
        ..Network::private(args.family)
    };
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
        progress: Some(progress()),
    };
    let interrupts = Interrupts::listen()?;
    let mut notes = Vec::new();
    let outcome = Box::pin(network_up(&network, &options, &interrupts, &mut notes)).await;
    let mut out = std::io::stdout().lock();
    for note in notes {
        writeln!(out, "{note}")?;
    }
    let Some(outcome) = outcome? else {
        return Ok(Exit::Pass);
    };
    let concluded = Concluded::of(&outcome, Exit::Pass);
    let saved = concluded.save(&outcome);
    if outcome.error.is_some() {
        print_report(&mut out, &concluded.report)?;
        return Ok(concluded.exit_after(saved));
    }
    let exit = concluded.exit_after(saved);
    writeln!(
        out,
        "the network {} stands by; runs that it fits join it, and `ator-harness network down` removes it",
        concluded.report.run
    )?;
    Ok(exit)
}

async fn status() -> Result<Exit, CliError> {
    let (known, unreadable) = network_status().await?;
    let mut out = std::io::stdout().lock();
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
        writeln!(out, "{}", with_causes(error))?;
    }
    let joined = known.iter().any(|one| one.unfit.is_none());
    Ok(if joined { Exit::Pass } else { Exit::Fail })
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

async fn down(args: &DownArgs) -> Result<Exit, CliError> {
    let all = network_down(args.force).await?;
    let mut out = std::io::stdout().lock();
    if all.is_empty() {
        writeln!(out, "no network stands by; nothing to remove")?;
    }
    let mut exit = Exit::Pass;
    for (run, became) in all {
        match became {
            Ok(removed) => writeln!(
                out,
                "network {run}: {removed} containers and networks removed"
            )?,
            Err(users) => {
                exit = Exit::Fail;
                writeln!(
                    out,
                    "network {run}: used by {}, and stays; wait until they have ended, or give --force",
                    users.join(", ")
                )?;
            }
        }
    }
    Ok(exit)
}
