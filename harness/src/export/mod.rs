//! A home of a plan, or an operator's own, as files of plain Docker Compose: the deployment that an operator runs
//! without the harness.
//!
//! Nothing is read or started. The secrets are the home's, in files of mode 0600 alone; the Compose file names them.

mod compose;
mod files;
mod model;

pub use files::deployment;
pub use model::{DeployedHome, DeployedService, DeploymentFile, DeploymentImages, DeploymentMode};
