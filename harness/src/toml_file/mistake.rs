//! What can be wrong with a file.

use std::fmt;

/// One mistake in a file.
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

/// The most mistakes that are told at once.
pub(super) const MOST: usize = 100;

/// How many mistakes there are, in words.
pub(crate) fn count(n: usize) -> String {
    match n {
        1 => "1 mistake".to_owned(),
        MOST.. => format!("{n} mistakes or more"),
        n => format!("{n} mistakes"),
    }
}

/// What a parser says of a text that is no TOML, with line and column. It shows the line as well, unless nobody
/// could read that.
pub(crate) fn syntax(text: &str, error: &toml::de::Error) -> String {
    let shown = error.to_string();
    if shown.lines().all(|line| line.len() <= SHOWN) {
        return shown.trim_end().to_owned();
    }
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("line {line}, column {column}: {}", error.message())
}

/// The longest line that is shown with a mistake of syntax, in bytes.
const SHOWN: usize = 240;

/// The mistakes, each on a line of its own.
pub(crate) fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|m| format!("\n  {m}")).collect()
}
