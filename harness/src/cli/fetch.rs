//! `fetch`: the one command that brings something from elsewhere, the onion daemon.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::error::CliError;
use super::exit::Exit;
use super::out::{Answer, Out};
use crate::npm::{Cache, Package, Registry, Source, fetch};

/// Arguments of `fetch`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Take the package's tarball from this file, as `npm pack` fetches it, and ask nobody
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    from: Option<PathBuf>,
    /// The npm registry to ask; the one that the variable `npm_config_registry` names when not given, else the one that
    /// npm used where this program was built
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// Print as JSON where the daemon is
    #[arg(long)]
    json: bool,
}

/// Brings the daemon, and says where it is.
pub(super) async fn run(args: &Args, out: &Out) -> Result<Exit, CliError> {
    let package = Package::anon();
    let source = match &args.from {
        Some(file) => Source::File(file.clone()),
        None => Source::Registry(Registry::choose(args.registry.as_deref())?),
    };
    let told = |text: &str| {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(std::io::stderr().lock(), "ator-harness: {text}");
    };
    let fetched = fetch(&package, &Cache::locate()?, &source, told).await?;
    let named = format!("{}@{}", package.name, package.version);
    if args.json {
        let content = json!({
            "package": named,
            "path": fetched.path,
            "before": fetched.before,
        });
        out.document(&Answer::new("fetch", Exit::Pass, content).to_text())?;
    } else {
        let since = if fetched.before { " since before" } else { "" };
        let path = fetched.path.display();
        writeln!(
            out.clone(),
            "the onion daemon of {named} is at {path}{since}"
        )?;
    }
    Ok(Exit::Pass)
}
