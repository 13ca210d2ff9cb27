//! `down` and `status`: topologies that were left running.

use std::io::Write;

use time::OffsetDateTime;

use super::error::CliError;
use super::exit::Exit;
use crate::engine::{Engine, Engines, FoundRun};
use crate::run::{RunError, State, remove_kept};

/// Arguments of `down` and `status`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Name of the topology
    pub topology: String,
}

/// A path to a topology file counts by its stem, so that the argument of `up` works here too.
fn name_of(argument: &str) -> &str {
    let stem = std::path::Path::new(argument).file_stem();
    stem.and_then(|stem| stem.to_str()).unwrap_or(argument)
}

/// The engine that is found, and all on which this machine knows runs of the topology to stand.
async fn engines(state: &State, name: &str) -> Result<Engines, CliError> {
    let mut addresses = Vec::new();
    for run in state.runs() {
        let Some(standing) = state.standing(&run).filter(|one| one.topology == name) else {
            continue;
        };
        let of_run = standing.placement.addresses();
        Engines::at(&of_run)
            .await
            .map_err(|source| RunError::OutOfReach {
                topology: name.to_owned(),
                folder: state.folder(&run).display().to_string(),
                run,
                source: Box::new(source),
            })?;
        addresses.extend(of_run);
    }
    match Engine::connect().await {
        Ok(engine) => addresses.push(engine.address().clone()),
        Err(error) if addresses.is_empty() => return Err(error.into()),
        // What is known of stands elsewhere.
        Err(_) => {}
    }
    Ok(Engines::at(&addresses).await?)
}

/// Removes every run of a topology that `up` left.
pub(super) async fn down(args: &Args) -> Result<Exit, CliError> {
    let state = State::locate();
    let name = name_of(&args.topology);
    let engines = engines(&state, name).await?;
    let mut out = std::io::stdout().lock();
    let mut found = false;
    let mut others = 0;
    for run in engines.runs().await? {
        if run.topology != name || state.is_alive(&run.run) {
            // A run of `verify` that is under way belongs to its process.
            continue;
        }
        found = true;
        if is_others(&state, &run) {
            others += 1;
            writeln!(
                out,
                "{name}, run {}: {OTHERS}, and stays; ATOR_HARNESS_STATE names the folder",
                run.run
            )?;
        } else {
            let removed = remove_kept(&engines, &state, &run.run).await?;
            writeln!(
                out,
                "{name}, run {}: {removed} containers and networks removed",
                run.run
            )?;
        }
    }
    if !found {
        writeln!(out, "{name} is not running; nothing to remove")?;
    }
    Ok(if others == 0 { Exit::Pass } else { Exit::Fail })
}

/// Whose a run is that this machine's state folder does not know.
const OTHERS: &str = "started with another state folder or by another user";

/// Whether a run is not ours to remove: its deadline is not over, and the state folder does not know
/// it. Two users may share an engine.
fn is_others(state: &State, run: &FoundRun) -> bool {
    !state.knows(&run.run) && OffsetDateTime::now_utc().unix_timestamp() <= run.deadline
}

/// Says what of a topology is running.
pub(super) async fn status(args: &Args) -> Result<Exit, CliError> {
    let state = State::locate();
    let name = name_of(&args.topology);
    let engines = engines(&state, name).await?;
    let mut out = std::io::stdout().lock();
    let mut healthy = false;
    for run in engines.runs().await? {
        if run.topology != name {
            continue;
        }
        let whose = if state.is_alive(&run.run) {
            "a run under way"
        } else if state.kept(&run.run).is_some() {
            "left running by `up`"
        } else if is_others(&state, &run) {
            OTHERS
        } else {
            "left over; the next run removes it"
        };
        writeln!(out, "{name}, run {}: {whose}", run.run)?;
        for (role, state) in &run.containers {
            writeln!(out, "  {role:<24} {state}")?;
        }
        healthy |=
            !run.containers.is_empty() && run.containers.values().all(|state| state == "running");
    }
    if healthy {
        Ok(Exit::Pass)
    } else {
        writeln!(out, "{name} is not running in full")?;
        Ok(Exit::Fail)
    }
}
