//! ILP addresses.

use std::fmt;

use crate::Dialect;

/// An ILP address that at least one dialect accepts: 1 to 1023 characters, segments of letters,
/// digits, `-`, `_` and `~`, joined by single dots.
///
/// The dialects differ within that: `toon` has no `~` (contract#ilp-address-tilde), and `rfc` wants
/// an allocation scheme in front (`g`, `private`, `example`, `peer`, `self`, `test`, `test1` to
/// `test3` or `local`) and at least one more segment (RFC-0015). Encoders and strict decoders check
/// that; the lenient decoder of `rfc` takes any scheme.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address<'a>(&'a str);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// More than [`Address::MAX_LEN`] bytes.
    #[error("it has {0} bytes, at most 1023 are allowed")]
    TooLong(usize),
    /// A dot at the beginning, at the end or after a dot.
    #[error("an empty segment at character {0}")]
    EmptySegment(usize),
    /// A byte outside the character set.
    #[error("byte {byte:#04x} at character {index} is not allowed")]
    Character {
        /// Where, from 0.
        index: usize,
        /// Which.
        byte: u8,
    },
    /// The first segment is no allocation scheme, or nothing follows it (`rfc` only).
    #[error("it does not begin with an allocation scheme and a dot")]
    Scheme,
}

impl<'a> Address<'a> {
    /// The longest address in bytes (RFC-0015, contract#ilp-address).
    pub const MAX_LEN: usize = 1023;

    /// Checks `text` against the widest character set, that of RFC-0015, with any scheme.
    ///
    /// # Errors
    /// What is wrong with the first place that is wrong.
    pub fn new(text: &'a str) -> Result<Self, AddressError> {
        check(text.as_bytes(), true).map(|()| Self(text))
    }

    /// As [`new`](Self::new), with the rules of `dialect`.
    ///
    /// # Errors
    /// What is wrong with the first place that is wrong.
    pub fn for_dialect(text: &'a str, dialect: Dialect) -> Result<Self, AddressError> {
        Self::check(text.as_bytes(), dialect).map(|()| Self(text))
    }

    pub(crate) fn from_bytes(bytes: &'a [u8], dialect: Dialect) -> Result<Self, AddressError> {
        Self::check(bytes, dialect)?;
        Self::from_checked(bytes)
    }

    pub(crate) fn from_bytes_any_scheme(bytes: &'a [u8]) -> Result<Self, AddressError> {
        check(bytes, true)?;
        Self::from_checked(bytes)
    }

    fn from_checked(bytes: &'a [u8]) -> Result<Self, AddressError> {
        // The check leaves ASCII only, so this cannot fail; it is cheap beside the check.
        std::str::from_utf8(bytes)
            .map(Self)
            .map_err(|_| AddressError::Empty)
    }

    /// Whether `dialect` can carry this address.
    ///
    /// # Errors
    /// The first character that it cannot carry.
    pub fn check_dialect(&self, dialect: Dialect) -> Result<(), AddressError> {
        Self::check(self.0.as_bytes(), dialect)
    }

    /// The address as text.
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    fn check(bytes: &[u8], dialect: Dialect) -> Result<(), AddressError> {
        match dialect {
            Dialect::Toon => check(bytes, false),
            Dialect::Rfc => check(bytes, true).and_then(|()| check_scheme(bytes)),
        }
    }
}

fn check(bytes: &[u8], tilde: bool) -> Result<(), AddressError> {
    if bytes.is_empty() {
        return Err(AddressError::Empty);
    }
    if bytes.len() > Address::MAX_LEN {
        return Err(AddressError::TooLong(bytes.len()));
    }
    let mut after_dot = true;
    for (index, &byte) in bytes.iter().enumerate() {
        match CLASS[usize::from(byte)] {
            Class::Plain => after_dot = false,
            Class::Dot if after_dot => return Err(AddressError::EmptySegment(index)),
            Class::Dot => after_dot = true,
            Class::Tilde if tilde => after_dot = false,
            Class::Tilde | Class::Other => {
                return Err(AddressError::Character { index, byte });
            }
        }
    }
    if after_dot {
        return Err(AddressError::EmptySegment(bytes.len()));
    }
    Ok(())
}

/// The schemes of RFC-0015 and the segment that must follow.
fn check_scheme(bytes: &[u8]) -> Result<(), AddressError> {
    let end = bytes.iter().position(|byte| *byte == b'.');
    match &bytes[..end.unwrap_or(0)] {
        b"g" | b"private" | b"example" | b"peer" | b"self" | b"test" | b"test1" | b"test2"
        | b"test3" | b"local" => Ok(()),
        _ => Err(AddressError::Scheme),
    }
}

#[derive(Clone, Copy)]
enum Class {
    Other,
    Plain,
    Dot,
    Tilde,
}

/// One look-up per byte instead of five comparisons.
static CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = match value {
            b'.' => Class::Dot,
            b'~' => Class::Tilde,
            b'-' | b'_' => Class::Plain,
            _ if value.is_ascii_alphanumeric() => Class::Plain,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
};

impl AsRef<str> for Address<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl PartialEq<str> for Address<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Address<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<'a> TryFrom<&'a str> for Address<'a> {
    type Error = AddressError;

    fn try_from(text: &'a str) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}
