//! The action as a job has it: its own steps, run by a runner of ours on the release archive, and the examples for other
//! CI systems, run by their shell.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use scenarios::{Ran, Run, Runner, Shell, WIDE, assert_code, root, signal, text, wait_for};
use serde_json::Value;

/// Where the scenarios' own network that stands by is known.
const NETWORKS: &str = "target/scenarios/networks";

/// The release archive.
fn archive() -> PathBuf {
    let entries = fs::read_dir(root().join("target/dist")).expect("run `make dist` first");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    let archive = paths.find(|path| path.to_string_lossy().ends_with(".tar.gz"));
    archive.expect("run `make dist` first")
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum")
        .arg(path)
        .output()
        .expect("is there");
    let told = String::from_utf8(output.stdout).expect("is text");
    told.split(' ').next().expect("a sum").to_owned()
}

/// The onion daemon's package as a file in a folder, for which nobody dials out but npm.
fn package(into: &Path) -> String {
    let lock = fs::read(root().join("fixtures/images/anon/package.json")).expect("is there");
    let lock: Value = serde_json::from_slice(&lock).expect("is JSON");
    let wanted = lock["dependencies"].as_object().expect("a table");
    let (name, version) = wanted.iter().next().expect("has one");
    let package = format!("{name}@{}", version.as_str().expect("a version"));
    let output = Command::new("npm")
        .args(["pack", &package, "--ignore-scripts", "--prefer-offline"])
        .arg("--pack-destination")
        .arg(into)
        .output()
        .expect("npm is there");
    assert!(output.status.success(), "{}", text(&output));
    let said = String::from_utf8(output.stdout).expect("is text");
    said.lines().last().expect("a name").trim().to_owned()
}

/// A job's machine, and what the action needs of it there.
struct Job {
    runner: Runner,
    package: String,
    archive: String,
    sha256: String,
}

impl Job {
    fn new() -> Self {
        let mut runner = Runner::new();
        let workspace = runner.workspace();
        for name in ["DOCKER_HOST", "DOCKER_CONTEXT"] {
            if let Ok(value) = std::env::var(name) {
                runner.set(name, &value);
            }
        }
        let state = workspace.join("../state").display().to_string();
        runner.set("ATOR_HARNESS_STATE", &state);
        // The scenarios' own network, where it stands.
        let networks = root().join(NETWORKS).display().to_string();
        runner.set("ATOR_HARNESS_NETWORKS", &networks);
        Self {
            package: package(&workspace),
            archive: archive().display().to_string(),
            sha256: sha256(&archive()),
            runner,
        }
    }

    fn call(&self, with: &[(&str, &str)]) -> Ran {
        let mut all = vec![
            ("archive", self.archive.as_str()),
            ("sha256", &self.sha256),
            ("daemon-package", &self.package),
        ];
        all.extend(with);
        self.runner.call(&all)
    }

    /// A shipped topology with lines after its name and at its end.
    fn topology(&self, file: &str, after_name: &str, at_end: &str) {
        let shipped = root().join("fixtures/topologies/two-home-local.toml");
        let whole = fs::read_to_string(shipped).expect("is there");
        let named = "name = \"two-home-local\"\n";
        assert!(whole.contains(named));
        let whole = whole.replace(named, &format!("{named}{after_name}\n"));
        let path = self.runner.workspace().join(file);
        fs::write(path, format!("{whole}\n{at_end}")).expect("writes");
    }

    fn read(&self, path: &str) -> String {
        let path = self.runner.workspace().join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    }

    /// What is in the workspace that the action did not put there by its documents.
    fn strange(&self) -> Vec<String> {
        let entries = fs::read_dir(self.runner.workspace()).expect("reads");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into()).collect();
        names.retain(|name| name != "ator-runs" && *name != self.package);
        names
    }
}

/// What came of a call: the code, the verdict, and whether it is told by one annotation of a level.
fn assert_told(ran: &Ran, code: i32, verdict: &str, level: Option<&str>) {
    assert_eq!(ran.code(), code, "{}", ran.log());
    assert_eq!(ran.outputs["verdict"], verdict, "{ran:?}");
    let told: Vec<(&str, &str)> = ran
        .annotations
        .iter()
        .map(|(level, title, _)| (level.as_str(), title.as_str()))
        .collect();
    let title = format!("ator-harness, {verdict}");
    let wanted: Vec<(&str, &str)> = level.iter().map(|level| (*level, &*title)).collect();
    assert_eq!(told, wanted, "{ran:?}");
}

/// Numbers of a JUnit file, by the attributes of its root.
fn junit(text: &str) -> BTreeMap<String, String> {
    let (_, rest) = text.split_once("<testsuites ").expect("a root");
    let (attributes, _) = rest.split_once('>').expect("ends");
    let pairs = attributes
        .split("\" ")
        .filter_map(|pair| pair.split_once("=\""));
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.replace('"', ""));
    pairs.map(pair).collect()
}

