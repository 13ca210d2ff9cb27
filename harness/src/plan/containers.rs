//! The containers of a plan, once the images and the authorities' keys are there.

use serde::{Deserialize, Serialize};

use super::model::{HomePlan, NodePlan, Plan, Role};
use crate::connector;
use crate::engine::{ContainerSpec, FileSpec, NetworkMode, Port, Privileges};
use crate::onion::anonrc::{
    self, AuthorityLine, Common, DATA_DIRECTORY, SERVICE_DIRECTORY, SOCKS_PORT, TERMS,
};
use crate::onion::authority::{AuthorityKeyError, AuthorityKeys};
use crate::onion::{ControlPassword, PUBLIC_FILE, SECRET_FILE};
use crate::secret::Secret;
use crate::topology::{Access, Daemon};

/// Where the daemon finds its configuration.
pub(crate) const ANONRC: &str = "/etc/anon/anonrc";

/// Where a volume of keys is mounted.
pub(crate) const KEYS: &str = "/keys";

/// The harness's helper in the business-logic server's image.
pub const AGENT: &str = "/agent";
/// The business-logic server in its image.
const SERVER: &str = "/bls";
/// What a home's wire oracle has seen, in the business-logic server's container.
pub const RECORD: &str = "/record/names.jsonl";
/// Its folder.
const RECORD_DIRECTORY: &str = "/record";
/// Where a home's name server listens. The engine's own resolver asks there.
const NAME_SERVER: &str = "127.0.0.1:53";

/// Image names on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// The onion daemon.
    pub anon: String,
    /// The connector under test.
    pub connector: String,
    /// The connector with an onion daemon of its own; absent where no home needs one.
    #[serde(default)]
    pub managed: Option<String>,
    /// The business-logic server, with the harness's helper beside it.
    pub bls: String,
}

/// Every container of a run.
pub struct Specs {
    /// The authorities.
    pub authorities: Vec<ContainerSpec>,
    /// The relays.
    pub relays: Vec<ContainerSpec>,
    /// What gives authorities and relays their distances; empty without distances.
    pub distances: Vec<ContainerSpec>,
    /// The homes, in plan order.
    pub homes: Vec<HomeSpecs>,
}

/// The containers of one home.
pub struct HomeSpecs {
    /// The daemon's, unless the connector runs the daemon or there is none.
    pub sidecar: Option<ContainerSpec>,
    /// The business-logic server's.
    pub server: ContainerSpec,
    /// The connector's.
    pub connector: ContainerSpec,
}

impl Plan {
    /// Makes the keys of authority `index`. Takes some 0.3 s of processor time each.
    ///
    /// # Errors
    ///
    /// [`AuthorityKeyError`] when the RSA library refuses.
    pub fn authority_keys(&self, index: usize) -> Result<AuthorityKeys, AuthorityKeyError> {
        let seed = self.seed.derive(&format!("authority/{index}"));
        let certified = self.authorities.get(index).and_then(|node| node.certified);
        AuthorityKeys::generate(&seed, self.now, certified)
    }

    /// What every node of the run's own network is told of its authorities, given the keys of all in
    /// order.
    #[must_use]
    pub fn authority_lines(&self, keys: &[AuthorityKeys]) -> Vec<AuthorityLine> {
        self.authorities
            .iter()
            .zip(keys)
            .map(|(node, keys)| AuthorityLine {
                nickname: node.nickname.clone(),
                published: node.published,
                fingerprint: keys.fingerprint.clone(),
                v3_identity: keys.v3_identity.clone(),
            })
            .collect()
    }

