//! A runner of GitHub Actions for the action of this repository: reads its file, and runs its steps by a shell, with the
//! environment, files and commands that a runner has. Other actions are played: caches and artefacts are folders here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::expression::{filled, holds};
use crate::root;

/// A machine with a workspace, caches and artefacts.
pub struct Runner {
    folder: TempDir,
    action: Value,
    environment: BTreeMap<String, String>,
}

/// One step that was run.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its exit code.
    pub code: i32,
    /// Its log.
    pub log: String,
}

/// What a call of the action came to.
#[derive(Debug)]
pub struct Ran {
    /// The steps that were run, in their order.
    pub steps: Vec<Step>,
    /// The action's outputs.
    pub outputs: BTreeMap<String, String>,
    /// What is on the page of the workflow's run.
    pub summary: String,
    /// Annotations: level, title and text.
    pub annotations: Vec<(String, String, String)>,
    /// Files that were kept as artefacts, below the workspace.
    pub kept: Vec<String>,
    /// Keys of caches that were found, and that were filled.
    pub found: Vec<String>,
    /// See `found`.
    pub filled: Vec<String>,
}

impl Ran {
    /// The first exit code that is not 0.
    #[must_use]
    pub fn code(&self) -> i32 {
        let mut codes = self.steps.iter().map(|step| step.code);
        codes.find(|code| *code != 0).unwrap_or(0)
    }

    /// The log of all steps.
    #[must_use]
    pub fn log(&self) -> String {
        self.steps.iter().map(|step| step.log.as_str()).collect()
    }
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

impl Runner {
    /// A machine with an empty workspace and empty caches.
    ///
    /// # Panics
    ///
    /// When the action cannot be read, or there is no temporary folder.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("ator-runner-").tempdir();
        let folder = folder.expect("a temporary folder");
        for name in ["work", "temp", "home", "caches"] {
            fs::create_dir(folder.path().join(name)).expect("makes");
        }
        let text = fs::read_to_string(root().join("action.yml")).expect("is there");
        Self {
            folder,
            action: serde_saphyr::from_str(&text).expect("is YAML"),
            environment: BTreeMap::new(),
        }
    }

    /// The job's workspace.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Sets a variable of the job.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Calls the action with inputs. The job's files begin anew; workspace and caches stay.
    ///
    /// # Panics
    ///
    /// When an input is none of the action's, or a step is nothing that is known here.
    #[must_use]
    pub fn call(&self, with: &[(&str, &str)]) -> Ran {
        let mut call = Call::new(self, with);
        let steps = self.action["runs"]["steps"].as_array().expect("steps");
        for step in steps {
            call.step(step);
        }
        call.end()
    }
}

struct Call<'r> {
    runner: &'r Runner,
    inputs: BTreeMap<String, String>,
    /// Outputs of steps, by `ID.outputs.NAME`.
    outputs: BTreeMap<String, String>,
    files: PathBuf,
    went_well: bool,
    ran: Ran,
}

impl<'r> Call<'r> {
    fn new(runner: &'r Runner, with: &[(&str, &str)]) -> Self {
        let declared = runner.action["inputs"].as_object().expect("inputs");
        let mut inputs: BTreeMap<String, String> = declared
            .iter()
            .map(|(name, input)| (name.clone(), text(&input["default"])))
            .collect();
        for (name, value) in with {
            let known = inputs.insert((*name).to_owned(), (*value).to_owned());
            assert!(known.is_some(), "the action has no input {name}");
        }
        let files = runner.folder.path().join("files");
        let _ = fs::remove_dir_all(&files);
        fs::create_dir(&files).expect("makes");
        Self {
            runner,
            inputs,
            outputs: BTreeMap::new(),
            files,
            went_well: true,
            ran: Ran {
                steps: Vec::new(),
                outputs: BTreeMap::new(),
                summary: String::new(),
                annotations: Vec::new(),
                kept: Vec::new(),
                found: Vec::new(),
                filled: Vec::new(),
            },
        }
    }

    fn look_up(&self, name: &str) -> String {
        match name.split_once('.') {
            Some(("inputs", input)) => {
                let value = self.inputs.get(input);
                value.unwrap_or_else(|| panic!("no input {input}")).clone()
            }
            Some(("steps", output)) => self.outputs.get(output).cloned().unwrap_or_default(),
            Some(("runner", "os")) => "Linux".to_owned(),
            Some(("runner", "arch")) => "X64".to_owned(),
            _ => panic!("no context that is known here: {name}"),
        }
    }

    fn fill(&self, value: &Value) -> String {
        filled(&text(value), &|name| self.look_up(name))
    }

    fn step(&mut self, step: &Value) {
        let condition = step["if"].as_str().unwrap_or("'true'");
        if !holds(condition, self.went_well, &|name| self.look_up(name)) {
            return;
        }
        match step["uses"].as_str().map(|uses| uses.split('@').next()) {
            Some(Some("actions/cache/restore")) => self.restore(step),
            Some(Some("actions/cache/save")) => self.save(step),
            Some(Some("actions/upload-artifact")) => self.keep(step),
            Some(other) => panic!("no action that is played here: {other:?}"),
            None => self.shell(step),
        }
    }

