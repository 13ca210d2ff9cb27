//! `init`: files to start from.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Exit;
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

/// Why files to start from are not written. Each text names the files and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Some are there already.
    #[error(
        "{} already there, and nothing was written; name another folder, or move what is there",
        there(files)
    )]
    There {
        /// Their paths.
        files: Vec<String>,
    },
    /// One cannot be written.
    #[error("failed to write {path}; name a folder that can be written, with space")]
    Write {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was written cannot be told.
    #[error("failed to write the output")]
    Output(#[from] std::io::Error),
}

fn there(files: &[String]) -> String {
    match files {
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(", ")),
    }
}

impl InitError {
    /// The exit code.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::There { .. } => Exit::Usage,
            Self::Write { .. } | Self::Output(_) => Exit::Environment,
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

fn write(folder: &Path) -> Result<Vec<PathBuf>, InitError> {
    let paths: Vec<PathBuf> = FILES.iter().map(|(name, _)| folder.join(name)).collect();
    // A link that leads nowhere is there as well.
    let taken = paths.iter().filter(|path| path.symlink_metadata().is_ok());
    let files: Vec<String> = taken.map(|path| path.display().to_string()).collect();
    if !files.is_empty() {
        return Err(InitError::There { files });
    }
    let mut written = Vec::new();
    for (path, (_, text)) in paths.into_iter().zip(FILES) {
        if let Err(source) = create(&path, &text.replace("@VERSION@", env!("CARGO_PKG_VERSION"))) {
            // Nothing is there that was not there before: what is left of them would be in the way the next time.
            for path in &written {
                let _ = fs::remove_file(path);
            }
            let path = path.display().to_string();
            return Err(match source.kind() {
                ErrorKind::AlreadyExists => InitError::There { files: vec![path] },
                _ => InitError::Write { path, source },
            });
        }
        written.push(path);
    }
    Ok(written)
}

fn create(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        // It is ours, and not whole.
        let _ = fs::remove_file(path);
    }
    written
}
