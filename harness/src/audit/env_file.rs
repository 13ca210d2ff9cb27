//! Files of variables, as Compose and shells read them.

use std::sync::Arc;

use super::interpolate::{Variables, fill};
use super::place::At;

/// A variable, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; none where it is told by what was not given.
    pub value: Option<String>,
    /// As it is written.
    pub raw: String,
    /// Where.
    pub at: At,
}

/// Reads a file of variables; the lines that are none come second.
#[must_use]
pub(super) fn parse(file: &Arc<str>, text: &str) -> (Vec<Variable>, Vec<At>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    let mut known = Variables::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let at = At::new(file, index + 1);
        let line = line.trim_start_matches('\u{feff}').trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, raw) = match line.split_once('=') {
            Some((name, raw)) => (name.trim_end(), Some(raw.trim_start())),
            None => (line, None),
        };
        // Peers' ids have dots and dashes, which are in the names of their variables.
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || "_.-".contains(sign);
        if name.is_empty() || !name.chars().all(is_name) {
            wrong.push(at);
            continue;
        }
        let value = raw.map(|raw| {
            let mut whole = raw.to_owned();
            // A quoted value goes on to its other quote.
            while let Some(quote) = open_quote(&whole) {
                let Some((_, more)) = lines.next() else { break };
                whole.push('\n');
                whole.push_str(more);
                if more.contains(quote) {
                    break;
                }
            }
            // Within single quotes a dollar sign is itself.
            (unquoted(&whole), !whole.starts_with('\''))
        });
        let value = value.map(|(text, puts_in)| match fill(&text, &known) {
            Ok(filled) if puts_in => (text, filled.text),
            _ => (text.clone(), Some(text)),
        });
        let (raw, value) = value.map_or_else(Default::default, |(raw, value)| (raw, value));
        if let Some(value) = &value {
            known.insert(name.to_owned(), value.clone());
        }
        found.push(Variable {
            name: name.to_owned(),
            raw,
            value,
            at,
        });
    }
    (found, wrong)
}

/// Reads a file of variables whose values are what is written, quotes and dollar signs too (`format: raw`).
#[must_use]
pub(super) fn parse_raw(file: &Arc<str>, text: &str) -> Vec<Variable> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let lines = lines.map(|(index, line)| (index, line.trim_start()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let variable = |(index, line): (usize, &str)| {
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (line, None),
        };
        Variable {
            name: name.to_owned(),
            value: value.map(str::to_owned),
            // A dollar sign is none of a variable's here.
            raw: value.unwrap_or_default().replace('$', "$$"),
            at: At::new(file, index + 1),
        }
    };
    lines.map(variable).collect()
}

fn open_quote(raw: &str) -> Option<char> {
    let quote = raw.chars().next().filter(|first| "\"'".contains(*first))?;
    (!raw[1..].contains(quote)).then_some(quote)
}

fn unquoted(raw: &str) -> String {
    match raw.chars().next() {
        Some(quote @ ('"' | '\'')) => raw[1..].split(quote).next().unwrap_or_default().to_owned(),
        _ => {
            let value = raw.split(" #").next().unwrap_or_default();
            value.trim_end().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_variables_are_put_in() {
        let text = "A=1\nB=x${A}\nC='x${A}'\nD=${E:-d}\nF=${G}\nH=$\n";
        let (found, _) = parse(&Arc::from("f"), text);
        let found: Vec<Option<&str>> = found.iter().map(|one| one.value.as_deref()).collect();
        let expected = [
            Some("1"),
            Some("x1"),
            Some("x${A}"),
            Some("d"),
            None,
            Some("$"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn raw_values_are_as_they_are_written() {
        let text = "\u{feff}A=\"1\"\n # why\nB=$A # b\r\n\nC\n";
        let found = parse_raw(&Arc::from("f"), text);
        let found: Vec<(&str, Option<&str>, usize)> = found
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_deref(), one.at.line))
            .collect();
        let expected = [
            ("A", Some("\"1\""), 1),
            ("B", Some("$A # b"), 3),
            ("C", None, 5),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn values_are_read_as_compose_does() {
        let text = "# no\nA=1\nexport B='two words' # why\n\nC=\"x\ny\"\nD=v # why\nE\nF=\n!\n";
        let (found, wrong) = parse(&Arc::from("f"), text);
        let found: Vec<(&str, Option<&str>, usize)> = found
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_deref(), one.at.line))
            .collect();
        assert_eq!(
            found,
            [
                ("A", Some("1"), 2),
                ("B", Some("two words"), 3),
                ("C", Some("x\ny"), 5),
                ("D", Some("v"), 7),
                ("E", None, 8),
                ("F", Some(""), 9),
            ]
        );
        assert_eq!(wrong.len(), 1);
    }
}
