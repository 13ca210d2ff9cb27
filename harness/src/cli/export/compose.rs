//! `export compose`: homes of a topology as deployments on plain Docker Compose.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;

use super::error::ComposeError;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{Besides, Common, FamilyArgs, TopologyArgs};
use crate::cli::new_files::{NewFile, write_new};
use crate::cli::out::{Answer, Out};
use crate::cli::values::image;
use crate::connectors::Kind;
use crate::export::{DeployedHome, DeploymentImages, DeploymentMode, deployment};
use crate::plan::{DaemonPlan, HomePlan, Plan};
use crate::run::fresh_inputs;
use crate::suggest::did_you_mean;

/// Lifetime in the labels of a plan that nobody runs.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Arguments of `export compose`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct ComposeArgs {
    #[command(flatten)]
    pub(super) topology: TopologyArgs,
    #[command(flatten)]
    pub(super) family: FamilyArgs,
    /// Write this home alone, to DIR itself; without it each home to a folder of its own below DIR
    #[arg(long, value_name = "HOME")]
    pub(super) home: Option<String>,
    /// Who runs the onion daemon: a service of its own (sidecar), or the connector (managed); as the topology
    /// or the operator's home has it when not given
    #[arg(long, value_enum)]
    pub(super) mode: Option<Mode>,
    /// Folder to write to, which is made where it is not there; nothing that is there is overwritten
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) out: PathBuf,
    /// The connector's image, with its digest; left to the variable CONNECTOR_IMAGE when not given
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    connector_image: Option<String>,
    /// The onion daemon's image, with anon or tor in its PATH and a shell; left to SIDECAR_IMAGE when not given
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    daemon_image: Option<String>,
    /// The image of what takes the home's packets at port 3100; left to SERVER_IMAGE when not given
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    server_image: Option<String>,
    /// Print as JSON what was written
    #[arg(long)]
    json: bool,
}

/// Who runs the onion daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    Sidecar,
    Managed,
}

/// Writes the deployments.
pub(in crate::cli) async fn run(
    common: &Common,
    args: &ComposeArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let loaded = common.topology(
        &args.topology,
        args.family.family,
        None,
        &Besides::default(),
    )?;
    let inputs = fresh_inputs(LIFETIME, &[]).await?;
    let plan = Plan::new(&loaded.topology, &inputs)?;
    let mut files = Vec::new();
    for (home, mode) in homes(args, &plan)? {
        let folder = match &args.home {
            Some(_) => args.out.clone(),
            None => args.out.join(&home.id),
        };
        let home = DeployedHome::of_plan(&plan, home, mode);
        files.extend(below(&folder, &home, &args.images()));
    }
    Ok(write(args, &files, out)?)
}

impl ComposeArgs {
    /// The images that are given.
    pub(super) fn images(&self) -> DeploymentImages {
        DeploymentImages {
            connector: self.connector_image.clone(),
            daemon: self.daemon_image.clone(),
            server: self.server_image.clone(),
        }
    }
}

/// The files of a deployment in a folder.
pub(super) fn below(folder: &Path, home: &DeployedHome, images: &DeploymentImages) -> Vec<NewFile> {
    let all = deployment(home, images).into_iter();
    all.map(|file| NewFile {
        path: folder.join(file.path),
        mode: file.mode,
        content: file.content,
    })
    .collect()
}

pub(super) fn write(
    args: &ComposeArgs,
    files: &[NewFile],
    out: &Out,
) -> Result<Exit, ComposeError> {
    write_new(files)?;
    let written: Vec<String> = files
        .iter()
        .map(|file| file.path.display().to_string())
        .collect();
    if args.json {
        let answer = Answer::new("export-compose", Exit::Pass, json!({ "written": written }));
        out.document(&answer.to_text())?;
        return Ok(Exit::Pass);
    }
    let mut out = out.clone();
    for path in written {
        writeln!(out, "wrote {path}")?;
    }
    writeln!(out, "next: ator-harness audit {}", args.out.display())?;
    Ok(Exit::Pass)
}

/// The homes to export, each with who runs its daemon; or everything that keeps them from being exported.
fn homes<'p>(
    args: &ComposeArgs,
    plan: &'p Plan,
) -> Result<Vec<(&'p HomePlan, DeploymentMode)>, ComposeError> {
    let mut mistakes = Vec::new();
    let connector = plan.topology.connector;
    if connector != Kind::default() {
        mistakes.push(format!(
            "its connector is {}, and only deployments of {} are known; copy the topology and take out connector",
            connector.name(),
            Kind::default().name()
        ));
    }
    let known = || plan.homes.iter().map(|home| &*home.id);
    if let Some(id) = args.home.as_deref().filter(|id| plan.home(id).is_none()) {
        let meant = did_you_mean(id, known());
        let known: Vec<&str> = known().collect();
        mistakes.push(format!(
            "--home {id:?} is none of its homes, which are {}{meant}",
            known.join(", ")
        ));
    }
    let mut found = Vec::new();
    for home in &plan.homes {
        if args.home.as_ref().is_some_and(|id| *id != home.id) {
            continue;
        }
        let mode = match (args.mode, &home.daemon) {
            (_, DaemonPlan::None) => {
                mistakes.push(format!(
                    "{} has no onion daemon, so there is nothing to reach it by; name another with --home",
                    home.id
                ));
                continue;
            }
            (Some(Mode::Sidecar), _) | (None, DaemonPlan::Sidecar { .. }) => {
                DeploymentMode::Sidecar
            }
            (Some(Mode::Managed), _) | (None, DaemonPlan::Managed { .. }) => {
                DeploymentMode::Managed
            }
        };
        found.push((home, mode));
    }
    match mistakes.is_empty() {
        true => Ok(found),
        false => Err(ComposeError::Mistakes {
            of: plan.topology.name.clone(),
            mistakes,
        }),
    }
}
