//! From a service of a Compose file to a deployment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Copies;
use super::mistake::{DeploymentError, Mistake};
use crate::audit::{
    Files, Kind, MountKind, Node, Obstacle, Project, Service, Trouble, Value, Variables, is_secret,
    load,
};
use crate::connectors::{Connector, DeployedVariable, Deployment, image_name};
use crate::secret::Secret;
use crate::suggest::did_you_mean;
use crate::topology::{ComposeService, Daemon, Home, Topology};

/// Reads every deployment that a topology names, by home id. `folder` is that of the topology's file.
///
/// # Errors
///
/// [`DeploymentError`] with every mistake of all of them.
pub fn read(
    topology: &Topology,
    folder: &Path,
) -> Result<BTreeMap<String, Arc<Deployment>>, DeploymentError> {
    let mut mistakes = Vec::new();
    let mut found = BTreeMap::new();
    for home in &topology.homes {
        let Some(compose) = &home.compose else {
            continue;
        };
        let mut reader = Reader {
            compose,
            connector: &*topology.connector,
            mistakes: Vec::new(),
        };
        let deployment = reader.read(home, folder);
        let more = reader.mistakes;
        mistakes.extend(
            more.into_iter()
                .filter(|one| !mistakes.contains(one))
                .collect::<Vec<_>>(),
        );
        if let Some(deployment) = deployment {
            found.insert(home.id.clone(), Arc::new(deployment));
        }
    }
    match mistakes.is_empty() {
        true => Ok(found),
        false => Err(DeploymentError { mistakes }),
    }
}

