//! `home rotate`, `home backup`, `home restore` and `home remove`: what is done on purpose only.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::place;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Common;
use crate::cli::out::Out;
use crate::operator::{Home, backup, restore};

/// Arguments of `home rotate`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RotateArgs {
    /// What is made anew: admin-key, which no peer knows; or address, which all peers know and have to be told
    #[arg(value_name = "WHAT", value_parser = ["admin-key", "address"])]
    what: String,
    /// Do it though every peer is lost, and has to be met anew; for address
    #[arg(long)]
    lose_peers: bool,
}

/// Makes keys anew.
pub(super) async fn rotate(
    common: &Common,
    folder: &Path,
    args: &RotateArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let mut home = Home::open(folder)?;
    let id = home.settings.id.clone();
    let peers: Vec<String> = home.peers.iter().map(|peer| peer.id.clone()).collect();
    if args.what == "admin-key" {
        home.rotate_admin_key()?;
        // What follows may fail, and that stays.
        writeln!(
            out.clone(),
            "{id} has a new admin key, in keys/admin; its peers notice nothing"
        )?;
        place::apply(common, &mut home).await?;
        return Ok(Exit::Pass);
    }
    if !peers.is_empty() && !args.lose_peers {
        place::say(&format!(
            "nothing was changed: with another address {id} loses its peers ({}), which know the old one; each has to \
             run `home forget {id}` and be met anew. --lose-peers does it",
            peers.join(", ")
        ));
        return Ok(Exit::Usage);
    }
    home.rotate_address()?;
    writeln!(
        out.clone(),
        "{id} has a new address; nobody knows it yet. `ator-harness home key` prints what to be invited by"
    )?;
    if !peers.is_empty() {
        writeln!(
            out.clone(),
            "met anew have to be: {}, each after `ator-harness home forget {id}` there",
            peers.join(", ")
        )?;
    }
    place::apply(common, &mut home).await?;
    Ok(Exit::Pass)
}

/// Arguments of `home backup` and `home restore`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct BackupArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Writes all of a home to a file.
pub(super) fn save(folder: &Path, args: &BackupArgs, out: &Out) -> Result<Exit, CliError> {
    let home = Home::open(folder)?;
    let files = backup(&home, &args.file)?;
    writeln!(
        out.clone(),
        "{files} files of {} are in {}, with all of its keys: keep it as safe as the home itself",
        home.settings.id,
        args.file.display()
    )?;
    Ok(Exit::Pass)
}

/// Brings a home back.
pub(super) fn bring_back(folder: &Path, args: &BackupArgs, out: &Out) -> Result<Exit, CliError> {
    let home = restore(&args.file, folder)?;
    writeln!(
        out.clone(),
        "{} is in {} again, with its address and {} peers; `ator-harness home start` starts it. It must not run \
         in two places at once",
        home.settings.id,
        folder.display(),
        home.peers.len()
    )?;
    Ok(Exit::Pass)
}

/// Arguments of `home remove`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RemoveArgs {
    /// Leave the folder, and with it the address and the peers
    #[arg(long, required_unless_present = "lose_address")]
    keep_folder: bool,
    /// Remove the folder too, with the address: nobody can bring it back without a backup
    #[arg(long, conflicts_with = "keep_folder")]
    lose_address: bool,
}

/// Removes a home from its engine, and its folder.
pub(super) async fn remove(folder: &Path, args: &RemoveArgs, out: &Out) -> Result<Exit, CliError> {
    let home = Home::open(folder)?;
    let engine = place::engine(&home).await?;
    let mut removed = home.take_down(&engine).await?;
    if args.lose_address {
        Home::remove_folder(folder)?;
        removed.push(folder.display().to_string());
    }
    let removed = match removed.is_empty() {
        true => "there was nothing of it on the engine".to_owned(),
        false => format!("removed: {}", removed.join(", ")),
    };
    writeln!(out.clone(), "{}: {removed}", home.settings.id)?;
    if !args.keep_folder && !home.peers.is_empty() {
        let peers: Vec<&str> = home.peers.iter().map(|peer| &*peer.id).collect();
        place::say(&format!(
            "its peers still know it ({}): each forgets it by `ator-harness home forget {}`",
            peers.join(", "),
            home.settings.id
        ));
    }
    Ok(Exit::Pass)
}
