//! What is found in files for the reason alone that git keeps them.

use std::path::Path;
use std::process::Command;

use ator_harness::audit::{Audit, Verdict, audit};

use crate::support::{told, verdict};

const NPMRC: &str = ".npmrc";
const CLEAR: &str = "registry=https://registry.example/\n\
                     ; //old.example/:_authToken=npm_of_old\n\
                     //registry.example/:_authToken=npm_0123456789\n\
                     //registry.example/:_password = \"cGFzcw==\"\n\
                     _auth=dXNlcjpwYXNz\n";

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("git is there");
    assert!(output.status.success(), "{output:?}");
}

/// The audit of a work tree with a `.npmrc`, which git keeps or not.
fn with_npmrc(text: &str, kept: bool) -> Audit {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), "services: {}\n").expect("writes");
    std::fs::write(folder.path().join(NPMRC), text).expect("writes");
    git(folder.path(), &["init", "-q"]);
    if kept {
        git(folder.path(), &["add", NPMRC]);
    }
    audit(&[folder.path().to_owned()], 1)
}

#[test]
fn tokens_of_registries_that_git_keeps_are_found_without_being_shown() {
    let found = with_npmrc(CLEAR, true);
    assert_eq!(verdict(&found, "secrets.in-clear"), Verdict::Fail);
    let mut outcomes = found.outcomes.iter();
    let outcome = outcomes.find(|one| one.check.id == "secrets.in-clear");
    let findings = &outcome.expect("is there").findings;
    let lines: Vec<usize> = findings.iter().map(|one| one.at.line).collect();
    assert_eq!(lines, [3, 4, 5], "{}", told(&found));
    for secret in ["npm_0123456789", "cGFzcw", "dXNlcjpwYXNz"] {
        assert!(!told(&found).contains(secret), "{secret}");
    }
}

#[test]
fn what_is_not_kept_and_what_leads_to_a_variable_is_not_accused() {
    let from_a_variable = "//registry.example/:_authToken=${NPM_TOKEN}\nalways-auth=true\n";
    for (text, kept) in [(CLEAR, false), (from_a_variable, true)] {
        let found = with_npmrc(text, kept);
        assert_ne!(
            verdict(&found, "secrets.in-clear"),
            Verdict::Fail,
            "{}",
            told(&found)
        );
    }
}
