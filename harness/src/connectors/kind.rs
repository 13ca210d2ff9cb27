//! Which connector.

use std::fmt;
use std::ops::Deref;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::{Connector, ProfileError, profile, toon};

/// One of the connectors. Equal to another of the same name, and shown by it.
#[derive(Clone, Copy)]
pub struct Kind(&'static dyn Connector);

impl Kind {
    /// Every kind that comes along, the one that a topology has when it names none first.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::default()).chain(profile::builtin().map(Self))
    }

    /// The one of these that has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// Reads a profile. `file` is what messages name; `place` is the absolute path of the folder that it is
    /// in, below which the folder of a tree is looked for. The connector lives as long as the program.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] with every mistake that one pass can find.
    pub fn from_profile(file: &str, place: &Path, text: &str) -> Result<Self, ProfileError> {
        let profile = profile::parse(file, place, text)?;
        Ok(Self::of(Box::leak(Box::new(profile))))
    }

    /// The kind that a connector is.
    #[must_use]
    pub const fn of(connector: &'static dyn Connector) -> Self {
        Self(connector)
    }
}

/// The connector of a topology that names none.
impl Default for Kind {
    fn default() -> Self {
        Self(&toon::Toon)
    }
}

impl Deref for Kind {
    type Target = dyn Connector;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_connector_has_a_name_of_its_own() {
        let names: BTreeSet<String> = Kind::all().map(|kind| format!("{kind:?}")).collect();
        assert_eq!(names.len(), Kind::all().count());
        assert_eq!(Kind::all().next(), Some(Kind::default()));
    }
}
