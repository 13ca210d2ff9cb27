//! Driving the `ator-harness` command as a user does, and looking at the engine from outside.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ator_harness::topology::Topology;
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for something that a healthy command does within seconds.
const PATIENCE: Duration = Duration::from_secs(90);
/// Time between two looks at a file or at the engine.
const POLL: Duration = Duration::from_millis(20);

/// The workspace's root.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package is in a workspace")
        .to_owned()
}

/// The program as tests are built beside it: what is released is static, and has no library that could tell it another
/// time.
///
/// # Panics
///
/// When it is not built.
#[must_use]
pub fn dynamic() -> PathBuf {
    let program = root().join("target/debug/ator-harness");
    assert!(program.is_file(), "{} is missing", program.display());
    program
}

/// The names of all committed topologies.
///
/// # Panics
///
/// When their folder cannot be read or is empty.
#[must_use]
pub fn topologies() -> Vec<String> {
    let folder = root().join("fixtures/topologies");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(!names.is_empty(), "no topology is committed");
    names.sort();
    names
}

/// Where the scenarios' own network that stands by is known, which the Makefile brings up for them.
const NETWORKS: &str = "target/scenarios/networks";

/// A user's shell: a folder for artefacts, one for state, and one for networks that stand by.
pub struct Shell {
    folder: TempDir,
    networks: PathBuf,
}

impl Shell {
    /// Opens a shell with empty folders, to which no network stands by.
    ///
    /// # Panics
    ///
    /// When there is no temporary folder.
    #[must_use]
    pub fn open() -> Self {
        let folder = tempfile::Builder::new().prefix("ator-scenario-").tempdir();
        let folder = folder.expect("a temporary folder");
        Self {
            networks: folder.path().join("networks"),
            folder,
        }
    }

    /// Opens a shell whose runs join the scenarios' own network, where it stands and they fit.
    ///
    /// # Panics
    ///
    /// When there is no temporary folder.
    #[must_use]
    pub fn sharing() -> Self {
        Self {
            networks: root().join(NETWORKS),
            ..Self::open()
        }
    }

