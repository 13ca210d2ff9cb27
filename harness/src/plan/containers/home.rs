//! Containers of homes.

use std::net::{Ipv4Addr, SocketAddr};

use super::files::{common, config_files, daemon_arguments, daemon_files, directory, file};
use super::specs::{HomeSpecs, Images};
use crate::connectors::{Configuration, Server};
use crate::engine::{ContainerSpec, FileSpec, NetworkMode, Privileges};
use crate::onion::anonrc::{self, AuthorityLine, SERVICE_DIRECTORY, SOCKS_PORT, TERMS};
use crate::onion::{PUBLIC_FILE, SECRET_FILE};
use crate::plan::home::{DaemonPlan, HomePlan, OnionPlan};
use crate::plan::model::Plan;

/// Where a volume of keys is mounted.
pub(crate) const KEYS: &str = "/keys";

/// The harness's helper in the server's image.
pub const AGENT: &str = "/agent";
/// What a home's SOCKS and DNS recorder has seen, in the server's container.
pub const RECORD: &str = "/record/names.jsonl";
/// Its folder.
const RECORD_DIRECTORY: &str = "/record";
/// Where a home's name server listens. The engine's own resolver asks there.
const NAME_SERVER: &str = "127.0.0.1:53";

impl Plan {
    /// The containers of a home.
    pub(super) fn home_containers(
        &self,
        home: &HomePlan,
        images: &Images,
        lines: &[AuthorityLine],
    ) -> HomeSpecs {
        let Configuration { files, server, .. } = self.configuration(home);
        let mut connector = ContainerSpec {
            name: home.connector.clone(),
            role: format!("{}/connector", home.id),
            image: images.connector.clone(),
            entrypoint: None,
            arguments: Vec::new(),
            environment: home.environment.clone(),
            files: config_files(files),
            network: network_of(home, &home.connector),
            volume: None,
            privileges: Privileges::None,
        };
        let sidecar = match &home.daemon {
            DaemonPlan::Sidecar { container, onion } => Some(ContainerSpec {
                name: container.clone(),
                role: format!("{}/sidecar", home.id),
                image: images.anon.clone(),
                entrypoint: Some(anonrc::program(self.topology.network.family).to_owned()),
                arguments: daemon_arguments(),
                environment: Vec::new(),
                files: self.onion_files(home, onion, lines),
                network: network_of(home, container),
                volume: mounted(onion),
                privileges: Privileges::None,
            }),
            DaemonPlan::Managed { onion } => {
                connector.files.extend(self.onion_files(home, onion, lines));
                connector.volume = mounted(onion);
                if let Some(image) = &images.managed {
                    connector.image.clone_from(image);
                }
                None
            }
            DaemonPlan::None => None,
        };
        HomeSpecs {
            sidecar,
            server: self.server(home, server, images),
            connector,
        }
    }

    /// A home's daemon: its configuration and the keys of its onion service.
    fn onion_files(
        &self,
        home: &HomePlan,
        onion: &OnionPlan,
        lines: &[AuthorityLine],
    ) -> Vec<FileSpec> {
        let hashed = onion.control.password.hashed();
        let node = common(&onion.nickname, lines, &hashed);
        let ports = home.ports.btp();
        let rc = if self.joins_others() {
            anonrc::joining(&node, &ports)
        } else {
            anonrc::home(&node, &ports)
        };
        let mut files = daemon_files(rc);
        if self.topology.network.terms_are_settled() {
            files.push(file(TERMS.0, TERMS.1));
        }
        files.push(directory(SERVICE_DIRECTORY));
        for (name, content) in [
            (SECRET_FILE, onion.keys.secret_file()),
            (PUBLIC_FILE, onion.keys.public_file()),
        ] {
            files.push(FileSpec {
                path: format!("{SERVICE_DIRECTORY}/{name}"),
                mode: 0o600,
                content: Some(content),
            });
        }
        files
    }

    /// The server's container starts while the home's daemon is still told to use no network. Its
    /// first program locks the home's egress down and starts the SOCKS and DNS recorder (a recording relay before the
    /// daemon's SOCKS port, and a name server that knows no name) before it becomes the server.
    fn server(&self, home: &HomePlan, server: Server, images: &Images) -> ContainerSpec {
        let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let relay = format!("{}={}", local(HomePlan::RECORDER_PORT), local(SOCKS_PORT));
        let way = match self.router() {
            Some(router) => vec!["--allow".to_owned(), router.to_string()],
            None => vec!["--open".to_owned()],
        };
        let arrivals = format!("0.0.0.0:{}", HomePlan::ARRIVALS_PORT);
        let recorder = [
            "--arrivals",
            &arrivals,
            "--record",
            RECORD,
            "--socks",
            &relay,
            "--dns",
            NAME_SERVER,
            "--",
        ];
        let arguments = std::iter::once("guard".to_owned())
            .chain(way)
            .chain(recorder.map(str::to_owned))
            .chain(server.program)
            .collect();
        let mut files = vec![FileSpec {
            path: RECORD_DIRECTORY.to_owned(),
            // The recorder opens its file before it becomes an ordinary user.
            mode: 0o777,
            content: None,
        }];
        files.extend(config_files(server.files));
        ContainerSpec {
            name: home.bls.clone(),
            role: format!("{}/bls", home.id),
            image: images.bls.clone(),
            entrypoint: Some(AGENT.to_owned()),
            arguments,
            environment: server.environment,
            files,
            network: network_of(home, &home.bls),
            volume: None,
            privileges: Privileges::SetUpNetwork,
        }
    }
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

/// The volume of a home's keys, so that the engine says who uses them. The daemon has copies.
fn mounted(onion: &OnionPlan) -> Option<(String, String)> {
    let volume = onion.volume.clone()?;
    Some((volume, KEYS.to_owned()))
}
