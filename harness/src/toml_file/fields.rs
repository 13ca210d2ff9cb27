//! Reading a TOML table field by field, so that one pass finds every mistake.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::collector::{Collector, unfit};
use super::duration::parse_duration;
use crate::suggest::did_you_mean;

/// The longest list of tables: beyond it no file describes anything that could run.
const TABLES: usize = 256;
/// The longest time: as much as anything could be waited for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What a value is, with its article.
fn kind(value: &DeValue<'_>) -> String {
    let name = value.type_str();
    let article = if name.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

/// A value with the table it was read from, so that later mistakes have a line and a path too.
/// A text that was missing is empty here; it has been reported.
pub(crate) struct Located<'a, 'i, T> {
    pub(crate) fields: Fields<'a, 'i>,
    pub(crate) value: T,
}

impl<T> Located<'_, '_, T> {
    /// Notes a mistake in one of the table's keys.
    pub(crate) fn add(&self, into: &mut Collector<'_>, key: &str, message: impl Into<String>) {
        self.fields.mistake(into, key, message);
    }

    /// Notes a mistake of the table as a whole.
    pub(crate) fn add_whole(&self, into: &mut Collector<'_>, message: impl Into<String>) {
        into.add(self.fields.offset, self.fields.path.clone(), message);
    }
}

/// One table being read. Every key that is asked for is remembered; [`Fields::finish`] reports
/// the others as unknown.
#[derive(Clone)]
pub(crate) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    path: String,
    offset: usize,
    known: BTreeSet<&'static str>,
    /// Whether it stands for an option, whose name its path is.
    of_option: bool,
}

impl<'a, 'i> Fields<'a, 'i> {
    pub(crate) fn new(table: &'a DeTable<'i>, path: impl Into<String>, offset: usize) -> Self {
        Self {
            table,
            path: path.into(),
            offset,
            known: BTreeSet::new(),
            of_option: false,
        }
    }

    /// In the place of a table: an option that adds to what the file says, for messages.
    pub(crate) fn of_option(&self, option: String) -> Self {
        Self {
            of_option: true,
            ..Self::new(self.table, option, 0)
        }
    }

    /// The table's own path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a key in this table, as the mistakes name it.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Where in the text a key's value is, or the table when the key is missing.
    pub(crate) fn offset_of(&self, key: &str) -> usize {
        self.raw(key)
            .map_or(self.offset, |value| value.span().start)
    }

    /// Notes a mistake in one of the table's keys.
    pub(crate) fn mistake(&self, into: &mut Collector<'_>, key: &str, message: impl Into<String>) {
        match self.of_option {
            true => into.add_of_option(&self.path, message),
            false => into.add(self.offset_of(key), self.path_of(key), message),
        }
    }

    /// Where in the text the value at a path of keys is, as in `file[1].content`, or the last table on
    /// the way to it.
    pub(crate) fn offset_of_path(&self, path: &str) -> usize {
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        let (key, index) = match head.split_once('[') {
            Some((key, index)) => (key, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (head, None),
        };
        let Some(mut value) = self.raw(key) else {
            return self.offset;
        };
        if let Some(item) = index.and_then(|index| value.get_ref().as_array()?.get(index)) {
            value = item;
        }
        match value.get_ref().as_table() {
            Some(table) if !rest.is_empty() => {
                Fields::new(table, key, value.span().start).offset_of_path(rest)
            }
            _ => value.span().start,
        }
    }

    /// Whether the text has this key at all.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Whether the text has a list at this key.
    pub(crate) fn has_list(&self, key: &str) -> bool {
        self.raw(key)
            .is_some_and(|value| value.get_ref().is_array())
    }

    fn raw(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    fn wrong_type(
        &self,
        into: &mut Collector<'_>,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
    ) {
        into.add(
            value.span().start,
            self.path_of(key),
            format!("expected {wanted}, found {}", kind(value.get_ref())),
        );
    }

    fn missing(&self, into: &mut Collector<'_>, key: &str, wanted: &str) {
        into.add(
            self.offset,
            self.path_of(key),
            format!("is missing; add {key} = {wanted}"),
        );
    }

    /// A required text.
    pub(crate) fn string(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
        wanted: &str,
    ) -> Option<String> {
        self.known.insert(key);
        match self.raw(key) {
            None => {
                self.missing(into, key, wanted);
                None
            }
            Some(value) => match value.get_ref().as_str() {
                Some(text) if text.trim().is_empty() => {
                    into.add(value.span().start, self.path_of(key), "is empty");
                    None
                }
                Some(text) => match unfit(text) {
                    None => Some(text.to_owned()),
                    Some(why) => {
                        into.add(value.span().start, self.path_of(key), why);
                        None
                    }
                },
                None => {
                    self.wrong_type(into, key, value, "a string");
                    None
                }
            },
        }
    }

    /// An optional text.
    pub(crate) fn optional(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
    ) -> Option<String> {
        self.known.insert(key);
        self.has(key).then(|| self.string(into, key, ""))?
    }

    /// An optional truth value.
    pub(crate) fn flag(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
        default: bool,
    ) -> bool {
        self.known.insert(key);
        let Some(value) = self.raw(key) else {
            return default;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(into, key, value, "true or false");
            default
        })
    }

    /// An optional list of texts, empty when the key is absent.
    pub(crate) fn strings(&mut self, into: &mut Collector<'_>, key: &'static str) -> Vec<String> {
        self.known.insert(key);
        let Some(value) = self.raw(key) else {
            return Vec::new();
        };
        let items = value.get_ref().as_array();
        let texts = items.and_then(|items| {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            texts.map(|text| text.map(str::to_owned)).collect()
        });
        let texts: Vec<String> = texts.unwrap_or_else(|| {
            self.wrong_type(into, key, value, "a list of strings");
            Vec::new()
        });
        if let Some(why) = texts.iter().find_map(|text| unfit(text)) {
            into.add(value.span().start, self.path_of(key), why);
        }
        texts
    }

    /// Every key of this table with its text: a table whose keys are the file's own.
    pub(crate) fn texts(&self, into: &mut Collector<'_>) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (key, value) in self.table {
            let name = key.get_ref().as_ref();
            match value.get_ref().as_str() {
                Some(text) => {
                    if let Some(why) = unfit(text) {
                        into.add(value.span().start, self.path_of(name), why);
                    }
                    texts.push((name.to_owned(), text.to_owned()));
                }
                None => self.wrong_type(into, name, value, "a string"),
            }
        }
        texts
    }

