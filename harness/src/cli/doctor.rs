//! `doctor`: what this machine can do, asked before anything is started.

use std::io::Write;

use super::engines::EngineArgs;
use super::error::CliError;
use super::exit::Exit;
use super::images::ImageArgs;
use super::load::{Common, ConnectorArgs, FamilyArgs, TopologyArgs};
use crate::causes::with_causes;
use crate::engine::{Engine, EngineError, Image};
use crate::run::{RunError, Sources, clocks_agree, find_engine};

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
    let placement = args.engines.placement(&loaded.topology)?;
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
    let mut named = Vec::new();
    match args.images.sources(common, &loaded.topology) {
        Ok(sources) => {
            let told = "ok       binaries    all that goes into the images is there";
            writeln!(out, "{told}")?;
            named = named_images(&sources);
        }
        Err(error) => lacking.push(("binaries", error)),
    }
    let mut engines = Vec::new();
    if placement.homes.is_empty() {
        // As a run does.
        engines.push((None, find_engine(&loaded.topology).await));
    }
    for (home, address) in &placement.homes {
        engines.push((Some(home), Engine::connect_to(address).await));
    }
    for (home, engine) in engines {
        let of_home = |error: RunError| match (home, error) {
            (Some(home), RunError::Engine(source)) => {
                let home = home.clone();
                let source = Box::new(source);
                EngineError::OfHome { home, source }.into()
            }
            (_, error) => CliError::from(error),
        };
        let engine = match engine {
            Ok(engine) => engine,
            Err(error) => {
                lacking.push(("engine", of_home(error.into())));
                continue;
            }
        };
        match told(&engine).await {
            Ok(text) => {
                let home = home.map_or_else(String::new, |home| format!("home {home}: "));
                writeln!(out, "ok       engine      {home}{text}")?;
            }
            Err(error) => lacking.push(("engine", of_home(error))),
        }
        for image in &named {
            // One that was asked for by name is looked for and never made.
            match engine.ensure_image(image).await {
                Ok((name, _)) => writeln!(out, "ok       image       {name}")?,
                Err(error) => lacking.push(("image", of_home(error.into()))),
            }
        }
    }
    for (what, error) in &lacking {
        writeln!(out, "missing  {what:<11} {}", with_causes(error))?;
    }
    Ok(lacking
        .first()
        .map_or(Exit::Pass, |(_, error)| error.exit()))
}

/// The images that have to be on an engine already, each once.
fn named_images(sources: &Sources) -> Vec<Image> {
    let mut named = Vec::new();
    for image in [
        &sources.anon,
        &sources.connector,
        &sources.managed,
        &sources.bls,
    ] {
        if matches!(image, Image::Named(_)) && !named.contains(image) {
            named.push(image.clone());
        }
    }
    named
}

/// What an engine says of itself, in a line.
async fn told(engine: &Engine) -> Result<String, RunError> {
    let info = engine.info().await?;
    clocks_agree(&[engine.clock().await?])?;
    Ok(format!(
        "{} at {} (API {}, {}, cgroup {})",
        info.version, info.address, info.api, info.architecture, info.cgroup
    ))
}
