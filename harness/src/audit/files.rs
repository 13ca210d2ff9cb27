//! Files that are audited, and what each of them is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::git;
use super::interpolate::{Variables, fill_tree};
use super::place::At;
use super::yaml::{self, Node, Scalar};
use crate::causes::with_causes;
use crate::input::{self, BY_PEOPLE, BY_PROGRAMS};

/// How deep folders are looked through.
const DEEPEST: usize = 8;
/// The most entries of folders that are looked at.
const MOST_ENTRIES: usize = 20_000;
/// The most files that are read.
const MOST_FILES: usize = 500;
/// Folders of others' files.
const PASSED_OVER: [&str; 6] = [
    ".git",
    "node_modules",
    "target",
    "dist",
    "vendor",
    "__pycache__",
];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A Compose file.
    Compose,
    /// A connector's configuration.
    Connector,
    /// Variables.
    Environment,
    /// `package.json`.
    Package,
    /// What a package manager has settled on.
    Lock,
    /// A recipe of an image.
    Dockerfile,
    /// A daemon's configuration.
    Daemon,
    /// What a program has logged.
    Log,
    /// Commands of operators.
    Makefile,
    /// How npm reaches its registries (`.npmrc`).
    Registries,
}

/// Who keeps what is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nobody else, as far as is known.
    Privately,
    /// git.
    ByGit,
    /// A Compose file, which holds it itself.
    InCompose,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name in findings.
    pub name: Arc<str>,
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub text: String,
    /// Its documents, where it is YAML or JSON.
    pub documents: Vec<Node>,
    /// Who keeps it.
    pub kept: Kept,
    /// Whether it was named, and not found in a folder or by another file.
    pub named: bool,
}

/// Why something could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It cannot be read.
    Unreadable,
    /// It is not what its form has to be.
    Syntax,
    /// Nobody knows what it is.
    Unknown,
    /// There is more than is looked at.
    TooMuch,
    /// Another file needs it, and it is not there.
    Missing,
}

/// Something that could not be looked at.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Where.
    pub at: At,
    /// Why.
    pub obstacle: Obstacle,
    /// In words.
    pub what: String,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Files {
    /// The files, in the order in which they were named.
    pub all: Vec<File>,
    /// What could not be looked at.
    pub troubles: Vec<Trouble>,
    known: BTreeSet<PathBuf>,
    entries: usize,
}

impl Files {
    /// Reads files and looks through folders.
    #[must_use]
    pub fn read(paths: &[PathBuf]) -> Self {
        let mut files = Self::default();
        for path in paths {
            if path.is_dir() {
                files.folder(path, 0);
            } else {
                files.file(path, true);
            }
        }
        files
    }

    /// Takes a text that is in no file of this machine.
    pub(crate) fn take_text(&mut self, name: &str, kind: Kind, text: String) {
        let name: Arc<str> = Arc::from(name);
        let documents = match kind {
            Kind::Connector => match yaml::parse(&name, &text) {
                Ok(documents) => documents,
                Err(error) => {
                    let at = At::new(&name, error.line);
                    return self.trouble(at, Obstacle::Syntax, error.what);
                }
            },
            _ => Vec::new(),
        };
        self.all.push(File {
            path: PathBuf::from(&*name),
            name,
            kind,
            text,
            documents,
            kept: Kept::Privately,
            named: false,
        });
    }

    /// Takes what a Compose file holds of another file, where it begins at this line, as if it were at this path, with
    /// these variables put in.
    pub(crate) fn take_content(
        &mut self,
        at: &At,
        path: &Path,
        content: &Scalar,
        variables: &Variables,
    ) {
        // Its lines are then those of the Compose file.
        let before = "\n".repeat(at.line.saturating_sub(1));
        let mut documents =
            yaml::parse(&at.file, &format!("{before}{}", content.raw)).unwrap_or_default();
        for document in &mut documents {
            // What is wrong with it was told of the Compose file.
            fill_tree(document, variables, &mut Vec::new());
        }
        let text = format!("{before}{}", content.text.as_ref().unwrap_or(&content.raw));
        let kind = kind_of_documents(&documents).or_else(|| kind_of_text(&text));
        let Some(kind) = kind.filter(|_| self.at(path).is_none()) else {
            return;
        };
        self.all.push(File {
            name: Arc::clone(&at.file),
            path: path.to_owned(),
            kind,
            text,
            documents,
            kept: Kept::InCompose,
            named: false,
        });
    }

    /// Reads a file that another one names, if it is one that is known. Returns whether it is there.
    pub fn also(&mut self, path: &Path) -> bool {
        if !path.is_file() {
            return false;
        }
        self.file(path, false);
        true
    }

