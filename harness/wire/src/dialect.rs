//! Which bytes are spoken, and how forgiving a decoder is.

use std::fmt;
use std::str::FromStr;

/// Which bytes BTP and ILP are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The TOON connector's own layout (contract#dialect-toon).
    Toon,
    /// RFC-0023, RFC-0027 and RFC-0030, as the Interledger implementations speak them.
    Rfc,
}

impl Dialect {
    /// The name used on command lines and in files: `toon` or `rfc`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Toon => "toon",
            Self::Rfc => "rfc",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect `{0}`, expected `toon` or `rfc`")]
pub struct UnknownDialect(String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "toon" => Ok(Self::Toon),
            "rfc" => Ok(Self::Rfc),
            other => Err(UnknownDialect(other.to_owned())),
        }
    }
}

/// How forgiving a decoder is. Encoding is the same in both modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Only the one canonical form of each value is accepted.
    Strict,
    /// What peers in the field accept is accepted: for [`Dialect::Toon`] exactly what the
    /// connector was observed to take (contract#ilp-packet, contract#undecodable-packet), for
    /// [`Dialect::Rfc`] what the published packages take, and lengths in longer forms than needed
    /// besides.
    Lenient,
}

impl Mode {
    pub(crate) const fn is_strict(self) -> bool {
        matches!(self, Self::Strict)
    }
}
