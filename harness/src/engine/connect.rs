//! Finding an engine.

use std::time::Duration;

use bollard::Docker;
use serde::Serialize;
use tokio::time::timeout;

use super::error::EngineError;

/// How long an engine may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// Seconds that one call to the engine may take; importing an image is the longest.
const CALL_TIMEOUT_SECONDS: u64 = 120;

/// A Docker Engine on this machine.
#[derive(Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    address: String,
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
    /// Finds an engine: `DOCKER_HOST` when it is set, else the usual sockets.
    ///
    /// # Errors
    ///
    /// [`EngineError::NoEngine`] lists every place looked at; [`EngineError::NotLocal`] refuses a
    /// remote one.
    pub async fn connect() -> Result<Self, EngineError> {
        let places = match std::env::var("DOCKER_HOST") {
            Ok(address) if !address.is_empty() => vec![address],
            _ => usual_sockets(),
        };
        let mut looked_at = Vec::new();
        for address in places {
            let Some(path) = address.strip_prefix("unix://") else {
                return Err(EngineError::NotLocal { address });
            };
            if !std::path::Path::new(path).exists() {
                looked_at.push(format!("{address}: no such socket"));
                continue;
            }
            match ping(&address).await {
                Ok(docker) => return Ok(Self { docker, address }),
                Err(reason) => looked_at.push(format!("{address}: {reason}")),
            }
        }
        Err(EngineError::NoEngine { looked_at })
    }

    /// What the engine says of itself.
    ///
    /// # Errors
    ///
    /// [`EngineError::Api`] when it does not answer.
    pub async fn info(&self) -> Result<EngineInfo, EngineError> {
        let version = self
            .docker
            .version()
            .await
            .map_err(EngineError::api("ask the engine for its version"))?;
        let info = self
            .docker
            .info()
            .await
            .map_err(EngineError::api("ask the engine about itself"))?;
        Ok(EngineInfo {
            address: self.address.clone(),
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            architecture: version.arch.unwrap_or_default(),
            cgroup: info
                .cgroup_version
                .map(|version| version.to_string())
                .unwrap_or_default(),
        })
    }
}

fn usual_sockets() -> Vec<String> {
    let mut sockets = vec!["unix:///var/run/docker.sock".to_owned()];
    if let Ok(runtime) = std::env::var("XDG_RUNTIME_DIR") {
        sockets.push(format!("unix://{runtime}/docker.sock"));
    }
    sockets
}

async fn ping(address: &str) -> Result<Docker, String> {
    let docker =
        Docker::connect_with_socket(address, CALL_TIMEOUT_SECONDS, bollard::API_DEFAULT_VERSION)
            .map_err(|error| error.to_string())?;
    let docker = match timeout(PING_TIMEOUT, docker.negotiate_version()).await {
        Ok(Ok(docker)) => docker,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err(format!("no answer within {} s", PING_TIMEOUT.as_secs())),
    };
    match timeout(PING_TIMEOUT, docker.ping()).await {
        Ok(Ok(_)) => Ok(docker),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PING_TIMEOUT.as_secs())),
    }
}