    /// Every container, given the images and the keys of all authorities in order.
    #[must_use]
    pub fn containers(&self, images: &Images, keys: &[AuthorityKeys]) -> Specs {
        let mut lines = self.authority_lines(keys);
        lines.extend_from_slice(&self.joined);
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
            distances: self
                .nodes()
                .filter_map(|node| self.distance(node, images))
                .collect(),
            homes: self
                .homes
                .iter()
                .map(|home| HomeSpecs {
                    sidecar: (home.daemon == Daemon::Sidecar)
                        .then(|| self.sidecar(home, images, &lines)),
                    server: self.server(home, images),
                    connector: self.connector(home, images, &lines),
                })
                .collect(),
        }
    }

    /// The daemon's program, found by `PATH` in whatever image was given.
    pub(crate) fn daemon_program(&self) -> &'static str {
        anonrc::program(self.topology.network.family)
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
            entrypoint: Some(self.daemon_program().to_owned()),
            arguments: daemon_arguments(),
            environment: Vec::new(),
            files,
            network: match &node.distance {
                None => self.network_of_node(node),
                Some(distance) => NetworkMode::Share {
                    container: distance.container.clone(),
                },
            },
            volume: None,
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
    fn distance(&self, node: &NodePlan, images: &Images) -> Option<ContainerSpec> {
        let plan = node.distance.as_ref()?;
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
            environment: Vec::new(),
            files: Vec::new(),
            network: self.network_of_node(node),
            volume: None,
            privileges: Privileges::None,
        })
    }

    /// A home's daemon: its configuration and the keys of its onion service.
    fn daemon_files(&self, home: &HomePlan, lines: &[AuthorityLine]) -> Vec<FileSpec> {
        let hashed = ControlPassword::hashed(&home.control.password);
        let node = common(&home.nickname, lines, &hashed);
        let network = &self.topology.network;
        let rc = if network.is_public() {
            anonrc::joining(&node, HomePlan::BTP_PORT)
        } else {
            anonrc::home(&node, HomePlan::BTP_PORT)
        };
        let mut files = daemon_files(rc);
        // Of a network of one's own there is nobody to agree with.
        if network.terms_agreed || !network.is_public() {
            files.push(file(TERMS.0, TERMS.1));
        }
        files.push(directory(SERVICE_DIRECTORY));
        for (name, content) in [
            (SECRET_FILE, home.keys.secret_file()),
            (PUBLIC_FILE, home.keys.public_file()),
        ] {
            files.push(FileSpec {
                path: format!("{SERVICE_DIRECTORY}/{name}"),
                mode: 0o600,
                content: Some(content),
            });
        }
        files
    }

    /// The network of a home's container: the first has the home's address, the others share it.
    fn network_of(home: &HomePlan, container: &str) -> NetworkMode {
        if home.first() == container {
            NetworkMode::Bridge {
                network: home.network.clone(),
                address: home.address,
                publish: Vec::new(),
            }
        } else {
            NetworkMode::Share {
                container: home.first().to_owned(),
            }
        }
    }

    fn sidecar(&self, home: &HomePlan, images: &Images, lines: &[AuthorityLine]) -> ContainerSpec {
        ContainerSpec {
            name: home.sidecar.clone(),
            role: format!("{}/sidecar", home.id),
            image: images.anon.clone(),
            entrypoint: Some(self.daemon_program().to_owned()),
            arguments: daemon_arguments(),
            environment: Vec::new(),
            files: self.daemon_files(home, lines),
            network: Self::network_of(home, &home.sidecar),
            volume: mounted(home),
            privileges: Privileges::None,
        }
    }

    fn connector(
        &self,
        home: &HomePlan,
        images: &Images,
        lines: &[AuthorityLine],
    ) -> ContainerSpec {
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
        let mut files = vec![
            directory("/config"),
            file(connector::CONFIG_FILE, &connector::config(self, home)),
        ];
        let managed = home.daemon == Daemon::Managed;
        if managed {
            files.extend(self.daemon_files(home, lines));
        }
        let image = match &images.managed {
            Some(image) if managed => image,
            _ => &images.connector,
        };
        ContainerSpec {
            name: home.connector.clone(),
            role: format!("{}/connector", home.id),
            image: image.clone(),
            entrypoint: None,
            arguments: Vec::new(),
            environment,
            files,
            network: Self::network_of(home, &home.connector),
            volume: mounted(home).filter(|_| managed),
            privileges: Privileges::None,
        }
    }

    /// The business-logic server's container starts while the home's daemon is still told to use
    /// no network. Its first program seals the home's routes and starts the wire oracle (a
    /// recording relay before the daemon's SOCKS port, and a name server that knows no name)
    /// before it becomes the server.
    fn server(&self, home: &HomePlan, images: &Images) -> ContainerSpec {
        let relay = format!(
            "127.0.0.1:{}=127.0.0.1:{SOCKS_PORT}",
            HomePlan::RECORDER_PORT
        );
        let way = match self.router() {
            Some(router) => vec!["--allow".to_owned(), router.to_string()],
            None => vec!["--open".to_owned()],
        };
        let arrivals = format!("0.0.0.0:{}", HomePlan::ARRIVALS_PORT);
        let arguments = [
            "--arrivals",
            &arrivals,
            "--record",
            RECORD,
            "--socks",
            &relay,
            "--dns",
            NAME_SERVER,
            "--",
            SERVER,
        ];
        let arguments = std::iter::once("guard".to_owned())
            .chain(way)
            .chain(arguments.map(str::to_owned))
            .collect();
        ContainerSpec {
            name: home.bls.clone(),
            role: format!("{}/bls", home.id),
            image: images.bls.clone(),
            entrypoint: Some(AGENT.to_owned()),
            arguments,
            environment: vec![
                (
                    "PORT".to_owned(),
                    Secret::new(HomePlan::BLS_PORT.to_string()),
                ),
                // A destination can ask to be refused.
                ("BLS_MODE".to_owned(), Secret::new("scripted")),
            ],
            files: vec![FileSpec {
                path: RECORD_DIRECTORY.to_owned(),
                // The oracle opens its file before it becomes an ordinary user.
                mode: 0o777,
                content: None,
            }],
            network: Self::network_of(home, &home.bls),
            volume: None,
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

/// The volume of a home's keys, so that the engine says who uses them. The daemon has copies.
fn mounted(home: &HomePlan) -> Option<(String, String)> {
    let volume = home.volume.clone()?;
    Some((volume, KEYS.to_owned()))
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
