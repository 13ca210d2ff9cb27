//! Why a daemon is not to be had. Each text says what to do about it.

use std::io;

use crate::input::InputError;
use crate::probe::TlsError;

/// Why a daemon is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The package has no program for this machine.
    #[error(
        "the npm package of the onion daemon has none for Linux on {0}; give one with --anon-binary PATH or --anon-image IMAGE"
    )]
    Architecture(&'static str),
    /// Nobody says where to keep it.
    #[error(
        "no folder is known to keep the onion daemon in; set HOME or XDG_CACHE_HOME to a folder"
    )]
    NoCache,
    /// It cannot be kept.
    #[error(
        "failed to write to {path}; free space there, or set XDG_CACHE_HOME to a folder that can be written"
    )]
    Cache {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file that is given cannot be read.
    #[error(
        "failed to read {path}; give the tarball of the onion daemon's npm package, as `npm pack {package}` fetches it"
    )]
    File {
        /// The file.
        path: String,
        /// The package.
        package: String,
        /// Why.
        source: InputError,
    },
    /// The file that is given is another.
    #[error(
        "{path} is not the tarball of {package}: its SHA-512 is another; fetch it with `npm pack {package}`"
    )]
    OtherFile {
        /// The file.
        path: String,
        /// The package.
        package: String,
    },
    /// Nobody says where the package is.
    #[error(
        "no npm registry is known to fetch {package} from; name one with --registry URL or the variable npm_config_registry, or give the package's tarball with --from FILE"
    )]
    NoRegistry {
        /// The package.
        package: String,
    },
    /// What is named is no registry.
    #[error(
        "the npm registry is no URL that begins with https:// or http://; name one with --registry URL"
    )]
    Url,
    /// A proxy that is none would be passed by.
    #[error(
        "the variable {0} names no proxy; set it to a URL such as http://HOST:PORT, or unset it"
    )]
    Proxy(&'static str),
    /// There is nothing to judge the registry's certificate by.
    #[error(
        "failed to check who {host} is; install the package ca-certificates, or name a file of certificates with the variable SSL_CERT_FILE"
    )]
    Certificates {
        /// The registry's host.
        host: String,
        /// Why.
        source: TlsError,
    },
    /// The registry cannot be asked.
    #[error(
        "failed to fetch {package} from {host}; check the network and the variables HTTPS_PROXY and NO_PROXY, or give the package's tarball with --from FILE"
    )]
    Network {
        /// The package.
        package: String,
        /// The registry's host.
        host: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The registry refuses.
    #[error(
        "{host} answers status {status} when asked for {package}; name a registry that has it with --registry URL, or give its tarball with --from FILE"
    )]
    Status {
        /// The registry's host.
        host: String,
        /// The package.
        package: String,
        /// The status.
        status: u16,
    },
    /// The registry sends something else.
    #[error(
        "{host} sends another {package} than the one that belongs to this version: its SHA-512 is another; nothing was kept. Name another registry with --registry URL, or give the package's tarball with --from FILE"
    )]
    OtherContent {
        /// The registry's host.
        host: String,
        /// The package.
        package: String,
    },
    /// The registry sends without an end.
    #[error("{host} sends more than {} MiB for {package}; name another registry with --registry URL", limit >> 20)]
    TooLong {
        /// The registry's host.
        host: String,
        /// The package.
        package: String,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The right tarball without the program in it.
    #[error("failed to find the onion daemon in {package}; give a daemon with --anon-binary PATH")]
    Inside {
        /// The package.
        package: String,
        /// Why.
        source: io::Error,
    },
}
