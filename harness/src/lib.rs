//! Test harness and topology verifier for ILP connectors that peer over ATOR.

pub mod engine;
pub mod onion;
pub mod probe;
pub mod secret;
pub mod topology;
