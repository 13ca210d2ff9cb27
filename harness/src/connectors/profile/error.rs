//! Why a profile is refused.

use crate::toml_file::{Mistake, count, list};

/// Why a profile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The text is not TOML.
    #[error("{file}: not valid TOML: {message}")]
    Syntax {
        /// The file as the user named it.
        file: String,
        /// The parser's message with line and column.
        message: String,
    },
    /// The text is TOML, but not a profile. All mistakes at once.
    #[error("{file}: {} in this profile:{}", count(mistakes.len()), list(mistakes))]
    Invalid {
        /// The file as the user named it.
        file: String,
        /// Every mistake, in line order.
        mistakes: Vec<Mistake>,
    },
}

/// What is wrong with a template, and in which of its lines.
pub(super) fn told(error: &minijinja::Error) -> String {
    let line = error.line().unwrap_or(1);
    let detail = error.detail().unwrap_or("");
    let kind = error.kind();
    let told = match detail {
        "" => kind.to_string(),
        detail => format!("{kind}: {detail}"),
    };
    format!("is no template that can be used: line {line} of it: {told}")
}