    /// The command with arguments, ready to be changed and run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = root().join("target/release/ator-harness");
        assert!(
            program.is_file(),
            "{} is missing; run `make harness images engine` first",
            program.display()
        );
        let mut command = self.program(&program);
        command.args(arguments).current_dir(root());
        command
    }

    /// Any program, which knows what the command knows.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("ATOR_HARNESS_STATE", self.folder.path().join("state"))
            .env("ATOR_HARNESS_NETWORKS", &self.networks)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The command on the two-home topology, with artefacts in this shell's folder.
    pub fn two_home(&self, verb: &str, more: &[&str]) -> Command {
        let mut command = self.command(&[verb]);
        match verb {
            // Takes no bounds beside those of the file.
            "soak" => command.arg(self.shipped("two-home-local", &[])),
            _ => command.arg("two-home-local"),
        };
        command.arg("--artefacts").arg(self.artefacts());
        if verb == "verify" {
            command.args(["--budget", WIDE]);
        }
        command.args(more);
        command
    }

    /// Starts a topology that runs until what this returns is dropped.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn up<'s>(&'s self, topology: &'s str) -> Up<'s> {
        let mut command = self.command(&["up", topology]);
        let up = command.arg("--artefacts").arg(self.artefacts()).output();
        let runs = Up(self, topology);
        assert_code(&up.expect("runs"), 0);
        runs
    }

    /// Judges a topology file, with artefacts in this shell's folder. What the command said, and its report,
    /// or why there is none.
    pub fn judge(&self, file: &Path) -> Result<(Output, Value), String> {
        self.judge_with(file, &[])
    }

    /// The same with faults of the catalogue, one after the other.
    pub fn judge_with(&self, file: &Path, faults: &[&str]) -> Result<(Output, Value), String> {
        let mut more = vec!["--budget", WIDE];
        let faults = faults.join(",");
        if !faults.is_empty() {
            more.extend(["--fault", &faults]);
        }
        self.judge_by(file, &more)
    }

    /// The same by exactly the budgets that the file has.
    pub fn judge_exactly(&self, file: &Path) -> Result<(Output, Value), String> {
        self.judge_by(file, &[])
    }

    fn judge_by(&self, file: &Path, more: &[&str]) -> Result<(Output, Value), String> {
        let mut command = self.command(&["verify", "--json"]);
        let command = command.arg(file).arg("--artefacts").arg(self.artefacts());
        command.args(more);
        let output = command.output().expect("runs");
        let report = serde_json::from_slice(&output.stdout);
        let report = report.map_err(|error| format!("{error}: {}", text(&output)))?;
        Ok((output, report))
    }

    /// A copy of a shipped topology with some of its text replaced, and with wide bounds where it has those of two homes.
    pub fn shipped(&self, name: &str, changes: &[(&str, &str)]) -> PathBuf {
        let shipped = root().join(format!("fixtures/topologies/{name}.toml"));
        let mut text = std::fs::read_to_string(shipped).expect("is there");
        for (old, new) in changes {
            assert!(
                text.contains(old),
                "the shipped {name} no longer says {old}"
            );
            text = text.replace(old, new);
        }
        let path = self.folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, widened(&text)).expect("a file");
        path
    }

    /// Where this shell's runs are saved: below the folder that `SCENARIOS_KEEP` names, where they stay, and else where
    /// they go with the shell.
    #[must_use]
    pub fn artefacts(&self) -> PathBuf {
        let kept = std::env::var_os("SCENARIOS_KEEP").filter(|folder| !folder.is_empty());
        match (kept, self.folder.path().file_name()) {
            (Some(kept), Some(name)) => PathBuf::from(kept).join(name),
            _ => self.folder.path().join("runs"),
        }
    }

    /// What is left of runs in the state folder. Its own lock file stays.
    pub fn states(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("state")) else {
            return Vec::new();
        };
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name != ".lock")
            .collect()
    }

    /// The one run of this shell, once its folder is there.
    pub fn run(&self) -> Run {
        let folder = wait_for("the run's folder", || {
            let entries = std::fs::read_dir(self.artefacts()).ok()?;
            entries
                .flatten()
                .filter(|entry| entry.file_name() != "networks")
                .map(|entry| entry.path())
                .find(|path| path.is_dir() && !path.is_symlink())
        });
        let id = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        Run { id, folder }
    }
}

/// A topology that runs, and is removed when this is dropped.
pub struct Up<'s>(&'s Shell, &'s str);

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let down = self.0.command(&["down", self.1]).output();
        if !std::thread::panicking() {
            assert_code(&down.expect("runs"), 0);
        }
    }
}

/// A run, seen through its folder and the engine.
pub struct Run {
    /// Its id.
    pub id: String,
    /// Its folder of artefacts.
    pub folder: PathBuf,
}

