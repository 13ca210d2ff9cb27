//! Parts that can be broken on purpose: which there are, and which check has to notice each.
//!
//! A verifier is judged by what it catches: each mutant is one broken part of a real topology, and
//! the check that it is named beside has to notice it, and no other.
//!
//! This is data alone, which a topology names; `crate::sabotage` breaks the part.

mod spec;
mod table;
mod variants;

pub use spec::{MutantAddress, MutantSpec, Needs, Part};
pub use table::MUTANTS;
pub use variants::{Different, VARIANTS, VariantSpec};
