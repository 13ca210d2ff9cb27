//! `doctor`: what this machine can do, asked before anything is started.

use std::io::Write;

use super::engines::EngineArgs;
use super::error::CliError;
use super::exit::Exit;
use super::images::ImageArgs;
use super::load::{Common, ConnectorArgs, FamilyArgs, TopologyArgs};
use crate::causes::with_causes;
use crate::engine::{Engine, EngineError};
use crate::run::{RunError, clocks_agree, find_engine};

/// Arguments of `doctor`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    topology: TopologyArgs,
    #[command(flatten)]
    family: FamilyArgs,
    #[command(flatten)]
    connector: ConnectorArgs,
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    engines: EngineArgs,
}

/// Looks at everything a run needs and names all that is missing.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Exit, CliError> {
    let mut lacking = Vec::new();
    let mut out = std::io::stdout().lock();
    let loaded = common.topology(&args.topology, args.family.family, Some(&args.connector))?;
    let network = &loaded.topology.network;
    let size = if network.has_own_nodes() {
        format!(
            "{} authorities, {} relays",
            network.authorities, network.relays
        )
    } else {
        "the public network".to_owned()
    };
    writeln!(
        out,
        "ok       topology    {}: {} homes, {size}",
        loaded.topology.name,
        loaded.topology.homes.len()
    )?;
    match args.images.sources(common, &loaded.topology) {
        Ok(_) => writeln!(
            out,
            "ok       binaries    all that goes into the images is there"
        )?,
        Err(error) => lacking.push(("binaries", error)),
    }
    let placement = args.engines.placement(&loaded.topology)?;
    if placement.homes.is_empty() {
        // As a run does.
        match told(find_engine(&loaded.topology).await).await {
            Ok(text) => writeln!(out, "ok       engine      {text}")?,
            Err(error) => lacking.push(("engine", error.into())),
        }
    }
    for (home, address) in &placement.homes {
        match told(Engine::connect_to(address).await).await {
            Ok(text) => writeln!(out, "ok       engine      home {home}: {text}")?,
            Err(RunError::Engine(source)) => {
                let home = home.clone();
                let source = Box::new(source);
                lacking.push(("engine", EngineError::OfHome { home, source }.into()));
            }
            Err(error) => lacking.push(("engine", error.into())),
        }
    }
    for (what, error) in &lacking {
        writeln!(out, "missing  {what:<11} {}", with_causes(error))?;
    }
    Ok(lacking
        .first()
        .map_or(Exit::Pass, |(_, error)| error.exit()))
}

/// What an engine says of itself, in a line.
async fn told(engine: Result<Engine, EngineError>) -> Result<String, RunError> {
    let engine = engine?;
    let info = engine.info().await?;
    clocks_agree(&[engine.clock().await?])?;
    Ok(format!(
        "{} at {} (API {}, {}, cgroup {})",
        info.version, info.address, info.api, info.architecture, info.cgroup
    ))
}
