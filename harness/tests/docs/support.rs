//! The documents, and what of them is generated.

use std::path::{Path, PathBuf};

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
    if std::env::var_os(REWRITE).is_some() {
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
