//! One operator: a folder, an engine, and the commands.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use scenarios::{Shell, assert_code, dynamic, root, signal, text, wait_for};
use serde_json::Value;

/// One operator.
pub(crate) struct Side<'s> {
    pub(crate) shell: &'s Shell,
    pub(crate) id: String,
    pub(crate) folder: PathBuf,
    /// The engine's address; this machine's own where it is empty.
    engine: String,
    printed: Mutex<String>,
}

/// Unix time in seconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("is after it").as_secs()).expect("fits")
}

/// A home on the engine that others share does not outlive its test.
impl Drop for Side<'_> {
    fn drop(&mut self) {
        if self.engine.is_empty() && self.folder.exists() {
            // The test has failed already, and says why.
            let _ = self.command(&["remove", "--lose-address"]).output();
        }
    }
}

impl<'s> Side<'s> {
    pub(crate) fn of(shell: &'s Shell, id: &str, engine: &str) -> Self {
        Self {
            shell,
            id: id.to_owned(),
            folder: shell.artefacts().with_file_name(id),
            engine: engine.to_owned(),
            printed: Mutex::new(String::new()),
        }
    }

    pub(crate) fn on_its_engine(&self, mut command: Command) -> Command {
        if !self.engine.is_empty() {
            command.env("DOCKER_HOST", &self.engine);
        }
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.shell.command(&["home", "--home"]);
        command.arg(&self.folder).args(arguments);
        self.on_its_engine(command)
    }

