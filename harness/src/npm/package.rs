//! Which package, as the committed lock has it.

use data_encoding::BASE64;
use serde::Deserialize;
use sha2::{Digest, Sha512};

/// The lock by which `make images` fetches the same package.
const LOCK: &str = include_str!("../../../fixtures/images/anon/package-lock.json");
/// The one package of it that has the daemon.
const NAME: &str = "@anyone-protocol/anyone-client";

/// A package of one version with one content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name, with its scope.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-512 of its tarball.
    pub(super) digest: Vec<u8>,
    /// Where its tarball is, if the lock says so.
    pub(super) resolved: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    version: String,
    integrity: String,
    resolved: Option<String>,
}

impl Package {
    /// The onion daemon's.
    #[must_use]
    pub fn anon() -> Self {
        // It is part of the program, and a test reads it.
        Self::read(LOCK, NAME).unwrap_or_else(|why| unreachable!("the committed lock: {why}"))
    }

    /// A package of a lock, or what the lock lacks.
    fn read(lock: &str, name: &str) -> Result<Self, String> {
        let mut lock: serde_json::Value =
            serde_json::from_str(lock).map_err(|error| error.to_string())?;
        let entry = lock["packages"][format!("node_modules/{name}")].take();
        let entry: Entry =
            serde_json::from_value(entry).map_err(|error| format!("{name}: {error}"))?;
        let digest = entry.integrity.strip_prefix("sha512-");
        let digest = digest.and_then(|digest| BASE64.decode(digest.as_bytes()).ok());
        let digest = digest.filter(|digest| digest.len() == Sha512::output_size());
        Ok(Self {
            name: name.to_owned(),
            version: entry.version,
            digest: digest.ok_or_else(|| format!("{name}: its integrity is no SHA-512"))?,
            resolved: entry.resolved,
        })
    }

    /// Whether these bytes are its tarball.
    pub(super) fn is(&self, tarball: &[u8]) -> bool {
        Sha512::digest(tarball)[..] == self.digest[..]
    }

    /// The name that its tarball has in a registry, and that `npm pack` gives it but for the scope.
    pub(super) fn file(&self) -> String {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        format!("{name}-{}.tgz", self.version)
    }

    /// A package with this tarball, for tests.
    #[cfg(test)]
    pub(super) fn of(tarball: &[u8]) -> Self {
        Self {
            name: "@test/daemon".to_owned(),
            version: "1.2.3".to_owned(),
            digest: Sha512::digest(tarball).to_vec(),
            resolved: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_lock_has_the_daemon() {
        let package = Package::anon();
        assert_eq!(package.digest.len(), 64);
        assert_eq!(
            package.file(),
            format!("anyone-client-{}.tgz", package.version)
        );
        // The daemon that is documented is the one of this version.
        assert_eq!(package.version, "1.1.3");
    }

    #[test]
    fn a_package_is_its_digest() {
        let package = Package::of(b"tarball");
        assert!(package.is(b"tarball"));
        assert!(!package.is(b"tarbell"));
    }

    #[test]
    fn a_lock_without_a_digest_that_can_be_trusted_is_none() {
        let lock = |integrity: &str| {
            format!(
                r#"{{"packages": {{"node_modules/a": {{"version": "1.0.0", "integrity": "{integrity}"}}}}}}"#
            )
        };
        for integrity in [
            "",
            "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "sha512-AAAA",
            "sha512-!",
        ] {
            let why = Package::read(&lock(integrity), "a").expect_err("is no digest");
            assert!(why.contains("no SHA-512"), "{why}");
        }
        let why = Package::read(&lock(""), "b").expect_err("is not there");
        assert!(why.starts_with("b: "), "{why}");
    }
}
