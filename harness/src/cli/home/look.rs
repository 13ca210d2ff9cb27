//! `home status` and `home doctor`: how a home stands.

use std::path::Path;

use super::place;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out::Out;
use crate::operator::{Depth, Home, Ladder, Patience};

/// Arguments of `home status`, and of `home doctor`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Print the steps as JSON instead
    #[arg(long)]
    json: bool,
}

/// Arguments of `home doctor`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DoctorArgs {
    /// Look at the home of this invitation, or of this key, in place of the peers: nothing is accepted and nothing
    /// changed. - for standard input
    #[arg(long, value_name = "FILE")]
    with: Option<String>,
    #[command(flatten)]
    args: Args,
}

/// What is looked at beside the home's own side.
enum Wanted<'a> {
    Own(Depth),
    Stranger(&'a str),
}

/// Looks at a home.
pub(super) async fn run(folder: &Path, args: &Args, out: &Out) -> Result<Exit, CliError> {
    look("home-status", Wanted::Own(Depth::Peers), folder, args, out).await
}

/// Looks at a home and its logs, or at one that it may meet.
pub(super) async fn doctor(folder: &Path, args: &DoctorArgs, out: &Out) -> Result<Exit, CliError> {
    let wanted = match &args.with {
        None => Wanted::Own(Depth::Everything),
        Some(file) => Wanted::Stranger(file),
    };
    look("home-doctor", wanted, folder, &args.args, out).await
}

async fn look(
    kind: &'static str,
    wanted: Wanted<'_>,
    folder: &Path,
    args: &Args,
    out: &Out,
) -> Result<Exit, CliError> {
    let home = Home::open(folder)?;
    let id = home.settings.id.clone();
    let mut tell = |step: &_| {
        if !args.json {
            place::tell(&id, step, out.clone());
        }
    };
    let mut ladder = Ladder::new(&mut tell);
    match wanted {
        Wanted::Own(depth) => {
            let engine = place::engine(&home).await?;
            home.look(&engine, depth, Patience::LOOK, &mut ladder)
                .await?;
        }
        Wanted::Stranger(file) => {
            let text = place::text(file)?;
            // What is wrong with the line is told before anything is asked.
            let stranger = home.stranger(&text.given(), place::now())?;
            let engine = place::engine(&home).await?;
            home.look_at_stranger(&stranger, &engine, Patience::LOOK, &mut ladder)
                .await?;
        }
    }
    place::conclude(kind, &home, ladder, args.json, out)
}
