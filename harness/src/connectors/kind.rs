//! Which connector.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use super::{ALL, Connector};

/// One of the connectors. Equal to another of the same name, and shown by it.
#[derive(Clone, Copy)]
pub struct Kind(&'static dyn Connector);

impl Kind {
    /// Every kind there is.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied().map(Self)
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
        Self(ALL[0])
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
        assert_eq!(names.len(), ALL.len());
        assert_eq!(Kind::all().next(), Some(Kind::default()));
    }
}
