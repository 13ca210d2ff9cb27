//! The onion network: addresses, keys, daemon configuration, control port, directory port.
//!
//! Only this module knows an anonrc option, a control-port line or a consensus entry.

mod address;
pub mod anonrc;
pub mod authority;
pub mod ballot;
pub mod consensus;
pub mod control;
mod daemon;
pub mod directory;
mod host;
pub mod monitor;
mod notice;
mod password;
mod redact;
mod service;

pub use address::{AddressError, OnionAddress, TldFamily};
pub use daemon::{Daemon, Program};
pub use host::{HostError, Way, ask_proxy, host_family, resolvable};
pub use notice::{Notice, notices, refused_folder};
pub use password::ControlPassword;
pub use redact::{mentions_address, redact};
pub use service::{PUBLIC_FILE, SECRET_FILE, ServiceKeys};
