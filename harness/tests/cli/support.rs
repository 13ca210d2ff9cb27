//! The command in surroundings of its own, and an engine that has nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use assert_cmd::Command;
use tempfile::TempDir;

/// A folder with everything that a test's command may read or write.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("is in a folder")).expect("makes folders");
        fs::write(&path, text).expect("writes");
        path.display().to_string()
    }

    /// A project folder with the committed topologies and no binaries.
    pub(crate) fn project(&self) -> PathBuf {
        let from = project().join("fixtures/topologies");
        for entry in fs::read_dir(from).expect("the topologies are there") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("has a name").to_string_lossy();
            let text = fs::read_to_string(&path).expect("reads");
            self.file(&format!("project/fixtures/topologies/{name}"), &text);
        }
        self.path("project")
    }

    /// Adds stand-ins for what goes into the images.
    pub(crate) fn with_binaries(&self) {
        for name in ["anon", "connector", "bls", "agent"] {
            self.file(&format!("project/target/images/{name}"), "not a program");
        }
    }

    /// The command, far from any real engine: what is not set here is not inherited either.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("ATOR_HARNESS_STATE", self.path("state"))
            .env("DOCKER_HOST", self.no_engine())
            .current_dir(self.folder.path());
        command
    }

    /// The command with this place's project folder.
    pub(crate) fn in_project(&self) -> Command {
        let mut command = self.command();
        command.arg("--root").arg(self.project());
        command
    }

    /// The address of a socket that does not exist.
    pub(crate) fn no_engine(&self) -> String {
        format!("unix://{}", self.path("no.sock").display())
    }

    /// Starts an engine that answers and has no container, network, volume or image. Returns its
    /// address.
    pub(crate) fn empty_engine(&self) -> String {
        let path = self.path("engine.sock");
        let listener = UnixListener::bind(&path).expect("binds");
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(&stream));
            }
        });
        format!("unix://{}", path.display())
    }
}

/// Answers the requests of one connection, which may be kept for several.
fn serve(mut stream: &UnixStream) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        // None of the requests that get here has a body.
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let target = request.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let (status, body) = if path.ends_with("/_ping") {
            ("200 OK", "OK")
        } else if path.ends_with("/version") {
            (
                "200 OK",
                r#"{"Version":"20.10.24","ApiVersion":"1.41","Arch":"amd64"}"#,
            )
        } else if path.ends_with("/info") {
            ("200 OK", r#"{"CgroupVersion":"2"}"#)
        } else if path.ends_with("/containers/json") || path.ends_with("/networks") {
            ("200 OK", "[]")
        } else if path.ends_with("/volumes") {
            ("200 OK", r#"{"Volumes":[]}"#)
        } else {
            ("404 Not Found", r#"{"message":"no such thing"}"#)
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nApi-Version: 1.41\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The checkout.
fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