    /// Takes a key as known that is not read.
    pub(crate) fn know(&mut self, key: &'static str) {
        self.known.insert(key);
    }

    /// An optional text that is one of a few.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
        default: T,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> T {
        let Some(text) = self.optional(into, key) else {
            return default;
        };
        if let Some(found) = all.iter().find(|choice| name(**choice) == text) {
            return *found;
        }
        let known: Vec<&str> = all.iter().map(|choice| name(*choice)).collect();
        self.mistake(
            into,
            key,
            format!(
                "{text:?} is not known; use one of {}{}",
                known.join(", "),
                did_you_mean(&text, known.iter().copied())
            ),
        );
        default
    }

    /// An optional whole number within bounds.
    pub(crate) fn integer(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> u64 {
        self.known.insert(key);
        let Some(value) = self.raw(key) else {
            return default;
        };
        let parsed = value
            .get_ref()
            .as_integer()
            .and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        match parsed {
            Some(number) if range.contains(&number) => number,
            _ => {
                into.add(
                    value.span().start,
                    self.path_of(key),
                    format!(
                        "expected a whole number from {} to {}",
                        range.start(),
                        range.end()
                    ),
                );
                default
            }
        }
    }

    /// An optional percentile, above 0 and up to 100.
    pub(crate) fn percentile(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
        default: f64,
    ) -> f64 {
        self.known.insert(key);
        let Some(value) = self.raw(key) else {
            return default;
        };
        let text = match value.get_ref() {
            DeValue::Integer(number) => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            _ => None,
        };
        match text.and_then(|text| text.parse::<f64>().ok()) {
            Some(number) if number > 0.0 && number <= 100.0 => number,
            _ => {
                into.add(
                    value.span().start,
                    self.path_of(key),
                    "expected a percentile above 0 and up to 100",
                );
                default
            }
        }
    }

    /// A duration with a unit; required when there is no default.
    pub(crate) fn duration(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
        default: Option<Duration>,
    ) -> Option<Duration> {
        self.known.insert(key);
        let Some(value) = self.raw(key) else {
            if default.is_none() {
                self.missing(into, key, "\"250ms\"");
            }
            return default;
        };
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref().to_owned(),
            // A bare number gets the message about the missing unit, not one about types.
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            _ => {
                self.wrong_type(into, key, value, "a duration such as \"250ms\"");
                return default;
            }
        };
        match parse_duration(&text) {
            Ok(duration) if !duration.is_zero() && duration <= LONGEST => Some(duration),
            Ok(duration) => {
                let message = match duration.is_zero() {
                    true => "must be longer than zero",
                    false => "is longer than a day (\"1440m\"), the longest that can be waited for",
                };
                into.add(value.span().start, self.path_of(key), message);
                default
            }
            Err(error) => {
                into.add(value.span().start, self.path_of(key), error.to_string());
                default
            }
        }
    }

    /// A table, or `None` when the key is absent.
    pub(crate) fn table(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
    ) -> Option<Fields<'a, 'i>> {
        self.known.insert(key);
        let value = self.raw(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Fields::new(table, self.path_of(key), value.span().start)),
            None => {
                self.wrong_type(into, key, value, "a table");
                None
            }
        }
    }

    /// An array of tables (`[[key]]`), empty when the key is absent.
    pub(crate) fn tables(
        &mut self,
        into: &mut Collector<'_>,
        key: &'static str,
    ) -> Vec<Fields<'a, 'i>> {
        self.known.insert(key);
        let Some(value) = self.raw(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(
                into,
                key,
                value,
                &format!("tables, each started by [[{key}]]"),
            );
            return Vec::new();
        };
        let count = array.len();
        if count > TABLES {
            let message = format!("has {count} tables; {TABLES} are the most");
            into.add(value.span().start, self.path_of(key), message);
        }
        let mut tables = Vec::new();
        for (index, item) in array.iter().take(TABLES).enumerate() {
            let path = format!("{}[{index}]", self.path_of(key));
            match item.get_ref().as_table() {
                Some(table) => tables.push(Fields::new(table, path, item.span().start)),
                None => into.add(
                    item.span().start,
                    path,
                    format!("expected a table, found {}", kind(item.get_ref())),
                ),
            }
        }
        tables
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(&self, into: &mut Collector<'_>) {
        for (key, _) in self.table {
            // What they may mean takes its time, of a million keys.
            if into.is_full() {
                return;
            }
            let name = key.get_ref();
            if !self.known.contains(name.as_ref()) {
                let known: Vec<_> = self.known.iter().copied().collect();
                into.add(
                    key.span().start,
                    self.path_of(name),
                    format!(
                        "is not a key here; known keys are {}{}",
                        known.join(", "),
                        did_you_mean(name, known.iter().copied())
                    ),
                );
            }
        }
    }
}

/// A number that fits anyway: no count of a topology is large.
pub(crate) fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
