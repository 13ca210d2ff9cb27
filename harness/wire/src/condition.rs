//! Conditions and what fulfils them.

use std::fmt;

use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The hash that a fulfillment must have (RFC-0027, `executionCondition`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Condition(pub [u8; 32]);

/// The preimage of a condition (RFC-0027, `fulfillment`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fulfillment(pub [u8; 32]);

impl Condition {
    /// The condition that `fulfillment` fulfils: its SHA-256 hash.
    pub fn of(fulfillment: &Fulfillment) -> Self {
        Self(sha256(&fulfillment.0))
    }

    /// The condition of a PREPARE with this data by the TOON network's convention,
    /// SHA-256 of SHA-256 of the data (contract#fulfillment-convention).
    pub fn for_data(data: &[u8]) -> Self {
        Self::of(&Fulfillment::for_data(data))
    }
}

impl Fulfillment {
    /// The fulfillment of a PREPARE with this data by the TOON network's convention, SHA-256 of
    /// the data (contract#fulfillment-convention).
    pub fn for_data(data: &[u8]) -> Self {
        Self(sha256(data))
    }

    /// Whether this is the preimage of `condition`.
    pub fn fulfills(&self, condition: &Condition) -> bool {
        Condition::of(self) == *condition
    }
}

fn hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for Fulfillment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Fulfillment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}
