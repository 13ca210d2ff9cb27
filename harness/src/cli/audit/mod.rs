//! `audit`: what an operator's files say of a deployment.

mod document;
mod junit;
mod running;
mod sarif;
mod text;

pub use document::AuditReport;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::exit::Exit;
use super::out::{Answer, Out};
use crate::audit::{Check, audit, audit_running, every, find};
use crate::engine::{EngineAddress, EngineError};
use crate::report::json_text;
use crate::suggest::did_you_mean;

/// Arguments of `audit`.
///
/// Exit code 0 if nothing was found, 1 if something fails or warns, 2 if a file cannot be read or is not what its form
/// has to be, 4 if something cannot be told from what was given, or nothing was looked at.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Compose files (several are one project, the later over the earlier), connectors' YAML, variables (.env),
    /// package.json and lock files, Dockerfiles, anonrc, logs; or folders with such files
    #[arg(value_name = "PATH", required_unless_present_any = ["explain", "engine"])]
    paths: Vec<PathBuf>,
    /// Instead of files: what runs on this Docker Engine: unix:///path/to/socket, tcp://host:port (over TLS), or
    /// ssh://[user@]host[:port]
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "project",
        conflicts_with = "paths"
    )]
    engine: Option<EngineAddress>,
    /// With --engine, the Compose project
    #[arg(long, value_name = "NAME", requires = "engine")]
    project: Option<String>,
    /// How many connectors a packet goes through at the most: timeouts have to allow that many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    hops: u32,
    /// Say what a check is about, what goes wrong otherwise and what helps, and look at nothing
    #[arg(long, value_name = "ID", value_parser = check_of, conflicts_with_all = ["paths", "engine"])]
    explain: Option<&'static str>,
    /// Print a JSON report
    #[arg(long)]
    json: bool,
    /// Write what was found as JUnit XML to this file, a case for each check
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write what was found as SARIF 2.1.0 to this file, for code scanning
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
}

/// Why an audit was not told.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The engine cannot be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Nothing of the project is there.
    #[error(
        "{engine} has no container of the Compose project {project:?}; `docker compose ls --all` shows the projects"
    )]
    NoProject {
        /// The project.
        project: String,
        /// The engine.
        engine: String,
    },
    /// A file cannot be written.
    #[error("failed to write {path}; give another file with {option}")]
    Write {
        /// The file.
        path: String,
        /// The option that names it.
        option: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl AuditError {
    /// The exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Engine(error) => Exit::of_engine(error),
            Self::NoProject { .. } | Self::Write { .. } | Self::Output(_) => Exit::Environment,
        }
    }
}

fn check_of(id: &str) -> Result<&'static str, String> {
    find(id).map(|check| check.id).ok_or_else(|| {
        let known: Vec<&str> = every().map(|check| check.id).collect();
        let meant = did_you_mean(id, known.iter().copied());
        format!(
            "there is no such check; there are {}{meant}",
            known.join(", ")
        )
    })
}

/// Audits, and tells what was found.
pub(super) async fn run(args: &Args, out: &Out) -> Result<Exit, AuditError> {
    if let Some(check) = args.explain.and_then(find) {
        explain(check, args.json, out)?;
        return Ok(Exit::Pass);
    }
    let found = match (&args.engine, &args.project) {
        (Some(engine), Some(project)) => {
            let running = Box::pin(running::running(engine, project)).await?;
            if running.services.is_empty() {
                return Err(AuditError::NoProject {
                    project: project.clone(),
                    engine: engine.to_string(),
                });
            }
            audit_running(&running, args.hops)
        }
        _ => audit(&args.paths, args.hops),
    };
    let report = AuditReport::new(&found, args.hops);
    if let Some(path) = &args.junit {
        let text = junit::junit(&report).map_err(io::Error::other);
        save(path, "--junit", text)?;
    }
    if let Some(path) = &args.sarif {
        save(path, "--sarif", Ok(json_text(&sarif::sarif(&report))))?;
    }
    if args.json {
        out.document(&json_text(&report))?;
    } else {
        text::print(&report, &mut out.clone())?;
    }
    Ok(report.exit())
}

fn save(path: &Path, option: &'static str, text: io::Result<String>) -> Result<(), AuditError> {
    text.and_then(|text| fs::write(path, text))
        .map_err(|source| AuditError::Write {
            path: path.display().to_string(),
            option,
            source,
        })
}

/// What a check is.
#[derive(Debug, Serialize)]
struct Explained {
    id: &'static str,
    says: &'static str,
    looks_at: &'static str,
    why: &'static str,
    remedy: &'static str,
}

fn explain(check: &Check, json: bool, out: &Out) -> io::Result<()> {
    if json {
        let explained = Explained {
            id: check.id,
            says: check.says,
            looks_at: check.looks_at,
            why: check.why,
            remedy: check.remedy,
        };
        return out.document(&Answer::new("audit-check", Exit::Pass, explained).to_text());
    }
    let mut out = out.clone();
    writeln!(out, "{}: {}", check.id, check.says)?;
    writeln!(out, "  looks at: {}", check.looks_at)?;
    writeln!(out, "  why:      {}", check.why)?;
    writeln!(out, "  remedy:   {}", check.remedy)
}
