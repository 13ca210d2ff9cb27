//! `package.json`, and what package managers have settled on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::files::{File, Files, Kind, Obstacle};
use super::place::At;

/// The package that brings the onion daemon.
pub(super) const CLIENT: &str = "@anyone-protocol/anyone-client";
/// The folder of a lock file's project may be above that of the package.
const ABOVE: usize = 5;
/// Names of lock files.
const LOCKS: [&str; 5] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
];

/// A package.
#[derive(Debug, Clone)]
pub struct Package {
    /// Where it is told of.
    pub at: At,
    /// Its folder.
    pub folder: PathBuf,
    /// All of its `package.json`.
    pub json: Value,
    /// Its lines, for finding one.
    text: String,
    /// What of it is locked.
    pub lock: Option<Lock>,
}

/// What a lock file says of the client.
#[derive(Debug, Clone)]
pub struct Lock {
    /// The file.
    pub at: At,
    /// The client's entry; none where there is none.
    pub client: Option<Locked>,
}

/// An entry of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Its line.
    pub at: At,
    /// The version.
    pub version: Option<String>,
    /// Whether it is there only as long as optional packages are not left out.
    pub optional: bool,
    /// Whether it is there only for development.
    pub dev: bool,
}

impl Package {
    /// What a section of dependencies says of a package, and where.
    #[must_use]
    pub fn depends(&self, section: &str, name: &str) -> Option<(&str, At)> {
        let range = self.json.get(section)?.get(name)?.as_str()?;
        Some((range, self.line_of(section, name)))
    }

    /// Whether it runs a connector within itself.
    #[must_use]
    pub fn runs_connector(&self) -> Option<(String, At)> {
        let sections = ["dependencies", "optionalDependencies", "peerDependencies"];
        sections.iter().find_map(|section| {
            let names = self.json.get(section)?.as_object()?.keys();
            let name = names.into_iter().find(|name| {
                name.rsplit('/').next() == Some("connector") || name.ends_with("-connector")
            })?;
            Some((name.clone(), self.line_of(section, name)))
        })
    }

    fn line_of(&self, section: &str, name: &str) -> At {
        let quoted = |text: &str| format!("\"{text}\"");
        let (section, name) = (quoted(section), quoted(name));
        let begin = self.text.lines().position(|line| line.contains(&section));
        let begin = begin.unwrap_or(0);
        let mut lines = self.text.lines().enumerate().skip(begin);
        let line = lines.find(|(_, line)| line.contains(&name));
        At::new(&self.at.file, line.map_or(begin, |(index, _)| index) + 1)
    }
}

/// Reads every package, with its lock file, which may be beside it or above it.
pub(super) fn load(files: &mut Files) -> Vec<Package> {
    let manifests: Vec<File> = files.of(Kind::Package).cloned().collect();
    let mut packages = Vec::new();
    for file in manifests {
        let json: Value = match serde_json::from_str(file.text.trim_start_matches('\u{feff}')) {
            Ok(Value::Object(object)) => Value::Object(object),
            Ok(_) => {
                files.trouble(
                    At::new(&file.name, 1),
                    Obstacle::Syntax,
                    "is no JSON object",
                );
                continue;
            }
            Err(error) => {
                let at = At::new(&file.name, error.line());
                files.trouble(at, Obstacle::Syntax, format!("is no JSON: {error}"));
                continue;
            }
        };
        let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
        let lock = find_lock(files, &folder);
        packages.push(Package {
            at: At::new(&file.name, 1),
            folder,
            json,
            text: file.text,
            lock,
        });
    }
    packages
}

fn find_lock(files: &mut Files, folder: &Path) -> Option<Lock> {
    let start = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let whole = start.canonicalize().unwrap_or_else(|_| start.to_owned());
    for (height, above) in whole.ancestors().take(ABOVE).enumerate() {
        for name in LOCKS {
            // As it was named where it is beside the package, so that findings can be followed.
            let path = match height {
                0 => folder.join(name),
                _ => above.join(name),
            };
            files.also(&path);
            let file = files
                .at(&path)
                .filter(|file| file.kind == Kind::Lock)
                .cloned();
            let Some(file) = file else { continue };
            match client_of(&file, &whole) {
                Ok(client) => {
                    let at = At::new(&file.name, 1);
                    return Some(Lock { at, client });
                }
                Err((line, what)) => {
                    files.trouble(At::new(&file.name, line), Obstacle::Syntax, what);
                }
            }
        }
        // A work tree ends where its repository does.
        if above.join(".git").exists() {
            break;
        }
    }
    None
}

/// What a lock file says of the client for the package in a folder.
fn client_of(file: &File, folder: &Path) -> Result<Option<Locked>, (usize, String)> {
    if file.name.ends_with(".json") {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let root = whole(&file.path);
        let own = root
            .parent()
            .and_then(|root| folder.strip_prefix(root).ok());
        of_npm(&file.name, &file.text, own.unwrap_or(Path::new("")))
    } else {
        Ok(of_lines(&file.name, &file.text))
    }
}

