//! Everything that was given, put together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::compose::{self, MountKind, Project, Service};
use super::connector::{Connector, Transport};
use super::daemon::{self, Daemon};
use super::dockerfile::{self, Instruction};
use super::env_file::{self, Variable};
use super::files::{File, Files, Kind, Obstacle, shown};
use super::interpolate::Variables;
use super::package::{self, Package};
use super::place::At;
use super::projects::projects;
use super::roles::{Role, is_tor, role};
use super::running::RunningProject;
use super::yaml::Node;

/// The most files of a mounted folder that are looked at.
const OF_A_FOLDER: usize = 50;

/// What is audited.
#[derive(Debug, Default)]
pub struct Model {
    /// The files.
    pub files: Files,
    /// Compose projects.
    pub projects: Vec<Project>,
    /// Connectors.
    pub connectors: Vec<Connector>,
    /// Onion daemons.
    pub daemons: Vec<Daemon>,
    /// Packages.
    pub packages: Vec<Package>,
    /// Recipes of images.
    pub recipes: Vec<(At, Vec<Instruction>)>,
    /// Variables of files that were given as such.
    pub variables: Vec<Variable>,
    /// How many hops a packet goes at the most.
    pub hops: u32,
}

impl Model {
    /// Whether a connector has an environment that was given and could not be read: that of a Compose file's service.
    #[must_use]
    pub fn lacks_environment(&self, connector: &Connector) -> bool {
        connector.service.is_none() && self.files.lacks_compose()
    }

    /// Reads what these paths hold.
    #[must_use]
    pub fn read(paths: &[PathBuf], hops: u32) -> Self {
        let mut files = Files::read(paths);
        let mut variables = Vec::new();
        let given: Vec<File> = files.of(Kind::Environment).cloned().collect();
        let mut for_compose = Variables::new();
        for file in &given {
            let (found, wrong) = env_file::parse(&file.name, &file.text);
            for at in wrong {
                let what = "is no variable; write NAME=VALUE";
                files.trouble(at, Obstacle::Syntax, what);
            }
            if file.named {
                let set = found.iter().cloned();
                for_compose.extend(set.filter_map(|one| Some((one.name, one.value?))));
            }
            variables.extend(found);
        }
        let all = projects(&files);
        for path in all.iter().flatten().filter(|path| !path.is_file()) {
            let what =
                "is listed by COMPOSE_FILE in .env and is not there: Compose would not start";
            files.trouble(At::new(&shown(path), 1), Obstacle::Missing, what);
        }
        let loaded: Vec<Project> = all
            .iter()
            .filter_map(|paths| compose::load(paths, &for_compose, &mut files))
            .collect();
        let packages = package::load(&mut files);
        let recipes = files.of(Kind::Dockerfile).map(|file| {
            let at = At::new(&file.name, 1);
            (at, dockerfile::parse(&file.name, &file.text))
        });
        let mut model = Self {
            recipes: recipes.collect(),
            projects: loaded,
            packages,
            variables,
            hops,
            ..Self::default()
        };
        model.files = files;
        model.find_parts();
        model
    }

    /// What a project that runs is made of.
    #[must_use]
    pub(crate) fn of_running(project: &RunningProject, hops: u32) -> Self {
        let mut files = Files::default();
        for (name, kind, text) in project.files() {
            files.take_text(&name, kind, text);
        }
        let (at, root) = project.tree();
        let mut model = Self {
            projects: vec![compose::of_root(at, root, &mut files)],
            hops,
            ..Self::default()
        };
        model.files = files;
        model.find_parts();
        model
    }

    /// A service by its places.
    #[must_use]
    pub fn service(&self, place: Option<(usize, usize)>) -> Option<&Service> {
        let (project, service) = place?;
        self.projects.get(project)?.services.get(service)
    }

    /// The project of a service's places.
    #[must_use]
    pub fn project(&self, place: Option<(usize, usize)>) -> Option<&Project> {
        self.projects.get(place?.0)
    }

    /// Every service with its project.
    pub fn services(&self) -> impl Iterator<Item = (&Project, &Service)> {
        self.projects.iter().flat_map(|project| {
            project
                .services
                .iter()
                .map(move |service| (project, service))
        })
    }

    /// The daemon in whose network a connector is.
    #[must_use]
    pub fn daemon_of(&self, connector: &Connector) -> Option<&Daemon> {
        let Some(service) = self.service(connector.service) else {
            // Files alone: one of each belongs together.
            let alone = self.connectors.len() == 1 && self.daemons.len() == 1;
            return self.daemons.first().filter(|_| alone);
        };
        let project = connector.service?.0;
        let own = self.namespace(project, service);
        self.daemons.iter().find(|daemon| {
            let place = daemon.service.filter(|place| place.0 == project);
            let beside = self.service(place);
            beside.is_some_and(|one| self.namespace(project, one) == own)
        })
    }

    /// The daemon that a connector's SOCKS proxy names, in another network than its own.
    #[must_use]
    pub fn daemon_reached(&self, connector: &Connector) -> Option<&Daemon> {
        let own = connector
            .transport_entry("socksProxy")
            .map(|entry| &entry.node);
        let told = own.and_then(Node::text).map(str::to_owned).or_else(|| {
            let mut variables = connector.environment.iter();
            variables.find_map(|one| {
                let value = one.value.clone()?;
                value.starts_with("socks5").then_some(value)
            })
        })?;
        let host = told
            .split("//")
            .nth(1)?
            .rsplit('@')
            .next()?
            .split(':')
            .next()?;
        self.daemons.iter().find(|daemon| {
            let service = self.service(daemon.service);
            service.is_some_and(|service| service.is_called(host))
        })
    }

