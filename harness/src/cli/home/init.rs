//! `home init`: a folder with all that a home is.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::place;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out::Out;
use crate::cli::values::{family_parser, image};
use crate::engine::EngineAddress;
use crate::onion::TldFamily;
use crate::operator::{self, AGREED, FORMAT, Mode, Settings, handler_url, home_id, home_prefix};
use crate::run::{Registry, stand_in};

/// Arguments of `home init`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// What this home's connector is called by its peers
    #[arg(value_name = "ID", value_parser = home_id)]
    id: String,
    /// The ILP prefix of what is delivered here; g.ID when not given
    #[arg(long, value_name = "PREFIX", value_parser = home_prefix)]
    prefix: Option<String>,
    /// Agree to the network's terms and conditions, without which its daemon ends
    #[arg(long)]
    agree_to_terms: bool,
    /// The connector's profile
    #[arg(long, value_name = "PROFILE", default_value = "toon")]
    connector: String,
    /// The URL that what is delivered is handed to, as the connector's container reaches it; the harness's own
    /// business-logic server, which fulfills everything, when not given
    #[arg(long, value_name = "URL", value_parser = handler_url)]
    handler: Option<String>,
    /// Who runs the onion daemon: a container of its own (sidecar), or the connector (managed)
    #[arg(long, value_name = "MODE", default_value = "sidecar", value_parser = mode_parser())]
    mode: Mode,
    /// Use this image as the connector; it must be on the engine and is never pulled. One that runs the daemon has
    /// to have that in /usr/bin
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    connector_image: Option<String>,
    /// TLD family of the onion daemon
    #[arg(long, value_name = "FAMILY", default_value = "anon", value_parser = family_parser())]
    family: TldFamily,
    /// Use this binary, or this tree, as the onion daemon
    #[arg(long, value_name = "PATH", conflicts_with = "anon_image")]
    anon_binary: Option<PathBuf>,
    /// Use this image as the onion daemon; it must be on the engine and is never pulled
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    anon_image: Option<String>,
    /// Docker Engine that the home stands on; the one that is found when not given: unix:///path/to/socket,
    /// tcp://host:port (over TLS), or ssh://[user@]host[:port]
    #[arg(long, value_name = "ADDRESS")]
    engine: Option<EngineAddress>,
    /// Join the network of this topology, which `up` left running, in place of the public one
    #[arg(long, value_name = "TOPOLOGY")]
    authorities: Option<String>,
}

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(["sidecar", "managed"]).map(|word| match word.as_str() {
        "managed" => Mode::Managed,
        _ => Mode::Sidecar,
    })
}

/// Makes the folder.
pub(super) async fn run(folder: &Path, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let authorities = match &args.authorities {
        Some(name) => stand_in(&Registry::locate(), name).await?,
        None => Vec::new(),
    };
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let settings = Settings {
        format: FORMAT,
        prefix: args
            .prefix
            .clone()
            .unwrap_or_else(|| format!("g.{}", args.id)),
        id: args.id.clone(),
        family: args.family,
        connector: args.connector.clone(),
        mode: args.mode,
        network: Ipv4Addr::UNSPECIFIED,
        terms: args.agree_to_terms.then(|| AGREED.to_owned()),
        handler: args.handler.clone(),
        engine: args.engine.as_ref().map(ToString::to_string),
        connector_image: args.connector_image.clone(),
        anon_image: args.anon_image.clone(),
        anon_binary: args.anon_binary.as_ref().map(absolute),
    };
    let home = operator::init(folder, settings, authorities, &place::space().await?)?;
    writeln!(
        out.clone(),
        "{} is in {}, for your eyes alone: keys, anonrc and the connector's configuration. \
         `ator-harness home start` starts it",
        home.settings.id,
        folder.display()
    )?;
    if home.settings.terms.is_none() {
        place::say(
            "the network's terms are not agreed to yet; read them, and write terms = \"agreed\" into home.toml \
             before the start",
        );
    }
    Ok(Exit::Pass)
}
