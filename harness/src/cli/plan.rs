//! `plan`: what would be run, without an engine.

use std::io::Write;
use std::time::Duration;

use super::error::CliError;
use super::exit::Exit;
use super::load::{Besides, Common, ConnectorArgs, FamilyArgs, TopologyArgs};
use super::out::Out;
use super::subnets::SubnetArgs;
use crate::report::{json_text, topology_svg};
use crate::run::fresh_inputs;
use crate::sabotage;

/// Lifetime in the labels of a plan that nobody runs.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Arguments of `plan`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    topology: TopologyArgs,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    connector: ConnectorArgs,
    #[command(flatten)]
    subnets: SubnetArgs,
    /// Print a picture of the topology (SVG) instead
    #[arg(long)]
    svg: bool,
    /// Print the plan as JSON, as without it; and how it failed, too
    #[arg(long, conflicts_with = "svg")]
    json: bool,
}

/// Prints a plan as JSON, secrets and onion addresses redacted, or as a picture.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let loaded = common.topology(
        &args.topology,
        args.family.family,
        Some(&args.connector),
        &Besides::default(),
    )?;
    let inputs = fresh_inputs(LIFETIME, &args.subnets.ranges).await?;
    let plan = sabotage::planned(&loaded.topology, &inputs)?;
    if args.svg {
        writeln!(out.clone(), "{}", topology_svg(&plan))?;
    } else {
        out.document(&json_text(&plan))?;
    }
    Ok(Exit::Pass)
}
