//! Which Compose files belong together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{Files, Kind};

/// The names that Compose looks for by itself, the first one counts.
const USUAL: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// Each project's files, the later ones over the earlier ones. Those that were named are one project, as with
/// `docker compose -f A -f B`; in a folder it is the usual file with its override, and besides that each other one,
/// over the usual one where its name says so (`compose.prod.yaml`).
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
    for file in files.of(Kind::Compose).filter(|file| !file.named) {
        let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
        folders.entry(folder).or_default().push(file.path.clone());
    }
    for found in folders.into_values() {
        all.extend(of_folder(&found));
    }
    all
}

fn of_folder(found: &[PathBuf]) -> Vec<Vec<PathBuf>> {
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
    if let Some(usual) = usual {
        let mut first = vec![usual.clone()];
        first.extend(found.iter().find(is_override).cloned());
        projects.push(first);
    }
    for path in found {
        let usual_one = USUAL.contains(&&*name(path));
        match usual {
            Some(_) if usual_one || is_override(&path) => {}
            Some(usual) if over(path) => projects.push(vec![usual.clone(), path.clone()]),
            _ => projects.push(vec![path.clone()]),
        }
    }
    projects
}
