//! YAML as a tree whose every value knows its line. JSON is read by the same parser.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::place::At;

/// The most values of one file, aliases counted as what they stand for: a few lines can stand for billions.
const MOST_VALUES: usize = 200_000;
/// How deep values may lie in each other.
const DEEPEST: usize = 100;

/// The longest key that is quoted, shorter than a secret may be.
const LONGEST_KEY: usize = 31;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: At,
    /// What it is.
    pub value: Value,
    /// What is to become of the value that it is merged with.
    pub mark: Mark,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Text, number or truth value.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: At,
    /// The value.
    pub node: Node,
}

/// A scalar, before and after variables were put into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// As it is written.
    pub raw: String,
    /// With the variables' values; none where one of them was not given.
    pub text: Option<String>,
}

/// Compose's marks for merging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Merged as usual.
    None,
    /// `!reset`: what was there goes.
    Reset,
    /// `!override`: it takes the place of what was there.
    Override,
}

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(super) struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Node {
    /// The entry of a mapping.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of an entry of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A value further down.
    #[must_use]
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries, none where it is no mapping.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items, none where it is no sequence.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The scalar.
    #[must_use]
    pub const fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The scalar's text, where its variables were given.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.scalar()?.text.as_deref()
    }

    /// The text of an entry.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// A truth value.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// A scalar that is made and not read.
    #[must_use]
    pub fn of_text(at: &At, raw: &str) -> Self {
        Self {
            at: at.clone(),
            value: Value::Scalar(Scalar {
                raw: raw.to_owned(),
                text: Some(raw.to_owned()),
            }),
            mark: Mark::None,
        }
    }

    /// A mapping that is made and not read.
    #[must_use]
    pub const fn of_entries(at: At, entries: Vec<Entry>) -> Self {
        Self {
            at,
            value: Value::Map(entries),
            mark: Mark::None,
        }
    }
}

/// Reads every document of a text.
///
/// # Errors
///
/// [`YamlError`] with the line: no YAML, a key twice, too much.
pub(super) fn parse(file: &Arc<str>, text: &str) -> Result<Vec<Node>, YamlError> {
    let options = granit_parser::options! { emit_comments: false };
    let mut reader = Reader {
        file: Arc::clone(file),
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        values: 0,
    };
    let mut documents = Vec::new();
    loop {
        let (event, line) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(documents),
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            event => documents.push(reader.node(event, line, 0)?),
        }
    }
}

struct Reader<'t> {
    file: Arc<str>,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, usize), YamlError> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(error)) => Err(YamlError {
                line: error.marker().line().max(1),
                what: error.info(),
            }),
            None => Ok((Event::StreamEnd, 1)),
        }
    }

    fn count(&mut self, more: usize, line: usize) -> Result<(), YamlError> {
        self.values = self.values.saturating_add(more);
        if self.values > MOST_VALUES {
            return Err(wrong(
                line,
                format!("holds more than {MOST_VALUES} values, with what its aliases stand for"),
            ));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'t>, line: usize, depth: usize) -> Result<Node, YamlError> {
        if depth > DEEPEST {
            return Err(wrong(line, format!("has values more than {DEEPEST} deep")));
        }
        let before = self.values;
        self.count(1, line)?;
        let at = At::new(&self.file, line);
        let (anchor, tag, value) = match event {
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    return Err(wrong(line, "has an alias inside of what it stands for"));
                };
                self.count(size, line)?;
                return Ok(node);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Scalar(Scalar {
                        text: Some(text.clone().into_owned()),
                        raw: text.into_owned(),
                    })
                };
                (anchor, tag, value)
            }
            Event::SequenceStart(_, anchor, tag) => (anchor, tag, self.list(depth)?),
            Event::MappingStart(_, anchor, tag) => (anchor, tag, self.map(depth)?),
            _ => return Err(wrong(line, "ends in the middle of a value")),
        };
        let node = Node {
            at,
            value,
            mark: mark(tag.as_deref()),
        };
        if anchor != 0 {
            let size = self.values - before;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, line) => items.push(self.node(event, line, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut known = HashMap::new();
        let mut merged = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (event, line) => self.node(event, line, depth + 1)?,
            };
            let (event, line) = self.next()?;
            let node = self.node(event, line, depth + 1)?;
            let name = match &key.value {
                Value::Null => String::new(),
                Value::Scalar(scalar) => scalar.raw.clone(),
                Value::List(_) | Value::Map(_) => {
                    return Err(wrong(key.at.line, "has a key that is no text"));
                }
            };
            if name == "<<" {
                merged.push(node);
                continue;
            }
            if let Some(before) = known.insert(name.clone(), key.at.line) {
                let line = key.at.line;
                // What is no usual key may be anything, a secret too.
                let shown = if name.len() <= LONGEST_KEY {
                    format!(" {name:?}")
                } else {
                    String::new()
                };
                return Err(wrong(
                    line,
                    format!("has the key{shown} twice, on line {before} too"),
                ));
            }
            entries.push(Entry {
                key: name,
                at: key.at,
                node,
            });
        }
        for node in merged {
            merge_key(&mut entries, &node)?;
        }
        Ok(Value::Map(entries))
    }
}

/// What is there already stays, whichever comes first: so it is with `<<`.
fn merge_key(entries: &mut Vec<Entry>, from: &Node) -> Result<(), YamlError> {
    match &from.value {
        Value::Map(more) => {
            for entry in more {
                if !entries.iter().any(|known| known.key == entry.key) {
                    entries.push(entry.clone());
                }
            }
            Ok(())
        }
        Value::List(items) => items.iter().try_for_each(|item| merge_key(entries, item)),
        Value::Null => Ok(()),
        Value::Scalar(_) => Err(wrong(from.at.line, "merges with << what is no mapping")),
    }
}

fn mark(tag: Option<&Tag>) -> Mark {
    match tag {
        Some(tag) if tag.handle() == "!" && tag.suffix() == "reset" => Mark::Reset,
        Some(tag) if tag.handle() == "!" && tag.suffix() == "override" => Mark::Override,
        _ => Mark::None,
    }
}

fn wrong(line: usize, what: impl Into<String>) -> YamlError {
    YamlError {
        line: line.max(1),
        what: what.into(),
    }
}
