//! What can go wrong between us and the engine.

use std::net::Ipv4Addr;

use super::address::AddressError;

/// An engine call that failed. Texts read on from "failed to ..." unless they stand alone.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No engine answered at any of the places looked at.
    #[error(
        "no Docker Engine answers (looked at {}); run `make engine` to install and start one, or \
         set DOCKER_HOST to one that runs on this machine", looked_at.join(", ")
    )]
    NoEngine {
        /// Every address tried, with the reason.
        looked_at: Vec<String>,
    },
    /// `DOCKER_HOST` names an engine whose containers can't be reached from here.
    #[error(
        "DOCKER_HOST is {address}: only an engine on this machine (unix:///path/to/socket) can be \
         used for a topology with a private network, because the harness talks to its containers' \
         addresses"
    )]
    NotLocal {
        /// The variable's value.
        address: String,
    },
    /// No engine answers at an address that was given.
    #[error("no Docker Engine answers at {address}: {reason}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why, and what to do about it where that is known.
        reason: String,
    },
    /// An address that is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The files are missing that an engine is reached with over TLS.
    #[error(
        "{address} is reached over TLS only, and {folder} lacks {}; put them there, name another folder with DOCKER_CERT_PATH or with {address}?certificates=/folder, or use ssh://",
        missing.join(", ")
    )]
    NoCertificates {
        /// The address.
        address: String,
        /// Where they were looked for.
        folder: String,
        /// The files that are not there.
        missing: Vec<String>,
    },
    /// The engine that a home stands on.
    #[error("the engine of home {home}: {source}")]
    OfHome {
        /// The home.
        home: String,
        /// What is wrong with it.
        source: Box<EngineError>,
    },
    /// An image that was asked for by name is not there, and nothing is ever pulled.
    #[error(
        "image {image} does not exist on the engine; load or build it first, nothing is pulled"
    )]
    NoSuchImage {
        /// The image's name.
        image: String,
    },
    /// A subnet is taken. The caller plans anew with another one.
    #[error("subnet of network {network} overlaps with one that exists")]
    SubnetTaken {
        /// The network's name.
        network: String,
    },
    /// An address or port to publish on is taken.
    #[error("failed to publish on {address}: {message}")]
    PortTaken {
        /// The address.
        address: Ipv4Addr,
        /// What the engine said.
        message: String,
    },
    /// A command inside a container could not be run or ended with a failure.
    #[error("failed to run {command} in {container}: {message}")]
    Exec {
        /// The container.
        container: String,
        /// The program's name.
        command: String,
        /// What it said.
        message: String,
    },
    /// A local file that goes into an image could not be read.
    #[error("failed to read {path} for an image")]
    ImageFile {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Any other answer of the engine.
    #[error("failed to {action}: {}", plain(source))]
    Api {
        /// What was being done.
        action: String,
        /// The client library's error.
        source: bollard::errors::Error,
    },
}

/// The engine's own words, without the library's frame around them.
fn plain(error: &bollard::errors::Error) -> String {
    match error {
        bollard::errors::Error::DockerResponseServerError {
            status_code,
            message,
        } => format!("{} (status {status_code})", message.trim()),
        other => other.to_string(),
    }
}

impl EngineError {
    /// For `map_err`: wraps the library's error with what was being done.
    pub(super) fn api(action: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> Self {
        let action = action.into();
        move |source| Self::Api { action, source }
    }
}

/// The HTTP status of an engine's refusal.
pub(super) fn status_of(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}
