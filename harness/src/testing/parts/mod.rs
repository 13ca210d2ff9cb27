//! Single parts as images of testcontainers.
//!
//! Each is an [`Image`](testcontainers::Image) and a [`BuildableImage`](testcontainers::core::BuildableImage):
//! `build_image` makes it on the engine of what is at hand, and nothing is pulled.

mod connector;
mod daemon;
mod recipe;
mod server;

pub use connector::ReferenceConnector;
pub use daemon::OnionDaemon;
pub use server::BusinessLogicServer;
