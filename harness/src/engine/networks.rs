//! Bridges.

use std::net::Ipv4Addr;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use serde::Serialize;

use super::connect::Engine;
use super::error::EngineError;
use super::labels::Labelled;

/// One bridge of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkSpec {
    /// Name on the engine, unique per run.
    pub name: String,
    /// What it is in the topology.
    pub role: String,
    /// First address of the subnet.
    pub subnet: Ipv4Addr,
    /// Length of the subnet's prefix.
    pub prefix_length: u8,
    /// The bridge's own address.
    pub gateway: Ipv4Addr,
}

impl Engine {
    /// Creates a bridge.
    ///
    /// # Errors
    ///
    /// [`EngineError::SubnetTaken`] when the subnet overlaps with another network's.
    pub async fn create_network(
        &self,
        spec: &NetworkSpec,
        labels: &dyn Labelled,
    ) -> Result<(), EngineError> {
        let request = NetworkCreateRequest {
            name: spec.name.clone(),
            driver: Some("bridge".to_owned()),
            labels: Some(labels.for_role(&spec.role)),
            ipam: Some(Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(format!("{}/{}", spec.subnet, spec.prefix_length)),
                    gateway: Some(spec.gateway.to_string()),
                    ..Default::default()
                }]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let action = format!("create network {}", spec.name);
        let created = self.call(action, self.docker.create_network(request)).await;
        match created {
            Ok(_) => Ok(()),
            Err(error) if error.status() == Some(403) => Err(EngineError::SubnetTaken {
                network: spec.name.clone(),
            }),
            Err(error) => Err(error),
        }
    }
}
