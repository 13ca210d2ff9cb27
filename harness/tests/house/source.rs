//! Rust source as far as the rules of the house need it: which paths a file names.

use std::iter::Peekable;
use std::vec::IntoIter;

/// A path as it is written: `["crate", "plan", "Plan"]`.
pub(crate) type Path = Vec<String>;

/// What one file says of others.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Every path with two or more parts, outside of the file's own unit tests.
    pub(crate) paths: Vec<Path>,
    /// Paths that `use` brings into the file, by the name that they have there.
    pub(crate) names: Vec<(String, Path)>,
}

/// Reads a file. Its unit tests, which stand at the end, are left out.
pub(crate) fn read(text: &str) -> Source {
    let product = match text.find("#[cfg(test)]\nmod tests") {
        Some(end) => &text[..end],
        None => text,
    };
    let mut tokens = tokens(product).into_iter().peekable();
    let mut source = Source::default();
    let mut previous = String::new();
    while let Some(token) = tokens.next() {
        if token == "use" {
            for (name, path) in tree(&mut tokens, &Path::new()) {
                source.paths.push(path.clone());
                source.names.push((name, path));
            }
        } else if is_name(&token) && previous != "::" && previous != "." {
            // What only says who may see an item is no use of the module that it names.
            let is_visibility = previous == "in";
            let path = rest(&mut tokens, token.clone());
            if path.len() > 1 && !is_visibility {
                source.paths.push(path);
            }
        }
        previous = token;
    }
    source
}

fn is_name(token: &str) -> bool {
    token
        .chars()
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
}

/// A path that has begun with `first`.
fn rest(tokens: &mut Peekable<IntoIter<String>>, first: String) -> Path {
    let mut path = vec![first];
    while tokens.peek().is_some_and(|token| token == "::") {
        tokens.next();
        match tokens.peek() {
            Some(next) if is_name(next) => path.extend(tokens.next()),
            _ => break,
        }
    }
    path
}

/// The paths of a tree of `use`, each with the name that it has in the file; up to the end of it.
fn tree(tokens: &mut Peekable<IntoIter<String>>, before: &Path) -> Vec<(String, Path)> {
    let mut found = Vec::new();
    let mut path = before.clone();
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "::" => {}
            "{" => loop {
                found.extend(tree(tokens, &path));
                match tokens.next().as_deref() {
                    Some(",") if tokens.peek().is_some_and(|token| token != "}") => {}
                    Some(",") => {
                        tokens.next();
                        return found;
                    }
                    _ => return found,
                }
            },
            "as" => {
                let name = tokens.next().unwrap_or_default();
                found.push((name, path.clone()));
                return found;
            }
            name => path.push(name.to_owned()),
        }
        if tokens
            .peek()
            .is_none_or(|token| [",", "}", ";"].contains(&token.as_str()))
        {
            break;
        }
    }
    if path.len() > before.len() {
        let name = path.last().cloned().unwrap_or_default();
        found.push((name, path));
    }
    found
}

/// Names, `::` and single signs; no comments, texts, characters and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                chars.by_ref().find(|c| *c == '\n');
            }
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in chars.by_ref() {
                    if (last, c) == ('*', '/') {
                        break;
                    }
                    last = c;
                }
            }
            '"' => skip_text(&mut chars),
            'r' if matches!(chars.peek(), Some('"' | '#')) => skip_raw_text(&mut chars),
            '\'' => skip_character(&mut chars),
            ':' if chars.peek() == Some(&':') => {
                chars.next();
                found.push("::".to_owned());
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut name = c.to_string();
                while let Some(next) = chars.peek().filter(|c| c.is_alphanumeric() || **c == '_') {
                    name.push(*next);
                    chars.next();
                }
                found.push(name);
            }
            c if c.is_whitespace() => {}
            c => found.push(c.to_string()),
        }
    }
    found
}

fn skip_text(chars: &mut impl Iterator<Item = char>) {
    let mut escaped = false;
    for c in chars {
        match c {
            '"' if !escaped => return,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
}

fn skip_raw_text(chars: &mut Peekable<std::str::Chars<'_>>) {
    let mut signs = 0;
    while chars.next_if_eq(&'#').is_some() {
        signs += 1;
    }
    if chars.next_if_eq(&'"').is_none() {
        return;
    }
    while chars.by_ref().any(|c| c == '"') {
        let mut seen = 0;
        while seen < signs && chars.next_if_eq(&'#').is_some() {
            seen += 1;
        }
        if seen == signs {
            return;
        }
    }
}

/// A character, or the name of a lifetime, of which nothing is left to be skipped.
fn skip_character(chars: &mut Peekable<std::str::Chars<'_>>) {
    if chars.next_if_eq(&'\\').is_some() {
        chars.next();
        chars.by_ref().find(|c| *c == '\'');
        return;
    }
    chars.next();
    chars.next_if_eq(&'\'');
}

#[test]
fn paths_are_found_and_texts_are_not() {
    let source = read(
        r##"
//! crate::comment
use std::io;
use crate::{plan::{Plan, model::Home as Where}, topology};
pub(in crate::run) fn f<'a>(x: &'a crate::events::Stage) -> char {
    let text = "crate::text \" crate::more"; let raw = r#"crate::raw"#;
    super::g(self::h::i, 'x', '\'', text.split("::"))
}
#[cfg(test)]
mod tests { use crate::only_tests; }
"##,
    );
    let paths: Vec<String> = source.paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        [
            "std::io",
            "crate::plan::Plan",
            "crate::plan::model::Home",
            "crate::topology",
            "crate::events::Stage",
            "super::g",
            "self::h::i",
        ]
    );
    let names: Vec<&str> = source.names.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["io", "Plan", "Where", "topology"]);
}
