//! Finding an engine.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;

use super::address::EngineAddress;
use super::error::{ConnectError, EngineError, LibraryError};
use super::named::{Named, named};
use super::ssh::{Destination, Forward};
use crate::causes::with_causes;
use crate::environment::variable;
use crate::trace::{Party, ask};

/// How long an engine may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// Seconds that one call to the engine may take; importing an image is the longest.
const CALL_TIMEOUT_SECONDS: u64 = 120;
/// The files that an engine is reached with over TLS: who may sign for it, who we are, and our key.
const CERTIFICATES: [&str; 3] = ["ca.pem", "cert.pem", "key.pem"];

/// A Docker Engine.
#[derive(Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    address: EngineAddress,
    /// Why it was given up, if it was.
    pub(super) lost: Arc<watch::Sender<Option<String>>>,
    /// What brings its socket here.
    _forward: Option<Arc<Forward>>,
}

/// What the engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngineInfo {
    /// Where it listens.
    pub address: String,
    /// Its release, such as `20.10.24`.
    pub version: String,
    /// Its API version.
    pub api: String,
    /// Its processor architecture.
    pub architecture: String,
    /// Its cgroup version, `1` or `2`.
    pub cgroup: String,
}

impl Engine {
    /// Finds an engine on this machine: what `DOCKER_HOST` or a Docker context names, else the usual
    /// sockets.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoEngine`] lists every place looked at; [`EngineError::NotLocal`] refuses a
    /// remote one.
    pub async fn connect() -> Result<Self, EngineError> {
        match named()? {
            Some(Named { by, address }) if !address.starts_with("unix://") => {
                Err(EngineError::NotLocal { by, address })
            }
            _ => Self::connect_anywhere().await,
        }
    }

    /// Finds an engine, on this machine or where `DOCKER_HOST` or a Docker context says.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoEngine`] lists every place looked at; others as of
    /// [`Engine::connect_to`].
    pub async fn connect_anywhere() -> Result<Self, EngineError> {
        let places = match named()? {
            Some(Named { address, .. }) => match address.parse()? {
                EngineAddress::Socket(path) => vec![path],
                address => return Self::connect_to(&address).await,
            },
            None => usual_sockets(),
        };
        let mut looked_at = Vec::new();
        for path in places {
            let address = EngineAddress::Socket(path);
            match Self::connect_to(&address).await {
                // One that is there and must not be used is no reason to install another.
                Err(EngineError::Unreachable { address, source })
                    if !matches!(source, ConnectError::NoPermission { .. }) =>
                {
                    looked_at.push(format!("{address}: {}", with_causes(&source)));
                }
                other => return other,
            }
        }
        Err(EngineError::NoEngine { looked_at })
    }

    /// Connects to an engine at an address, and makes sure that it answers.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoCertificates`] when they are missing, and [`EngineError::Unreachable`] when
    /// it does not answer.
    pub async fn connect_to(address: &EngineAddress) -> Result<Self, EngineError> {
        let unreachable = |source: ConnectError| EngineError::Unreachable {
            address: address.to_string(),
            source,
        };
        let mut address = address.clone();
        let (docker, forward) = match &mut address {
            EngineAddress::Socket(path) => {
                if !path.exists() {
                    return Err(unreachable(ConnectError::NoSocket));
                }
                if let Err(source) = std::os::unix::net::UnixStream::connect(&*path)
                    && source.kind() == ErrorKind::PermissionDenied
                {
                    return Err(unreachable(ConnectError::NoPermission { source }));
                }
                (over_socket(path), None)
            }
            EngineAddress::Tls {
                host,
                port,
                certificates,
            } => {
                let folder = match certificates {
                    Some(folder) => folder.clone(),
                    None => usual_certificates(),
                };
                let missing: Vec<String> = CERTIFICATES
                    .iter()
                    .filter(|name| !folder.join(name).is_file())
                    .map(|name| (*name).to_owned())
                    .collect();
                if !missing.is_empty() {
                    return Err(EngineError::NoCertificates {
                        address: format!("tcp://{host}:{port}"),
                        folder: folder.display().to_string(),
                        missing,
                    });
                }
                let docker = over_tls(&format!("tcp://{host}:{port}"), &folder);
                // Whoever finds the engine again may have other variables set.
                // Without a current folder there is nothing to make the path absolute with.
                *certificates = Some(std::path::absolute(&folder).unwrap_or(folder));
                (docker, None)
            }
            EngineAddress::Ssh {
                user,
                host,
                port,
                socket,
            } => {
                let to = Destination {
                    user: user.as_deref(),
                    host,
                    port: *port,
                    socket,
                };
                let forward = Forward::open(&to).await;
                let forward = forward.map_err(|error| unreachable(error.into()))?;
                (over_socket(&forward.socket()), Some(Arc::new(forward)))
            }
        };
        let docker = docker.map_err(|error| unreachable(known(error)))?;
        let answered = ask(Party::Engine, &address, "answer a ping", ping(docker)).await;
        let docker = answered.map_err(unreachable)?;
        Ok(Self {
            docker,
            address,
            lost: Arc::default(),
            _forward: forward,
        })
    }

