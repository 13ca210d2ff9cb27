//! One-line texts that people send each other, with what shows that a part is missing or was changed.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

/// The format's version.
const VERSION: &str = "1";
/// Bytes of the checksum.
const CHECK: usize = 4;

/// What a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// What a home is invited by: `home key` prints it.
    Key,
    /// An invitation: `home invite` prints it.
    Invitation,
}

impl LineKind {
    const ALL: [Self; 2] = [Self::Key, Self::Invitation];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Key => "ator-key",
            Self::Invitation => "ator-invite",
        }
    }

    /// What it is, in words.
    const fn words(self) -> &'static str {
        match self {
            Self::Key => "a home's key, as `ator-harness home key` prints it",
            Self::Invitation => "an invitation, as `ator-harness home invite` prints it",
        }
    }
}

/// What a text says that it is.
#[must_use]
pub(super) fn kind(text: &str) -> Option<LineKind> {
    let text = text.trim_start();
    let is_one = |kind: &LineKind| {
        let rest = text.strip_prefix(kind.prefix());
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    LineKind::ALL.into_iter().find(is_one)
}

/// Why a text is not such a line. No text quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It begins with something else.
    #[error("it does not begin with `{prefix}.`; give {wanted}", prefix = .0.prefix(), wanted = .0.words())]
    NotOne(LineKind),
    /// It is a line of another kind.
    #[error("it is {is}, and not {wanted}", is = is.words(), wanted = wanted.words())]
    OtherKind {
        /// What it is.
        is: LineKind,
        /// What was asked for.
        wanted: LineKind,
    },
    /// It was made by another version.
    #[error(
        "it is of version {0:?}, which this harness does not know (it knows {VERSION}); use that harness, or ask for a line that was made with this one"
    )]
    Version(String),
    /// Its end is missing.
    #[error("it is truncated; copy the whole line, which may be broken over several")]
    Truncated,
    /// It is not what was sent.
    #[error("it was altered on its way: its checksum does not fit; have it sent again, as a file")]
    Altered,
}

fn check(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..CHECK])
}

/// Makes the line of some bytes.
#[must_use]
pub(super) fn encode(kind: LineKind, content: &[u8]) -> String {
    let content = BASE64URL_NOPAD.encode(content);
    let text = format!("{}.{VERSION}.{}.{content}", kind.prefix(), content.len());
    let check = check(&text);
    format!("{text}.{check}")
}

/// The bytes of a line. White space is left out: mail programs break long lines.
///
/// # Errors
///
/// [`LineError`] tells truncated, altered, another kind and another version apart.
pub(super) fn decode(kind: LineKind, text: &str) -> Result<Vec<u8>, LineError> {
    let text: String = text.split_whitespace().collect();
    let mut parts = text.split('.');
    let prefix = parts.next().unwrap_or_default();
    let found = LineKind::ALL.into_iter().find(|one| one.prefix() == prefix);
    match found {
        None => return Err(LineError::NotOne(kind)),
        Some(is) if is != kind => return Err(LineError::OtherKind { is, wanted: kind }),
        Some(_) => {}
    }
    let (version, length) = (parts.next(), parts.next());
    let content = parts.next().unwrap_or_default();
    match version {
        Some(VERSION) => {}
        Some(other) if parts.clone().next().is_some() => {
            return Err(LineError::Version(other.chars().take(12).collect()));
        }
        _ => return Err(LineError::Truncated),
    }
    let length = length.ok_or(LineError::Truncated)?;
    let sum = parts.next().unwrap_or_default();
    let is_short = |length: usize| content.len() < length || sum.len() < CHECK * 2;
    if length.is_empty() || length.parse().is_ok_and(is_short) {
        return Err(LineError::Truncated);
    }
    let before = text.len() - sum.len() - 1;
    if parts.next().is_some() || check(&text[..before]) != sum {
        return Err(LineError::Altered);
    }
    let bytes = BASE64URL_NOPAD.decode(content.as_bytes());
    bytes.map_err(|_| LineError::Altered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_read_also_when_it_was_wrapped() {
        let line = encode(LineKind::Key, b"something of a home");
        let wrapped = format!(" {}\n{}\r\n", &line[..20], &line[20..]);
        for text in [&line, &wrapped] {
            assert_eq!(
                decode(LineKind::Key, text).expect("is one"),
                b"something of a home"
            );
        }
    }

    #[test]
    fn each_damage_has_its_name() {
        let line = encode(LineKind::Invitation, &[7; 40]);
        let read = |text: &str| decode(LineKind::Invitation, text).expect_err("is damaged");
        assert_eq!(read(""), LineError::NotOne(LineKind::Invitation));
        assert_eq!(read("hello"), LineError::NotOne(LineKind::Invitation));
        let key = encode(LineKind::Key, &[7; 40]);
        assert!(matches!(read(&key), LineError::OtherKind { .. }));
        let later = line.replacen(".1.", ".2.", 1);
        assert_eq!(read(&later), LineError::Version("2".to_owned()));
        for length in "ator-invite".len()..line.len() {
            let error = read(&line[..length]);
            assert_eq!(error, LineError::Truncated, "{length}");
        }
        for at in line
            .rfind('.')
            .into_iter()
            .flat_map(|end| [end - 3, end + 2])
        {
            let other = if &line[at..=at] == "a" { "b" } else { "a" };
            let altered = format!("{}{other}{}", &line[..at], &line[at + 1..]);
            assert_eq!(read(&altered), LineError::Altered, "{at}");
        }
        assert_eq!(read(&format!("{line}.x")), LineError::Altered);
    }
}
