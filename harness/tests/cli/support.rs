//! The command in surroundings of its own, and an engine that has nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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

    /// The command with this place's project folder, to be started and left to run.
    pub(crate) fn process(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("ATOR_HARNESS_STATE", self.path("state"))
            .env("DOCKER_HOST", self.engine_address())
            .current_dir(self.folder.path())
            .arg("--root")
            .arg(self.project())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Makes the state folder know a run on an engine, whose process is gone.
    pub(crate) fn knows(&self, run: &str, topology: &str, engine: &str) {
        let record = json!({
            "format": 1,
            "topology": topology,
            "placement": {"common": engine},
            "owner": {"verb": "up", "process": 1, "since": "2026-11-22T10:00:00Z"},
        });
        self.file(&format!("state/{run}/standing.json"), &record.to_string());
        self.file(&format!("state/{run}/lock"), "");
    }

    /// Where this place's engine listens, once one is started.
    pub(crate) fn engine_address(&self) -> String {
        format!("unix://{}", self.path("engine.sock").display())
    }

    /// Starts an engine that answers and has no container, network, volume or image. Returns its
    /// address.
    pub(crate) fn empty_engine(&self) -> String {
        self.engine(Vec::new());
        self.engine_address()
    }

    /// Starts an engine that has these networks and lets them be removed. It never answers a request
    /// to create anything.
    pub(crate) fn engine(&self, networks: Vec<Network>) -> Networks {
        let listener = UnixListener::bind(self.path("engine.sock")).expect("binds");
        let networks = Networks(Arc::new(Mutex::new(networks)));
        let shared = networks.clone();
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let networks = shared.clone();
                thread::spawn(move || serve(&stream, &networks));
            }
        });
        networks
    }
}

/// A process that is killed when the test is over.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so, and fails when it is not in time.
pub(crate) fn wait_for(what: &str, mut look: impl FnMut() -> bool) {
    let start = Instant::now();
    while !look() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A network as a run leaves it.
pub(crate) struct Network {
    pub(crate) run: String,
    pub(crate) labels: Vec<(&'static str, String)>,
}

impl Network {
    /// A network of a run of a topology, with the two labels that name them and these.
    pub(crate) fn new(run: &str, topology: &str, more: &[(&'static str, &str)]) -> Self {
        let own = [
            ("ator-harness.project", "1"),
            ("ator-harness.run", run),
            ("ator-harness.topology", topology),
        ];
        let labels = own.iter().chain(more);
        Self {
            run: run.to_owned(),
            labels: labels
                .map(|(key, value)| (*key, (*value).to_owned()))
                .collect(),
        }
    }

    fn json(&self) -> Value {
        let labels: serde_json::Map<String, Value> = self
            .labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone().into()))
            .collect();
        json!({"Name": self.run, "Labels": labels})
    }
}

/// What is on an engine.
#[derive(Clone)]
pub(crate) struct Networks(Arc<Mutex<Vec<Network>>>);

impl Networks {
    /// The runs of which a network is there.
    pub(crate) fn runs(&self) -> Vec<String> {
        let networks = self.0.lock().expect("no test thread panics with it");
        networks.iter().map(|one| one.run.clone()).collect()
    }

    /// Those that a list call asks for: all of ours, or those of one run.
    fn listed(&self, target: &str) -> String {
        let networks = self.0.lock().expect("no test thread panics with it");
        let of_run = |one: &&Network| {
            !target.contains("ator-harness.run") || target.contains(one.run.as_str())
        };
        let listed = networks.iter().filter(of_run).map(Network::json);
        Value::from(listed.collect::<Vec<_>>()).to_string()
    }

    fn remove(&self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut networks = self.0.lock().expect("no test thread panics with it");
        networks.retain(|one| one.run != name);
    }
}

/// Answers the requests of one connection, which may be kept for several.
fn serve(mut stream: &UnixStream, networks: &Networks) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        // None of the requests that are answered has a body.
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let mut words = request.split(' ');
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        if method == "POST" {
            // Whoever asks waits until it is killed.
            loop {
                thread::park();
            }
        }
        if path.ends_with("/events") {
            // Nothing ever happens, and the stream stays open.
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            if stream.write_all(head.as_bytes()).is_ok() {
                loop {
                    thread::park();
                }
            }
        }
        let (status, body) = if method == "DELETE" {
            networks.remove(path);
            ("204 No Content", String::new())
        } else {
            answer(path, target, networks)
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

fn answer(path: &str, target: &str, networks: &Networks) -> (&'static str, String) {
    let body = if path.ends_with("/_ping") {
        "OK".to_owned()
    } else if path.ends_with("/version") {
        r#"{"Version":"20.10.24","ApiVersion":"1.41","Arch":"amd64"}"#.to_owned()
    } else if path.ends_with("/info") {
        let now = OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .expect("is after 1970");
        json!({"CgroupVersion": "2", "SystemTime": now}).to_string()
    } else if path.ends_with("/containers/json") {
        "[]".to_owned()
    } else if path.ends_with("/networks") {
        networks.listed(target)
    } else if path.ends_with("/volumes") {
        r#"{"Volumes":[]}"#.to_owned()
    } else {
        return ("404 Not Found", r#"{"message":"no such thing"}"#.to_owned());
    };
    ("200 OK", body)
}

/// The checkout.
pub(crate) fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
