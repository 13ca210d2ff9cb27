//! A program of this machine as the connector, without an image.

use std::path::{Path, PathBuf};

use crate::plan::HostProgram;
use crate::topology::{Daemon, Topology};

/// Folders of this machine whose programs and libraries are there in the container.
const SYSTEM: [&str; 7] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
];
/// Where a program is looked for by its name, as an engine sets it where an image sets nothing.
const PROGRAMS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Options about a program of this machine.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ProgramArgs {
    /// Run this program of this machine as the connector, such as "node dist/main.js", without an image: the
    /// machine's own /usr, /bin and /lib are there, to be read alone, and --connector-dir
    #[arg(
        long,
        value_name = "COMMAND",
        conflicts_with = "connector_image",
        help_heading = "Connector"
    )]
    connector_command: Option<String>,
    /// The folder of that program, in which it is started; there to be read alone
    #[arg(
        long,
        value_name = "DIR",
        requires = "connector_command",
        default_value = ".",
        help_heading = "Connector"
    )]
    connector_dir: PathBuf,
}

impl ProgramArgs {
    /// None of them.
    pub(super) fn none() -> Self {
        Self {
            connector_command: None,
            connector_dir: PathBuf::from("."),
        }
    }
}

/// Why a program of this machine cannot be the connector. Each text names the option and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// A home's connector is to run an onion daemon, which is not on this machine.
    #[error(
        "--connector-command was given, and {home} asks its connector to run an onion daemon, which takes an image with both; give one with --connector-image, or take a topology with daemon = \"sidecar\""
    )]
    Managed {
        /// The home.
        home: String,
    },
    /// The folder is not there.
    #[error("--connector-dir {folder} cannot be used; name the folder of the connector's program")]
    NoFolder {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What is named is no folder.
    #[error("--connector-dir {folder} is no folder; name the folder of the connector's program")]
    NotAFolder {
        /// What was named.
        folder: String,
    },
    /// The command is no command.
    #[error(
        "--connector-command {command:?} has no program, or a quote without its other; write it as in \"node dist/main.js\""
    )]
    NoCommand {
        /// The command.
        command: String,
    },
    /// The program is in none of the folders that are looked in.
    #[error(
        "--connector-command: there is no program {program:?} in {searched}; name one of this machine's, or one below --connector-dir as in \"./{program}\""
    )]
    NoProgram {
        /// The program.
        program: String,
        /// Where it was looked for.
        searched: String,
    },
    /// The program is outside of what the container has.
    #[error(
        "--connector-command: {program} is neither below --connector-dir nor in /usr, /bin or /lib, and nothing else of this machine is there in a home; move it to one of them"
    )]
    Outside {
        /// The program.
        program: String,
    },
}

impl ProgramArgs {
    /// The program, looked for on this machine; `None` where none was asked for.
    pub(super) fn program(&self, topology: &Topology) -> Result<Option<HostProgram>, ProgramError> {
        let Some(command) = &self.connector_command else {
            return Ok(None);
        };
        let mut homes = topology.homes.iter();
        if let Some(home) = homes.find(|home| home.daemon == Daemon::Managed) {
            let home = home.id.clone();
            return Err(ProgramError::Managed { home });
        }
        let shown = self.connector_dir.display().to_string();
        let folder = self.connector_dir.canonicalize();
        let folder = folder.map_err(|source| ProgramError::NoFolder {
            folder: shown.clone(),
            source,
        })?;
        if !folder.is_dir() {
            return Err(ProgramError::NotAFolder { folder: shown });
        }
        let words = shlex::split(command).unwrap_or_default();
        let Some(program) = words.first().filter(|program| !program.is_empty()) else {
            return Err(ProgramError::NoCommand {
                command: command.clone(),
            });
        };
        find(program, &folder)?;
        let system = SYSTEM.into_iter().filter(|path| Path::new(path).is_dir());
        Ok(Some(HostProgram {
            command: words,
            folder: folder.display().to_string(),
            system: system.map(str::to_owned).collect(),
        }))
    }
}

/// Makes sure that the container will find the program where it is on this machine.
fn find(program: &str, folder: &Path) -> Result<(), ProgramError> {
    if !program.contains('/') {
        if PROGRAMS
            .iter()
            .any(|path| Path::new(path).join(program).is_file())
        {
            return Ok(());
        }
        return Err(ProgramError::NoProgram {
            program: program.to_owned(),
            searched: PROGRAMS.join(", "),
        });
    }
    // A relative one is below the folder; an absolute one is where it is on this machine.
    let path = folder.join(program);
    if !path.is_file() {
        return Err(ProgramError::NoProgram {
            program: program.to_owned(),
            searched: folder.display().to_string(),
        });
    }
    let absolute = Path::new(program).is_absolute();
    if absolute && !SYSTEM.iter().any(|system| path.starts_with(system)) {
        return Err(ProgramError::Outside {
            program: program.to_owned(),
        });
    }
    Ok(())
}
