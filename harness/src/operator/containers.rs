//! The containers of a home. Each has an address of its own on the home's bridge and none shares another's network, so
//! that each can end and start again by itself, and all of them with their engine in any order.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::error::HomeError;
use super::folder::{Home, needed};
use super::render::ANONRC;
use super::settings::{AGREED, Mode};
use crate::connectors::ConfigFile;
use crate::engine::{ContainerSpec, FileSpec, HomeLabels, NetworkMode, NetworkSpec};
use crate::onion::anonrc::{self, DATA_DIRECTORY, SERVICE_DIRECTORY, TERMS};
use crate::onion::{PUBLIC_FILE, SECRET_FILE};
use crate::plan::{AGENT, PREFIX, config_files, daemon_arguments, daemon_files, file};

/// The images of a home, by their names on its engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeImages {
    /// That of each part: of a connector that runs the daemon, one with a daemon in it.
    pub of: BTreeMap<Part, String>,
    /// Whether the connector is the reference connector, which writes nothing to its root file system.
    pub reference: bool,
}

/// What a container of a home is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The server that takes what is delivered, with the harness's helper.
    Helper,
    /// The onion daemon.
    Daemon,
    /// The connector.
    Connector,
}

impl Part {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helper => "helper",
            Self::Daemon => "daemon",
            Self::Connector => "connector",
        }
    }
}

impl Home {
    /// What everything of the home on an engine begins with.
    #[must_use]
    pub fn name(&self) -> String {
        format!("ator-home-{}", self.settings.id)
    }