#[test]
fn the_reference_connector_is_green_and_a_mutant_is_red() {
    let job = Job::new();
    let ran = job.call(&[("budgets", WIDE)]);
    assert_told(&ran, 0, "pass", None);
    assert_eq!(ran.outputs["exit-code"], "0");
    let page = job.read(&ran.outputs["report"]);
    assert!(
        page.contains("<title>passed: two-home-local"),
        "{}",
        &page[..300]
    );
    let told = junit(&job.read(&format!("{}/two-home-local.xml", ran.outputs["junit"])));
    assert_eq!(
        (&*told["failures"], &*told["errors"]),
        ("0", "0"),
        "{told:?}"
    );
    assert!(
        told["tests"].parse::<u32>().expect("a number") > 20,
        "{told:?}"
    );
    // A summary that a reader gets something of, by its first line.
    let summary: Vec<&str> = ran.summary.lines().collect();
    assert!(
        summary[0].starts_with("## two-home-local: passed"),
        "{summary:?}"
    );
    assert!(
        ran.summary.contains("Verdict **pass** after "),
        "{summary:?}"
    );
    assert!(ran.summary.len() < 64 * 1024, "{}", ran.summary.len());
    for file in [
        "/report.html",
        "/report.json",
        "/junit.xml",
        "/events.jsonl",
        "junit/two-home-local.xml",
    ] {
        let kept = ran.kept.iter().filter(|kept| kept.ends_with(file));
        assert_eq!(kept.count(), 1, "{file}: {:?}", ran.kept);
    }
    // The archive is not built, and the daemon is kept for the next job.
    assert_eq!((ran.found.len(), ran.filled.len()), (0, 1), "{ran:?}");
    assert!(
        ran.filled[0].contains("anyone-client-1."),
        "{:?}",
        ran.filled
    );
    assert_eq!(job.strange(), Vec::<String>::new());

    job.topology("broken.toml", "mutant = \"wrong-fulfillment\"", "");
    let topologies = ("topologies", "two-home-local\n./broken.toml\n");
    let ran = job.call(&[topologies, ("budgets", WIDE)]);
    assert_told(&ran, 1, "fail", Some("error"));
    let said = &ran.annotations[0].2;
    assert!(said.starts_with("./broken.toml: verdict: FAIL"), "{said}");
    assert_eq!(
        said.lines().count(),
        1,
        "of those that passed nothing is said: {said}"
    );
    let page = job.read(&ran.outputs["report"]);
    assert!(page.contains("id=\"failures\"") && page.contains("packets.fulfillment"));
    assert!(
        ran.summary.contains("packets.fulfillment"),
        "{}",
        ran.summary
    );
    for row in [
        "| two-home-local | pass | 0 |",
        "| ./broken.toml | fail | 1 |",
    ] {
        assert!(ran.summary.contains(row), "{row}: {}", ran.summary);
    }
    let told = junit(&job.read(&format!("{}/broken.xml", ran.outputs["junit"])));
    assert_ne!(told["failures"], "0", "{told:?}");
    assert_eq!((ran.found.len(), ran.filled.len()), (1, 0), "{ran:?}");
}

#[test]
fn a_program_of_the_machine_is_judged_wherever_it_lies() {
    let job = Job::new();
    let folder = "out; touch pwned $(touch pwned)";
    let place = job.runner.workspace().join(folder);
    fs::create_dir(&place).expect("makes");
    let program = root().join("target/images/connector");
    fs::copy(program, place.join("mine")).expect("run `make images` first");
    let with = [("connector-command", "./mine"), ("connector-dir", folder)];
    let ran = job.call(&[&with[..], &[("repeat", "2"), ("budgets", WIDE)]].concat());
    assert_told(&ran, 0, "pass", None);
    assert!(ran.outputs["report"].ends_with("/repeat.md"), "{ran:?}");
    let sum = job.read(&ran.outputs["report"]);
    assert!(
        sum.starts_with("## two-home-local: 2 runs, 2 passed"),
        "{sum}"
    );
    assert!(ran.summary.contains(sum.trim_end()), "{}", ran.summary);
    // Bounds that nobody keeps, and one that everybody does.
    let budgets = format!("{WIDE}\n\n  authentication=60s, delivery:p50=0.001ms  \n");
    let ran = job.call(&[&with[..], &[("budgets", budgets.as_str())]].concat());
    assert_told(&ran, 1, "fail", Some("error"));
    let failed = "latency.delivery.p50";
    assert!(ran.summary.contains(failed), "{}", ran.summary);
    let page = job.read(&ran.outputs["report"]);
    assert!(
        page.contains(&format!("Failed: {failed}, 1 of")),
        "one alone"
    );
    assert_eq!(job.strange(), [folder]);
}

