//! The containers of a plan.

mod all;
mod files;
mod home;
mod node;
mod specs;

pub(crate) use files::{ANONRC, config_files, daemon_arguments, daemon_files, file};
pub(crate) use home::KEYS;
pub use home::{AGENT, FORWARDS_OPEN, RECORD};
pub use specs::{HomeSpecs, HostProgram, Images, Specs};
