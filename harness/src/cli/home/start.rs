//! `home start` and `home stop`: the containers of a home.

use std::io::Write;
use std::path::Path;

use super::place;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Common;
use crate::cli::out::Out;
use crate::operator::{Depth, Done, Home, Ladder, Patience};

/// Starts what does not run, and waits until the home can be found by others.
pub(super) async fn run(common: &Common, folder: &Path, out: &Out) -> Result<Exit, CliError> {
    let mut home = Home::open(folder)?;
    let engine = place::engine(&home).await?;
    for (part, done) in place::bring_up(common, &mut home, &engine).await? {
        let done = match done {
            Done::Ran => "runs already",
            Done::Started => "started",
            Done::Made => "made and started",
            Done::MadeAnew => "made anew, as the folder says something else by now, and started",
        };
        writeln!(
            out.clone(),
            "{:<8} {:<12} {:<11} {done}",
            "",
            home.settings.id,
            part.name()
        )?;
    }
    let id = home.settings.id.clone();
    let mut tell = |step: &_| place::tell(&id, step, out.clone());
    let mut ladder = Ladder::new(&mut tell);
    home.look(&engine, Depth::Own, Patience::START, &mut ladder)
        .await?;
    let exit = place::conclude("home-start", &home, ladder, false, out)?;
    if exit == Exit::Pass {
        let dialled = home.dial_again(&engine).await?;
        if !dialled.is_empty() {
            writeln!(out.clone(), "{id} dials again: {}", dialled.join(", "))?;
        }
    }
    Ok(exit)
}

/// Stops the containers.
pub(super) async fn stop(folder: &Path, out: &Out) -> Result<Exit, CliError> {
    let home = Home::open(folder)?;
    let engine = place::engine(&home).await?;
    let stopped = home.stop(&engine).await?;
    writeln!(
        out.clone(),
        "{}: {stopped} containers stopped; they stay so until `ator-harness home start`",
        home.settings.id
    )?;
    Ok(Exit::Pass)
}
