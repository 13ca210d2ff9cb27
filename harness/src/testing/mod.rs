//! Two homes for somebody's own tests, and single parts of them.
//!
//! [`TwoHomes`] is a whole topology: two homes that dial each other over a private onion network. A test has handles on
//! both ([`TestHome`]), a BTP session of its own ([`PeerSession`]), faults ([`TwoHomes::fault`]) and a verdict
//! ([`Judged`]). [`parts`] are single containers, as images of the crate `testcontainers`.
//!
//! # How it ends
//!
//! | the test | what it has started is gone |
//! |---|---|
//! | passes, fails, panics, or drops the future of [`start`](TwoHomesBuilder::start) | before the test has ended, after some two seconds |
//! | is asked to end by SIGINT, SIGTERM, SIGQUIT or SIGHUP, such as by Ctrl-C or nextest's timeout | before its process ends, with 128 and the signal's number |
//! | is killed, aborts, calls `std::process::exit`, or keeps homes in a static | seconds after its process has ended: another process, which holds one end of a pipe, removes it |
//! | is killed together with that process, such as by the end of a container around both | when the next run of this library or of `ator-harness` on the engine begins |
//!
//! Signals are handled from the first start on and for the rest of the process.
//!
//! # A fault
//!
//! ```no_run
//! use ator_harness::testing::{NetworkChoice, TwoHomes};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // The network's own relays are to be broken, so it has to be the homes' own.
//! let homes = TwoHomes::builder().network(NetworkChoice::Fresh).start().await?;
//! homes.fault("relay-on-path").await?;
//! let killed = homes.fault("connector-kill").await?;
//! killed.undo().await?;
//! println!("{}", homes.b().log().await?);
//! # Ok(())
//! # }
//! ```
//!
//! One that is judged, with packets flowing meanwhile, is asked for before: [`TwoHomesBuilder::fault`].

mod builder;
mod checkout;
mod error;
mod fault;
mod home;
mod judged;
mod keeper;
pub mod parts;
mod session;
mod signals;
mod two_homes;

pub use builder::TwoHomesBuilder;
pub use error::TestError;
pub use fault::Broken;
pub use home::TestHome;
pub use judged::Judged;
pub use session::PeerSession;
pub use two_homes::TwoHomes;

pub use crate::checks::Verdict;
pub use crate::connectors::{PeerState, Received, Reply};
pub use crate::probe::Outcome;
pub use crate::run::{Amounts, NetworkChoice};

use std::path::PathBuf;

use crate::npm::{Cache, Package, Registry, Source, fetch};

/// Fetches the onion daemon from its npm package, once for this user of this machine: `ator-harness fetch` does the
/// same. Whoever starts homes fetches nothing. Returns where it is.
///
/// # Errors
///
/// [`TestError::Fetch`] when it cannot be had.
pub async fn fetch_onion_daemon() -> Result<PathBuf, TestError> {
    let source = Source::Registry(Registry::choose(None)?);
    let fetched = fetch(&Package::anon(), &Cache::locate()?, &source, |_| ()).await?;
    Ok(fetched.path)
}
