//! Images as operators have them, made of this machine's files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::shell::{root, text};

/// How many images this process has made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// What a command has printed, which has to succeed.
///
/// # Panics
///
/// When it does not.
pub fn done(command: &mut Command) -> String {
    let output = command.output().expect("is there");
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Replaces a text of a file.
///
/// # Panics
///
/// When the file does not have it.
pub fn replace(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("is there");
    assert!(
        text.contains(old),
        "{} no longer says {old}",
        file.display()
    );
    fs::write(file, text.replace(old, new)).expect("writes");
}

/// An image with a shell and wget, as operators' images have, and a program; removed with it.
pub struct Image(String);

impl Image {
    /// `more` is put in beside busybox: files of this machine with their paths in the image.
    fn of(name: &str, more: &[(PathBuf, &str)], changes: &[&str]) -> Self {
        let tree = tempfile::tempdir().expect("a folder");
        let at = |path: &str| tree.path().join(path);
        for folder in ["bin", "config", "etc/anon", "var/lib/anon"] {
            fs::create_dir_all(at(folder)).expect("makes it");
        }
        fs::copy("/bin/busybox", at("bin/busybox")).expect("run `make engine-tools` first");
        for link in ["sh", "test", "grep", "wget", "mkdir", "cat"] {
            std::os::unix::fs::symlink("busybox", at("bin").join(link)).expect("links");
        }
        for (from, to) in more {
            let to = at(to);
            fs::create_dir_all(to.parent().expect("is in a folder")).expect("makes it");
            fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        let archive = at("tree.tar");
        done(
            Command::new("tar")
                .args([
                    "--create",
                    "--owner=1000",
                    "--group=1000",
                    "--exclude=tree.tar",
                    "--file",
                ])
                .arg(&archive)
                .arg("--directory")
                .arg(tree.path())
                .arg("."),
        );
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "ator-scenario-compose/{name}:{}-{number}",
            std::process::id()
        );
        let mut import = Command::new("docker");
        import.arg("import");
        for change in [&["USER 1000:1000"], changes].concat() {
            import.args(["--change", change]);
        }
        done(import.arg(&archive).arg(&name));
        Self(name)
    }

    /// A program of ours, which is static, and which the image starts.
    ///
    /// # Panics
    ///
    /// When `target/images` lacks it, or busybox is not there.
    #[must_use]
    pub fn program(name: &str) -> Self {
        Self::program_by(name, &[&format!("/{name}")])
    }

    /// The same, started by this command.
    ///
    /// # Panics
    ///
    /// When `target/images` lacks it, or busybox is not there.
    #[must_use]
    pub fn program_by(name: &str, command: &[&str]) -> Self {
        let binary = root().join("target/images").join(name);
        let entry = format!("ENTRYPOINT {command:?}");
        Self::of(name, &[(binary, name)], &[&entry])
    }

    /// Its name on the engine.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The onion daemon, with what it loads from this machine.
    ///
    /// # Panics
    ///
    /// When `target/images` lacks it, or busybox is not there.
    #[must_use]
    pub fn daemon() -> Self {
        let files = daemon();
        Self::of("anon", &borrowed(&files), &[])
    }

    /// The distribution's tor by a clock that is off by this much, as in `+5h`. The packaged onion daemon is static, and
    /// has no library that could tell it another time.
    ///
    /// # Panics
    ///
    /// When `target/images` lacks it, or busybox or faketime are not there.
    #[must_use]
    pub fn tor_by_a_clock(off: &str) -> Self {
        let tree = root().join("target/images/tor");
        let mut files = Vec::new();
        below(&tree, &mut files);
        let mut files: Vec<(PathBuf, String)> = files
            .into_iter()
            .map(|path| {
                let to = path.strip_prefix(&tree).expect("is in it");
                (path.clone(), to.to_string_lossy().into_owned())
            })
            .collect();
        let bends = format!("/usr/lib/{}-linux-gnu/faketime", std::env::consts::ARCH);
        files.push((
            Path::new(&bends).join("libfaketimeMT.so.1"),
            "lib/faketime.so".to_owned(),
        ));
        let off = format!("ENV FAKETIME={off}");
        let changes = ["ENV LD_PRELOAD=/lib/faketime.so", &off];
        Self::of("by-a-clock", &borrowed(&files), &changes)
    }

    /// A connector with the onion daemon, which it runs itself.
    ///
    /// # Panics
    ///
    /// When `target/images` lacks one of them, or busybox is not there.
    #[must_use]
    pub fn connector_with_daemon() -> Self {
        Self::connector_beside(daemon(), &[])
    }

    /// The same, with a daemon that takes these lines of a configuration for what was built into it: so a deployment
    /// for the public network joins one that stands in, as it is.
    ///
    /// # Panics
    ///
    /// When `target/images` lacks one of them, or busybox is not there.
    #[must_use]
    pub fn connector_with_daemon_of(network: &str) -> Self {
        let made = tempfile::tempdir().expect("a folder");
        let (lines, program) = (made.path().join("network"), made.path().join("anon"));
        fs::write(&lines, network).expect("writes");
        fs::write(
            &program,
            "#!/bin/sh\n# Called with -f FILE.\nall=\"$2.all\"\ncat \"$2\" /usr/lib/network > \"$all\"\nshift 2\nexec /usr/lib/anon -f \"$all\" \"$@\"\n",
        )
        .expect("writes");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("is set");
        let mut files = daemon();
        for (_, to) in files.iter_mut().filter(|(_, to)| to == "usr/bin/anon") {
            "usr/lib/anon".clone_into(to);
        }
        let more = [(lines, "usr/lib/network"), (program, "usr/bin/anon")];
        Self::connector_beside(files, &more)
    }

    fn connector_beside(mut files: Vec<(PathBuf, String)>, more: &[(PathBuf, &str)]) -> Self {
        let binary = root().join("target/images/connector");
        files.push((binary, "connector".to_owned()));
        let all = [borrowed(&files), more.to_vec()].concat();
        Self::of("managed", &all, &["ENTRYPOINT [\"/connector\"]"])
    }
}

/// Every file below a folder.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("run `make tor` first") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => below(&path, found),
            false => found.push(path),
        }
    }
}

/// The daemon's program and its libraries, with their paths in an image.
fn daemon() -> Vec<(PathBuf, String)> {
    let binary = root().join("target/images/anon");
    let told = Command::new("ldd").arg(&binary).output().expect("runs");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let words = told.split_whitespace();
    let libraries = words.filter(|word| word.starts_with('/') && Path::new(word).is_file());
    let libraries = libraries.map(|path| {
        let to = path.trim_start_matches('/').to_owned();
        (PathBuf::from(path), to)
    });
    let program = (binary.clone(), "usr/bin/anon".to_owned());
    std::iter::once(program).chain(libraries).collect()
}

fn borrowed(files: &[(PathBuf, String)]) -> Vec<(PathBuf, &str)> {
    files
        .iter()
        .map(|(from, to)| (from.clone(), to.as_str()))
        .collect()
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", "-f", &self.0]).output();
    }
}
