//! The release archive on a machine with an engine and nothing else: no checkout, no Rust, no npm, no shell and no
//! library.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use scenarios::{WIDE, assert_code, docker, root, text};
use serde_json::Value;
use tempfile::TempDir;

/// Where `make dist` puts the archive.
const DIST: &str = "target/dist";

/// The one file of the dist folder whose name ends like this.
fn made(ending: &str) -> PathBuf {
    let entries = fs::read_dir(root().join(DIST)).expect("run `make dist` first");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    assert_eq!(found.len(), 1, "{ending}: {found:?}");
    found.remove(0)
}

fn done(command: &mut Command) -> String {
    let output = command.output().expect("is there");
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    String::from_utf8(output.stdout).expect("is text")
}

/// Unpacks the archive; the one folder that it makes.
fn unpacked(into: &Path) -> PathBuf {
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--gzip", "--file"])
        .arg(made(".tar.gz"));
    done(tar.arg("--directory").arg(into));
    let entries: Vec<PathBuf> = fs::read_dir(into)
        .expect("reads")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let [folder] = &entries[..] else {
        panic!("one folder: {entries:?}");
    };
    folder.clone()
}

/// The tarball of the daemon's package, as a user brings it to a machine without a network.
fn tarball(into: &Path) -> PathBuf {
    let lock = fs::read(root().join("fixtures/images/anon/package.json")).expect("is there");
    let lock: Value = serde_json::from_slice(&lock).expect("is JSON");
    let wanted = lock["dependencies"].as_object().expect("a table");
    let (name, version) = wanted.iter().next().expect("has one");
    let package = format!("{name}@{}", version.as_str().expect("a version"));
    let mut npm = Command::new("npm");
    npm.args([
        "pack",
        &package,
        "--ignore-scripts",
        "--prefer-offline",
        "--pack-destination",
    ]);
    let said = done(npm.arg(into));
    into.join(said.lines().last().expect("the file's name").trim())
}

/// A machine of its own: a root with the program, the kernel's file systems and the engine's socket, and nothing else.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("ator-machine-").tempdir();
        let machine = Self {
            folder: folder.expect("a temporary folder"),
        };
        for name in ["proc", "dev", "run", "tmp", "home", "work", "opt"] {
            fs::create_dir(machine.path(name)).expect("makes");
        }
        fs::write(machine.path("run/docker.sock"), "").expect("a place for the socket");
        let unpacked = unpacked(&machine.path("opt"));
        fs::rename(unpacked, machine.path("opt/ator-harness")).expect("moves");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program there, in the folder `work`. Its mounts go with it.
    fn run(&self, mounts: &str, arguments: &[&str]) -> Output {
        let script = format!(
            "set -e; cd \"$0\"
             mount --rbind /proc proc; mount --rbind /dev dev; mount --bind \"$1\" run/docker.sock; {mounts}
             shift
             exec env -i HOME=/home DOCKER_HOST=unix:///run/docker.sock \
                unshare --root \"$PWD\" --wd /work /opt/ator-harness/ator-harness \"$@\""
        );
        Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", &script])
            .arg(self.folder.path())
            .arg(socket())
            .args(arguments)
            .output()
            .expect("unshare is there")
    }

    /// Every file there that was not there at first, without the kernel's.
    fn written(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("reads") {
                let path = entry.expect("an entry").path();
                let shown = path.strip_prefix(self.folder.path()).expect("is below");
                let shown = shown.to_string_lossy().into_owned();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if !shown.starts_with("opt/") && shown != "run/docker.sock" {
                    found.insert(shown);
                }
            }
        }
        found
    }
}

/// The engine's socket on this machine.
fn socket() -> String {
    let host = docker(&[
        "context",
        "inspect",
        "--format",
        "{{.Endpoints.docker.Host}}",
    ]);
    let named = std::env::var("DOCKER_HOST").unwrap_or(host);
    let path = named
        .strip_prefix("unix://")
        .expect("an engine of this machine");
    path.to_owned()
}

