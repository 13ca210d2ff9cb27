//! Variables in a Compose file's texts, as Compose puts them in.

use std::collections::BTreeMap;

use super::yaml::{Node, Value};

/// Variables by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// A text with its variables put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// The text; none where a variable has no value and no default.
    pub text: Option<String>,
    /// Such variables.
    pub missing: Vec<String>,
}

/// Why a text's variables cannot be put in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct TemplateError(String);

/// What stands in a text for what was not given ([`partly`]).
pub(super) const UNTOLD: char = '\u{1a}';

/// How deep a default may have defaults of its own.
const DEEPEST: usize = 20;

/// Puts variables into a text.
///
/// # Errors
///
/// [`TemplateError`], where Compose would refuse it whatever the variables are.
pub(super) fn fill(text: &str, variables: &Variables) -> Result<Filled, TemplateError> {
    let mut filler = Filler {
        variables,
        missing: Vec::new(),
    };
    let text = filler.fill(text, 0)?;
    Ok(Filled {
        text: filler.missing.is_empty().then_some(text),
        missing: filler.missing,
    })
}

/// A text with its variables put in, and [`UNTOLD`] where one has no value and no default. It is nothing else where
/// Compose would refuse it.
#[must_use]
pub(super) fn partly(text: &str, variables: &Variables) -> String {
    let mut filler = Filler {
        variables,
        missing: Vec::new(),
    };
    let filled = filler.fill(text, 0);
    filled.unwrap_or_else(|_| UNTOLD.to_string())
}

/// Whether a text is told by a variable.
#[must_use]
pub(super) fn has_variable(raw: &str) -> bool {
    raw.replace("$$", "").contains('$')
}

/// Puts variables into every text of a tree, and returns what cannot be.
pub(super) fn fill_tree(
    node: &mut Node,
    variables: &Variables,
    wrong: &mut Vec<(Node, TemplateError)>,
) {
    match &mut node.value {
        Value::Null => {}
        Value::Scalar(scalar) => match fill(&scalar.raw, variables) {
            Ok(filled) => scalar.text = filled.text,
            Err(error) => {
                scalar.text = None;
                wrong.push((node.clone(), error));
            }
        },
        Value::List(items) => {
            for item in items {
                fill_tree(item, variables, wrong);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                fill_tree(&mut entry.node, variables, wrong);
            }
        }
    }
}

struct Filler<'v> {
    variables: &'v Variables,
    missing: Vec<String>,
}

impl Filler<'_> {
    fn fill(&mut self, text: &str, depth: usize) -> Result<String, TemplateError> {
        if depth > DEEPEST {
            return Err(TemplateError("its defaults lie too deep".to_owned()));
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some(after) = after.strip_prefix('{') {
                let end = closing(after).ok_or_else(|| {
                    TemplateError("has ${ without }; write $$ for a dollar sign".to_owned())
                })?;
                out.push_str(&self.braced(&after[..end], depth)?);
                rest = &after[end + 1..];
            } else {
                let length = name_length(after);
                if length == 0 {
                    return Err(TemplateError(
                        "has a dollar sign that begins no variable; write $$ for a dollar sign"
                            .to_owned(),
                    ));
                }
                out.push_str(&self.value(&after[..length]));
                rest = &after[length..];
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn braced(&mut self, inside: &str, depth: usize) -> Result<String, TemplateError> {
        let (name, rest) = inside.split_at(name_length(inside));
        if name.is_empty() {
            return Err(TemplateError(
                "has ${…} without the name of a variable".to_owned(),
            ));
        }
        let set = self.variables.get(name).cloned();
        let (unless_empty, operator) = match rest.strip_prefix(':') {
            Some(operator) => (true, operator),
            None => (false, rest),
        };
        let counts = set.filter(|value| !(unless_empty && value.is_empty()));
        let mut signs = operator.chars();
        match signs.next() {
            None if !unless_empty => Ok(self.value(name)),
            Some('-') => match counts {
                Some(value) => Ok(value),
                None => self.fill(signs.as_str(), depth + 1),
            },
            Some('?') => match counts {
                Some(value) => Ok(value),
                None => {
                    self.missing.push(name.to_owned());
                    Ok(UNTOLD.to_string())
                }
            },
            Some('+') => match counts {
                Some(_) => self.fill(signs.as_str(), depth + 1),
                None => Ok(String::new()),
            },
            _ => Err(TemplateError(format!(
                "has ${{{name}…}} with an operator that Compose does not know"
            ))),
        }
    }

    fn value(&mut self, name: &str) -> String {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        self.missing.push(name.to_owned());
        UNTOLD.to_string()
    }
}

fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'))
        .unwrap_or(text.len())
}

/// Where the brace closes that was open.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut before = ' ';
    for (at, sign) in text.char_indices() {
        match sign {
            '{' if before == '$' => open += 1,
            '}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        before = sign;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<String> {
        let variables = [("A", "1"), ("EMPTY", "")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        fill(text, &variables.into()).expect("fits").text
    }

    #[test]
    fn every_form_is_filled_as_compose_does() {
        for (text, expected) in [
            ("$A/${A}", "1/1"),
            ("$$A", "$A"),
            ("$${A}", "${A}"),
            ("${B:-d}", "d"),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${B:-${A}x}", "1x"),
            ("${B:-${C:-z}}", "z"),
            ("${A:+yes}", "1".replace('1', "yes").as_str()),
            ("${B:+yes}", ""),
            ("${A:?say}", "1"),
            ("${B-}", ""),
        ] {
            assert_eq!(filled(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(filled("${B:?say so}"), None);
        assert_eq!(filled("x$B"), None);
    }

    #[test]
    fn what_compose_refuses_is_refused() {
        for text in ["${A", "$ x", "${}", "${A!x}", "${A:}"] {
            assert!(fill(text, &Variables::new()).is_err(), "{text}");
        }
    }
}