    /// What containers it has, in the order in which they are started.
    #[must_use]
    pub const fn parts(&self) -> &'static [Part] {
        match self.settings.mode {
            Mode::Sidecar => &[Part::Helper, Part::Daemon, Part::Connector],
            Mode::Managed => &[Part::Helper, Part::Connector],
        }
    }

    /// Which of them the daemon runs in.
    #[must_use]
    pub const fn daemon_part(&self) -> Part {
        match self.settings.mode {
            Mode::Sidecar => Part::Daemon,
            Mode::Managed => Part::Connector,
        }
    }

    /// The name of a container.
    #[must_use]
    pub fn container(&self, part: Part) -> String {
        format!("{}-{}", self.name(), part.name())
    }

    /// The named volume of the daemon's state. Its keys are in the folder as well.
    #[must_use]
    pub fn volume(&self) -> String {
        format!("{}-daemon", self.name())
    }

    /// The labels of what was made of some content.
    #[must_use]
    pub(super) fn labels(&self, content: String) -> HomeLabels {
        HomeLabels {
            home: self.settings.id.clone(),
            owner: self.owner(),
            content,
        }
    }

    /// The home's bridge.
    #[must_use]
    pub(super) fn bridge(&self) -> NetworkSpec {
        NetworkSpec {
            name: self.name(),
            role: "network".to_owned(),
            subnet: self.settings.network,
            prefix_length: PREFIX,
            gateway: self.settings.gateway(),
        }
    }

    /// A container of the home, made of what is in its folder now.
    ///
    /// # Errors
    ///
    /// [`HomeError::Missing`] and [`HomeError::Terms`].
    pub(super) fn spec(&self, part: Part, images: &HomeImages) -> Result<ContainerSpec, HomeError> {
        match part {
            Part::Helper => self.helper(images),
            Part::Daemon => self.daemon(images),
            Part::Connector => self.connector(images),
        }
    }

    fn at(&self, address: Ipv4Addr) -> NetworkMode {
        NetworkMode::Bridge {
            network: self.name(),
            address,
            publish: Vec::new(),
        }
    }

    fn idle(&self, part: Part, images: &HomeImages, address: Ipv4Addr) -> ContainerSpec {
        let image = images.of.get(&part).map_or("", String::as_str);
        ContainerSpec {
            role: format!("{}/{}", self.settings.id, part.name()),
            network: self.at(address),
            ..ContainerSpec::idle(&self.container(part), image)
        }
    }

    fn helper(&self, images: &HomeImages) -> Result<ContainerSpec, HomeError> {
        let server = self.rendered()?.connector.server;
        let program = match server.program.is_empty() {
            true => vec![AGENT.to_owned(), "wait".to_owned()],
            false => server.program,
        };
        let mut program = program.into_iter();
        Ok(ContainerSpec {
            entrypoint: program.next(),
            arguments: program.collect(),
            environment: server.environment,
            files: config_files(server.files),
            writable: Some(Vec::new()),
            ..self.idle(Part::Helper, images, self.settings.server())
        })
    }

    /// The daemon's configuration, and the keys of its onion service.
    fn daemon_files(&self) -> Result<Vec<FileSpec>, HomeError> {
        if self.settings.terms.as_deref() != Some(AGREED) {
            let path = self.path(super::SETTINGS).display().to_string();
            return Err(HomeError::Terms { path });
        }
        let rc = String::from_utf8(needed(&self.path(ANONRC))?).unwrap_or_default();
        let mut files = daemon_files(rc);
        files.push(file(TERMS.0, TERMS.1));
        files.push(FileSpec {
            path: SERVICE_DIRECTORY.to_owned(),
            mode: 0o700,
            content: None,
        });
        let service = &self.keys.service;
        for (name, content) in [
            (SECRET_FILE, service.secret_file()),
            (PUBLIC_FILE, service.public_file()),
        ] {
            files.push(FileSpec {
                path: format!("{SERVICE_DIRECTORY}/{name}"),
                mode: 0o600,
                content: Some(content),
            });
        }
        Ok(files)
    }

    fn daemon(&self, images: &HomeImages) -> Result<ContainerSpec, HomeError> {
        Ok(ContainerSpec {
            entrypoint: Some(anonrc::program(self.settings.family).to_owned()),
            arguments: daemon_arguments(),
            files: self.daemon_files()?,
            volume: Some((self.volume(), DATA_DIRECTORY.to_owned())),
            ..self.idle(Part::Daemon, images, self.settings.daemon())
        })
    }

    fn connector(&self, images: &HomeImages) -> Result<ContainerSpec, HomeError> {
        let made = self.rendered()?.connector;
        let kept: Result<Vec<ConfigFile>, HomeError> = made
            .files
            .into_iter()
            .map(|file| {
                let content = needed(&self.kept(&file))?;
                Ok(ConfigFile { content, ..file })
            })
            .collect();
        let mut command = made.command.into_iter();
        let runs_daemon = self.daemon_part() == Part::Connector;
        let mut files = config_files(kept?);
        if runs_daemon {
            files.extend(self.daemon_files()?);
        }
        // A daemon keeps its state where it was told to, and a connector's own may be anywhere.
        let writable = made.writable.or_else(|| images.reference.then(Vec::new));
        Ok(ContainerSpec {
            entrypoint: command.next(),
            arguments: command.collect(),
            directory: made.directory,
            environment: self.environment()?,
            files,
            volume: runs_daemon.then(|| (self.volume(), DATA_DIRECTORY.to_owned())),
            writable: writable.filter(|_| !runs_daemon),
            ..self.idle(Part::Connector, images, self.settings.of_connector())
        })
    }
}

/// What tells a container's content from any other: a hash of all that it is made of.
pub(super) fn content(spec: &ContainerSpec) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(spec.image.as_bytes());
    part(format!("{:?} {:?} {:?}", spec.network, spec.volume, spec.writable).as_bytes());
    part(
        format!(
            "{:?} {:?} {:?}",
            spec.entrypoint, spec.arguments, spec.directory
        )
        .as_bytes(),
    );
    for (name, value) in &spec.environment {
        part(name.as_bytes());
        part(value.expose().as_bytes());
    }
    for file in &spec.files {
        part(file.path.as_bytes());
        part(&file.mode.to_be_bytes());
        part(file.content.as_deref().unwrap_or_default());
    }
    HEXLOWER.encode(&hash.finalize()[..8])
}
