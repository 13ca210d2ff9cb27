//! `home`: a connector of one's own behind an onion address, and its peerings.

mod exit;
mod init;
mod keep;
mod look;
mod meet;
mod place;
mod start;

use std::path::PathBuf;

use clap::Subcommand;

pub(super) use exit::home_exit;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::out::Out;

/// Arguments of `home`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The home's folder
    #[arg(long, value_name = "DIR", default_value = "ator-home", global = true)]
    home: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Clone, Subcommand)]
enum Verb {
    /// Make a home: a folder with its keys and configurations, for its operator's eyes alone
    Init(Box<init::Args>),
    /// Start it, to stay and to start with its engine, and wait until others can find it
    Start,
    /// Stop it until it is started again
    Stop,
    /// Print what this home is invited by: a line without a secret
    Key,
    /// Invite another home by its key: print a line that only that home can read
    Invite(meet::InviteArgs),
    /// Accept an invitation, and wait until packets go through
    Accept(meet::AcceptArgs),
    /// Remove a peer
    Forget(meet::ForgetArgs),
    /// Say how the home and its peerings stand, with exit codes as for a verdict
    Status(look::Args),
    /// The same, and look for what its logs give away; or look at a home before it is met
    Doctor(look::DoctorArgs),
    /// Make keys anew, and say what that means for peers
    Rotate(keep::RotateArgs),
    /// Write the home to a file, from which it comes back with the same address
    Backup(keep::BackupArgs),
    /// Bring a home back from a backup
    Restore(keep::BackupArgs),
    /// Remove the home from its engine, and leave nothing behind
    Remove(keep::RemoveArgs),
}

/// Does what is asked of a home.
pub(super) async fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let home = &args.home;
    match &args.verb {
        Verb::Init(args) => init::run(home, args, out).await,
        Verb::Start => start::run(common, home, out).await,
        Verb::Stop => start::stop(home, out).await,
        Verb::Key => meet::key(home, out),
        Verb::Invite(args) => meet::invite(common, home, args, out).await,
        Verb::Accept(args) => meet::accept(common, home, args, out).await,
        Verb::Forget(args) => meet::forget(common, home, args, out).await,
        Verb::Status(args) => look::run(home, args, out).await,
        Verb::Doctor(args) => look::doctor(home, args, out).await,
        Verb::Rotate(args) => keep::rotate(common, home, args, out).await,
        Verb::Backup(args) => keep::save(home, args, out),
        Verb::Restore(args) => keep::bring_back(home, args, out),
        Verb::Remove(args) => keep::remove(home, args, out).await,
    }
}
