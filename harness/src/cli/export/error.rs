//! Why no deployment is exported.

use std::io;

use crate::cli::exit::Exit;
use crate::cli::new_files::NewFilesError;

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// What is asked for cannot be.
    #[error("failed to export deployments of {of}: {}", mistakes.join("; "))]
    Mistakes {
        /// The topology, or the folder of the home.
        of: String,
        /// Everything that is wrong.
        mistakes: Vec<String>,
    },
    /// The files cannot be written.
    #[error(transparent)]
    Files(#[from] NewFilesError),
    /// The output cannot be written.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl ComposeError {
    /// The exit code.
    pub(in crate::cli) const fn exit(&self) -> Exit {
        match self {
            Self::Mistakes { .. } => Exit::Usage,
            Self::Files(error) => error.exit(),
            Self::Output(_) => Exit::Environment,
        }
    }
}