    /// Files of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &File> {
        self.all.iter().filter(move |file| file.kind == kind)
    }

    /// The file at this path.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<&File> {
        let path = canonical(path);
        self.all.iter().find(|file| canonical(&file.path) == path)
    }

    /// Whether a Compose file was given that could not be read.
    #[must_use]
    pub fn lacks_compose(&self) -> bool {
        self.troubles.iter().any(|trouble| {
            let path = Path::new(&*trouble.at.file);
            [Obstacle::Syntax, Obstacle::Unreadable].contains(&trouble.obstacle)
                && kind_of_name(&file_name(path)) == Some(Kind::Compose)
                && self
                    .of(Kind::Compose)
                    .all(|file| file.name != trouble.at.file)
        })
    }

    /// Notes something that could not be looked at.
    pub fn trouble(&mut self, at: At, obstacle: Obstacle, what: impl Into<String>) {
        let what = what.into();
        let known = |one: &Trouble| one.at == at && one.what == what;
        if !self.troubles.iter().any(known) {
            self.troubles.push(Trouble { at, obstacle, what });
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let at = At::new(&shown(folder), 1);
        if depth > DEEPEST {
            let what = format!("lies more than {DEEPEST} folders deep; name it by itself");
            return self.trouble(at, Obstacle::TooMuch, what);
        }
        let mut found = match fs::read_dir(folder) {
            Ok(entries) => {
                let entries = entries.take(MOST_ENTRIES);
                let mut paths: Vec<PathBuf> = entries.flatten().map(|one| one.path()).collect();
                paths.sort();
                paths
            }
            Err(error) => {
                return self.trouble(at, Obstacle::Unreadable, with_causes(&error).to_string());
            }
        };
        self.entries += found.len();
        if self.entries > MOST_ENTRIES || self.all.len() > MOST_FILES {
            let what = format!(
                "there is more than the {MOST_ENTRIES} entries or {MOST_FILES} files that are looked at; name what is to be audited"
            );
            return self.trouble(at, Obstacle::TooMuch, what);
        }
        // Files first: what is near is more likely to be meant.
        found.sort_by_key(|path| path.is_dir());
        for path in found {
            let name = file_name(&path);
            let Ok(kind) = fs::symlink_metadata(&path).map(|about| about.file_type()) else {
                continue;
            };
            if kind.is_dir() && !PASSED_OVER.contains(&&*name) {
                self.folder(&path, depth + 1);
            } else if path.is_file() && !is_sample(&name) {
                self.file(&path, false);
            }
        }
    }

    fn file(&mut self, path: &Path, named: bool) {
        let name = shown(path);
        let at = At::new(&name, 1);
        let by_name = kind_of_name(&file_name(path));
        if by_name.is_none() && !named && !may_be_yaml(path) {
            return;
        }
        let canonical_path = canonical(path);
        if self.known.contains(&canonical_path) {
            return;
        }
        let limit = match by_name {
            Some(Kind::Log | Kind::Lock) => BY_PROGRAMS,
            None if named => BY_PROGRAMS,
            _ => BY_PEOPLE,
        };
        let bytes = match input::bytes(path, limit) {
            Ok(bytes) => bytes,
            Err(error) => {
                if named || by_name.is_some() {
                    let what = with_causes(&error).to_string();
                    self.trouble(at, Obstacle::Unreadable, what);
                }
                return;
            }
        };
        self.known.insert(canonical_path);
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            // Programs log whatever came; what is text of it is looked at.
            Err(error) if by_name == Some(Kind::Log) => {
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
            Err(error) => {
                if named || by_name.is_some() {
                    let valid = error.utf8_error().valid_up_to();
                    let what = format!("it is no text: byte {valid} is not UTF-8");
                    self.trouble(at, Obstacle::Unreadable, what);
                }
                return;
            }
        };
        self.take(path, name, text, by_name, named);
    }

    fn take(
        &mut self,
        path: &Path,
        name: Arc<str>,
        text: String,
        by_name: Option<Kind>,
        named: bool,
    ) {
        let mut documents = Vec::new();
        let kind = if may_be_yaml(path) {
            match yaml::parse(&name, &text) {
                Ok(found) => documents = found,
                Err(error) if named || by_name.is_some() => {
                    let at = At::new(&name, error.line);
                    return self.trouble(at, Obstacle::Syntax, error.what);
                }
                Err(_) => return,
            }
            by_name.or_else(|| kind_of_documents(&documents))
        } else {
            // It may have been named anything, as `/dev/stdin` or with `.json`.
            let by_documents = by_name.is_none().then(|| {
                documents = yaml::parse(&name, &text).ok().filter(|_| named)?;
                kind_of_documents(&documents)
            });
            by_name
                .or(by_documents.flatten())
                .or_else(|| kind_of_text(&text))
        };
        let Some(kind) = kind else {
            if named {
                let what = "nothing is known of it; give Compose files, a connector's YAML, variables (.env), package.json and lock files, Dockerfiles, an anonrc or logs (.log)";
                self.trouble(At::new(&name, 1), Obstacle::Unknown, what);
            }
            return;
        };
        // Of other files nobody asks it.
        let asked = [Kind::Connector, Kind::Environment, Kind::Registries].contains(&kind);
        self.all.push(File {
            kept: match asked && git::tracks(path) {
                true => Kept::ByGit,
                false => Kept::Privately,
            },
            path: path.to_owned(),
            name,
            kind,
            text,
            documents,
            named,
        });
    }
}

