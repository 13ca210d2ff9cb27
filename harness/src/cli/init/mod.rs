//! `init`: files to start from.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Exit;
use super::new_files::{NewFile, NewFilesError, write_new};
use super::out::{Answer, Out};

/// The files: their paths below the folder, and what they hold.
const FILES: [(&str, &str); 3] = [
    ("topology.toml", include_str!("topology.toml")),
    ("connector.toml", include_str!("connector.toml")),
    (
        ".github/workflows/ator-harness.yml",
        include_str!("workflow.yml"),
    ),
];

/// Arguments of `init`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Folder to write to; it is made where it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Print as JSON what was written
    #[arg(long)]
    json: bool,
}

/// Why files to start from are not written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// They cannot be written.
    #[error(transparent)]
    Files(#[from] NewFilesError),
    /// What was written cannot be told.
    #[error("failed to write the output")]
    Output(#[from] std::io::Error),
}

impl InitError {
    /// The exit code.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Files(error) => error.exit(),
            Self::Output(_) => Exit::Environment,
        }
    }
}

/// Writes the files, all or none.
pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, InitError> {
    let written = write(&args.folder)?;
    let shown: Vec<String> = written
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if args.json {
        let answer = Answer::new("init", Exit::Pass, json!({ "written": shown }));
        out.document(&answer.to_text())?;
        return Ok(Exit::Pass);
    }
    let mut out = out.clone();
    for path in &shown {
        writeln!(out, "wrote {path}")?;
    }
    let topology = args.folder.join(FILES[0].0);
    let connector = args.folder.join(FILES[1].0);
    writeln!(
        out,
        "next: ator-harness plan {} --connector {}",
        topology.display(),
        connector.display()
    )?;
    Ok(Exit::Pass)
}

fn write(folder: &Path) -> Result<Vec<PathBuf>, NewFilesError> {
    let files = FILES.map(|(name, text)| NewFile {
        path: folder.join(name),
        mode: 0o666,
        content: text
            .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
            .into_bytes(),
    });
    write_new(&files)?;
    Ok(files.map(|file| file.path).into())
}
