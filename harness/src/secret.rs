//! A text that must never be printed by accident.

use std::fmt;

/// What [`Secret`] prints instead of its content.
const REDACTED: &str = "[redacted]";

/// A shared secret, API key or token.
///
/// `Debug` and `Display` print `[redacted]`, and there is no `Serialize`: a report, a log line or
/// a panic message that contains a `Secret` shows that there was one and nothing more. The text
/// itself is reached only through [`Secret::expose`], so that every place that needs it can be
/// found by that name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that has to send or store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty, which the contract treats as "no secret"
    /// (contract#auth-empty-secret).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_redacted_everywhere() {
        let secret = Secret::new("s3cr3t");
        assert_eq!(format!("{secret}"), "[redacted]");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(format!("{secret:#?}"), "[redacted]");
        assert!(!format!("{:?}", Some(&secret)).contains("s3cr3t"));
        assert_eq!(secret.expose(), "s3cr3t");
    }

    #[test]
    fn an_empty_text_is_an_empty_secret() {
        assert!(Secret::from("").is_empty());
        assert!(!Secret::from(String::from("x")).is_empty());
    }
}