    /// Runs a command of `home`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("runs");
        // What a home is invited by has its address, and is printed for that.
        if arguments[0] != "key" {
            let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
            printed.push_str(&text(&output));
        }
        output
    }

    /// Runs a command by a clock that is off by this much, as in `+4h`; it has to end with this code. Returns what it
    /// printed.
    pub(crate) fn by_a_clock(&self, off: &str, arguments: &[&str], code: i32) -> String {
        let command = self.command(arguments);
        let set = command.get_envs();
        let output = Command::new("faketime")
            .args(["-f", off])
            .arg(dynamic())
            .args(command.get_args())
            .envs(set.filter_map(|(name, value)| Some((name, value?))))
            .current_dir(root())
            .output()
            .expect("faketime is there");
        assert_code(&output, code);
        text(&output)
    }

    /// Runs a command that has to end with 0, and returns what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_code(&output, 0);
        text(&output)
    }

    /// Runs a command that has to end with a code and these words.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32, says: &str) {
        let output = self.run(arguments);
        assert_code(&output, code);
        assert!(text(&output).contains(says), "{says} in {}", text(&output));
    }

    /// The home that this one meets.
    pub(crate) fn other(&self) -> &'static str {
        match self.id.as_str() {
            "home-a" => "home-b",
            _ => "home-a",
        }
    }

    /// Runs `doctor` or `status`, as a document.
    pub(crate) fn json(&self, verb: &str, code: i32) -> Value {
        self.document(&[verb], code)
    }

    /// The same, with more arguments.
    pub(crate) fn document(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_code(&output, code);
        serde_json::from_slice(&output.stdout).expect("is JSON")
    }

    /// A step of such a document.
    pub(crate) fn step<'v>(&self, report: &'v Value, peer: Option<&str>, step: &str) -> &'v Value {
        let steps = report["steps"].as_array().expect("has steps");
        let found = steps
            .iter()
            .find(|one| one["step"] == step && one["peer"].as_str() == peer);
        found.unwrap_or_else(|| panic!("{step} of {peer:?} in {report}"))
    }

    /// What this home is invited by.
    pub(crate) fn key(&self) -> String {
        let output = self.run(&["key"]);
        assert_code(&output, 0);
        String::from_utf8(output.stdout).expect("is text")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        let file = self.folder.with_extension("key");
        fs::write(&file, self.key()).expect("writes");
        file
    }

    /// Invites another home; the file with the invitation.
    pub(crate) fn invites(&self, other: &Side<'_>) -> PathBuf {
        self.invites_for(other, "7d")
    }

    /// The same, for a time.
    pub(crate) fn invites_for(&self, other: &Side<'_>, time: &str) -> PathBuf {
        let key = other.key_file();
        let to = self.folder.with_extension(format!("{}-{time}", now()));
        // An invitation is written once.
        let _ = fs::remove_file(&to);
        self.done(&[
            "invite",
            &other.id,
            "--key",
            key.to_str().expect("UTF-8"),
            "--expires",
            time,
            "--to",
            to.to_str().expect("UTF-8"),
        ]);
        to
    }

    /// Is refused when it invites another home.
    pub(crate) fn refuses_to_invite(&self, other: &Side<'_>, says: &str) {
        let key = other.key_file();
        let key = key.to_str().expect("UTF-8");
        self.refused(&["invite", &other.id, "--key", key], 2, says);
    }

    /// Everything that the commands have printed.
    pub(crate) fn printed(&self) -> String {
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.clone()
    }

    /// The docker command line on this operator's engine.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("docker");
        command.args(arguments);
        let output = self.on_its_engine(command).output().expect("runs");
        assert_code(&output, 0);
        text(&output)
    }

    fn label(&self) -> String {
        format!("label=ator-harness.home={}", self.id)
    }

    /// The home's containers, by name and id.
    pub(crate) fn containers(&self) -> Vec<String> {
        let format = "{{.Names}} {{.ID}}";
        let listed = self.docker(&["ps", "--filter", &self.label(), "--format", format]);
        let mut all: Vec<String> = listed.lines().map(str::to_owned).collect();
        all.sort();
        all
    }

    /// What of the home is on the engine.
    pub(crate) fn left(&self) -> String {
        let label = self.label();
        let volumes = self.docker(&["volume", "ls", "-q"]);
        let ours = format!("ator-home-{}-", self.id);
        let volumes = volumes.lines().filter(|name| name.starts_with(&ours));
        let volumes: String = volumes.collect();
        [
            self.docker(&["ps", "-a", "-q", "--filter", &label]),
            self.docker(&["network", "ls", "-q", "--filter", &label]),
            volumes,
        ]
        .join("")
    }

    /// Kills a container's program from outside, and waits until the engine has started it again.
    pub(crate) fn kill(&self, part: &str) {
        let name = format!("ator-home-{}-{part}", self.id);
        let pid = || self.docker(&["inspect", "-f", "{{.State.Pid}}", &name]);
        let before = pid();
        signal(before.trim().parse().expect("a process"), "KILL");
        wait_for("the engine to start it again", || {
            let now = pid();
            (now != before && now.trim() != "0").then_some(())
        });
    }

    fn names(&self) -> Vec<String> {
        let all = self.containers();
        let names = all.iter().filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect()
    }

    /// The logs of all containers.
    pub(crate) fn logs(&self) -> String {
        let names = self.names();
        let logs = names.iter().map(|name| self.docker(&["logs", name]));
        logs.collect()
    }

    /// What anybody sees of the containers, and of the network, who may list them.
    pub(crate) fn visible(&self) -> String {
        let format = "{{.Path}} {{.Args}} {{json .Config.Labels}} {{.Name}}";
        let names = self.names();
        let seen = names
            .iter()
            .map(|name| self.docker(&["inspect", "-f", format, name]));
        let network = format!("ator-home-{}", self.id);
        let network = self.docker(&["network", "inspect", "-f", "{{json .Labels}}", &network]);
        seen.chain([network]).collect()
    }

    /// What of the folder others than its owner may read.
    pub(crate) fn files_of_others(&self) -> Vec<PathBuf> {
        let (mut found, mut seen) = (Vec::new(), 0);
        let mut look = vec![self.folder.clone()];
        while let Some(path) = look.pop() {
            seen += 1;
            if path.metadata().expect("is there").mode() & 0o077 != 0 {
                found.push(path.clone());
            }
            look.extend(entries(&path));
        }
        assert!(seen > 10, "{seen} files");
        found
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    }
}