    /// Where it listens, in full: another process finds it again by this.
    #[must_use]
    pub fn address(&self) -> &EngineAddress {
        &self.address
    }

    /// What the engine says of itself.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when it does not answer.
    pub async fn info(&self) -> Result<EngineInfo, EngineError> {
        let version = self
            .call("ask the engine for its version", self.docker.version())
            .await?;
        let info = self
            .call("ask the engine about itself", self.docker.info())
            .await?;
        Ok(EngineInfo {
            address: self.address.to_string(),
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            architecture: version.arch.unwrap_or_default(),
            cgroup: info
                .cgroup_version
                .map(|version| version.to_string())
                .unwrap_or_default(),
        })
    }

    /// Unix time in seconds by the engine's clock. The engine may be on another machine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when it does not answer, [`EngineError::Time`] when it tells none.
    pub async fn clock(&self) -> Result<i64, EngineError> {
        let seconds = self.now().await?.div_euclid(1_000_000_000);
        Ok(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

fn usual_sockets() -> Vec<PathBuf> {
    let mut sockets = vec![PathBuf::from("/var/run/docker.sock")];
    if let Some(runtime) = variable("XDG_RUNTIME_DIR") {
        sockets.push(Path::new(&runtime).join("docker.sock"));
    }
    sockets
}

/// `DOCKER_CERT_PATH`, else `.docker` in the home folder, as the docker command has it.
fn usual_certificates() -> PathBuf {
    match (variable("DOCKER_CERT_PATH"), variable("HOME")) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(home)) => Path::new(&home).join(".docker"),
        (None, None) => PathBuf::from(".docker"),
    }
}

fn over_socket(path: &Path) -> Result<Docker, bollard::errors::Error> {
    Docker::connect_with_socket(
        &format!("unix://{}", path.display()),
        CALL_TIMEOUT_SECONDS,
        bollard::API_DEFAULT_VERSION,
    )
}

fn over_tls(address: &str, folder: &Path) -> Result<Docker, bollard::errors::Error> {
    let [ca, certificate, key] = CERTIFICATES.map(|name| folder.join(name));
    Docker::connect_with_ssl(
        address,
        &key,
        &certificate,
        &ca,
        CALL_TIMEOUT_SECONDS,
        bollard::API_DEFAULT_VERSION,
    )
}

async fn ping(docker: Docker) -> Result<Docker, ConnectError> {
    let answer = async {
        let docker = docker.negotiate_version().await?;
        docker.ping().await?;
        Ok(docker)
    };
    match timeout(PING_TIMEOUT, answer).await {
        Ok(result) => result.map_err(known),
        Err(_) => Err(ConnectError::Silent {
            limit: PING_TIMEOUT,
        }),
    }
}

/// An error with what to do about it, where it is one that is known. TLS errors come through several
/// libraries without a type that could be asked for, so their texts are looked at.
fn known(error: bollard::errors::Error) -> ConnectError {
    let source = LibraryError::new(error);
    let text = with_causes(&source).to_string();
    let hint = if text.contains("InvalidContentType") {
        "it does not speak TLS there; whoever reaches an engine without is root on its machine, so start it with --tlsverify, or use ssh://"
    } else if text.contains("UnknownIssuer") || text.contains("BadSignature") {
        "its certificate is not signed by this ca.pem"
    } else if text.contains("NotValidForName") {
        "its certificate is for another name or address"
    } else if text.contains("CertificateRequired")
        || text.contains("UnknownCA")
        || text.contains("BadCertificate")
    {
        "it does not accept this cert.pem"
    } else {
        return source.into();
    };
    ConnectError::Known { hint, source }
}
