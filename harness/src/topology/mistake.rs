//! Why a topology file is refused.

use crate::toml_file::{Mistake, count, list};

/// Why a topology file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// The text is not TOML.
    #[error("{file}: not valid TOML: {message}")]
    Syntax {
        /// The file as the user named it.
        file: String,
        /// The parser's message with line and column.
        message: String,
    },
    /// The text is TOML, but not a topology. All mistakes at once.
    #[error("{file}: {} in this topology:{}", count(mistakes.len()), list(mistakes))]
    Invalid {
        /// The file as the user named it.
        file: String,
        /// Every mistake, in line order.
        mistakes: Vec<Mistake>,
    },
    /// The number of homes was given for a topology that names each of its homes.
    #[error(
        "{file}: --homes {homes} was given, but this topology names its homes one by one; only one with a [many] table takes a number"
    )]
    NotMany {
        /// The file as the user named it.
        file: String,
        /// The number that was given.
        homes: usize,
    },
}