/// The path as it is told.
#[must_use]
pub(super) fn shown(path: &Path) -> Arc<str> {
    let here = |part: &Component<'_>| *part == Component::CurDir;
    let mut parts: PathBuf = path.components().skip_while(here).collect();
    if parts.as_os_str().is_empty() {
        parts.push(".");
    }
    Arc::from(&*parts.to_string_lossy())
}

/// The path by which a file is told from others.
pub(super) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn may_be_yaml(path: &Path) -> bool {
    let name = file_name(path);
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    // Lock files can be long, and one line of them is looked for.
    (yaml && kind_of_name(&name) != Some(Kind::Lock))
        || (name.ends_with(".json") && name.contains("compose"))
}

/// What only shows what a file could be like.
fn is_sample(name: &str) -> bool {
    let parts = name.split(['.', '-', '_']);
    let mut parts = parts.map(str::to_ascii_lowercase);
    parts.any(|part| ["example", "sample", "template", "dist"].contains(&&*part))
}

fn kind_of_name(name: &str) -> Option<Kind> {
    let lower = name.to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
    let yaml = ends(&[".yml", ".yaml"]);
    match &*lower {
        "package.json" => Some(Kind::Package),
        "package-lock.json"
        | "npm-shrinkwrap.json"
        | "pnpm-lock.yaml"
        | "yarn.lock"
        | "bun.lock" => Some(Kind::Lock),
        "dockerfile" | "containerfile" => Some(Kind::Dockerfile),
        "makefile" | "gnumakefile" | "justfile" => Some(Kind::Makefile),
        _ if lower.starts_with("dockerfile.") || ends(&[".dockerfile"]) => Some(Kind::Dockerfile),
        _ if yaml && lower.contains("compose") => Some(Kind::Compose),
        _ if yaml => None,
        _ if lower.contains("anonrc") || lower.contains("torrc") => Some(Kind::Daemon),
        ".env" => Some(Kind::Environment),
        ".npmrc" => Some(Kind::Registries),
        _ if lower.starts_with(".env.") || ends(&[".env"]) => Some(Kind::Environment),
        _ if ends(&[".log", ".jsonl", ".ndjson"]) || lower.contains(".log.") => Some(Kind::Log),
        _ => None,
    }
}

fn kind_of_documents(documents: &[Node]) -> Option<Kind> {
    let has = |key: &str| documents.iter().any(|one| one.get(key).is_some());
    if has("services") || has("include") {
        Some(Kind::Compose)
    } else if ["nodeId", "btpServerPort", "transport", "adminApi"]
        .iter()
        .any(|key| has(key))
        || (has("peers") && has("routes"))
    {
        Some(Kind::Connector)
    } else {
        None
    }
}

/// What a file is whose name does not say it.
fn kind_of_text(text: &str) -> Option<Kind> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let begins = |line: &str, words: &[&str]| {
        let word = line.split_whitespace().next().unwrap_or_default();
        words.iter().any(|one| one.eq_ignore_ascii_case(word))
    };
    let daemon = ["HiddenServiceDir", "SocksPort", "AgreeToTerms", "ORPort"];
    if lines().any(|line| begins(line, &daemon)) {
        return Some(Kind::Daemon);
    }
    if lines()
        .find(|line| !line.starts_with('#'))
        .is_some_and(|line| begins(line, &["FROM", "ARG"]))
    {
        return Some(Kind::Dockerfile);
    }
    let code = || lines().filter(|line| !line.starts_with('#')).take(50);
    let variable = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| {
            let name = name.trim_start_matches("export ");
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || "_-.0123456789".contains(c))
        })
    };
    if code().next().is_some() && code().all(variable) {
        return Some(Kind::Environment);
    }
    let dated = |line: &str| {
        let start: String = line.chars().take(24).collect();
        start.starts_with('{') || start.matches(':').count() >= 2
    };
    code().next().is_some_and(dated).then_some(Kind::Log)
}
