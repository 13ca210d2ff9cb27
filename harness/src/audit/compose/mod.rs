//! Compose files: several become one project, as Compose makes it.

mod include;
mod load;
mod merge;
mod normal;
mod ports;
mod service;
mod volumes;

pub(super) use load::{Project, load, of_root};
pub(super) use service::Service;
pub(super) use volumes::{Mount, MountKind};
