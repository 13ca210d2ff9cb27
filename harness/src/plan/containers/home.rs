//! Containers of homes.

use std::net::{Ipv4Addr, SocketAddr};

use super::files::{common, config_files, daemon_arguments, daemon_files, directory, file};
use super::specs::{HomeSpecs, HostProgram, Images};
use home_agent::forwards::ForwardTo;
use home_agent::record::Name;

use crate::connectors::{ConfigFile, Configuration, Deployment, Server};
use crate::engine::{ContainerSpec, FileSpec, Mount, NetworkMode, Privileges};
use crate::onion::anonrc::{self, AuthorityLine, SERVICE_DIRECTORY, SOCKS_PORT, TERMS};
use crate::onion::{PUBLIC_FILE, SECRET_FILE};
use crate::plan::home::{DaemonPlan, DeployedPlan, HomePlan, OnionPlan};
use crate::plan::model::Plan;
use crate::plan::site::ForwardPlan;

/// Where a volume of keys is mounted.
pub(crate) const KEYS: &str = "/keys";

/// The harness's helper in the server's image.
pub const AGENT: &str = "/agent";
/// What a home's SOCKS and DNS recorder has seen, in the server's container.
pub const RECORD: &str = "/record/names.jsonl";
/// The key to it for whoever asks over the network.
const RECORD_KEY: &str = "/record/key";
/// Its folder.
const RECORD_DIRECTORY: &str = "/record";
/// What a home's forwarder dials, in the server's container.
const FORWARDS: &str = "/forwards/list.json";
/// The file whose being there lets a home's forwarder dial: connectors that know their peers from the
/// start dial before those are there, and not all of them dial twice.
pub const FORWARDS_OPEN: &str = "/forwards/open";
/// Where the folder of a program of the engine's machine is in the connector's container.
const HOST_FOLDER: &str = "/connector";
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
        let Configuration {
            files,
            server,
            command,
            directory,
            writable,
            ..
        } = home.configuration.clone();
        let mut command = command.into_iter();
        let mut connector = ContainerSpec {
            name: home.connector.clone(),
            role: format!("{}/connector", home.id),
            image: images.connector.clone(),
            entrypoint: command.next(),
            arguments: command.collect(),
            directory,
            mounts: Vec::new(),
            environment: home.environment.clone(),
            files: config_files(files),
            network: network_of(home, &home.connector),
            beside: None,
            volume: None,
            writable: writable.or_else(|| images.reference.then(Vec::new)),
            privileges: Privileges::None,
        };
        if let Some(program) = images.program.as_ref().filter(|_| home.deployed.is_none()) {
            run_from_host(&mut connector, program);
        }
        if let Some(deployed) = &home.deployed {
            run_as_deployed(&mut connector, deployed);
        }
        let sidecar = match &home.daemon {
            DaemonPlan::Sidecar { container, onion } => Some(ContainerSpec {
                name: container.clone(),
                role: format!("{}/sidecar", home.id),
                image: images.anon.clone(),
                entrypoint: Some(anonrc::program(self.topology.network.family).to_owned()),
                arguments: daemon_arguments(),
                directory: None,
                mounts: Vec::new(),
                environment: Vec::new(),
                files: self.onion_files(home, onion, lines),
                network: network_of(home, container),
                beside: None,
                volume: mounted(onion),
                writable: None,
                privileges: Privileges::None,
            }),
            DaemonPlan::Managed { onion } => {
                connector.files.extend(self.onion_files(home, onion, lines));
                connector.volume = mounted(onion);
                // A daemon keeps its state where it was told to, and a connector's own may be anywhere.
                connector.writable = None;
                if let Some(image) = images.managed.as_ref().filter(|_| home.deployed.is_none()) {
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

    /// The container of a home's daemon as it is where nothing was kept of it but its configuration: without the keys
    /// of its service. `None` where there is no such container.
    #[must_use]
    pub fn daemon_without_keys(
        &self,
        home: &HomePlan,
        images: &Images,
        configuration: String,
    ) -> Option<ContainerSpec> {
        let container = home.sidecar()?;
        let mut files = daemon_files(configuration);
        if self.topology.network.terms_are_settled() {
            files.push(file(TERMS.0, TERMS.1));
        }
        Some(ContainerSpec {
            role: format!("{}/sidecar", home.id),
            entrypoint: Some(anonrc::program(self.topology.network.family).to_owned()),
            arguments: daemon_arguments(),
            files,
            network: network_of(home, container),
            ..ContainerSpec::idle(container, &images.anon)
        })
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
        let shown = format!("0.0.0.0:{}", HomePlan::RECORD_PORT);
        let recorder = [
            "--arrivals",
            &arrivals,
            "--shown",
            &shown,
            "--shown-to",
            RECORD_KEY,
            "--record",
            RECORD,
            "--socks",
            &relay,
            "--dns",
            NAME_SERVER,
            "--",
        ];
        let forwards = self.forwards(&home.id);
        let forwarder = match forwards.is_empty() {
            true => Vec::new(),
            false => vec!["--forwards".to_owned(), FORWARDS.to_owned()],
        };
        let program = match server.program.is_empty() {
            true => vec![AGENT.to_owned(), "wait".to_owned()],
            false => server.program,
        };
        let arguments = std::iter::once("guard".to_owned())
            .chain(way)
            .chain(forwarder)
            .chain(recorder.map(str::to_owned))
            .chain(program)
            .collect();
        let mut files = vec![
            FileSpec {
                path: RECORD_DIRECTORY.to_owned(),
                // The recorder opens its file before it becomes an ordinary user.
                mode: 0o777,
                content: None,
            },
            FileSpec {
                path: RECORD_KEY.to_owned(),
                mode: 0o600,
                content: Some(self.record_key(home).expose().into()),
            },
        ];
        files.extend(config_files(server.files));
        if !forwards.is_empty() {
            files.extend(config_files(vec![forwards_file(&forwards)]));
        }
        ContainerSpec {
            name: home.bls.clone(),
            role: format!("{}/bls", home.id),
            image: images.bls.clone(),
            entrypoint: Some(AGENT.to_owned()),
            arguments,
            directory: None,
            mounts: Vec::new(),
            environment: server.environment,
            files,
            network: network_of(home, &home.bls),
            beside: None,
            volume: None,
            writable: None,
            privileges: Privileges::SetUpNetwork,
        }
    }
}

/// What a home's forwarder is told. The file is for its eyes alone, because it holds onion addresses.
fn forwards_file(forwards: &[ForwardPlan]) -> ConfigFile {
    let all: Vec<ForwardTo> = forwards
        .iter()
        .map(|forward| ForwardTo {
            listen: forward.listen,
            host: Name::new(forward.host.expose().to_owned()),
            port: forward.port,
        })
        .collect();
    let content = serde_json::json!(all).to_string().into_bytes();
    ConfigFile {
        path: FORWARDS.to_owned(),
        content,
    }
}

/// Has a container run what a deployment runs.
fn run_as_deployed(connector: &mut ContainerSpec, deployed: &DeployedPlan) {
    let Deployment {
        image,
        entrypoint,
        command,
        directory,
        writable,
        ..
    } = &*deployed.service;
    connector.image.clone_from(image);
    let mut program = entrypoint.iter().flatten().cloned();
    connector.entrypoint = program.next();
    let arguments = command.iter().flatten().cloned();
    connector.arguments = program.chain(arguments).collect();
    connector.directory.clone_from(directory);
    connector.writable.clone_from(writable);
    let is_planned = |path: &str| connector.files.iter().any(|file| file.path == path);
    let theirs = deployed.files.iter().filter(|file| !is_planned(&file.path));
    let mut files: Vec<FileSpec> = theirs
        .map(|file| FileSpec {
            path: file.path.clone(),
            mode: file.mode,
            content: file.content.clone(),
        })
        .collect();
    files.append(&mut connector.files);
    connector.files = files;
}

/// Has a container run a program of the engine's machine.
fn run_from_host(connector: &mut ContainerSpec, program: &HostProgram) {
    let mut command = program.command.iter().cloned();
    connector.entrypoint = command.next();
    connector.arguments = command.collect();
    connector.directory = Some(HOST_FOLDER.to_owned());
    let mount = |source: &String, target: &str| Mount {
        source: source.clone(),
        target: target.to_owned(),
    };
    let system = program.system.iter().map(|folder| mount(folder, folder));
    connector.mounts = system.collect();
    connector.mounts.push(mount(&program.folder, HOST_FOLDER));
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
