//! Test harness and topology verifier for ILP connectors that peer over ATOR.
//!
//! This is the library behind the `ator-harness` command, and what Rust tests of a connector use: [`testing`] brings up
//! two homes around the connector's image, on a private onion network of real daemons on this machine, lets a test send
//! packets, break things and read logs, judges the homes by the command's whole catalogue of checks, and leaves nothing
//! behind however the test ends.
//!
//! # The first test
//!
//! It takes a Docker Engine on this machine, and in `Cargo.toml`, beside `tokio` with `macros` and `rt-multi-thread`:
//!
//! ```toml
//! [dev-dependencies]
//! ator-harness = { git = "<this repository>", features = ["programs"] }
//!
//! # Without these two the keys of a network's authorities take ten seconds.
//! [profile.dev.package.num-bigint-dig]
//! opt-level = 3
//! [profile.dev.package.rsa]
//! opt-level = 3
//! ```
//!
//! Once for each machine, the onion daemon is fetched: `ator-harness fetch`, or
//! [`testing::fetch_onion_daemon`]. Then this is a test:
//!
//! ```no_run
//! use ator_harness::testing::{Reply, TwoHomes};
//!
//! #[tokio::test]
//! async fn my_connector_delivers_over_the_onion_network() -> Result<(), Box<dyn std::error::Error>> {
//!     let homes = TwoHomes::builder().connector_image("my-connector:1").start().await?;
//!     let shop = homes.b().ilp_address("shop");
//!     assert_eq!(homes.a().send(&shop, 0, b"hello").await?, Reply::Fulfilled { fits: true });
//!     assert_eq!(homes.b().received().await?.last().map(|one| &one.destination), Some(&shop));
//!     homes.verdict().await?.assert_pass();
//!     Ok(())
//! }
//! ```
//!
//! # What is the interface
//!
//! [`testing`] and what it hands out. The other modules that are listed here are what a handle leads to, such as the
//! [`plan`] of a run or its [`report`]; modules that are not listed are there for the command and for this project's own
//! tests. Both may change with any version.

/// The examples of the library's page, which are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/library.md")]
struct LibraryPage;

#[doc(hidden)]
pub mod answer;
#[doc(hidden)]
pub mod audit;
#[doc(hidden)]
pub mod causes;
pub mod checks;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod conformance;
pub mod connectors;
#[doc(hidden)]
pub mod deployment;
#[doc(hidden)]
pub mod descriptors;
#[doc(hidden)]
pub mod diagnosis;
#[doc(hidden)]
pub mod embedded;
pub mod engine;
#[doc(hidden)]
pub mod environment;
pub mod events;
#[doc(hidden)]
pub mod evidence;
#[doc(hidden)]
pub mod export;
pub mod faults;
#[doc(hidden)]
pub mod ingredients;
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod ledger;
#[doc(hidden)]
pub mod local;
#[doc(hidden)]
pub mod mutants;
#[doc(hidden)]
pub mod npm;
pub mod onion;
pub mod operator;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
#[doc(hidden)]
pub mod sabotage;
pub mod secret;
#[doc(hidden)]
pub mod stand;
#[doc(hidden)]
pub mod suggest;
pub mod testing;
#[doc(hidden)]
pub mod toml_file;
pub mod topology;
#[doc(hidden)]
pub mod trace;
