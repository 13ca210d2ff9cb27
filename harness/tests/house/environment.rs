//! Who reads variables of the environment. One that is set to nothing counts as unset, and that holds only as long as
//! one file knows it.

use std::path::{Path, PathBuf};

use crate::repository;
use crate::source::read;

/// What reads or changes variables, in `std::env`.
const OF_VARIABLES: [&str; 6] = ["remove_var", "set_var", "var", "var_os", "vars", "vars_os"];

/// Files that may, and why.
const MAY: [(&str, &str); 2] = [
    (
        "harness/src/environment.rs",
        "the one file that knows what a variable set to nothing means",
    ),
    (
        "fixtures/connector/src/env.rs",
        "another program, whose contract tells an empty variable from one that is not set",
    ),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The paths of a text by which it reads variables, without those of its unit tests.
fn reads(text: &str) -> Vec<String> {
    let source = read(text);
    let of_variables = |path: &&Vec<String>| match &path[..] {
        [.., module, name] => module == "env" && OF_VARIABLES.contains(&name.as_str()),
        _ => false,
    };
    let found = source.paths.iter().filter(of_variables);
    found.map(|path| path.join("::")).collect()
}

#[test]
fn one_file_reads_the_environment() {
    let mut all = Vec::new();
    for folder in [
        "harness/src",
        "harness/agent/src",
        "harness/wire/src",
        "fixtures/connector/src",
    ] {
        files(&repository().join(folder), &mut all);
    }
    assert!(all.len() > 300, "only {} files were found", all.len());
    let mut may: Vec<&str> = MAY.iter().map(|(file, _)| *file).collect();
    let mut wrong = Vec::new();
    for file in all {
        let shown = file.strip_prefix(repository()).expect("is below it");
        let found = reads(&std::fs::read_to_string(&file).expect("a text"));
        if found.is_empty() {
            continue;
        }
        match may.iter().position(|one| Path::new(one) == shown) {
            Some(place) => drop(may.remove(place)),
            None => wrong.push(format!("{}: {}", shown.display(), found.join(", "))),
        }
    }
    assert!(wrong.is_empty(), "use crate::environment: {wrong:#?}");
    assert!(may.is_empty(), "need no exception: {may:?}");
}

#[test]
fn every_way_to_read_one_is_found() {
    let ways = "use std::env::{self, var_os}; fn f() { env::var(\"A\"); std::env::vars(); env::args(); env!(\"B\") }";
    assert_eq!(
        reads(ways),
        ["std::env::var_os", "env::var", "std::env::vars"]
    );
    let tests = "#[cfg(test)]\nmod tests { fn f() { std::env::var(\"A\") } }";
    assert!(reads(tests).is_empty());
}
