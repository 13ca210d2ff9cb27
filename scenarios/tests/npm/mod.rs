//! Node and the packages that the Interledger project published, as `scenarios/npm` pins them.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installs the pinned packages below the target directory, once per lock file, and returns the
/// folder. The scripts of `scenarios/npm` lie in it beside `node_modules`. Packages' own install
/// scripts are not run.
///
/// # Panics
/// If Node or npm is missing, or the packages cannot be had.
pub(crate) fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("npm");
    let mut hasher = DefaultHasher::new();
    for file in ["package-lock.json", "package.json"] {
        let content = std::fs::read(source.join(file)).expect("the pinned packages");
        content.hash(&mut hasher);
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = cache.join(format!("npm-{:016x}", hasher.finish()));
    // Test processes that come here together wait for the one that installs.
    let lock = File::create(cache.join("npm.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if !folder.join("node_modules").is_dir() {
        // Moved into place when complete, so that an aborted run leaves nothing half done.
        let work = cache.join("npm-unfinished");
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir_all(&work).expect("a folder for the packages");
        copy_files(&source, &work);
        run(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .args(["--prefer-offline", "--loglevel=error"])
                .current_dir(&work),
            "npm",
        );
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::rename(&work, &folder).expect("the packages in their place");
    }
    copy_files(&source, &folder);
    folder
}

/// A command that runs `script` of `scenarios/npm` in the folder that [`install`] returned.
pub(crate) fn node(folder: &Path, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder);
    command
}

/// Says which program is missing instead of only that a file was not found.
pub(crate) fn explain(program: &str, error: &std::io::Error) -> String {
    if error.kind() == ErrorKind::NotFound {
        format!("`{program}` is not installed: this test needs Node 18 or newer and npm")
    } else {
        format!("cannot run `{program}`: {error}")
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the folder of the scripts") {
        let path = entry.expect("a file in the folder of the scripts").path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            // Only what has changed, so that no script is written while another test runs it.
            let script = std::fs::read(&path).expect("a script");
            let copy = to.join(name);
            if std::fs::read(&copy).ok().as_ref() != Some(&script) {
                std::fs::write(&copy, script).expect("a copy of the script");
            }
        }
    }
}

fn run(command: &mut Command, program: &str) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}", explain(program, &error)));
    assert!(
        output.status.success(),
        "{program} failed with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
