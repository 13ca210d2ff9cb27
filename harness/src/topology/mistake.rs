//! What can be wrong with a topology file.

use std::fmt;

/// One mistake in a topology file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line in the file, from 1.
    pub line: usize,
    /// The key's path, such as `home[1].id`.
    pub path: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} {}", self.line, self.path, self.message)
    }
}

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

fn count(n: usize) -> String {
    if n == 1 {
        "1 mistake".to_owned()
    } else {
        format!("{n} mistakes")
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|m| format!("\n  {m}")).collect()
}