    /// Runs a step's script as a runner does: in a file, by the shell that it names.
    fn shell(&mut self, step: &Value) {
        assert_eq!(step["shell"], "bash", "{step}");
        let id = text(&step["id"]);
        let script = self.files.join("script.sh");
        fs::write(&script, text(&step["run"])).expect("writes");
        let file = |name: &str| {
            let path = self.files.join(name);
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .expect("a file");
            path
        };
        let (output, path) = (file(&format!("output-{id}")), file("path"));
        let more = fs::read_to_string(&path).expect("reads");
        let mut paths: Vec<PathBuf> = more.lines().map(PathBuf::from).collect();
        paths.reverse();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        paths.extend(std::env::split_paths(&inherited));
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&script)
            .current_dir(self.runner.workspace())
            .env_clear()
            .env("PATH", std::env::join_paths(paths).expect("a path"))
            .env("HOME", self.runner.folder.path().join("home"))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_WORKSPACE", self.runner.workspace())
            .env("RUNNER_TEMP", self.runner.folder.path().join("temp"))
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_PATH", &path)
            .env("GITHUB_ENV", file("env"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .envs(&self.runner.environment)
            .stdin(Stdio::null());
        let environment = step["env"].as_object().into_iter().flatten();
        for (name, value) in environment {
            command.env(name, self.fill(value));
        }
        let (reader, writer) = std::io::pipe().expect("a pipe");
        command
            .stdout(writer.try_clone().expect("one more"))
            .stderr(writer);
        let mut child = command.spawn().expect("bash is there");
        // Its ends of the pipe are the step's alone.
        drop(command);
        let log = std::io::read_to_string(reader).expect("is text");
        let code = child.wait().expect("ends").code().unwrap_or(-1);
        self.went_well &= code == 0;
        self.ran.annotations.extend(annotations(&log));
        let told = fs::read_to_string(&output).expect("reads");
        for line in told.lines() {
            let (name, value) = line.split_once('=').expect("an output");
            self.outputs
                .insert(format!("{id}.outputs.{name}"), value.to_owned());
        }
        self.ran.steps.push(Step {
            name: text(&step["name"]),
            code,
            log,
        });
    }

    fn cache(&self, step: &Value) -> (String, PathBuf, PathBuf) {
        let key = self.fill(&step["with"]["key"]);
        let path = PathBuf::from(self.fill(&step["with"]["path"]));
        assert!(path.is_absolute() && !key.ends_with('-'), "{key}: {path:?}");
        let kept = self.runner.folder.path().join("caches").join(&key);
        (key, path, kept)
    }

    fn restore(&mut self, step: &Value) {
        let (key, path, kept) = self.cache(step);
        if kept.exists() {
            copy(&kept, &path);
            let id = text(&step["id"]);
            self.outputs
                .insert(format!("{id}.outputs.cache-hit"), "true".to_owned());
            self.ran.found.push(key);
        }
    }

    fn save(&mut self, step: &Value) {
        let (key, path, kept) = self.cache(step);
        copy(&path, &kept);
        self.ran.filled.push(key);
    }

    fn keep(&mut self, step: &Value) {
        let paths = self.fill(&step["with"]["path"]);
        let (without, with): (Vec<&str>, Vec<&str>) =
            paths.lines().partition(|line| line.starts_with('!'));
        assert!(without.iter().all(|line| line.ends_with("/*/latest")));
        for folder in with {
            let folder = self.runner.workspace().join(folder);
            for file in files(&folder) {
                let name = file.strip_prefix(self.runner.workspace());
                let name = name.expect("is below").display().to_string();
                if !name.contains("/latest/") {
                    self.ran.kept.push(name);
                }
            }
        }
    }

    fn end(mut self) -> Ran {
        let declared = self.runner.action["outputs"].as_object().expect("outputs");
        for (name, output) in declared {
            let value = self.fill(&output["value"]);
            self.ran.outputs.insert(name.clone(), value);
        }
        let summary = fs::read_to_string(self.files.join("summary"));
        self.ran.summary = summary.unwrap_or_default();
        self.ran
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn copy(from: &Path, to: &Path) {
    let parent = to.parent().expect("is in a folder");
    fs::create_dir_all(parent).expect("makes");
    let status = Command::new("cp").arg("-aT").args([from, to]).status();
    assert!(status.expect("cp is there").success(), "{from:?} to {to:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        match path.is_dir() {
            true if path.is_symlink() => {}
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The annotations of a log. What lies between `stop-commands` and its token is no command.
fn annotations(log: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut stopped: Option<String> = None;
    for line in log.lines().map(str::trim_start) {
        if let Some(token) = &stopped {
            if line == format!("::{token}::") {
                stopped = None;
            }
            continue;
        }
        let Some((command, text)) = line
            .strip_prefix("::")
            .and_then(|rest| rest.split_once("::"))
        else {
            continue;
        };
        let (level, properties) = command.split_once(' ').unwrap_or((command, ""));
        match level {
            "stop-commands" => stopped = Some(text.to_owned()),
            "error" | "warning" | "notice" => {
                let title = properties.strip_prefix("title=").unwrap_or_default();
                let text = text.replace("%0A", "\n").replace("%25", "%");
                found.push((level.to_owned(), title.to_owned(), text));
            }
            "group" | "endgroup" => {}
            other => panic!("a command that the action has no use for: {other}"),
        }
    }
    found
}