#[test]
fn a_machine_with_an_engine_and_nothing_else_gives_the_verdict() {
    let machine = Machine::new();
    let verify = ["verify", "two-home-local", "--json", "--budget", WIDE];
    // Nobody dials out for it unasked.
    let without = machine.run("", &verify);
    assert_code(&without, 3);
    assert!(
        text(&without).contains("the onion daemon is missing; run `ator-harness fetch` once"),
        "{}",
        text(&without)
    );
    assert_eq!(machine.written(), BTreeSet::new());
    let given = tarball(&machine.path("tmp"));
    let given = Path::new("/tmp").join(given.file_name().expect("a name"));
    let fetched = machine.run("", &["fetch", "--from", &given.to_string_lossy()]);
    assert_code(&fetched, 0);
    fs::remove_file(machine.path("tmp").join(given.file_name().expect("a name"))).expect("removes");
    let doctor = machine.run("", &["doctor", "two-home-local", "--json"]);
    assert_code(&doctor, 0);
    let output = machine.run("", &verify);
    assert_code(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["topology"]["name"], "two-home-local");
    // The run's folder, the cache and the state folder, and nothing anywhere else.
    let written = machine.written();
    let documented = |path: &&String| {
        [
            "work/ator-runs/",
            "home/.cache/ator-harness/",
            "home/.local/state/ator-harness/",
        ]
        .iter()
        .any(|folder| path.starts_with(folder))
    };
    let elsewhere: Vec<&String> = written.iter().filter(|path| !documented(path)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(
        written.iter().any(|path| path.ends_with("/report.html")),
        "{written:?}"
    );
    let run = report["run"].as_str().expect("an id");
    let label = format!("label=ator-harness.run={run}");
    assert_eq!(docker(&["ps", "-aq", "--filter", &label]), "");
}

#[test]
fn a_cache_that_is_full_holds_no_half_of_a_daemon() {
    let machine = Machine::new();
    let given = tarball(&machine.path("tmp"));
    let given = Path::new("/tmp").join(given.file_name().expect("a name"));
    let small = "mkdir -p home/.cache; mount -t tmpfs -o size=4m tmpfs home/.cache;";
    let output = machine.run(small, &["fetch", "--from", &given.to_string_lossy()]);
    assert_code(&output, 3);
    let told = text(&output);
    assert!(
        told.contains("failed to write to /home/.cache/ator-harness/"),
        "{told}"
    );
    assert!(told.contains("free space there"), "{told}");
    assert!(told.contains("No space left on device"), "{told}");
    // With space it goes on as if nothing had been.
    let output = machine.run("", &["fetch", "--from", &given.to_string_lossy()]);
    assert_code(&output, 0);
}

#[test]
fn the_archive_tells_what_is_inside() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sums = Command::new("sha256sum");
    done(
        sums.args(["--check", "--strict"])
            .arg(made(".sha256"))
            .current_dir(root().join(DIST)),
    );
    let inside = unpacked(folder.path());
    let names: BTreeSet<String> = fs::read_dir(&inside)
        .expect("reads")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    for name in [
        "CHANGELOG.md",
        "README.md",
        "LICENCES.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "ator-harness",
        "docs",
        "sbom.cdx.json",
    ] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    let bill: Value =
        serde_json::from_slice(&fs::read(inside.join("sbom.cdx.json")).expect("reads"))
            .expect("JSON");
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let components = bill["components"].as_array().expect("a list");
    let scope = |name: &str| {
        let mut found = components.iter().filter(|one| one["name"] == name);
        found.next().unwrap_or_else(|| panic!("{name} is not told"))["scope"].clone()
    };
    for name in [
        "tokio",
        "rustls",
        "home-agent",
        "reference-connector",
        "rust-std",
    ] {
        assert_eq!(scope(name), "required", "{name}");
    }
    assert_eq!(scope("@anyone-protocol/anyone-client"), "excluded");
    // What tests alone take is not inside.
    assert!(components.iter().all(|one| one["name"] != "proptest"));
    let licences = fs::read_to_string(inside.join("LICENCES.md")).expect("reads");
    for component in components
        .iter()
        .filter(|one| one["hashes"][0]["alg"] == "SHA-256")
    {
        let row = format!(
            "| {} | {} |",
            component["name"].as_str().expect("a name"),
            component["version"].as_str().expect("a version")
        );
        assert!(licences.contains(&row), "{row}");
    }
    let version = done(
        Command::new(inside.join("ator-harness"))
            .arg("--version")
            .env_clear(),
    );
    assert!(version.contains("\nprograms  built in"), "{version}");
    assert!(!version.contains("not recorded"), "{version}");
    let program = fs::read(inside.join("ator-harness")).expect("reads");
    // Stripped: its sections have no table of symbols.
    assert!(program.windows(10).any(|name| name == b".shstrtab\0"));
    assert!(!program.windows(8).any(|name| name == b".symtab\0"));
    // Nothing of the machine that built it.
    let here = root().canonicalize().expect("is there");
    let here = here.to_string_lossy().into_owned();
    assert!(
        !program
            .windows(here.len())
            .any(|part| part == here.as_bytes()),
        "names {here}"
    );
}
