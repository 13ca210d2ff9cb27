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
    #[error("{}", told(file, mistakes))]
    Invalid {
        /// The file as the user named it.
        file: String,
        /// Every mistake, in line order; those of options first.
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

/// Mistakes of options are none of the file's.
fn told(file: &str, mistakes: &[Mistake]) -> String {
    let (of_options, of_file): (Vec<&Mistake>, Vec<&Mistake>) =
        mistakes.iter().partition(|one| one.line.is_none());
    let mut told: Vec<String> = of_options.iter().map(ToString::to_string).collect();
    if !of_file.is_empty() {
        told.push(format!(
            "{file}: {} in this topology:{}",
            count(of_file.len()),
            list(of_file)
        ));
    }
    told.join("\n")
}
