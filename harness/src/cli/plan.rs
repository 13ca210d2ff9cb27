//! `plan`: what would be run, without an engine.

use std::io::Write;
use std::time::Duration;

use super::error::CliError;
use super::exit::Exit;
use super::load::{Common, ConnectorArgs, FamilyArgs, TopologyArgs};
use super::subnets::SubnetArgs;
use crate::report::topology_svg;
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
}

/// Prints a plan as JSON, secrets and onion addresses redacted, or as a picture.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Exit, CliError> {
    let loaded = common.topology(&args.topology, args.family.family, Some(&args.connector))?;
    let inputs = fresh_inputs(LIFETIME, &args.subnets.ranges).await?;
    let plan = sabotage::planned(&loaded.topology, &inputs)?;
    let text = if args.svg {
        topology_svg(&plan)
    } else {
        serde_json::to_string_pretty(&plan).map_err(std::io::Error::from)?
    };
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(Exit::Pass)
}
