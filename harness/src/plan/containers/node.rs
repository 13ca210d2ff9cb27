//! Containers of authorities and relays.

use super::files::{common, daemon_arguments, daemon_files, directory, file};
use super::home::AGENT;
use super::specs::Images;
use crate::engine::{ContainerSpec, NetworkMode, Port, Privileges};
use crate::onion::anonrc::{self, AuthorityLine, DATA_DIRECTORY, TERMS};
use crate::onion::authority::AuthorityKeys;
use crate::plan::model::Plan;
use crate::plan::node::{NodePlan, Role};
use crate::topology::Access;

impl Plan {
    /// A node's daemon.
    pub(super) fn node(
        &self,
        node: &NodePlan,
        images: &Images,
        lines: &[AuthorityLine],
        keys: Option<&AuthorityKeys>,
    ) -> ContainerSpec {
        let hashed = node.control.password.hashed();
        let common = common(&node.nickname, lines, &hashed);
        let rc = match node.role {
            Role::Authority => anonrc::authority(
                &common,
                node.published,
                node.or_listener(),
                self.now.unix_timestamp(),
            ),
            Role::Relay => anonrc::relay(&common, node.published, node.or_listener()),
        };
        let mut files = daemon_files(rc);
        files.push(file(TERMS.0, TERMS.1));
        if let Some(keys) = keys {
            files.push(directory(&format!("{DATA_DIRECTORY}/keys")));
            for (name, content) in [
                ("secret_id_key", &keys.relay_identity),
                ("authority_signing_key", &keys.signing_key),
                ("authority_certificate", &keys.certificate),
            ] {
                files.push(file(&format!("{DATA_DIRECTORY}/keys/{name}"), content));
            }
        }
        ContainerSpec {
            name: node.container.clone(),
            role: node.nickname.clone(),
            image: images.anon.clone(),
            entrypoint: Some(anonrc::program(self.topology.network.family).to_owned()),
            arguments: daemon_arguments(),
            directory: None,
            mounts: Vec::new(),
            environment: Vec::new(),
            files,
            network: match &node.shaping {
                None => self.network_of_node(node),
                Some(shaping) => NetworkMode::Share {
                    container: shaping.container.clone(),
                },
            },
            beside: None,
            volume: None,
            writable: None,
            privileges: Privileges::None,
        }
    }

    /// The bridge of authorities and relays, with a node's ports published.
    fn network_of_node(&self, node: &NodePlan) -> NetworkMode {
        let ports = std::iter::once(node.published.or_port).chain(node.published.dir_port);
        NetworkMode::Bridge {
            network: self.networks[0].name.clone(),
            address: node.address,
            publish: ports
                .map(|port| Port {
                    address: node.published.address,
                    port,
                })
                .collect(),
        }
    }

    /// The relay between a node's published OR port and its daemon. It is the first in the node's
    /// network, so that it takes connections as soon as the daemon does.
    pub(super) fn shaping(&self, node: &NodePlan, images: &Images) -> Option<ContainerSpec> {
        let plan = node.shaping.as_ref()?;
        let Access {
            latency,
            jitter,
            bandwidth,
        } = plan.access;
        let listen = format!("0.0.0.0:{}={}", node.published.or_port, node.or_listener());
        let arguments = [
            "wan".to_owned(),
            "--listen".to_owned(),
            listen,
            "--latency-us".to_owned(),
            latency.as_micros().to_string(),
            "--jitter-us".to_owned(),
            jitter.as_micros().to_string(),
            "--bandwidth".to_owned(),
            bandwidth.to_string(),
            "--seed".to_owned(),
            plan.seed.to_string(),
        ];
        Some(ContainerSpec {
            name: plan.container.clone(),
            role: format!("{}/distance", node.nickname),
            image: images.bls.clone(),
            entrypoint: Some(AGENT.to_owned()),
            arguments: arguments.into(),
            directory: None,
            mounts: Vec::new(),
            environment: Vec::new(),
            files: Vec::new(),
            network: self.network_of_node(node),
            beside: None,
            volume: None,
            writable: None,
            privileges: Privileges::None,
        })
    }
}
