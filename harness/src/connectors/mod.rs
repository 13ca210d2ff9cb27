//! The connectors that a home can have, each in a room of its own behind one trait.
//!
//! Everything that depends on which connector it is stands here: its configuration and environment,
//! its ports, how it is asked and told things while it runs, what its log says, and what it owes its
//! peers. The rest of the harness asks [`Connector`] and goes by its [`Capabilities`].
//!
//! A new connector is a file, or a folder, beside [`toon`] and a line in [`ALL`]; `CONTRIBUTING.md`
//! has the recipe.

mod all;
mod capabilities;
mod configuration;
mod connector;
mod control;
mod kind;
mod level;
mod log;
mod site;
pub mod toon;

pub use all::ALL;
pub use capabilities::{Answers, Capabilities, PeersKnown};
pub use configuration::{BtpPorts, ConfigFile, Configuration, Ports, Recipe, Server};
pub use connector::Connector;
pub use control::{Contact, Control, ControlError, Health, Outgoing, PeerState, Received, Reply};
pub use kind::Kind;
pub use level::level_of;
pub use log::{Level, LogEvent, SessionEvent};
pub use site::{Caller, Daemon, PeerToDial, Route, Site, StartedBy};
pub(crate) use toon::secret_variable;
