//! Where in a log something stands: the event, where the line names one, and the line's number. Never the
//! line itself.

use std::collections::BTreeMap;

use serde_json::Value;

/// Lines of one kind that are told by their number; more are counted.
const TOLD: usize = 3;
/// Longest name of an event that is told.
const LONGEST_EVENT: usize = 64;

/// Lines that were found, by what they are and by their event.
#[derive(Default)]
pub(super) struct Places(BTreeMap<(String, Option<String>), Vec<usize>>);

impl Places {
    /// Takes a line in, numbered from 1.
    pub(super) fn add(&mut self, what: String, number: usize, line: &str) {
        let lines = self.0.entry((what, event(line))).or_default();
        lines.push(number);
    }

    /// Each kind of line in words: what it is, its event, and where.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|((what, event), lines)| {
            let event = match event {
                Some(event) => format!("event {event}, "),
                None => String::new(),
            };
            let told: Vec<String> = lines.iter().take(TOLD).map(ToString::to_string).collect();
            let more = match lines.len().saturating_sub(TOLD) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            format!("{what} ({event}{noun} {}{more})", told.join(", "))
        })
    }
}

/// The name of a JSON line's event: whoever wrote it may have put anything there, so only a plain word is
/// told.
fn event(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let event = line.get("event")?.as_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_word = !event.is_empty() && event.len() < LONGEST_EVENT && event.chars().all(plain);
    let is_safe = is_word && !crate::onion::mentions_address(event);
    is_safe.then(|| event.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_by_its_event_and_number_and_never_quoted() {
        let mut places = Places::default();
        for number in [3, 9, 12, 40, 41] {
            places.add(
                "at INFO".to_owned(),
                number,
                r#"{"event":"peer_registered"}"#,
            );
        }
        places.add("at WARN".to_owned(), 7, "{\"event\":\"a\\nb\"}");
        let words: Vec<String> = places.words().collect();
        assert_eq!(
            words,
            [
                "at INFO (event peer_registered, lines 3, 9, 12 and 2 more)",
                "at WARN (line 7)"
            ]
        );
    }
}