struct Reader<'r> {
    compose: &'r ComposeService,
    connector: &'r dyn Connector,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: impl ToString, key: &str, what: impl Into<String>) {
        self.mistakes.push(Mistake {
            at: at.to_string(),
            key: key.to_owned(),
            what: what.into(),
        });
    }

    /// A key of the service.
    fn key(&self, key: &str) -> String {
        format!("services.{}.{key}", self.compose.service)
    }

    fn read(&mut self, home: &Home, folder: &Path) -> Option<Deployment> {
        let names = std::iter::once(&self.compose.file).chain(&self.compose.over);
        let paths: Vec<PathBuf> = names.map(|name| folder.join(name)).collect();
        let mut files = Files::read(&paths);
        let unknown = |one: &Trouble| one.obstacle == Obstacle::Unknown;
        let mut others = paths.clone();
        others.retain(|path| {
            let file = files.at(path);
            file.is_none_or(|file| file.kind != Kind::Compose)
        });
        if files.troubles.iter().all(unknown) {
            for path in &others {
                let what = "is no Compose file: it has no services; name the file that `docker compose -f` takes";
                self.wrong(path.display(), "", what);
            }
        }
        let project = match others.is_empty() {
            true => load(&paths, &Variables::new(), &mut files),
            false => None,
        };
        for trouble in files.troubles.iter().filter(|one| !unknown(one)) {
            self.wrong(&trouble.at, "", trouble.what.clone());
        }
        let project = project?;
        let Some(service) = project.service(&self.compose.service) else {
            let names = project.services.iter().map(|one| one.name.as_str());
            let known: Vec<&str> = names.collect();
            let meant = did_you_mean(&self.compose.service, known.iter().copied());
            let what = format!(
                "is not there; the services are {}{meant}; name one of them as service of [[home]] {:?}",
                known.join(", "),
                home.id
            );
            self.wrong(
                &project.at,
                &format!("services.{}", self.compose.service),
                what,
            );
            return None;
        };
        let deployment = self.deployment(&project, service);
        let runs_daemon = home.daemon == Daemon::Managed;
        for what in self.connector.unfit(&home.id, runs_daemon, &deployment) {
            let key = format!("services.{}", self.compose.service);
            self.wrong(
                &service.at,
                &key,
                format!("does not fit home {}: {what}", home.id),
            );
        }
        Some(deployment)
    }

    fn deployment(&mut self, project: &Project, service: &Service) -> Deployment {
        let image = self.image(service);
        let copies = self.copies(project, service);
        let read_only = service.node.get("read_only").and_then(Node::truth) == Some(true);
        let kept = [MountKind::Named, MountKind::Anonymous, MountKind::Memory];
        let writes = service
            .mounts
            .iter()
            .filter(|mount| kept.contains(&mount.kind));
        let writable = writes.map(|mount| mount.target.clone()).collect();
        Deployment {
            file: self.compose.file.clone(),
            service: service.name.clone(),
            image,
            entrypoint: self.words(service, "entrypoint"),
            command: self.words(service, "command"),
            directory: service.node.text_of("working_dir").map(str::to_owned),
            environment: self.environment(service),
            files: copies.files,
            writable: read_only.then_some(writable),
        }
    }

    fn image(&mut self, service: &Service) -> String {
        let key = self.key("image");
        let Some(image) = service.image() else {
            let name = &service.name;
            let what = match service.node.get("build") {
                Some(_) => format!(
                    "is missing, and nothing is built here; write image: NAME beside build:, and run `docker compose build {name}` before"
                ),
                None => {
                    "is missing; write image: NAME of an image that is on the engine".to_owned()
                }
            };
            self.wrong(&service.at, &key, what);
            return String::new();
        };
        let told = image.node.text().map(str::to_owned);
        let Some(told) = told else {
            let raw = image.node.scalar().map_or("", |scalar| &scalar.raw);
            self.untold(&image.at, &key, raw);
            return String::new();
        };
        if let Err(why) = image_name(&told) {
            self.wrong(&image.at, &key, why);
        }
        told
    }

    /// A value that is told by variables which no file gives.
    fn untold(&mut self, at: impl ToString, key: &str, raw: &str) {
        // The text itself may hold a secret.
        let names = names_in(raw).join(", ");
        let what = format!(
            "takes {names} from variables, of which not all are given; put them into the .env beside the file: variables of the environment do not count here"
        );
        self.wrong(at, key, what);
    }

    fn environment(&mut self, service: &Service) -> Vec<DeployedVariable> {
        let mut all: Vec<DeployedVariable> = Vec::new();
        for variable in &service.environment {
            let name = &variable.name;
            // What comes later counts.
            all.retain(|one| one.name != *name);
            // Written without a value, it is taken from whoever starts it, and is not there where they have none.
            let passed_on = variable.raw.is_empty() || variable.raw == format!("${{{name}}}");
            if variable.value.is_none() && !passed_on && !self.connector.gives(name) {
                let key = self.key(&format!("environment.{name}"));
                self.untold(&variable.at, &key, &variable.raw);
            }
            all.push(DeployedVariable {
                name: name.clone(),
                value: variable.value.clone().map(Secret::new),
                is_secret: is_secret(name),
            });
        }
        all
    }

    /// A command, as a list or as a shell would divide it; none where nothing is said.
    fn words(&mut self, service: &Service, key: &str) -> Option<Vec<String>> {
        let entry = service.node.entry(key)?;
        let at = entry.at.clone();
        let key = self.key(key);
        let texts: Vec<&Node> = match &entry.node.value {
            Value::Null => return None,
            Value::List(items) => items.iter().collect(),
            _ => vec![&entry.node],
        };
        let mut told = Vec::new();
        for node in texts {
            match node.text() {
                Some(text) => told.push(text.to_owned()),
                None => self.untold(&at, &key, node.scalar().map_or("", |scalar| &scalar.raw)),
            }
        }
        if matches!(entry.node.value, Value::List(_)) {
            return Some(told);
        }
        let words = told.first().and_then(|text| shlex::split(text));
        if words.is_none() && !told.is_empty() {
            let what = "has a quote without its other; write it as a list";
            self.wrong(&at, &key, what);
        }
        words
    }

    fn copies(&mut self, project: &Project, service: &Service) -> Copies {
        let mut copies = Copies::default();
        for item in service.node.get("volumes").map_or(&[][..], Node::items) {
            if let Some(scalar) = item.scalar().filter(|scalar| scalar.text.is_none()) {
                let key = self.key("volumes");
                self.untold(&item.at, &key, &scalar.raw);
            }
        }
        for mount in &service.mounts {
            let key = self.key("volumes");
            if !mount.target.starts_with('/') {
                let what = format!("has the target {:?}; write an absolute path", mount.target);
                self.wrong(&mount.at, &key, what);
                continue;
            }
            match mount.kind {
                MountKind::Bind => {
                    let held = mount.source.strip_prefix("configs.");
                    if let Some(content) = held.and_then(|name| content(project, name)) {
                        copies.content(&mount.target, content);
                        continue;
                    }
                    if let Err(why) = copies.copy(&project.path(&mount.source), &mount.target) {
                        self.wrong(&mount.at, &key, why);
                    }
                }
                MountKind::Named | MountKind::Anonymous | MountKind::Memory => {
                    copies.folder(&mount.target);
                }
            }
        }
        // A folder before what is in it, whichever was mounted first. Of two at one path the later counts, as a file
        // that is mounted over one of a folder.
        copies.files.reverse();
        copies.files.sort_by(|one, other| one.path.cmp(&other.path));
        copies.files.dedup_by(|other, one| other.path == one.path);
        copies
    }
}

/// The names of the variables in a text.
fn names_in(raw: &str) -> Vec<&str> {
    let raw = raw.split('$').skip(1);
    let names = raw.map(|after| {
        let after = after.trim_start_matches('{');
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        &after[..after.find(|sign| !is_name(sign)).unwrap_or(after.len())]
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// What a Compose file holds of one of its `configs` or `secrets` itself.
fn content<'p>(project: &'p Project, name: &str) -> Option<&'p str> {
    let sections = ["configs", "secrets"];
    let mut told = sections
        .iter()
        .filter_map(|one| project.root.find(&[one, name, "content"]));
    told.find_map(Node::text)
}
