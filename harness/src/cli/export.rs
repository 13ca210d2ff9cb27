//! `export`: pieces of configuration, made of what is known.

mod compose;
mod error;
mod operators;
mod transport;

use std::path::Path;

use self::compose::ComposeArgs;
pub use self::error::ComposeError;
pub use self::transport::ExportError;
use self::transport::TransportArgs;
use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::out::Out;
use crate::operator::SETTINGS;

/// Arguments of `export`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Print the `transport:` block of a connector's YAML that a configuration's generator has to emit
    Transport(TransportArgs),
    /// Write homes of a topology, or an operator's (the folder in place of the topology), as deployments on plain
    /// Docker Compose: sidecar, connector, secrets by reference
    Compose(ComposeArgs),
}

/// Prints or writes what is asked for.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    match &args.what {
        What::Transport(args) => Ok(transport::print(args, out)?),
        What::Compose(args) => {
            let folder = Path::new(&args.topology.topology);
            match folder.join(SETTINGS).is_file() {
                true => operators::run(args, folder, out),
                false => compose::run(common, args, out).await,
            }
        }
    }
}
