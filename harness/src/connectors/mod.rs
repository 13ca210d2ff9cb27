//! The connectors that a home can have, each in a room of its own behind one trait.
//!
//! Everything that depends on which connector it is stands here: its configuration and environment,
//! its ports, how it is asked and told things while it runs, what its log says, and what it owes its
//! peers. The rest of the harness asks [`Connector`] and goes by its [`Capabilities`].
//!
//! A new connector is a [`profile`]: a TOML file, which may come along or be the user's own. One that
//! has an interface to be asked by is a room beside [`toon`]; `CONTRIBUTING.md` has both recipes.

mod accounts;
mod capabilities;
mod configuration;
mod connector;
mod control;
mod deployment;
mod image;
mod kind;
mod level;
mod log;
mod packets;
pub mod profile;
mod site;
pub mod toon;

pub use accounts::{ACCOUNT, Accounts};
pub use capabilities::{Answers, Capabilities, PeersKnown};
pub use configuration::{
    BtpPorts, ConfigFile, Configuration, ConfigureError, Content, Ports, Recipe, Server,
};
pub use connector::Connector;
pub use control::{Contact, Control, ControlError, Health, PeerState};
pub use deployment::{Deployed, DeployedFile, DeployedVariable, Deployment};
pub use image::image_name;
pub use kind::Kind;
pub use level::level_of;
pub use log::{Level, LogEvent, SessionEvent};
pub use packets::{Outgoing, Received, Reply};
pub use profile::{FORMAT as PROFILE_FORMAT, ProfileError};
pub use site::{Caller, Daemon, PeerToDial, Purpose, Route, Site, StartedBy, Who};
pub(crate) use toon::secret_variable;