/// npm's own lock file, of whatever version, for the package in this folder below it: what is nearest counts, as it does
/// for Node, and then whatever brings it along.
fn of_npm(name: &Arc<str>, text: &str, own: &Path) -> Result<Option<Locked>, (usize, String)> {
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| (error.line(), format!("is no JSON: {error}")))?;
    let key = format!("node_modules/{CLIENT}");
    let packages = json.get("packages").and_then(Value::as_object);
    let found = match packages {
        Some(packages) => {
            let near = own.ancestors().find_map(|above| {
                let path = above.join(&key).to_string_lossy().into_owned();
                packages.get(&path).map(|entry| (path, entry))
            });
            near.or_else(|| {
                let mut all = packages.iter();
                let deep = all.find(|(path, _)| path.ends_with(&format!("/{key}")));
                deep.map(|(path, entry)| (path.clone(), entry))
            })
        }
        None => json
            .get("dependencies")
            .and_then(|all| Some((CLIENT.to_owned(), all.get(CLIENT)?))),
    };
    Ok(found.map(|(path, entry)| {
        let flag = |name: &str| entry.get(name).and_then(Value::as_bool) == Some(true);
        let version = entry.get("version").and_then(Value::as_str);
        Locked {
            at: line_with(name, text, &format!("\"{path}\": {{")),
            version: version.map(str::to_owned),
            optional: flag("optional") || flag("devOptional"),
            dev: flag("dev"),
        }
    }))
}

fn line_with(name: &Arc<str>, text: &str, part: &str) -> At {
    let line = text.lines().position(|line| line.contains(part));
    At::new(name, line.map_or(0, |index| index) + 1)
}

/// The lock files of pnpm, yarn and bun: an entry is a line that begins with the package and a version, and those
/// that are indented further.
fn of_lines(name: &Arc<str>, text: &str) -> Option<Locked> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found: Option<Locked> = None;
    for (index, line) in lines.iter().enumerate() {
        let start = line.trim_start().trim_start_matches(['"', '\'', '/']);
        let Some(rest) = start.strip_prefix(CLIENT) else {
            continue;
        };
        let is_entry = line.trim_end().ends_with(':') && rest.starts_with(['@', '/']);
        let is_bun = rest.starts_with("\": [");
        if !is_entry && !is_bun {
            continue;
        }
        let indent = |line: &str| line.len() - line.trim_start().len();
        let inside = lines[index + 1..]
            .iter()
            .take_while(|more| more.trim().is_empty() || indent(more) > indent(line));
        let inside: Vec<&str> = inside.map(|line| line.trim()).collect();
        let version = inside
            .iter()
            .find_map(|line| line.strip_prefix("version"))
            .or_else(|| {
                let after = line.rsplit_once(&format!("{CLIENT}@"))?.1;
                after.split(['\'', '"', ':', '(', ',']).next()
            })
            .map(|text| text.trim_matches([' ', ':', '"', '\'']).to_owned());
        let optional = inside.contains(&"optional: true");
        let before = found.take();
        found = Some(Locked {
            optional: optional || before.as_ref().is_some_and(|one| one.optional),
            version: before
                .as_ref()
                .and_then(|one| one.version.clone())
                .or(version),
            dev: inside.contains(&"dev: true"),
            at: before.map_or_else(|| At::new(name, index + 1), |one| one.at),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<(usize, Option<String>, bool)> {
        let found = of_lines(&Arc::from("f"), text)?;
        Some((found.at.line, found.version, found.optional))
    }

    #[test]
    fn every_manager_s_file_is_read() {
        let version = Some("1.1.3".to_owned());
        let pnpm = "packages:\n\n  '@anyone-protocol/anyone-client@1.1.3':\n    resolution: {}\n\nsnapshots:\n\n  '@anyone-protocol/anyone-client@1.1.3':\n    optional: true\n";
        assert_eq!(lines(pnpm), Some((3, version.clone(), true)));
        let old = "packages:\n  /@anyone-protocol/anyone-client@1.1.3:\n    dev: false\n";
        assert_eq!(lines(old), Some((2, version.clone(), false)));
        let yarn = "\"@anyone-protocol/anyone-client@^1.1.3\":\n  version \"1.1.3\"\n";
        assert_eq!(lines(yarn), Some((1, version.clone(), false)));
        let bun = "{\n  \"packages\": {\n    \"@anyone-protocol/anyone-client\": [\"@anyone-protocol/anyone-client@1.1.3\", \"\"],\n";
        assert_eq!(lines(bun), Some((3, version.clone(), false)));
        let npm = "{\"packages\": {\n\"node_modules/@anyone-protocol/anyone-client\": {\n\"version\": \"1.1.3\", \"optional\": true}}}";
        let found = of_npm(&Arc::from("f"), npm, Path::new(""))
            .expect("is JSON")
            .expect("is there");
        assert_eq!(
            (found.at.line, found.version, found.optional),
            (2, version, true)
        );
    }

    #[test]
    fn of_several_in_npm_s_file_the_nearest_counts() {
        let entry = |folder: &str, version: &str| {
            format!("\"{folder}node_modules/{CLIENT}\": {{\"version\": \"{version}\"}}")
        };
        let all = |entries: &[String]| format!("{{\"packages\": {{{}}}}}", entries.join(","));
        let text = all(&[
            entry("node_modules/@a/b/", "3"),
            entry("", "1"),
            entry("packages/town/", "2"),
        ]);
        let of = |text: &str, own: &str| {
            let found = of_npm(&Arc::from("f"), text, Path::new(own));
            found.expect("is JSON").and_then(|found| found.version)
        };
        for (own, version) in [("", "1"), ("packages/town", "2"), ("packages/mill", "1")] {
            assert_eq!(of(&text, own).as_deref(), Some(version), "{own}");
        }
        let brought = all(&[entry("node_modules/@a/b/", "3")]);
        assert_eq!(of(&brought, "packages/town").as_deref(), Some("3"));
    }
}