    /// The name of the service whose network one is in; `host` for that of the machine.
    #[must_use]
    pub(crate) fn namespace<'m>(&'m self, project: usize, service: &'m Service) -> &'m str {
        let mut at = service;
        for _ in 0..10 {
            let next = at
                .shares()
                .and_then(|(name, _)| self.projects[project].service(name));
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        match at.node.text_of("network_mode") {
            Some("host") => "host",
            _ => &at.name,
        }
    }

    /// Whether a connector is to be reached over the onion network: it says so, or no other of its project is and
    /// it does not say otherwise by a configuration.
    #[must_use]
    pub fn meant_for_onion(&self, connector: &Connector) -> bool {
        if !matches!(connector.transport(), Some(Transport::Direct) | None)
            || self.daemon_of(connector).is_some()
        {
            return true;
        }
        let project = connector.service.map(|place| place.0);
        let others = self.connectors.iter().filter(|other| {
            other.service.map(|place| place.0) == project && other.name != connector.name
        });
        let mut others = others.filter(|other| self.daemon_of(other).is_some());
        connector.service.is_some() && others.next().is_none()
    }

    fn find_parts(&mut self) {
        let mut claimed = BTreeSet::new();
        let mut connectors = Vec::new();
        let mut daemons = Vec::new();
        for (project_at, project) in self.projects.iter().enumerate() {
            for (service_at, service) in project.services.iter().enumerate() {
                let place = Some((project_at, service_at));
                let role = role(service, &project.services);
                if role == Role::Other {
                    continue;
                }
                let kind = match role {
                    Role::Connector => Kind::Connector,
                    _ => Kind::Daemon,
                };
                let file = mounted(&mut self.files, project, service, kind);
                claimed.extend(file.iter().map(|file| file.name.clone()));
                if role == Role::Connector {
                    connectors.push(Connector {
                        name: service.name.clone(),
                        at: service.at.clone(),
                        service: place,
                        config: file.and_then(|file| file.documents.into_iter().next()),
                        environment: service.environment.clone(),
                        has_environment: true,
                    });
                } else {
                    daemons.push(Daemon {
                        name: service.name.clone(),
                        at: service.at.clone(),
                        service: place,
                        is_tor: is_tor(service),
                        options: file.map(|file| daemon::parse(&file.name, &file.text)),
                    });
                }
            }
        }
        let unclaimed = |kind| {
            let files = self.files.of(kind);
            let files = files.filter(|file| !claimed.contains(&file.name));
            files.cloned().collect::<Vec<File>>()
        };
        let (configs, options) = (unclaimed(Kind::Connector), unclaimed(Kind::Daemon));
        self.take_configs(&mut connectors, configs);
        take_options(&mut daemons, options);
        self.connectors = connectors;
        self.daemons = daemons;
    }

    /// Configurations that no service mounts: that of the one connector without any, or of connectors by themselves.
    fn take_configs(&self, connectors: &mut Vec<Connector>, configs: Vec<File>) {
        let mut without: Vec<&mut Connector> = connectors
            .iter_mut()
            .filter(|connector| connector.config.is_none())
            .collect();
        if let ([connector], [config]) = (&mut without[..], &configs[..]) {
            connector.config = config.documents.first().cloned();
            return;
        }
        let alone = configs.len() == 1;
        for file in configs {
            let Some(config) = file.documents.first().cloned() else {
                continue;
            };
            let folder = file.path.parent();
            let beside = |variable: &&Variable| {
                Path::new(&*variable.at.file).parent() == folder
                    || (alone && self.projects.is_empty())
            };
            let environment: Vec<Variable> =
                self.variables.iter().filter(beside).cloned().collect();
            connectors.push(Connector {
                name: config.text_of("nodeId").unwrap_or(&file.name).to_owned(),
                at: At::new(&file.name, 1),
                service: None,
                has_environment: !environment.is_empty(),
                environment,
                config: Some(config),
            });
        }
    }
}

fn take_options(daemons: &mut Vec<Daemon>, files: Vec<File>) {
    let mut without: Vec<&mut Daemon> = daemons
        .iter_mut()
        .filter(|daemon| daemon.options.is_none())
        .collect();
    if let ([daemon], [file]) = (&mut without[..], &files[..]) {
        daemon.options = Some(daemon::parse(&file.name, &file.text));
        return;
    }
    for file in files {
        daemons.push(Daemon {
            name: file.name.to_string(),
            at: At::new(&file.name, 1),
            service: None,
            is_tor: file.name.to_ascii_lowercase().contains("torrc"),
            options: Some(daemon::parse(&file.name, &file.text)),
        });
    }
}

/// The file of a kind that is mounted in a service, read if it was not yet.
fn mounted(files: &mut Files, project: &Project, service: &Service, kind: Kind) -> Option<File> {
    for mount in service
        .mounts
        .iter()
        .filter(|mount| mount.kind == MountKind::Bind)
    {
        let path = project.path(&mount.source);
        let candidates = if path.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten();
            let mut inside: Vec<PathBuf> = entries
                .flatten()
                .take(OF_A_FOLDER)
                .map(|one| one.path())
                .collect();
            inside.sort();
            inside
        } else {
            vec![path]
        };
        for path in candidates {
            files.also(&path);
            if let Some(file) = files.at(&path).filter(|file| file.kind == kind) {
                return Some(file.clone());
            }
        }
    }
    None
}

/// Whether a mapping of the top level declares a name.
#[must_use]
pub(super) fn declares<'p>(project: &'p Project, section: &str, name: &str) -> Option<&'p Node> {
    let entry = project.root.get(section)?.entry(name)?;
    Some(&entry.node)
}
