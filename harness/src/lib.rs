//! Test harness and topology verifier for ILP connectors that peer over ATOR.

pub mod probe;
pub mod secret;
