//! The `ator-harness` command: one file per subcommand.

pub mod conformance;
pub mod wire;
