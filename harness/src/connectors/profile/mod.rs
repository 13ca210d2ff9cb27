//! Connectors that a TOML file describes: how one is configured and run, what it can do and how it
//! answers. `docs/profiles.md` has every key.

mod account;
mod builtin;
mod error;
mod model;
mod parse;
mod ready;
mod sample;
mod template;

pub(super) use builtin::builtin;
pub use error::ProfileError;
pub use model::Profile;
pub use parse::FORMAT;
pub(super) use parse::parse;
