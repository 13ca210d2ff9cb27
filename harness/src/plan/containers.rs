//! The containers of a plan, once the images and the authorities' keys are there.

use serde::{Deserialize, Serialize};

use super::model::{HomePlan, NodePlan, Plan, Role};
use crate::connector;
use crate::engine::{ContainerSpec, FileSpec, NetworkMode, Port, Privileges};
use crate::onion::anonrc::{self, AuthorityLine, Common, DATA_DIRECTORY, SERVICE_DIRECTORY};
use crate::onion::authority::{AuthorityKeyError, AuthorityKeys};
use crate::onion::{ControlPassword, ServiceKeys};
use crate::secret::Secret;

/// Where the daemon finds its configuration.
const ANONRC: &str = "/etc/anon/anonrc";

/// The daemon's program, found by `PATH` in whatever image was given.
const DAEMON: &str = "anon";

/// The harness's helper in the business-logic server's image.
pub const AGENT: &str = "/agent";
/// The business-logic server in its image.
const SERVER: &str = "/bls";

/// Image names on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// The onion daemon.
    pub anon: String,
    /// The connector under test.
    pub connector: String,
    /// The business-logic server, with the harness's helper beside it.
    pub bls: String,
}

/// Every container of a run.
pub struct Specs {
    /// The authorities.
    pub authorities: Vec<ContainerSpec>,
    /// The relays.
    pub relays: Vec<ContainerSpec>,
    /// Sidecars, one per home.
    pub sidecars: Vec<ContainerSpec>,
    /// Connectors, one per home.
    pub connectors: Vec<ContainerSpec>,
    /// Business-logic servers, one per home.
    pub servers: Vec<ContainerSpec>,
}

impl Plan {
    /// Makes the keys of authority `index`. Takes some 0.3 s of processor time each.
    ///
    /// # Errors
    ///
    /// [`AuthorityKeyError`] when the RSA library refuses.
    pub fn authority_keys(&self, index: usize) -> Result<AuthorityKeys, AuthorityKeyError> {
        let seed = self.seed.derive(&format!("authority/{index}"));
        AuthorityKeys::generate(&seed, self.now)
    }

    /// Every container, given the images and the keys of all authorities in order.
    #[must_use]
    pub fn containers(&self, images: &Images, keys: &[AuthorityKeys]) -> Specs {
        let lines: Vec<AuthorityLine> = self
            .authorities
            .iter()
            .zip(keys)
            .map(|(node, keys)| AuthorityLine {
                nickname: node.nickname.clone(),
                published: node.published,
                fingerprint: keys.fingerprint.clone(),
                v3_identity: keys.v3_identity.clone(),
            })
            .collect();
        Specs {
            authorities: self
                .authorities
                .iter()
                .zip(keys)
                .map(|(node, keys)| self.node(node, images, &lines, Some(keys)))
                .collect(),
            relays: self
                .relays
                .iter()
                .map(|node| self.node(node, images, &lines, None))
                .collect(),
            sidecars: self
                .homes
                .iter()
                .map(|home| self.sidecar(home, images, &lines))
                .collect(),
            connectors: self
                .homes
                .iter()
                .map(|home| self.connector(home, images))
                .collect(),
            servers: self
                .homes
                .iter()
                .map(|home| self.server(home, images))
                .collect(),
        }
    }

    fn node(
        &self,
        node: &NodePlan,
        images: &Images,
        lines: &[AuthorityLine],
        keys: Option<&AuthorityKeys>,
    ) -> ContainerSpec {
        let hashed = node.control.password.hashed();
        let common = common(&node.nickname, lines, &hashed);
        let rc = match node.role {
            Role::Authority => {
                anonrc::authority(&common, node.published, self.now.unix_timestamp())
            }
            Role::Relay => anonrc::relay(&common, node.published),
        };
        let mut files = daemon_files(rc);
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
        let ports = std::iter::once(node.published.or_port).chain(node.published.dir_port);
        ContainerSpec {
            name: node.container.clone(),
            role: node.nickname.clone(),
            image: images.anon.clone(),
            entrypoint: Some(DAEMON.to_owned()),
            arguments: daemon_arguments(),
            environment: Vec::new(),
            files,
            network: NetworkMode::Bridge {
                network: self.networks[0].name.clone(),
                address: node.address,
                publish: ports
                    .map(|port| Port {
                        address: node.published.address,
                        port,
                    })
                    .collect(),
            },
            privileges: Privileges::None,
        }
    }

