//! What can be wrong with a file.

use std::fmt;

use super::excerpt::Excerpt;

/// One mistake in a file, or of an option that adds to what the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line in the file, from 1; none of an option.
    pub line: Option<usize>,
    /// The key's path, such as `home[1].id`, or the option, such as `--fault cut-10s`.
    pub path: String,
    /// What is wrong and what to do about it.
    pub message: String,
    /// The line itself; none for what the file as a whole lacks.
    pub excerpt: Option<Excerpt>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, message, .. } = self;
        match self.line {
            Some(line) => write!(f, "line {line}: {path} {message}"),
            None => write!(f, "`{path}`: {message}"),
        }
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

/// What a parser says of a text that is no TOML, with line and column, and the line.
pub(crate) fn syntax(text: &str, error: &toml::de::Error) -> String {
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
    // The parser may quote what it stumbled over, which nobody else may see.
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let excerpt = Excerpt::of(text, at);
    format!("line {line}, column {column}: {message}{excerpt}")
}

/// The mistakes, each on a line of its own, with the line of the file that it is about.
pub(crate) fn list<'m>(mistakes: impl IntoIterator<Item = &'m Mistake>) -> String {
    let mut list = String::new();
    for one in mistakes {
        list.push_str(&format!("\n  {one}"));
        if let Some(excerpt) = &one.excerpt {
            list.push_str(&excerpt.to_string());
        }
    }
    list
}
