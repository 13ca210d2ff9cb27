//! What an onion daemon says of itself, and the TLD family that follows from it.

use std::fmt;

use super::address::TldFamily;
use super::control::{Control, ControlError};

/// The status of an answer about an option that the daemon does not have (control-spec, section 4).
const UNKNOWN_OPTION: &str = "552";

/// The two programs that onion daemons come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// anon, a fork of tor that changes its TLD from release to release.
    Anon,
    /// tor.
    Tor,
}

/// An onion daemon, by what it answers on its control port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Which program it is.
    pub program: Program,
    /// Its version, such as `0.4.9.11-live`.
    pub version: String,
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = match self.program {
            Program::Anon => "anon",
            Program::Tor => "tor",
        };
        write!(f, "{program} {}", self.version)
    }
}

impl Daemon {
    /// A daemon that gave this answer to `GETINFO version`, and has an option `AgreeToTerms` or not.
    ///
    /// The version alone does not tell the programs apart: both call themselves Tor in
    /// `PROTOCOLINFO`, and their numbers overlap. Only anon asks for agreement to its terms. It does
    /// since 0.4.9.7; what came before publishes `.onion`, as tor does.
    #[must_use]
    pub fn of(version: &str, has_terms: bool) -> Self {
        let program = if has_terms {
            Program::Anon
        } else {
            Program::Tor
        };
        // A build from a repository adds its commit in brackets.
        let version = version.split_whitespace().next().unwrap_or_default();
        Self {
            program,
            version: version.to_owned(),
        }
    }

    /// Asks a daemon.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when it does not answer.
    pub async fn ask(control: &mut Control) -> Result<Self, ControlError> {
        let version = control.info("version").await?;
        let has_terms = match control.option("AgreeToTerms").await {
            Ok(_) => true,
            Err(ControlError::Refused { reply, .. }) if reply.starts_with(UNKNOWN_OPTION) => false,
            Err(error) => return Err(error),
        };
        Ok(Self::of(&version, has_terms))
    }

    /// The family that it publishes, and the only one that it resolves; `None` for a version of
    /// which that is not known.
    #[must_use]
    pub fn family(&self) -> Option<TldFamily> {
        let version = numbers(&self.version)?;
        match (self.program, version) {
            // Services of version 3 came with 0.3.2.
            (Program::Tor, version) => (version >= [0, 3, 2, 0]).then_some(TldFamily::Onion),
            (Program::Anon, version) if version <= [0, 4, 9, 8] => Some(TldFamily::Onion),
            (Program::Anon, [0, 4, 9, 9..=13]) => Some(TldFamily::Anon),
            (Program::Anon, [0, 4, 10, _]) => Some(TldFamily::Anyone),
            (Program::Anon, _) => None,
        }
    }
}

/// The four numbers of a version without its tag (version-spec).
fn numbers(version: &str) -> Option<[u16; 4]> {
    let bare = version.split('-').next()?;
    let parts: Result<Vec<u16>, _> = bare.split('.').map(str::parse).collect();
    parts.ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(version: &str, has_terms: bool) -> Option<TldFamily> {
        Daemon::of(version, has_terms).family()
    }

    #[test]
    fn what_real_daemons_answer() {
        // `GETINFO version` of the daemon in the npm package and of Debian's tor.
        let anon = Daemon::of("0.4.9.11-live", true);
        assert_eq!(anon.to_string(), "anon 0.4.9.11-live");
        assert_eq!(anon.family(), Some(TldFamily::Anon));
        let tor = Daemon::of("0.4.9.11", false);
        assert_eq!(tor.to_string(), "tor 0.4.9.11");
        assert_eq!(tor.family(), Some(TldFamily::Onion));
        let built = Daemon::of("0.4.8.10 (git-abcdef0123456789)", false);
        assert_eq!(built.to_string(), "tor 0.4.8.10");
        assert_eq!(built.family(), Some(TldFamily::Onion));
    }

    #[test]
    fn every_release_has_its_family() {
        for (version, expected) in [
            ("0.4.9.7-live", Some(TldFamily::Onion)),
            ("0.4.9.8-live", Some(TldFamily::Onion)),
            ("0.4.9.9", Some(TldFamily::Anon)),
            ("0.4.9.13-live", Some(TldFamily::Anon)),
            ("0.4.9.14", None),
            ("0.4.10.0-beta", Some(TldFamily::Anyone)),
            ("0.4.10.2", Some(TldFamily::Anyone)),
            ("0.4.11.0", None),
            ("1.0.0.0", None),
        ] {
            assert_eq!(family(version, true), expected, "anon {version}");
        }
        for (version, expected) in [
            ("0.3.1.9", None),
            ("0.3.2.1-alpha", Some(TldFamily::Onion)),
            ("0.4.9.13", Some(TldFamily::Onion)),
            ("0.4.10.0", Some(TldFamily::Onion)),
        ] {
            assert_eq!(family(version, false), expected, "tor {version}");
        }
    }

    #[test]
    fn what_is_no_version_is_not_guessed_at() {
        for version in [
            "",
            "0.4.9",
            "0.4.9.11.1",
            "0.4.9.x",
            "v0.4.9.11",
            "-live",
            "0.4.9.99999",
        ] {
            assert_eq!(family(version, true), None, "anon {version:?}");
            assert_eq!(family(version, false), None, "tor {version:?}");
        }
    }
}