    fn sidecar(&self, home: &HomePlan, images: &Images, lines: &[AuthorityLine]) -> ContainerSpec {
        let hashed = ControlPassword::hashed(&home.control.password);
        let rc = anonrc::home(&common(&home.nickname, lines, &hashed), HomePlan::BTP_PORT);
        let keys = ServiceKeys::from_seed(&self.seed.derive(&format!("service/{}", home.id)));
        let mut files = daemon_files(rc);
        files.push(directory(SERVICE_DIRECTORY));
        for (name, content) in [
            ("hs_ed25519_secret_key", keys.secret_file()),
            ("hs_ed25519_public_key", keys.public_file()),
        ] {
            files.push(FileSpec {
                path: format!("{SERVICE_DIRECTORY}/{name}"),
                mode: 0o600,
                content: Some(content),
            });
        }
        ContainerSpec {
            name: home.sidecar.clone(),
            role: format!("{}/sidecar", home.id),
            image: images.anon.clone(),
            entrypoint: Some(DAEMON.to_owned()),
            arguments: daemon_arguments(),
            environment: Vec::new(),
            files,
            network: NetworkMode::Bridge {
                network: home.network.clone(),
                address: home.address,
                publish: Vec::new(),
            },
            privileges: Privileges::None,
        }
    }

    fn connector(&self, home: &HomePlan, images: &Images) -> ContainerSpec {
        let mut environment = vec![
            (
                "CONFIG_FILE".to_owned(),
                Secret::new(connector::CONFIG_FILE),
            ),
            // Onion addresses may appear at DEBUG only, and there they must: otherwise the
            // secrecy check would have nothing to look at.
            ("LOG_LEVEL".to_owned(), Secret::new("debug")),
        ];
        environment.extend(home.environment.iter().cloned());
        ContainerSpec {
            name: home.connector.clone(),
            role: format!("{}/connector", home.id),
            image: images.connector.clone(),
            entrypoint: None,
            arguments: Vec::new(),
            environment,
            files: vec![
                directory("/config"),
                file(connector::CONFIG_FILE, &connector::config(self, home)),
            ],
            network: NetworkMode::Share {
                container: home.sidecar.clone(),
            },
            privileges: Privileges::None,
        }
    }

    /// The business-logic server's container is the first in a home's network namespace after the
    /// sidecar, whose daemon is still told to use no network. It seals the home before it becomes
    /// the server.
    fn server(&self, home: &HomePlan, images: &Images) -> ContainerSpec {
        let router = self.networks[0].gateway.to_string();
        ContainerSpec {
            name: home.bls.clone(),
            role: format!("{}/bls", home.id),
            image: images.bls.clone(),
            entrypoint: Some(AGENT.to_owned()),
            arguments: ["guard", "--allow", &router, "--", SERVER]
                .map(str::to_owned)
                .into(),
            environment: vec![(
                "PORT".to_owned(),
                Secret::new(HomePlan::BLS_PORT.to_string()),
            )],
            files: Vec::new(),
            network: NetworkMode::Share {
                container: home.sidecar.clone(),
            },
            privileges: Privileges::SetUpNetwork,
        }
    }
}

fn common<'a>(nickname: &'a str, authorities: &'a [AuthorityLine], hashed: &'a str) -> Common<'a> {
    Common {
        nickname,
        authorities,
        hashed_password: hashed,
    }
}

fn daemon_arguments() -> Vec<String> {
    vec!["-f".to_owned(), ANONRC.to_owned()]
}

fn daemon_files(rc: String) -> Vec<FileSpec> {
    vec![
        directory("/etc/anon"),
        file(ANONRC, &rc),
        directory(DATA_DIRECTORY),
    ]
}

fn directory(path: &str) -> FileSpec {
    FileSpec {
        path: path.to_owned(),
        mode: 0o700,
        content: None,
    }
}

fn file(path: &str, content: &str) -> FileSpec {
    FileSpec {
        path: path.to_owned(),
        mode: 0o600,
        content: Some(content.as_bytes().to_vec()),
    }
}
