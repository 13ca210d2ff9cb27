//! `topologies`: what there is to be run.

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::error::CliError;
use super::exit::Exit;
use super::load::Common;
use super::out::{Answer, Out};
use super::screen;
use crate::causes::with_causes;
use crate::topology::{NetworkKind, Topology};

/// Arguments of `topologies`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

/// One topology.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    file: String,
    /// What it is for; absent where the file has mistakes.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homes: Option<usize>,
    /// `private` or `public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'static str>,
    /// What is wrong with the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Lists the project's topologies; exit code 2 when one has mistakes.
pub(super) fn run(common: &Common, args: &Args, out: &Out) -> Result<Exit, CliError> {
    let listed: Vec<Listed> = common.topologies().into_iter().map(look).collect();
    let exit = match listed.iter().all(|one| one.error.is_none()) {
        true => Exit::Pass,
        false => Exit::Usage,
    };
    if args.json {
        let content = json!({ "topologies": listed });
        out.document(&Answer::new("topologies", exit, content).to_text())?;
        return Ok(exit);
    }
    let look = screen::of_output(common.verbose);
    let wide = listed.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let mut out = out.clone();
    for one in &listed {
        let what = match (&one.description, one.homes, one.network) {
            (Some(description), Some(homes), Some(network)) => {
                let noun = if homes == 1 { "home" } else { "homes" };
                format!("{homes} {noun}, {network} network: {description}")
            }
            _ => one.error.clone().unwrap_or_default(),
        };
        writeln!(
            out,
            "{}",
            look.wrapped(&format!("{:<wide$}  {what}", one.name), wide + 2)
        )?;
    }
    Ok(exit)
}

fn look((name, file, text): (String, String, Result<String, String>)) -> Listed {
    let parsed = text.and_then(|text| {
        Topology::parse(&file, &text).map_err(|error| with_causes(&error).to_string())
    });
    let (topology, error) = match parsed {
        Ok(topology) => (Some(topology), None),
        Err(error) => (None, Some(error)),
    };
    Listed {
        name,
        file,
        description: topology.as_ref().map(|one| one.description.clone()),
        homes: topology.as_ref().map(|one| one.homes.len()),
        network: topology.as_ref().map(|one| match one.network.kind {
            NetworkKind::Private => "private",
            NetworkKind::Public => "public",
        }),
        error,
    }
}
