//! From files to a project.

use std::path::{Path, PathBuf};

use super::include::{extended, included};
use super::merge::{merge, settled};
use super::rebase::{rebase, rebase_service};
use super::service::{Service, name_owners};
use super::{normal, ports, volumes};
use crate::audit::env_file::{self, Variable};
use crate::audit::files::{Files, Kind, Obstacle, shown};
use crate::audit::interpolate::{Variables, fill_tree};
use crate::audit::place::At;
use crate::audit::yaml::{Entry, Mark, Node, Scalar, Value};

/// How deep files may include and extend each other.
const DEEPEST: usize = 10;

/// What several Compose files say together.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its first file.
    pub at: At,
    /// The folder that its paths start from.
    pub folder: PathBuf,
    /// Its services, in order.
    pub services: Vec<Service>,
    /// Everything else.
    pub root: Node,
}

impl Project {
    /// A service by its name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// A path of the host, as the project means it.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

/// Reads a project from its files, the later ones over the earlier ones, with these variables besides those of the
/// `.env` beside the first. What keeps it from being read is noted in `files`.
pub(crate) fn load(paths: &[PathBuf], given: &Variables, files: &mut Files) -> Option<Project> {
    let first = paths.first()?;
    let folder = first.parent().unwrap_or(Path::new("")).to_owned();
    let mut variables = Variables::new();
    let beside = folder.join(".env");
    if files.also(&beside)
        && let Some(file) = files
            .at(&beside)
            .filter(|file| file.kind == Kind::Environment)
    {
        let (found, _) = env_file::parse(&file.name, &file.text);
        add(&mut variables, found);
    }
    variables.extend(given.clone());
    let mut loader = Loader { files, variables };
    let root = loader.files_of(paths, &folder, 0)?;
    let mut services = Vec::new();
    for entry in root.get("services").map_or(&[][..], Node::entries) {
        services.push(loader.service(entry, &root, &folder));
    }
    name_owners(&mut services);
    Some(Project {
        at: At::new(&shown(first), 1),
        folder,
        services,
        root,
    })
}

/// A project of a tree that is complete: nothing is put in, merged or read.
#[must_use]
pub(crate) fn of_root(at: At, mut root: Node, files: &mut Files) -> Project {
    normal_services(&mut root);
    let folder = PathBuf::new();
    let mut loader = Loader {
        files,
        variables: Variables::new(),
    };
    let entries = root.get("services").map_or(&[][..], Node::entries).to_vec();
    let services = entries
        .iter()
        .map(|entry| loader.service(entry, &root, &folder));
    Project {
        services: services.collect(),
        at,
        folder,
        root,
    }
}

fn add(variables: &mut Variables, found: Vec<Variable>) {
    for variable in found {
        if let Some(value) = variable.value {
            variables.insert(variable.name, value);
        }
    }
}

struct Loader<'f> {
    files: &'f mut Files,
    variables: Variables,
}

