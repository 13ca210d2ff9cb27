//! The line of a file that a message is about, with a caret below what is wrong.

use std::fmt;

/// The longest line that is shown whole, in characters; of a longer one, what is around the mistake.
const SHOWN: usize = 100;
/// How much of a longer line is shown before the mistake.
const BEFORE: usize = 40;
/// What the name of a key holds whose value nobody else may see.
const SECRET: [&str; 9] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "token",
    "credential",
    "private",
    "authorization",
    "key",
];
/// What is shown in the place of such a value.
const REDACTED: &str = "[redacted]";

/// A line of a file, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line's number, from 1.
    line: usize,
    /// What of it is shown, on one line and without anything that steers a terminal.
    text: String,
    /// In which column of that the mistake begins, from 0, and how many it takes.
    mark: (usize, usize),
}

impl Excerpt {
    /// The line of a text that a byte offset is in.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let offset = floor(text, offset.min(text.len()));
        let begin = text[..offset].rfind('\n').map_or(0, |end| end + 1);
        let rest = &text[begin..];
        let line = rest.lines().next().unwrap_or_default();
        let at = (offset - begin).min(line.len());
        let number = text[..begin].matches('\n').count() + 1;
        let wide = token(&line[at..]);
        let (shown, at, wide) = match hidden(&text[..begin], line) {
            // A mark beyond what is shown would say how long the secret is.
            Some(from) if at >= from => {
                (format!("{}{REDACTED}", &line[..from]), from, REDACTED.len())
            }
            Some(from) => (
                format!("{}{REDACTED}", &line[..from]),
                at,
                wide.min(from - at),
            ),
            None => (line.to_owned(), at, wide),
        };
        let before = shown[..at].chars().count();
        let marked = shown[at..at + wide].chars().count().max(1);
        Self::cut(number, &shown, before, marked)
    }

    /// Of a long line, what is around the mistake.
    fn cut(line: usize, text: &str, at: usize, wide: usize) -> Self {
        let length = text.chars().count();
        if length <= SHOWN {
            let text = text.chars().map(harmless).collect();
            let mark = (at, wide);
            return Self { line, text, mark };
        }
        let from = at.saturating_sub(BEFORE);
        let part: String = text.chars().skip(from).take(SHOWN).map(harmless).collect();
        let begun = if from > 0 { "…" } else { "" };
        let ended = if from + SHOWN < length { "…" } else { "" };
        let at = at - from + begun.chars().count();
        Self {
            line,
            text: format!("{begun}{part}{ended}"),
            mark: (at, wide.min(SHOWN + 1 - at.min(SHOWN))),
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, text, mark } = self;
        let text = text.trim_end();
        let carets = "^".repeat(mark.1);
        write!(
            f,
            "\n    {line:>4} | {text}\n         | {:1$}{carets}",
            "", mark.0
        )
    }
}

/// A character that takes one place and moves nothing.
fn harmless(character: char) -> char {
    if character == '\t' {
        ' '
    } else if character.is_control() || !is_visible(character) {
        '\u{fffd}'
    } else {
        character
    }
}

/// Characters that are not seen and change how others are: marks of direction and invisible joints.
const fn is_visible(character: char) -> bool {
    !matches!(
        character,
        '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The next offset at or before one that is between two characters.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// How many bytes of a text belong to what it begins with: a quoted text, or all as far as what ends a key or value.
fn token(text: &str) -> usize {
    let Some(quote @ ('"' | '\'')) = text.chars().next() else {
        let end = text.find([' ', '\t', '=', ',', ']', '}', '#']);
        return match end {
            Some(0) => text.chars().next().map_or(0, char::len_utf8),
            Some(end) => end,
            None => text.len(),
        };
    };
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

/// From which byte of a line on nobody may see it: after a key that holds a secret, or all of it where it goes on
/// with the value of such a key from a line before.
fn hidden(before: &str, line: &str) -> Option<usize> {
    if let Some(from) = value_of_secret(line) {
        return Some(from);
    }
    if line.contains('=') || line.trim_start().starts_with('[') {
        return None;
    }
    let mut above = before.lines().rev();
    let begun = above.find(|line| line.contains('='))?;
    value_of_secret(begun).map(|_| 0)
}

/// Where the value of the first key that holds a secret begins in a line.
fn value_of_secret(line: &str) -> Option<usize> {
    line.match_indices('=').find_map(|(at, _)| {
        let key = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let from = key
            .rfind([' ', ',', '{', '"', '\'', '\t'])
            .map_or(0, |end| end + 1);
        let key = key[from..].to_lowercase();
        let spaces = line[at + 1..].len() - line[at + 1..].trim_start().len();
        let holds = SECRET.iter().any(|word| key.contains(word));
        holds.then_some(at + 1 + spaces)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, part: &str) -> String {
        let offset = text.find(part).expect("is there");
        Excerpt::of(text, offset).to_string()
    }

    #[test]
    fn the_line_is_shown_with_carets_below_what_is_wrong() {
        let text = "name = \"x\"\ncolour = \"red\" # why\n[network]\nrelays = 99\n";
        assert_eq!(
            shown(text, "colour"),
            "\n       2 | colour = \"red\" # why\n         | ^^^^^^"
        );
        assert_eq!(
            shown(text, "\"red"),
            "\n       2 | colour = \"red\" # why\n         |          ^^^^^"
        );
        assert!(shown(text, "99").ends_with("relays = 99\n         |          ^^"));
        assert!(shown(text, "[network").ends_with("[network]\n         | ^^^^^^^^"));
    }

    #[test]
    fn every_offset_of_any_text_has_a_line() {
        for text in ["", "\n", "a", "ä = \"接\"\r\n\u{1b}[2J", "= ]} \t'", "x=\""] {
            for offset in 0..text.len() + 3 {
                let shown = Excerpt::of(text, offset).to_string();
                assert_eq!(shown.lines().count(), 3, "{shown:?}");
                let steers = |c: char| c != '\n' && c.is_control();
                assert!(!shown.contains(steers), "{shown:?}");
            }
        }
    }

    #[test]
    fn of_a_long_line_what_is_around_the_mistake_is_shown() {
        let text = format!(
            "a = [{}, \"wrong\", {}]",
            "1, ".repeat(400),
            "2, ".repeat(400)
        );
        let shown = shown(&text, "\"wrong");
        assert!(
            shown.lines().all(|line| line.chars().count() < 120),
            "{shown}"
        );
        let [_, line, mark] = &shown.lines().collect::<Vec<_>>()[..] else {
            panic!("{shown}");
        };
        let at =
            |line: &str, part: &str| line[..line.find(part).expect("is there")].chars().count();
        assert_eq!(at(line, "\"wrong"), at(mark, "^"), "{shown}");
        let endless = format!("a = \"{}", "x".repeat(100_000));
        assert!(Excerpt::of(&endless, 4).to_string().len() < 400);
    }

    #[test]
    fn a_secret_is_not_shown_wherever_the_mistake_is() {
        let text = "[a]\nbtp_secret = \"hunter2\"\npeers = [{ id = 1, \"auth-token\" = 'hunter2' }]\n\
                    password = \"\"\"\nhunter2\n\"\"\"\nother = 1\n";
        for offset in 0..text.len() {
            let shown = Excerpt::of(text, offset).to_string();
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(
            shown(text, "btp_secret"),
            "\n       2 | btp_secret = [redacted]\n         | ^^^^^^^^^^"
        );
        assert!(shown(text, "other").contains("other = 1"));
        assert!(shown(text, "id = 1").contains("{ id = 1, \"auth-token\" = [redacted]"));
    }
}
