//! What operators' files say of a deployment: Compose files, connectors' YAML, variables, packages, recipes of images,
//! daemons' configurations and logs, read into a model and held against a catalogue of checks.
//!
//! Nothing is started and nobody is asked (what an engine tells of a project that runs comes in as data); what is read is hostile, bounded, and quoted without secrets.

mod catalogue;
mod check;
mod checks;
mod compose;
mod connector;
mod daemon;
mod dockerfile;
mod duration;
mod env_file;
mod files;
mod git;
mod interpolate;
mod log;
mod model;
mod package;
mod place;
mod projects;
mod roles;
mod running;
mod secret_words;
mod summary;
mod urls;
mod yaml;

pub use catalogue::{every, find};
pub use check::{Check, Finding, Level, Outcome, Verdict};
pub(crate) use compose::{MountKind, Project, Service, load};
pub(crate) use files::{Files, Kind, Obstacle, Trouble};
pub(crate) use interpolate::Variables;
pub use place::At;
pub use running::{Read, RunningProject, RunningService};
pub(crate) use secret_words::is_secret;
pub use summary::{Audit, audit, audit_running};
pub(crate) use yaml::{Node, Value};