impl Loader<'_> {
    /// The files as one.
    fn files_of(&mut self, paths: &[PathBuf], folder: &Path, depth: usize) -> Option<Node> {
        let mut whole: Option<Node> = None;
        for path in paths {
            for mut document in self.documents(path) {
                let mut wrong = Vec::new();
                fill_tree(&mut document, &self.variables, &mut wrong);
                for (node, error) in wrong {
                    self.files
                        .trouble(node.at, Obstacle::Syntax, error.to_string());
                }
                normal_services(&mut document);
                self.take_in(&mut document, folder, depth);
                match &mut whole {
                    None => whole = Some(settled(document)),
                    Some(whole) => merge_root(whole, document),
                }
            }
        }
        whole
    }

    fn documents(&mut self, path: &Path) -> Vec<Node> {
        self.files.also(path);
        let found = self.files.at(path).map(|file| file.documents.clone());
        found.unwrap_or_default()
    }

    /// Puts in what a document includes, and what its services extend.
    fn take_in(&mut self, document: &mut Node, folder: &Path, depth: usize) {
        let items = document
            .get("include")
            .map_or(&[][..], Node::items)
            .to_vec();
        for item in items {
            let paths = included(&item, folder);
            if paths.is_empty() || depth > DEEPEST {
                let what = "includes a file that is not told; nothing of it was looked at";
                self.files.trouble(item.at, Obstacle::Missing, what);
                continue;
            }
            if let Some(missing) = paths.iter().find(|path| !path.is_file()) {
                let what = format!("includes {}, which is not there", shown(missing));
                self.files.trouble(item.at, Obstacle::Missing, what);
                continue;
            }
            let folder = match item.text_of("project_directory") {
                Some(own) => folder.join(own),
                None => paths[0].parent().unwrap_or(folder).to_owned(),
            };
            let more = self.with_its_own(&item, &folder, |loader| {
                loader.files_of(&paths, &folder, depth + 1)
            });
            if let Some(mut more) = more {
                rebase(&mut more, &folder);
                // What the file says itself counts.
                merge_root(&mut more, document.clone());
                *document = more;
            }
        }
        let services = document.get("services").cloned();
        let Some(services) = services else { return };
        let whole: Vec<Entry> = services
            .entries()
            .iter()
            .map(|entry| Entry {
                node: self.extend(&entry.node, &services, folder, 0),
                ..entry.clone()
            })
            .collect();
        if let Value::Map(entries) = &mut document.value
            && let Some(entry) = entries.iter_mut().find(|entry| entry.key == "services")
        {
            entry.node.value = Value::Map(whole);
        }
    }

    /// Does something with an included project's own variables, over which this project's count.
    fn with_its_own<T>(
        &mut self,
        item: &Node,
        folder: &Path,
        does: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let told = item.get("env_file");
        let items = match told.map(|node| &node.value) {
            Some(Value::List(items)) => items.clone(),
            Some(Value::Scalar(_)) => told.cloned().into_iter().collect(),
            _ if folder.join(".env").is_file() => vec![Node::of_text(&item.at, ".env")],
            _ => Vec::new(),
        };
        let mut own = Variables::new();
        for item in items {
            add(&mut own, self.variables_of(&item, folder, "env_file"));
        }
        own.extend(self.variables.clone());
        let before = std::mem::replace(&mut self.variables, own);
        let done = does(self);
        self.variables = before;
        done
    }

    /// A service over the one that it extends.
    fn extend(&mut self, service: &Node, beside: &Node, folder: &Path, depth: usize) -> Node {
        let Some((name, file, at)) = extended(service) else {
            return service.clone();
        };
        let at = at.at.clone();
        let (services, inside) = match file {
            None => (Some(beside.clone()), folder.to_owned()),
            Some(file) => {
                let path = folder.join(file);
                let inside = path.parent().unwrap_or(folder).to_owned();
                (self.services_of(&path), inside)
            }
        };
        let base = services.as_ref().and_then(|services| services.get(&name));
        let (Some(base), Some(services), true) = (base, &services, depth < DEEPEST) else {
            let what = format!("extends {name:?}, which is not there; nothing of it was looked at");
            self.files.trouble(at, Obstacle::Missing, what);
            return service.clone();
        };
        let mut whole = self.extend(base, services, &inside, depth + 1);
        if inside != folder {
            rebase_service(&mut whole, &inside);
        }
        merge(&mut whole, service.clone(), "");
        whole
    }

    fn services_of(&mut self, path: &Path) -> Option<Node> {
        let mut documents = self.documents(path);
        let mut document = documents.drain(..).next()?;
        // What is wrong with it is told where it is read for its own sake.
        fill_tree(&mut document, &self.variables, &mut Vec::new());
        normal_services(&mut document);
        document.get("services").cloned()
    }

    fn service(&mut self, entry: &Entry, root: &Node, folder: &Path) -> Service {
        let labelled = self.with_label_files(&entry.node, folder);
        let node = &labelled;
        let mut environment = Vec::new();
        for item in node.get("env_file").map_or(&[][..], Node::items) {
            environment.extend(self.variables_of(item, folder, "env_file"));
        }
        for variable in node.get("environment").map_or(&[][..], Node::entries) {
            environment.push(self.variable(variable));
        }
        let items = |key: &str| node.get(key).map_or(&[][..], Node::items);
        let mut mounts: Vec<_> = items("volumes").iter().filter_map(volumes::mount).collect();
        mounts.extend(items("tmpfs").iter().filter_map(|item| {
            let target = item.text()?.split(':').next()?.to_owned();
            Some(volumes::Mount {
                at: item.at.clone(),
                kind: volumes::MountKind::Memory,
                source: String::new(),
                target,
                read_only: false,
            })
        }));
        for item in items("configs").iter().chain(items("secrets")) {
            mounts.extend(self.configured(item, root, folder));
        }
        Service {
            name: entry.key.clone(),
            at: entry.at.clone(),
            ports: items("ports")
                .iter()
                .filter_map(|item| ports::port(item, &self.variables))
                .collect(),
            mounts,
            environment,
            node: node.clone(),
        }
    }

    /// A file of `configs` or `secrets` that is mounted, or what the Compose file holds of one itself.
    fn configured(&mut self, item: &Node, root: &Node, folder: &Path) -> Option<volumes::Mount> {
        let name = item.text_of("source").or_else(|| item.text())?;
        let target = item.text_of("target");
        let told = |key: &str| {
            let mut sections = ["configs", "secrets"].iter();
            sections.find_map(|section| root.find(&[section, name, key]))
        };
        let source = match (told("file"), told("content")) {
            (Some(file), _) => file.text()?.to_owned(),
            (None, Some(content)) => {
                let path = folder.join(format!("configs.{name}"));
                self.files
                    .take_content(&content.at, &path, content.scalar()?, &self.variables);
                format!("configs.{name}")
            }
            (None, None) => return None,
        };
        Some(volumes::Mount {
            at: item.at.clone(),
            kind: volumes::MountKind::Bind,
            source,
            target: target.map_or_else(|| format!("/{name}"), str::to_owned),
            read_only: true,
        })
    }

    fn variable(&self, entry: &Entry) -> Variable {
        let (raw, value) = match &entry.node.value {
            Value::Scalar(scalar) => (scalar.raw.clone(), scalar.text.clone()),
            // Taken from the surroundings of whoever runs Compose.
            _ => (
                format!("${{{}}}", entry.key),
                self.variables.get(&entry.key).cloned(),
            ),
        };
        Variable {
            name: entry.key.clone(),
            value,
            raw,
            at: entry.at.clone(),
        }
    }

    /// A service with the labels of its files: what it says itself counts, and of files the later one.
    fn with_label_files(&mut self, service: &Node, folder: &Path) -> Node {
        let items = service.get("label_file").map_or(&[][..], Node::items);
        let mut found: Vec<Entry> = Vec::new();
        for item in items {
            for Variable {
                name,
                value,
                raw,
                at,
            } in self.variables_of(item, folder, "label_file")
            {
                found.retain(|known| known.key != name);
                let scalar = Scalar { raw, text: value };
                found.push(Entry {
                    node: Node {
                        value: Value::Scalar(scalar),
                        ..Node::of_text(&at, "")
                    },
                    key: name,
                    at,
                });
            }
        }
        let mut service = service.clone();
        let Some(first) = found.first() else {
            return service;
        };
        let key = "labels".to_owned();
        let at = first.at.clone();
        let files = Node::of_entries(at.clone(), found);
        let own = service.get("labels").cloned();
        let mut labels = files;
        if let Some(own) = own {
            merge(&mut labels, own, "labels");
        }
        if let Value::Map(entries) = &mut service.value {
            entries.retain(|entry| entry.key != key);
            entries.push(Entry {
                key,
                at,
                node: labels,
            });
        }
        service
    }

    /// The variables of a file that a service names by this key.
    fn variables_of(&mut self, item: &Node, folder: &Path, key: &str) -> Vec<Variable> {
        let path = item.text_of("path").or_else(|| item.text());
        let Some(path) = path.map(|path| folder.join(path)) else {
            let what =
                format!("names its {key} by what was not given; nothing of it was looked at");
            self.files.trouble(item.at.clone(), Obstacle::Missing, what);
            return Vec::new();
        };
        let required = item.get("required").and_then(Node::truth) != Some(false);
        if !path.is_file() {
            let what = match required {
                true => format!(
                    "its {key} {} is not there: Compose would not start; what is in it was not looked at",
                    shown(&path)
                ),
                false => return Vec::new(),
            };
            self.files.trouble(item.at.clone(), Obstacle::Missing, what);
            return Vec::new();
        }
        self.files.also(&path);
        let text = self
            .files
            .at(&path)
            .map(|file| (file.name.clone(), file.text.clone()));
        let text = text.or_else(|| {
            // It may be called anything.
            let text = crate::input::text(&path, crate::input::BY_PEOPLE).ok()?;
            Some((shown(&path), text))
        });
        let Some((name, text)) = text else {
            let what = format!("its {key} {} cannot be read", shown(&path));
            self.files
                .trouble(item.at.clone(), Obstacle::Unreadable, what);
            return Vec::new();
        };
        match item.text_of("format") {
            Some("raw") => env_file::parse_raw(&name, &text),
            _ => env_file::parse(&name, &text).0,
        }
    }
}

fn normal_services(document: &mut Node) {
    if let Value::Map(entries) = &mut document.value
        && let Some(services) = entries.iter_mut().find(|entry| entry.key == "services")
        && let Value::Map(services) = &mut services.node.value
    {
        for service in services {
            normal::service(&mut service.node);
        }
    }
}

/// Merges the top levels: services by their names, each with its own rules.
fn merge_root(whole: &mut Node, over: Node) {
    let Value::Map(from) = over.value else { return };
    let Value::Map(into) = &mut whole.value else {
        return;
    };
    for section in from {
        let Some(known) = into.iter_mut().find(|known| known.key == section.key) else {
            into.push(Entry {
                node: settled(section.node),
                ..section
            });
            continue;
        };
        let (Value::Map(known), Value::Map(more)) = (&mut known.node.value, section.node.value)
        else {
            continue;
        };
        for entry in more {
            match known.iter().position(|one| one.key == entry.key) {
                Some(at) if entry.node.mark == Mark::Reset => {
                    known.remove(at);
                }
                Some(at) => merge(&mut known[at].node, entry.node, ""),
                None if entry.node.mark == Mark::Reset => {}
                None => known.push(Entry {
                    node: settled(entry.node),
                    ..entry
                }),
            }
        }
    }
}
