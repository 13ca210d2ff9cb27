//! Services of operators' Compose files as connectors of homes: read, with everything that is wrong of them.
//!
//! What a service mounts is copied when it is read. Nothing of the deployment is changed, and no variable of the
//! environment counts: the files alone do, as in [`crate::audit`].

mod files;
mod mistake;
mod service;

pub use mistake::DeploymentError;
pub use service::read;
