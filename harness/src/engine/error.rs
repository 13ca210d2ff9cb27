//! What can go wrong between us and the engine.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::address::AddressError;
use super::ssh::SshError;
use crate::answer::TooLong;
use crate::causes::with_causes;

/// An engine call that failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No engine answered at any of the places looked at.
    #[error(
        "no Docker Engine answers (looked at {}); install and start one (in a checkout `make engine` does both), or \
         set DOCKER_HOST to one that runs on this machine", looked_at.join(", ")
    )]
    NoEngine {
        /// Every address tried, with the reason.
        looked_at: Vec<String>,
    },
    /// A Docker context is named that cannot be read.
    #[error(
        "{by} names the Docker context {name}, which cannot be read from {file} ({why}); name another, or set DOCKER_HOST to an engine on this machine"
    )]
    NoContext {
        /// The context.
        name: String,
        /// The variable or file that names it.
        by: String,
        /// Where it should be.
        file: String,
        /// Why it cannot be read.
        why: String,
    },
    /// The environment names an engine whose containers can't be reached from here.
    #[error(
        "{by} is {address}: only an engine on this machine (unix:///path/to/socket) can be \
         used for a topology with a private network, because the harness talks to its containers' \
         addresses"
    )]
    NotLocal {
        /// What names it: a variable, or a Docker context.
        by: String,
        /// Its address.
        address: String,
    },
    /// No engine answers at an address that was given.
    #[error("no Docker Engine answers at {address}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why, and what to do about it where that is known.
        source: ConnectError,
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
    #[error("failed to use the engine of home {home}")]
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
    /// Images of deployments are not there.
    #[error(
        "{}; build it as the deployment does (`docker compose build`) or load it, nothing is pulled",
        missing.join("; ")
    )]
    NotDeployable {
        /// Each with the key that names it.
        missing: Vec<String>,
    },
    /// A subnet is taken. The caller plans anew with another one.
    #[error("subnet of network {network} overlaps with one that exists")]
    SubnetTaken {
        /// The network's name.
        network: String,
    },
    /// An address or port to publish on is taken.
    #[error("failed to publish on {address}")]
    PortTaken {
        /// The address.
        address: Ipv4Addr,
        /// What the engine said.
        source: LibraryError,
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
    /// A file on its way into an image or a container, or out of one, could not be read.
    #[error("failed to read {path}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of an image was written to while the image was made of it.
    #[error("the files of image {repository} changed while they were read; run again")]
    ImageChanged {
        /// The image's repository.
        repository: String,
    },
    /// The engine stopped telling of containers that end, and could not be brought to go on.
    #[error("{engine} no longer tells which containers end, so the run cannot be judged")]
    WatchLost {
        /// The engine's address.
        engine: String,
        /// What the last attempt came to.
        source: Option<Box<EngineError>>,
    },
    /// An engine that answered before has stopped answering.
    #[error(
        "the Docker Engine at {engine} has stopped answering ({action}: {why}); what stood on it cannot be judged. See what became of it (journalctl -u docker, dmesg), start it again, and run this again: what is left of this run is removed then"
    )]
    Lost {
        /// The engine's address.
        engine: String,
        /// What was being done.
        action: String,
        /// How it showed.
        why: String,
    },
    /// The engine has no space for what it was asked to make.
    #[error(
        "the disk of the engine at {engine} is full, so it failed to {action}; `docker system df` shows what takes the space, and `docker system prune` removes what nobody uses"
    )]
    NoSpace {
        /// The engine's address.
        engine: String,
        /// What was being done.
        action: String,
        /// What the engine said.
        source: LibraryError,
    },
    /// The engine gave a time that is none.
    #[error("failed to {action}: {text:?} is no time in RFC 3339")]
    Time {
        /// What was being done.
        action: String,
        /// What it gave.
        text: String,
        /// What is wrong with it.
        source: time::error::Parse,
    },
    /// A container by itself would be started on another engine than the one that was found.
    #[error(
        "a container by itself is started on the engine of DOCKER_HOST alone, and the one that was found is {address}; set DOCKER_HOST={address}"
    )]
    OtherEngine {
        /// The address of the one that was found.
        address: String,
    },
    /// A file of a container by itself is to be in no folder, where it cannot be that user's alone.
    #[error(
        "{path} cannot be put into a container by itself; give the file a folder, as in /config{path}"
    )]
    FileAtRoot {
        /// The file's path.
        path: String,
    },
    /// A container by itself could not be started, looked at or removed.
    #[error("failed to {action}")]
    Container {
        /// What was being done.
        action: String,
        /// What testcontainers said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What a container answers has no end.
    #[error("failed to {action}")]
    TooLong {
        /// What was being done.
        action: String,
        /// How long it may be.
        source: TooLong,
    },
    /// Any other answer of the engine.
    #[error("failed to {action}")]
    Api {
        /// What was being done.
        action: String,
        /// What the engine, or the way to it, said.
        source: LibraryError,
    },
}

