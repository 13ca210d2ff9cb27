//! A pair of files for every check: one that it finds something in, and one that it finds nothing in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ator_harness::audit::{Audit, Verdict, audit, every};

use crate::support::{files, fixtures, outcome, told};

/// Marks the lines that are to be found.
const MARK: &str = "HERE";
/// Checks whose worst finding is that something cannot be told.
const CANNOT_BE_TOLD: [&str; 3] = ["input.known", "input.bounds", "timeouts.told"];

/// Audits one side of a check's pair.
fn side(id: &str, side: &str) -> (PathBuf, Audit) {
    let folder = fixtures().join(id).join(side);
    assert!(folder.is_dir(), "{id} has no fixtures/audit/{id}/{side}");
    let paths = match id {
        // It is about files that are named.
        "input.known" => files(&folder),
        _ => vec![folder.clone()],
    };
    (folder.clone(), audit(&paths, 1))
}

/// The lines that are marked.
fn marked(folder: &Path) -> BTreeSet<(PathBuf, usize)> {
    let mut found = BTreeSet::new();
    for path in files(folder) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("reads")).into_owned();
        for (index, line) in text.lines().enumerate() {
            if line.contains(MARK) {
                found.insert((path.clone(), index + 1));
            }
        }
    }
    found
}

#[test]
fn every_check_finds_what_is_wrong_where_it_is() {
    for check in every() {
        let (folder, audit) = side(check.id, "fails");
        let found = outcome(&audit, check.id);
        let expected: &[Verdict] = match CANNOT_BE_TOLD.contains(&check.id) {
            true => &[Verdict::Unknown],
            false => &[Verdict::Fail, Verdict::Warning],
        };
        assert!(
            expected.contains(&found.verdict),
            "{}: {}\n{}",
            check.id,
            found.verdict.word(),
            told(&audit)
        );
        let marked = marked(&folder);
        if !marked.is_empty() {
            let lines: BTreeSet<(PathBuf, usize)> = found
                .findings
                .iter()
                .map(|finding| (PathBuf::from(&*finding.at.file), finding.at.line))
                .collect();
            assert_eq!(lines, marked, "{}", check.id);
        }
    }
}

#[test]
fn every_check_passes_what_is_right() {
    for check in every() {
        let (_, audit) = side(check.id, "passes");
        let found = outcome(&audit, check.id);
        assert_eq!(
            found.verdict,
            Verdict::Pass,
            "{}\n{}",
            check.id,
            told(&audit)
        );
        assert!(found.looked > 0, "{}", check.id);
    }
}

#[test]
fn every_folder_is_a_check_s_or_a_deployment() {
    let deployments = ["town", "healthy-a", "healthy-b"];
    for entry in std::fs::read_dir(fixtures()).expect("is there") {
        let name = entry.expect("is readable").file_name();
        let name = name.to_string_lossy();
        let known = deployments.contains(&&*name) || every().any(|check| check.id == name);
        assert!(known, "fixtures/audit/{name} belongs to no check");
    }
}

#[test]
fn ids_are_told_once_and_in_their_form() {
    let mut known = BTreeSet::new();
    for check in every() {
        assert!(known.insert(check.id), "{} is there twice", check.id);
        let (family, name) = check.id.split_once('.').expect("has a family");
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        assert!(word(family) && word(name), "{}", check.id);
        for text in [check.says, check.looks_at, check.why, check.remedy] {
            assert!(!text.is_empty(), "{}", check.id);
        }
    }
}
