//! Where a topology runs: a Docker Engine on this machine, through bollard.
//!
//! No type of bollard leaves this module. A container is addressed by its name in the plan;
//! whatever is cleaned up is found by label.

mod connect;
mod containers;
mod error;
mod exec;
mod files;
mod images;
mod labels;
mod networks;
mod sweep;
mod watch;

pub use connect::{Engine, EngineInfo};
pub use containers::{ContainerSpec, FileSpec, Memory, NetworkMode, Port, Privileges};
pub use error::EngineError;
pub use exec::ExecOutput;
pub use files::{FilesError, program_files};
pub use images::{Image, ImageContent};
pub use labels::{LABEL_DEADLINE, LABEL_PROJECT, LABEL_ROLE, LABEL_RUN, LABEL_TOPOLOGY, Labels};
pub use networks::NetworkSpec;
pub use sweep::{FoundRun, Leftovers};
pub use watch::{Death, Watch};
