//! `deny.toml`, by which `make lint` judges dependencies: no exception without a reason, and nothing that is fetched to
//! judge by without a hash.

use toml::{Table, Value};

use crate::repository;

fn text(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).expect("is there")
}

#[test]
fn every_exception_has_its_reason() {
    let rules: Table = text("deny.toml").parse().expect("is TOML");
    let mut exceptions = 0;
    for (part, list) in [("advisories", "ignore"), ("bans", "deny"), ("bans", "skip")] {
        for exception in rules[part][list].as_array().expect("a list") {
            let reason = exception.get("reason").and_then(Value::as_str);
            let enough = reason.is_some_and(|reason| reason.len() > 4);
            assert!(enough, "{part}.{list}: {exception}");
            exceptions += 1;
        }
    }
    assert!(exceptions > 5, "only {exceptions} were found");
    // Whole subtrees would hide what is below them, and a licence of one crate is a list of its own.
    assert!(rules["bans"].get("skip-tree").is_none());
    assert!(rules["licenses"].get("exceptions").is_none());
}

#[test]
fn what_judges_is_one_version_with_its_hashes() {
    let text = text("fixtures/deny/requirements.txt");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let pinned = |line: &str| line.contains("==") || line.contains("--hash=sha256:");
    assert!(lines.iter().all(|line| pinned(line)), "{lines:?}");
    let versions = lines.iter().filter(|line| line.contains("=="));
    assert_eq!(versions.count(), 1, "{lines:?}");
}
