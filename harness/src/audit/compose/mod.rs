//! Compose files: several become one project, as Compose makes it.

mod include;
mod load;
mod merge;
mod normal;
mod ports;
mod rebase;
mod service;
mod volumes;

pub(super) use include::{extended, included};
pub(super) use load::of_root;
pub(crate) use load::{Project, load};
pub(crate) use ports::Reach;
pub(crate) use service::Service;
pub(super) use volumes::Mount;
pub(crate) use volumes::MountKind;
