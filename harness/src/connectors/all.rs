//! Which connectors there are.

use super::{Connector, toon};

/// Every connector, the one that a topology has when it names none first.
pub const ALL: &[&dyn Connector] = &[&toon::Toon];
