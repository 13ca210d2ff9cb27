//! `docs/topologies.md`, whose table is generated from the files; and what else a topology names.

use ator_harness::topology::Metric;

use crate::support::{assert_generated, read, rewrites, root, topology};

const DOCUMENT: &str = "docs/topologies.md";
const BEGIN: &str = "<!-- generated: topologies -->\n";
const END: &str = "<!-- end of generated -->\n";
const HEAD: &str = "| topology | what it is | homes |\n|---|---|---|";

/// Every topology that comes with the project, by name.
pub(crate) fn names() -> Vec<String> {
    let folder = root().join("fixtures/topologies");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = files
        .map(|file| file.expect("is readable").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let stem = path.file_stem().expect("has a name");
            stem.to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

/// A topology is one file. Its row is written with the next `make generated`; until then it may lack, but no
/// row may say what the file does not.
#[test]
fn is_generated() {
    let mut rows = Vec::new();
    for name in names() {
        let topology = topology(&name);
        let homes = topology.homes.len();
        rows.push(format!("| `{name}` | {} | {homes} |", topology.description));
    }
    let committed = read(DOCUMENT);
    let (before, rest) = committed.split_once(BEGIN).expect("where it begins");
    let (table, after) = rest.split_once(END).expect("where it ends");
    let known = |row: &str| row.is_empty() || HEAD.contains(row) || rows.iter().any(|r| r == row);
    let true_so_far = table.lines().all(known) && table.lines().count() > 3;
    let fresh = format!(
        "{before}{BEGIN}\n{HEAD}\n{}\n\n{END}{after}",
        rows.join("\n")
    );
    let rewrite = rewrites();
    assert_generated(DOCUMENT, &fresh, |one, other| {
        one == other || (true_so_far && !rewrite)
    });
}

#[test]
fn every_metric_is_told_of() {
    let text = read("docs/measuring.md");
    for metric in Metric::ALL {
        let name = format!("`{}`", metric.name());
        let mut rows = text.lines().filter(|line| line.starts_with("| `"));
        assert!(rows.any(|row| row.contains(&name)), "{name} has no row");
    }
}
