//! Lines that programs have logged.

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loudness {
    /// Below INFO.
    Debug,
    /// INFO or above, or not said.
    Info,
}

/// How loud a line is: pino's numbers, words, and a daemon's brackets.
#[must_use]
pub(super) fn loudness(line: &str) -> Loudness {
    // Compose puts the container's name before a line: `connector-1  | {…}`.
    let line = line.split_once(" | ").map_or(line, |(_, line)| line);
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(line.trim()) {
        // The engine's own files, and the journal's, hold lines of others.
        let mut inside = ["log", "MESSAGE"]
            .iter()
            .filter_map(|key| value.get(key)?.as_str());
        if let Some(inside) = inside.next() {
            return loudness(inside);
        }
        let quiet = match value.get("level") {
            Some(serde_json::Value::Number(number)) => number.as_f64() < Some(30.0),
            Some(serde_json::Value::String(word)) => is_quiet(word),
            _ => false,
        };
        return if quiet {
            Loudness::Debug
        } else {
            Loudness::Info
        };
    }
    let start = line.split_whitespace().take(8);
    let mut words = start.flat_map(|word| word.split('='));
    let quiet = words.any(|word| {
        let word = word.trim_matches(|sign: char| !sign.is_ascii_alphabetic());
        // A word of the message is no level: levels stand in capitals, in brackets or behind `level=`.
        is_quiet(word)
            && (word.chars().all(|sign| sign.is_ascii_uppercase()) || bracketed(line, word))
    });
    if quiet {
        Loudness::Debug
    } else {
        Loudness::Info
    }
}

fn bracketed(line: &str, word: &str) -> bool {
    line.contains(&format!("[{word}]")) || line.contains(&format!("level={word}"))
}

fn is_quiet(word: &str) -> bool {
    ["debug", "trace", "verbose"].contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_every_form() {
        for line in [
            r#"{"level":20,"msg":"x"}"#,
            r#"{"level":"debug"}"#,
            "Nov 29 10:00:00.000 [debug] x",
            "2026-11-29T10:00:00Z DEBUG x",
            "time=1 level=debug msg=x",
            r#"connector-1  | {"level":20}"#,
            r#"{"log":"{\"level\":20}\n","stream":"stdout"}"#,
            r#"{"log":"Nov 29 [debug] x","stream":"stdout"}"#,
        ] {
            assert_eq!(loudness(line), Loudness::Debug, "{line}");
        }
        for line in [
            r#"{"level":30}"#,
            "Nov 29 10:00:00.000 [notice] x",
            "went to debug something",
            "INFO debug of x",
        ] {
            assert_eq!(loudness(line), Loudness::Info, "{line}");
        }
    }
}