/// Why no engine answers at an address.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no socket at that path.
    #[error("no such socket")]
    NoSocket,
    /// The socket is there, and this user may not use it.
    #[error(
        "this user may not use the socket; log in as a member of the group that owns it (mostly docker), or as root"
    )]
    NoPermission {
        /// What the system said.
        source: std::io::Error,
    },
    /// The connection was taken, and nothing came.
    #[error("no answer within {} s", .limit.as_secs())]
    Silent {
        /// How long it was waited for.
        limit: Duration,
    },
    /// The way there is `ssh`, which has failed.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// A failure that is known, with what to do about it.
    #[error("{hint}")]
    Known {
        /// What is wrong and what to do.
        hint: &'static str,
        /// By what it is known.
        source: LibraryError,
    },
    /// Any other failure.
    #[error(transparent)]
    Other(#[from] LibraryError),
}

/// What the client library says of an engine. That library's own types stay behind it.
#[derive(Debug)]
pub struct LibraryError(bollard::errors::Error);

impl LibraryError {
    pub(super) const fn new(error: bollard::errors::Error) -> Self {
        Self(error)
    }

    /// Whether an address or port to publish on is in use, of which the engine has no status of its own.
    pub(super) fn is_port_taken(&self) -> bool {
        let text = self.0.to_string();
        text.contains("port is already allocated") || text.contains("address already in use")
    }

    /// Whether the engine's disk is full, of which it has no status of its own.
    pub(super) fn is_out_of_space(&self) -> bool {
        let text = self.0.to_string().to_ascii_lowercase();
        text.contains("no space left on device")
    }

    /// Whether nobody answered at all, or the connection broke before an answer.
    pub(super) fn is_silence(&self) -> bool {
        match &self.0 {
            bollard::errors::Error::RequestTimeoutError => true,
            // What was to be sent could not be read to its end: the client library has no type for it.
            bollard::errors::Error::HyperLegacyError { err } => {
                !with_causes(err).to_string().contains("user's Body")
            }
            _ => false,
        }
    }

    /// The HTTP status, when it is an engine's refusal.
    pub(super) fn status(&self) -> Option<u16> {
        match &self.0 {
            bollard::errors::Error::DockerResponseServerError { status_code, .. } => {
                Some(*status_code)
            }
            _ => None,
        }
    }
}

impl fmt::Display for LibraryError {
    /// The engine's own words, without the library's frame around them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            bollard::errors::Error::DockerResponseServerError {
                status_code,
                message,
            } => write!(f, "{} (status {status_code})", message.trim()),
            other => other.fmt(f),
        }
    }
}

impl std::error::Error for LibraryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl EngineError {
    /// Whether the engine says that what was asked for is not there.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        self.status() == Some(404)
    }

    /// The HTTP status, when it is an engine's refusal.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Api { source, .. } => source.status(),
            _ => None,
        }
    }
}
