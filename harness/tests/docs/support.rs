//! The documents, and what of them is generated.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ator_harness::engine::Deadline;
use ator_harness::plan::{AddressSpace, Inputs, Plan, Seed};
use ator_harness::topology::Topology;
use time::macros::datetime;

/// Set, the tests write what is generated instead of comparing it.
const REWRITE: &str = "REWRITE";

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the project.
pub(crate) fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether what is generated is to be written.
pub(crate) fn rewrites() -> bool {
    std::env::var_os(REWRITE).is_some()
}

/// Holds a committed file against what the code makes of it now. `same` says whether two texts of it
/// mean the same.
///
/// # Panics
///
/// If the file is not as it would be generated; with `REWRITE` set it is written instead.
pub(crate) fn assert_generated(path: &str, fresh: &str, same: impl Fn(&str, &str) -> bool) {
    let file = root().join(path);
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if same(&committed, fresh) {
        return;
    }
    if rewrites() {
        std::fs::write(&file, fresh).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let line = committed
        .lines()
        .zip(fresh.lines())
        .take_while(|(committed, fresh)| committed == fresh)
        .count();
    panic!(
        "{path} is not what the code makes of it, from line {}:\n  committed: {}\n  generated: {}\n`make generated` writes it anew",
        line + 1,
        committed.lines().nth(line).unwrap_or("(end)"),
        fresh.lines().nth(line).unwrap_or("(end)"),
    );
}

/// Every document in Markdown, as a path in the project, in order.
pub(crate) fn markdown_files() -> Vec<String> {
    let mut files = Vec::new();
    for folder in ["", "docs", "fixtures/vectors"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
        for entry in entries {
            let name = entry.expect("is readable").file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".md") {
                files.push(
                    format!("{folder}/{name}")
                        .trim_start_matches('/')
                        .to_owned(),
                );
            }
        }
    }
    files.sort();
    files
}

/// A topology that comes with the project.
pub(crate) fn topology(name: &str) -> Topology {
    let text = read(&format!("fixtures/topologies/{name}.toml"));
    Topology::parse(name, &text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A plan with fixed randomness.
pub(crate) fn plan(topology: &Topology) -> Plan {
    let inputs = Inputs {
        seed: Seed::new([7; 32]),
        now: datetime!(2026-11-22 10:00:00 UTC),
        deadline: Deadline {
            unix: 1_795_343_400,
            boot: None,
        },
        space: AddressSpace::default(),
        authorities: Vec::new(),
        standing: None,
        services: BTreeMap::new(),
    };
    Plan::new(topology, &inputs).expect("there is room")
}
