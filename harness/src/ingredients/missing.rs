//! What goes into images and is not there.

use std::fmt;
use std::path::PathBuf;

use crate::engine::FilesError;
use crate::onion::TldFamily;

/// What is needed for images and not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A file or folder of a checkout, which a verb of `make` puts there.
    File(PathBuf),
    /// The onion daemon, outside of a checkout.
    Daemon,
    /// A program of which this build has none, outside of a checkout.
    Program(String),
    /// A folder that only a checkout has, outside of one.
    Tree(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Daemon => f.write_str("the onion daemon"),
            Self::Program(name) | Self::Tree(name) => f.write_str(name),
        }
    }
}

/// Why images cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum IngredientError {
    /// Something is not there.
    #[error("{} missing", missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Missing {
        /// All of it.
        missing: Vec<Missing>,
    },
    /// Files cannot go into an image.
    #[error("failed to use {what}")]
    Files {
        /// What they are, or the option that names them.
        what: &'static str,
        /// Which file, and why.
        source: FilesError,
    },
    /// No daemon of this family comes with the project.
    #[error("no onion daemon of the .{family} family comes along")]
    NoDaemon {
        /// The family.
        family: TldFamily,
    },
    /// Nothing is known to make a connector's image of.
    #[error("the profile of {connector} names no image")]
    NoConnector {
        /// The connector.
        connector: &'static str,
    },
}
