//! The modules of the library, and which uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use crate::source::{Path, Source, read};

/// A module by its path below the crate: `["run", "state"]`.
pub(crate) type Module = Vec<String>;

/// Every module with its file, and what it names.
pub(crate) struct House {
    modules: BTreeMap<Module, (PathBuf, Source)>,
}

/// One module that names something of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: Module,
    pub(crate) to: Module,
    /// The path by which it does.
    pub(crate) by: String,
}

impl House {
    /// Reads every file below a crate's `src`, except its tests.
    pub(crate) fn read(root: &FilePath) -> Self {
        let mut modules = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let module = module_of(path.strip_prefix(root).expect("is below it"));
                if !module.iter().any(|name| name.contains("tests")) {
                    let text = fs::read_to_string(&path).expect("reads");
                    modules.insert(module, (path, read(&text)));
                }
            }
        }
        Self { modules }
    }

    /// Every file, with its text's length in lines.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.keys()
    }

    /// Every arrow between two modules, once.
    pub(crate) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeMap::new();
        for (from, (_, source)) in &self.modules {
            for path in &source.paths {
                if let Some(to) = self.resolve(from, path, 0).filter(|to| to != from) {
                    arrows
                        .entry((from.clone(), to))
                        .or_insert_with(|| path.join("::"));
                }
            }
        }
        arrows
            .into_iter()
            .map(|((from, to), by)| Arrow { from, to, by })
            .collect()
    }

    /// The module that defines what a path names; `None` for what is of another crate. A name that a
    /// module only hands on belongs to the module that has it.
    fn resolve(&self, from: &Module, path: &Path, depth: usize) -> Option<Module> {
        let (mut at, mut rest) = self.start(from, path)?;
        while let Some((name, further)) = rest.split_first() {
            let child = [at.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&child) {
                (at, rest) = (child, further);
                continue;
            }
            let (_, source) = self.modules.get(&at)?;
            let handed_on = source.names.iter().find(|(known, _)| known == name);
            if let (Some((_, other)), true) = (handed_on, depth < 8) {
                let whole = [other.as_slice(), further].concat();
                return self.resolve(&at, &whole, depth + 1).or(Some(at));
            }
            break;
        }
        self.modules.contains_key(&at).then_some(at)
    }

    /// Where a path begins, and what is left of it.
    fn start<'p>(&self, from: &Module, path: &'p [String]) -> Option<(Module, &'p [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((Module::new(), rest)),
            "self" => Some((from.clone(), rest)),
            "super" => {
                let mut at = from.clone();
                let mut rest = path;
                while let Some(("super", further)) =
                    rest.split_first().map(|(first, rest)| (&**first, rest))
                {
                    at.pop();
                    rest = further;
                }
                Some((at, rest))
            }
            child => {
                let child = [from.as_slice(), &[child.to_owned()]].concat();
                self.modules.contains_key(&child).then_some((child, rest))
            }
        }
    }
}

fn module_of(file: &FilePath) -> Module {
    let mut module: Module = file
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}

/// Groups of modules that use each other in a circle, each with the arrows that tie it.
pub(crate) fn circles(arrows: &BTreeSet<Arrow>) -> Vec<Vec<&Arrow>> {
    let mut uses: BTreeMap<&Module, Vec<&Module>> = BTreeMap::new();
    for arrow in arrows {
        uses.entry(&arrow.from).or_default().push(&arrow.to);
    }
    let mut reached: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for start in uses.keys() {
        let mut found = BTreeSet::new();
        let mut open = vec![*start];
        while let Some(at) = open.pop() {
            for next in uses.get(at).into_iter().flatten() {
                if found.insert(*next) {
                    open.push(next);
                }
            }
        }
        reached.insert(*start, found);
    }
    let mutual = |one: &Module, other: &Module| {
        let reaches =
            |from: &Module, to: &Module| reached.get(from).is_some_and(|found| found.contains(to));
        reaches(one, other) && reaches(other, one)
    };
    let mut circles: Vec<Vec<&Arrow>> = Vec::new();
    for arrow in arrows.iter().filter(|arrow| mutual(&arrow.from, &arrow.to)) {
        let known = circles
            .iter_mut()
            .find(|circle| mutual(&circle[0].from, &arrow.from));
        match known {
            Some(circle) => circle.push(arrow),
            None => circles.push(vec![arrow]),
        }
    }
    circles
}
