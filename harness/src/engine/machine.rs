//! What containers share with the engine's machine: ports, and folders.

use std::net::Ipv4Addr;

use bollard::models::{MountType, PortBinding};

/// A TCP port of a container that the engine publishes under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The host's address to publish on.
    pub address: Ipv4Addr,
    /// The port, inside and outside.
    pub port: u16,
}

/// A folder of the engine's machine, which a container may read and not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its path on the engine's machine.
    pub source: String,
    /// Its path in the container.
    pub target: String,
}

impl Mount {
    /// As the engine takes it.
    fn to_api(&self) -> bollard::models::Mount {
        bollard::models::Mount {
            typ: Some(MountType::BIND),
            source: Some(self.source.clone()),
            target: Some(self.target.clone()),
            read_only: Some(true),
            ..Default::default()
        }
    }
}

/// Folders as the engine takes them. Not as binds, which make a folder that is not there.
pub(super) fn mounts(all: &[Mount]) -> Option<Vec<bollard::models::Mount>> {
    (!all.is_empty()).then(|| all.iter().map(Mount::to_api).collect())
}

/// A port as the engine takes it.
pub(super) fn binding(port: &Port) -> (String, Option<Vec<PortBinding>>) {
    let binding = PortBinding {
        host_ip: Some(port.address.to_string()),
        host_port: Some(port.port.to_string()),
    };
    (format!("{}/tcp", port.port), Some(vec![binding]))
}
