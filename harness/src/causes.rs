//! How an error becomes text: with everything that caused it, and without the whole of what it quotes.

use std::error::Error;
use std::fmt;

/// An error with its causes, on one line, as [`with_causes`] makes it.
#[derive(Clone, Copy)]
pub struct WithCauses<'e>(&'e (dyn Error + 'e));

/// Shows an error with its causes: `its text (caused by: a cause: a deeper cause)`.
///
/// Every error that becomes text does it here: what an error names as its source is not in its own
/// text, so that the text alone would hide it.
#[must_use]
pub fn with_causes<'e>(error: &'e (dyn Error + 'e)) -> WithCauses<'e> {
    WithCauses(error)
}

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        match &causes(self.0)[..] {
            [] => Ok(()),
            causes => write!(f, " (caused by: {})", causes.join(": ")),
        }
    }
}

/// The causes of an error down to the last, each in its own words.
#[must_use]
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Errors of libraries often end with the text of their source already.
        if !said.ends_with(&text) {
            causes.push(text.clone());
            said = text;
        }
        cause = error.source();
    }
    causes
}

/// The longest word of a message, in characters: no path that people type is longer.
const WORD: usize = 256;
/// The longest line of a message, in characters: no list of known names is longer.
const LINE: usize = 2_000;

/// A message that quotes no more of what came from outside than a reader can use: a file's value, a line, an
/// argument. Of a word or a line that is longer, it keeps the start and the end.
#[must_use]
pub fn clipped(message: &str) -> String {
    let words: String = message
        .split_inclusive(char::is_whitespace)
        .map(|word| middle_out(word, WORD))
        .collect();
    let lines = words.split_inclusive('\n');
    lines.map(|line| middle_out(line, LINE)).collect()
}

/// The text, or its two ends when it has more than so many characters.
fn middle_out(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let half = most / 2;
    let start: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(count - half).collect();
    format!(
        "{start} … ({} characters left out) … {end}",
        count - 2 * half
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_the_ends_of_what_is_long() {
        let fits = format!("{}\n{}\n", "a".repeat(WORD - 1), "b ".repeat(LINE / 2 - 1));
        assert_eq!(clipped(&fits), fits);
        let word = clipped(&format!(
            "{}\" is not known; use x\nor y",
            "ä".repeat(40_000)
        ));
        assert!(word.starts_with("ää"), "{word}");
        let end = "ä\" is not known; use x\nor y";
        assert!(word.ends_with(end), "{word}");
        assert!(word.contains(" … (39746 characters left out) … "), "{word}");
        let line = clipped(&format!("{}; use x\nor y", "ä ".repeat(40_000)));
        assert!(line.ends_with("; use x\nor y"), "{line}");
        assert!(line.chars().count() < LINE + 100, "{line}");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (text, below) = texts.split_first().expect("one at least");
        Layer {
            text,
            source: (!below.is_empty()).then(|| Box::new(layers(below))),
        }
    }

    fn told(texts: &[&'static str]) -> String {
        with_causes(&layers(texts)).to_string()
    }

    #[test]
    fn every_cause_is_told_down_to_the_last() {
        assert_eq!(told(&["failed"]), "failed");
        assert_eq!(told(&["failed", "refused"]), "failed (caused by: refused)");
        assert_eq!(
            told(&["failed", "no answer", "refused", "no route"]),
            "failed (caused by: no answer: refused: no route)"
        );
    }

    #[test]
    fn what_a_text_ends_with_is_not_told_again() {
        assert_eq!(told(&["failed: refused", "refused"]), "failed: refused");
        assert_eq!(
            told(&["failed", "connecting: refused", "refused", "no route"]),
            "failed (caused by: connecting: refused: no route)"
        );
    }

    /// Every `#[error("...")]` of this crate with the variant or struct behind it.
    fn errors() -> Vec<String> {
        fn files(folder: &std::path::Path, into: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("is a folder") {
                let path = entry.expect("is there").path();
                if path.is_dir() {
                    files(&path, into);
                } else {
                    into.push(path);
                }
            }
        }
        let mut all = Vec::new();
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        files(&source, &mut all);
        let mut errors = Vec::new();
        for file in all {
            let text = std::fs::read_to_string(&file).expect("is text");
            let mut before = "";
            for piece in text.split("#[error(") {
                // Only what begins a line is an attribute.
                if std::mem::replace(&mut before, piece)
                    .trim_end_matches(' ')
                    .ends_with('\n')
                {
                    // As far as the next variant's documentation, or the end of the type.
                    let end = piece.find("\n    },").or(piece.find("\n}"));
                    let item = &piece[..end.unwrap_or(piece.len())];
                    let item = item.split("\n    ///").next().unwrap_or(item);
                    errors.push(format!("{}: {item}", file.display()));
                }
            }
        }
        errors
    }

    #[test]
    fn no_error_says_itself_what_it_names_as_its_source() {
        let errors = errors();
        assert!(errors.len() > 100, "{}", errors.len());
        let twice: Vec<&String> = errors
            .iter()
            .filter(|error| {
                let unnamed = error.contains("{0}") || error.contains(", .0");
                let handed_on = error.contains("#[from]") || error.contains("#[source]");
                error.contains("{source}") || (unnamed && handed_on)
            })
            .collect();
        assert!(twice.is_empty(), "{twice:#?}");
    }
}
