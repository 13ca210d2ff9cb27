//! Where a topology runs: Docker Engines, through bollard; and one container by itself, through testcontainers.
//!
//! No type of either leaves this module. A container is addressed by its name in the plan;
//! whatever is cleaned up is found by label.

mod address;
mod alone;
mod archive;
mod call;
mod connect;
mod containers;
mod deadline;
mod end_state;
mod error;
mod exec;
mod files;
mod fleet;
mod home;
mod images;
mod labels;
mod limits;
mod log;
mod machine;
mod named;
mod networks;
mod pipe;
mod project;
mod read;
#[cfg(test)]
mod scripted;
mod ssh;
mod sweep;
mod usage;
mod watch;

pub use address::{AddressError, EngineAddress};
pub use alone::Alone;
pub use connect::{Engine, EngineInfo};
pub use containers::{ContainerSpec, FileSpec, NetworkMode, Privileges, TUN};
pub use deadline::{BootTime, Deadline, Now};
pub use end_state::EndState;
pub use error::{ConnectError, EngineError, LibraryError};
pub use exec::ExecOutput;
pub use files::{FilesError, Placed, is_program, program_files, tree_files};
pub use fleet::{Engines, Placement};
pub use home::{HomeContainer, HomeLabels, HomeResources};
pub use images::{Image, ImageContent, Material};
pub use labels::{
    LABEL_BOOT, LABEL_DEADLINE, LABEL_PROJECT, LABEL_ROLE, LABEL_RUN, LABEL_TOPOLOGY, Labelled,
    Labels, UnreadableLabel,
};
pub use log::Log;
pub use machine::{Mount, Port};
pub use networks::NetworkSpec;
pub use pipe::{Pipe, PipeInput, Piped};
pub use project::{ProjectContainer, ProjectHealth, ProjectMount};
pub use read::Owned;
pub use ssh::SshError;
pub use sweep::{Calls, FoundRun, Leftovers};
pub use usage::Usage;
pub use watch::{Death, Watch};
