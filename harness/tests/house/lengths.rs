//! No file is longer than can be read at one sitting. Functions are held short by clippy (`clippy.toml`).

use std::path::{Path, PathBuf};

use crate::repository;

/// The most lines that a file may have.
const LONGEST: usize = 500;

/// Folders of the workspace's packages, tests and fixtures among them.
const PACKAGES: [&str; 3] = ["harness", "fixtures", "scenarios"];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let mut files = Vec::new();
    for package in PACKAGES {
        rust_files(&repository().join(package), &mut files);
    }
    assert!(files.len() > 300, "only {} files were found", files.len());
    let too_long: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let text = std::fs::read_to_string(file).expect("a text that can be read");
            let lines = text.lines().count();
            let shown = file.strip_prefix(repository()).unwrap_or(file);
            (lines > LONGEST).then(|| format!("{}: {lines} lines", shown.display()))
        })
        .collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
}

#[test]
fn every_package_of_the_workspace_is_looked_at() {
    let text = std::fs::read_to_string(repository().join("Cargo.toml")).expect("reads");
    let workspace: toml::Table = text.parse().expect("TOML");
    let members = workspace["workspace"]["members"]
        .as_array()
        .expect("a list");
    for member in members {
        let member = member.as_str().expect("a path");
        let package = member.split('/').next().unwrap_or_default();
        assert!(
            PACKAGES.contains(&package),
            "{member} is in none of {PACKAGES:?}"
        );
    }
}
