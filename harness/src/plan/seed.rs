//! The randomness of a run.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::secret::Secret;

/// 32 random bytes from which every key, secret and choice of a run is derived, each by its own
/// label. Prints redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Takes the run's randomness.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 32 bytes for one purpose. The same label gives the same bytes again.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(label);
        hash.finalize().into()
    }

    /// A secret of 32 bytes as hex, for one purpose.
    #[must_use]
    pub fn secret(&self, label: &str) -> Secret {
        Secret::new(HEXLOWER.encode(&self.derive(label)))
    }

    /// The seed as hex, for a file of mode 0600.
    #[must_use]
    pub fn expose(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads what [`Seed::expose`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Names one run: its start in UTC and six hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

impl RunId {
    /// Makes the id of a run that starts at `now`.
    #[must_use]
    pub fn new(now: OffsetDateTime, seed: &Seed) -> Self {
        let format = format_description!("[year][month][day]-[hour][minute][second]");
        // The description is checked when this is compiled; formatting cannot fail.
        let stamp = now.format(&format).unwrap_or_default();
        let tail = HEXLOWER.encode(&seed.derive("run-id")[..3]);
        Self(format!("{stamp}-{tail}"))
    }

    /// Whether a text is a run's id by its form.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        let mut parts = text.split('-');
        let mut next = |length: usize, fits: fn(char) -> bool| {
            let fits = |part: &str| part.len() == length && part.chars().all(fits);
            parts.next().is_some_and(fits)
        };
        let digit = |c: char| c.is_ascii_digit();
        next(8, digit) && next(6, digit) && next(6, |c| c.is_ascii_hexdigit()) && {
            parts.next().is_none()
        }
    }

    /// When the run of an id began, in seconds of Unix time; `None` of a text that is no id.
    #[must_use]
    pub fn began(text: &str) -> Option<i64> {
        let stamp = text.get(..15).filter(|_| Self::is_one(text))?;
        let format = format_description!("[year][month][day]-[hour][minute][second]");
        let began = PrimitiveDateTime::parse(stamp, &format).ok()?;
        Some(began.assume_utc().unix_timestamp())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last six digits, for names on the engine.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.rsplit('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_run_id_is_known_by_its_form() {
        let id = RunId::new(datetime!(2026-11-22 10:00:00 UTC), &Seed::new([7; 32]));
        assert!(RunId::is_one(id.as_str()), "{id}");
        for other in [
            "",
            "lab",
            "two-home-local",
            "20261122-100000",
            "20261122-100000-abcde",
            "20261122-100000-abcdeg",
            "20261122-100000-abcdef-0",
            "2026112a-100000-abcdef",
        ] {
            assert!(!RunId::is_one(other), "{other}");
        }
    }
}