impl Run {
    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join("events.jsonl")).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// Waits until a stage is reached.
    pub fn reached(&self, stage: &str, node: Option<&str>) {
        wait_for(&format!("stage {stage}"), || {
            self.events()
                .iter()
                .any(|event| {
                    event["event"] == "stage-reached"
                        && event["stage"] == stage
                        && node.is_none_or(|node| event["node"] == node)
                })
                .then_some(())
        });
    }

    /// The name of the running container with this role, or nothing.
    pub fn running(&self, role: &str) -> String {
        docker(&[
            "ps",
            "--filter",
            &format!("label=ator-harness.run={}", self.id),
            "--filter",
            &format!("label=ator-harness.role={role}"),
            "--format",
            "{{.Names}}",
        ])
    }

    /// The name of the container with this role, which must run.
    pub fn container(&self, role: &str) -> String {
        let name = self.running(role);
        assert!(!name.is_empty(), "{role} does not run");
        name
    }

    /// Kills the container with this role, as an outsider would.
    pub fn kill(&self, role: &str) {
        docker(&["kill", &self.container(role)]);
    }

    /// The ids of this run's containers that run.
    pub fn containers(&self) -> String {
        let label = format!("label=ator-harness.run={}", self.id);
        docker(&["ps", "-q", "--no-trunc", "--filter", &label])
    }

    /// What of this run is on the engine.
    pub fn left(&self) -> String {
        let label = format!("label=ator-harness.run={}", self.id);
        [
            docker(&["ps", "-a", "--filter", &label, "--format", "{{.Names}}"]),
            docker(&["network", "ls", "--filter", &label, "--format", "{{.Name}}"]),
            docker(&["volume", "ls", "--filter", &label, "--format", "{{.Name}}"]),
        ]
        .join("")
    }

    /// Waits until nothing of this run is on the engine.
    pub fn gone(&self) {
        wait_for("the engine to be clean", || {
            self.left().is_empty().then_some(())
        });
    }
}

/// Bounds that two homes keep on every machine, however busy: of round trips a wait of 400 ms exceeds what a topology has.
pub const WIDE: &str = "ready=600s,btp-connect=60s,dial=60s,round-trip:p50=30s,round-trip:p95=30s";
/// The same in the text of a topology of two homes: what is there, and what takes its place.
const BOUNDS_BESIDE_OTHERS: [(&str, &str); 3] = [
    ("at_most = \"25s\"", "at_most = \"600s\""),
    ("at_most = \"200ms\"", "at_most = \"30s\""),
    ("at_most = \"400ms\"", "at_most = \"30s\""),
];

/// The text of a topology of two homes with wide bounds, for what shares the machine with others.
pub fn widened(text: &str) -> String {
    let bounds = BOUNDS_BESIDE_OTHERS.into_iter();
    bounds.fold(text.to_owned(), |text, (exact, wide)| {
        text.replace(exact, wide)
    })
}

/// How much longer everything may take where others run beside it.
const BESIDE_OTHERS: u32 = 5;

/// The arguments that widen a topology's budgets for a run that shares the machine with others. What is measured exactly
/// has it for itself (`.config/nextest.toml`).
pub fn beside_others(topology: &Topology) -> Vec<String> {
    let budgets = topology.budgets.iter();
    let wide = budgets.flat_map(|budget| {
        let (metric, percentile) = (budget.metric.name(), budget.percentile);
        let bound = (budget.at_most * BESIDE_OTHERS).as_millis();
        let bound = format!("{metric}:p{percentile}={bound}ms");
        ["--budget".to_owned(), bound]
    });
    wide.collect()
}

/// The docker command line, used here and not by the product: an independent look at the engine.
pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("the docker command line is installed with the engine");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Polls until there is an answer.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(POLL);
    }
}

/// Both streams of a command that has ended, for messages.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// How a command has ended and what it said, for messages. Of a report in JSON, thousands of lines, what speaks against
/// the run.
pub fn gist(output: &Output) -> String {
    let report = match serde_json::from_slice::<Value>(&output.stdout) {
        Ok(report) if report["headline"].is_string() => report,
        _ => return format!("{}: {}", output.status, text(output)),
    };
    let checks = report["checks"].as_array().into_iter().flatten();
    let against = checks.filter(|check| check["verdict"] != "pass");
    let against: Vec<String> = against.map(|check| format!("{check}\n")).collect();
    format!(
        "{}: {}\n{}\n{}{}",
        output.status,
        report["headline"],
        report["diagnosis"],
        against.concat(),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Asserts an exit code and shows the output when it is another.
pub fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", gist(output));
}

/// Sends a signal to a process of ours.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status()
        .expect("kill is there");
    assert!(status.success(), "no process {pid}");
}
