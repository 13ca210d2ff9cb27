//! The mistakes of a file, as they are found.

use super::excerpt::Excerpt;
use super::mistake::{MOST, Mistake};

/// The longest text, in bytes: a template of a connector's configuration.
const TEXT: usize = 256 << 10;

/// Collects mistakes and knows the text they are in.
pub(crate) struct Collector<'t> {
    text: &'t str,
    pub(crate) mistakes: Vec<Mistake>,
}

impl<'t> Collector<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            mistakes: Vec::new(),
        }
    }

    /// Whether no further mistake is kept.
    pub(super) fn is_full(&self) -> bool {
        self.mistakes.len() >= MOST
    }

    /// Notes a mistake at a byte offset of the text. Of so many that nobody would read them, the first are kept.
    pub(crate) fn add(
        &mut self,
        offset: usize,
        path: impl Into<String>,
        message: impl Into<String>,
    ) {
        if self.is_full() {
            return;
        }
        let message = message.into();
        // What the file as a whole lacks is on no line of it.
        let lacks = offset == 0 && message.starts_with("is missing");
        let before = &self.text[..offset.min(self.text.len())];
        self.mistakes.push(Mistake {
            line: Some(before.matches('\n').count() + 1),
            path: path.into(),
            message,
            excerpt: (!lacks).then(|| Excerpt::of(self.text, offset)),
        });
    }

    /// Notes a mistake of an option, which no line of the text is about.
    pub(super) fn add_of_option(&mut self, option: &str, message: impl Into<String>) {
        if !self.is_full() {
            self.mistakes.push(Mistake {
                line: None,
                path: option.to_owned(),
                message: message.into(),
                excerpt: None,
            });
        }
    }
}

/// What is wrong with a text wherever it stands; `None` of one that can be used.
pub(super) fn unfit(text: &str) -> Option<String> {
    // No file, argument, variable or name can have one.
    if text.contains('\0') {
        return Some("holds a NUL character; remove it".to_owned());
    }
    let length = text.len();
    (length > TEXT).then(|| format!("has {length} bytes; {TEXT} are the most"))
}
