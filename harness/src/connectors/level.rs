//! How much a log line matters, read from whatever form the line has.

use serde_json::Value;

use super::Level;

/// Names that JSON lines and `name=value` lines give the level.
const KEYS: [&str; 5] = ["level", "severity", "lvl", "levelname", "loglevel"];
/// A plain line says its level among its first words: after time, name and process id, before the text.
const WORDS: usize = 6;

/// The level that a line says, as a JSON field (a word, or a number as pino has them), as `level=word`, or as
/// a word at the beginning of plain text; `None` when it says none.
#[must_use]
pub fn level_of(line: &str) -> Option<Level> {
    if let Ok(Value::Object(fields)) = serde_json::from_str(line) {
        let value = KEYS.iter().find_map(|key| fields.get(*key))?;
        return match value {
            Value::Number(number) => number.as_u64().map(numbered),
            Value::String(text) => word(text).or_else(|| Some(numbered(text.parse().ok()?))),
            _ => None,
        };
    }
    let tokens = line
        .split(|c: char| c.is_whitespace() || "[](){}<>|,;".contains(c))
        .filter(|token| !token.is_empty());
    tokens.take(WORDS).find_map(|token| {
        let bare = token.trim_end_matches(':');
        match bare.split_once('=') {
            Some((key, value)) if KEYS.contains(&key) => word(value.trim_matches('"')),
            Some(_) => None,
            None if bare.chars().all(|c| c.is_ascii_uppercase()) => word(bare),
            // In lower case it may be any word of a sentence, unless something sets it apart.
            None if token.ends_with(':') || line.contains(&format!("[{bare}]")) => word(bare),
            None => None,
        }
    })
}

fn numbered(number: u64) -> Level {
    match number {
        0..20 => Level::Trace,
        20..30 => Level::Debug,
        30..40 => Level::Info,
        40..50 => Level::Warn,
        50..60 => Level::Error,
        60.. => Level::Fatal,
    }
}

fn word(text: &str) -> Option<Level> {
    Some(match &*text.to_ascii_lowercase() {
        "trace" | "silly" => Level::Trace,
        "debug" | "verbose" => Level::Debug,
        "info" | "notice" => Level::Info,
        "warn" | "warning" => Level::Warn,
        "error" | "err" => Level::Error,
        "fatal" | "critical" | "crit" | "panic" => Level::Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_in_every_common_form() {
        for (line, level) in [
            (r#"{"level":20}"#, Some(Level::Debug)),
            (r#"{"level":35}"#, Some(Level::Info)),
            (r#"{"level":60}"#, Some(Level::Fatal)),
            (r#"{"level":"info","msg":"DEBUG"}"#, Some(Level::Info)),
            (r#"{"severity":"DEBUG"}"#, Some(Level::Debug)),
            (r#"{"lvl":"50"}"#, Some(Level::Error)),
            (r#"{"msg":"ERROR"}"#, None),
            (
                "2026-11-28T10:00:00Z DEBUG btp: dialling",
                Some(Level::Debug),
            ),
            ("[10:00:00.123] [WARN] x", Some(Level::Warn)),
            ("INFO started", Some(Level::Info)),
            ("ts=1 level=debug msg=x", Some(Level::Debug)),
            ("debug: dialling", Some(Level::Debug)),
            ("10:00:00 [info] x", Some(Level::Info)),
            ("an info about this", None),
            ("dialling at once, or ending with ERROR", None),
            ("dialling", None),
            ("", None),
        ] {
            assert_eq!(level_of(line), level, "{line}");
        }
    }
}