#[test]
fn a_machine_without_an_engine_is_no_fault_of_the_connector() {
    let mut job = Job::new();
    job.runner.set("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let ran = job.call(&[("topologies", "two-home-local, three-hop")]);
    assert_told(&ran, 3, "environment", Some("error"));
    let said = &ran.annotations[0].2;
    assert!(
        said.contains("nothing is said about the connector"),
        "{said}"
    );
    assert!(said.contains("no Docker Engine answers"), "{said}");
    assert!(!ran.log().contains("::group::three-hop"), "{}", ran.log());
    assert!(
        ran.summary.starts_with("## two-home-local: environment"),
        "{}",
        ran.summary
    );
    assert_eq!(ran.outputs["report"], "");
    let told = junit(&job.read("ator-runs/junit/two-home-local.xml"));
    assert_eq!((&*told["tests"], &*told["errors"]), ("1", "1"));
    let ran = job.call(&[("on-environment", "warn")]);
    assert_told(&ran, 0, "environment", Some("warning"));
}

#[test]
fn too_little_to_judge_by_is_a_warning() {
    let job = Job::new();
    let fault = "[[fault]]\nwhat = \"restart\"\non = \"home-b/connector\"\n\
        [[budget]]\nmetric = \"traffic\"\nat_most = \"60s\"\nsamples = 100000\n";
    job.topology("few.toml", "", fault);
    let ran = job.call(&[("topologies", "few.toml"), ("budgets", WIDE)]);
    assert_told(&ran, 0, "inconclusive", Some("warning"));
    assert_eq!(ran.outputs["exit-code"], "4");
    assert!(
        ran.summary.contains("latency.traffic.max"),
        "{}",
        ran.summary
    );
    let fails = ("on-inconclusive", "fail");
    let ran = job.call(&[("topologies", "few.toml"), ("budgets", WIDE), fails]);
    assert_told(&ran, 4, "inconclusive", Some("error"));
}

/// What the harness refuses is wrong usage, and no text of it is a command.
#[test]
fn hostile_inputs_reach_the_program_and_nobody_else() {
    let job = Job::new();
    for text in [
        "$(touch pwned)",
        "'; touch pwned; '",
        "--help",
        "-v",
        "`touch pwned`",
    ] {
        for name in ["connector-image", "profile", "budgets"] {
            let ran = job.call(&[(name, text)]);
            assert_told(&ran, 2, "usage", Some("error"));
            assert_eq!(job.strange(), Vec::<String>::new(), "{name}: {text}");
        }
    }
    let ran = job.call(&[("sha256", &"0".repeat(64))]);
    assert_told(&ran, 3, "environment", Some("error"));
    assert!(
        ran.annotations[0].2.contains("nothing of it was run"),
        "{ran:?}"
    );
}

/// What a connector writes is in the log, the summary and the artefacts, and commands nobody.
#[test]
fn a_connector_that_writes_commands_of_the_runner_is_red_and_not_obeyed() {
    let job = Job::new();
    let script = "for line in 1 2 3; do echo '::error title=mine::owned'; echo '::add-path::/mine'; done; exit 7";
    let path = job.runner.workspace().join("mine.sh");
    fs::write(path, script).expect("writes");
    let ran = job.call(&[("connector-command", "sh mine.sh")]);
    assert_told(&ran, 1, "fail", Some("error"));
    let said = &ran.annotations[0].2;
    assert!(said.starts_with("two-home-local: verdict: FAIL"), "{said}");
    assert!(ran.summary.contains("7"), "{}", ran.summary);
}

/// A job that is cancelled leaves nothing on the machine.
#[test]
fn a_step_that_is_ended_removes_what_it_made() {
    let job = Job::new();
    // What the steps before it have made.
    let ran = job.call(&[("budgets", "none")]);
    assert_eq!(ran.code(), 2, "{ran:?}");
    let workspace = job.runner.workspace();
    let step = |name: &str| root().join("fixtures/action").join(name);
    let mut child = Command::new("bash")
        .args(["-c", "\"$0\""])
        .arg(step("verify.sh"))
        .current_dir(&workspace)
        .env("HOME", workspace.join("../home"))
        .env("ATOR_HARNESS_STATE", workspace.join("../state"))
        .env(
            "PROGRAM",
            workspace.join("../temp/ator-harness/ator-harness"),
        )
        .env("INPUT_TOPOLOGIES", "two-home-local three-hop")
        .envs([("INPUT_REPEAT", "1"), ("INPUT_ARTEFACTS", "ended")])
        .envs(
            ["CONNECTOR_IMAGE", "CONNECTOR_COMMAND", "CONNECTOR_DIR"]
                .map(|name| (format!("INPUT_{name}"), "")),
        )
        .envs(
            ["PROFILE", "BUDGETS", "NPM_REGISTRY", "DAEMON_PACKAGE"]
                .map(|name| (format!("INPUT_{name}"), "")),
        )
        .envs(["INPUT_ON_ENVIRONMENT", "INPUT_ON_INCONCLUSIVE"].map(|name| (name, "fail")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash is there");
    let runs = workspace.join("ended/two-home-local");
    let folder = wait_for("the run's folder", || {
        let mut entries = fs::read_dir(&runs)
            .ok()?
            .flatten()
            .map(|entry| entry.path());
        entries.find(|path| path.is_dir() && !path.is_symlink())
    });
    let id = folder
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let run = Run { id, folder };
    wait_for("its containers", || {
        (!run.containers().is_empty()).then_some(())
    });
    // The shell alone is told, as a runner does.
    signal(child.id(), "TERM");
    let _ = child.wait();
    let output = child.wait_with_output().expect("ends");
    assert_code(&output, 130);
    let told = text(&output);
    assert!(told.contains("title=ator-harness, interrupted"), "{told}");
    assert!(!told.contains("::group::three-hop"), "{told}");
    assert_eq!(run.left(), "");
}

/// The blocks of code of a kind in docs/ci.md below a heading.
fn example(heading: &str, kind: &str) -> String {
    let whole = fs::read_to_string(root().join("docs/ci.md")).expect("is there");
    let (_, section) = whole
        .split_once(&format!("\n## {heading}\n"))
        .expect("a section");
    let (_, block) = section
        .split_once(&format!("```{kind}\n"))
        .expect("a block");
    block.split("```").next().expect("ends").to_owned()
}

/// Runs a script in an empty folder, with the archive at an address as a user has it.
fn run_example(script: &str) -> (i32, String, tempfile::TempDir) {
    let shell = Shell::open();
    let folder = tempfile::Builder::new().prefix("ator-example-").tempdir();
    let folder = folder.expect("a temporary folder");
    // The bundled connector has no image on the engine: what else it is asked for stays.
    let given = " --connector-image \"$CONNECTOR_IMAGE\"";
    assert!(script.contains(given), "{script}");
    let package = package(folder.path());
    let script = script.replace(given, &format!(" --budget {WIDE}"));
    let output = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(folder.path())
        .env("HOME", folder.path().join("home"))
        .env("XDG_CACHE_HOME", folder.path().join(".cache"))
        .env(
            "ATOR_HARNESS_STATE",
            shell.artefacts().with_file_name("state"),
        )
        .env("ATOR_HARNESS_NETWORKS", root().join(NETWORKS))
        .env("ARCHIVE", format!("file://{}", archive().display()))
        .env("SHA256", sha256(&archive()))
        .env("PACKAGE", package)
        .stdin(Stdio::null())
        .output()
        .expect("sh is there");
    (output.status.code().unwrap_or(-1), text(&output), folder)
}

/// Without a way to a registry, the daemon comes from a file.
fn from_file(script: &str) -> String {
    assert!(script.contains("bin/ator-harness fetch\n"), "{script}");
    script.replace(
        "bin/ator-harness fetch\n",
        "bin/ator-harness fetch --from \"$PACKAGE\"\n",
    )
}

#[test]
fn the_example_for_any_shell_is_one() {
    let script = from_file(&example("Any other shell", "sh"));
    let (code, told, folder) = run_example(&script);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("\npass\n") && told.contains("verdict: PASS"),
        "{told}"
    );
    assert!(folder.path().join("summary.md").is_file());
    assert!(folder.path().join("ator-runs/latest/report.html").is_file());
}

#[test]
fn the_example_for_gitlab_is_one() {
    let parsed: Value = serde_saphyr::from_str(&example("GitLab", "yaml")).expect("is YAML");
    let job = &parsed["connector"];
    assert_eq!(job["allow_failure"]["exit_codes"], 4);
    assert_eq!(job["artifacts"]["when"], "always");
    let lines = ["before_script", "script"].map(|part| {
        let lines = job[part].as_array().expect("a list").iter();
        let lines = lines.map(|line| line.as_str().expect("a line"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    });
    let (code, told, folder) = run_example(&from_file(&lines.concat()));
    assert_eq!(code, 0, "{told}");
    let junit = job["artifacts"]["reports"]["junit"].as_str();
    assert_eq!(junit, Some("ator-runs/*/junit.xml"));
    assert!(folder.path().join("ator-runs/latest/junit.xml").is_file());
}
