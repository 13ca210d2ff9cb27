//! Which Compose files belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::compose::{extended, included};
use super::env_file;
use super::files::{File, Files, Kind, canonical};
use super::yaml::Node;

/// The names that Compose looks for by itself, the first one counts.
const USUAL: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// Each project's files, the later ones over the earlier ones. Those that were named are one project, as with
/// `docker compose -f A -f B`; in a folder it is those that COMPOSE_FILE of its `.env` lists, else the usual file with its
/// override, and besides that each other one, over the usual one where its name says so (`compose.prod.yaml`). What
/// another file includes or extends is a part of that one's project.
#[must_use]
pub(super) fn projects(files: &Files) -> Vec<Vec<PathBuf>> {
    let mut all = Vec::new();
    let named: Vec<PathBuf> = files
        .of(Kind::Compose)
        .filter(|file| file.named)
        .map(|file| file.path.clone())
        .collect();
    if !named.is_empty() {
        all.push(named);
    }
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let parts = parts(files);
    for file in files.of(Kind::Compose).filter(|file| !file.named) {
        if parts.contains(&canonical(&file.path)) {
            continue;
        }
        let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
        folders.entry(folder).or_default().push(file.path.clone());
    }
    for (folder, found) in folders {
        let listed = listed(files, &folder);
        all.extend(of_folder(&found, listed));
    }
    all
}

/// The files that others include or extend, as far as those are no such parts themselves.
fn parts(files: &Files) -> BTreeSet<PathBuf> {
    let taken = |file: &File| {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        let mut taken = Vec::new();
        for document in &file.documents {
            let items = document.get("include").map_or(&[][..], Node::items);
            taken.extend(items.iter().flat_map(|item| included(item, folder)));
            let services = document.get("services").map_or(&[][..], Node::entries);
            let bases = services.iter().filter_map(|entry| extended(&entry.node)?.1);
            taken.extend(bases.map(|base| folder.join(base)));
        }
        let own = canonical(&file.path);
        let others = taken.iter().map(|path| canonical(path));
        let others: BTreeSet<PathBuf> = others.filter(|path| *path != own).collect();
        (own, others)
    };
    let all: BTreeMap<PathBuf, BTreeSet<PathBuf>> = files.of(Kind::Compose).map(taken).collect();
    // Of files that take each other in, none would be left.
    let reaches = |from: &PathBuf, to: &PathBuf| {
        let (mut seen, mut look) = (BTreeSet::new(), vec![from]);
        while let Some(path) = look.pop() {
            if seen.insert(path) {
                look.extend(all.get(path).into_iter().flatten());
            }
        }
        seen.contains(to)
    };
    let pairs = all
        .iter()
        .flat_map(|(own, others)| others.iter().map(move |other| (own, other)));
    let pairs = pairs.filter(|(own, other)| !reaches(other, own));
    pairs.map(|(_, other)| other.clone()).collect()
}

/// What COMPOSE_FILE of the `.env` in a folder lists in place of the usual file; nothing where it does not.
fn listed(files: &Files, folder: &Path) -> Vec<PathBuf> {
    let env = files.at(&folder.join(".env"));
    let Some(env) = env.filter(|file| file.kind == Kind::Environment) else {
        return Vec::new();
    };
    let (variables, _) = env_file::parse(&env.name, &env.text);
    let told = |name: &str| {
        let found = variables.iter().rfind(|one| one.name == name);
        found
            .and_then(|one| one.value.as_deref())
            .filter(|value| !value.is_empty())
    };
    let between = told("COMPOSE_PATH_SEPARATOR").unwrap_or(":");
    let parts = told("COMPOSE_FILE")
        .into_iter()
        .flat_map(|list| list.split(between));
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| folder.join(part)).collect()
}

fn of_folder(found: &[PathBuf], listed: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let name = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let usual = USUAL
        .iter()
        .find_map(|usual| found.iter().find(|path| name(path) == *usual));
    // `docker-compose.prod` over `docker-compose`.
    let over = |path: &PathBuf| {
        let parts = name(path);
        let parts: Vec<&str> = parts.split('.').collect();
        parts.len() > 2 && ["compose", "docker-compose"].contains(&parts[0])
    };
    let is_override = |path: &&PathBuf| name(path).contains(".override.");
    let mut projects = Vec::new();
    let is_listed = |path: &PathBuf| listed.contains(path);
    if let Some(usual) = usual.filter(|_| listed.is_empty()) {
        let mut first = vec![usual.clone()];
        first.extend(found.iter().find(is_override).cloned());
        projects.push(first);
    }
    if !listed.is_empty() {
        projects.push(listed.clone());
    }
    for path in found {
        let usual_one = USUAL.contains(&&*name(path));
        match usual {
            _ if is_listed(path) => {}
            Some(_) if usual_one || is_override(&path) => {}
            Some(usual) if over(path) => projects.push(vec![usual.clone(), path.clone()]),
            _ => projects.push(vec![path.clone()]),
        }
    }
    projects
}
