//! The form of all reports for programs.

/// A report as JSON, as it is printed and saved.
pub(crate) fn json_text(report: &impl serde::Serialize) -> String {
    // Every field of a report is a string, a number or a list of those; serializing cannot fail.
    serde_json::to_string_pretty(report).unwrap_or_default()
}

/// The word that stands for a value, where all values of a type are words.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => format!("{other:?}"),
    }
}
