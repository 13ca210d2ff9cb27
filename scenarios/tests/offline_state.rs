//! Nobody removes what somebody runs or keeps, and everybody is told whose it is.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ator_harness::engine::{Deadline, Engine, Engines, Labels};
use ator_harness::run::Leases;
use scenarios::{Shell, assert_code, docker, text, wait_for};

/// Sweeps as any run does when it begins, and goes no further than to a missing image.
fn sweep(shell: &Shell) -> Output {
    let output = shell
        .command(&["verify", "mixed-transport"])
        .arg("--artefacts")
        .arg(shell.artefacts())
        .args(["--connector-image", "nobody/nothing:0"])
        .output()
        .expect("runs");
    assert_code(&output, 3);
    assert!(text(&output).contains("nobody/nothing:0 does not exist"));
    output
}

/// A network that a run of `lab` has left; gone when this is dropped.
struct Left(String);

impl Left {
    /// One whose deadline passed long ago.
    fn new(run: &str) -> Self {
        Self::until(run, 1)
    }

    /// One that lives until a time, in seconds since 1970.
    fn until(run: &str, deadline: u64) -> Self {
        let name = format!("ator-scenario-{run}");
        let label = |key: &str, value: &str| format!("ator-harness.{key}={value}");
        let labels = [
            label("project", "1"),
            label("run", run),
            label("topology", "lab"),
            label("deadline", &deadline.to_string()),
        ];
        let mut arguments = vec!["network", "create"];
        for label in &labels {
            arguments.extend(["--label", label]);
        }
        arguments.push(&name);
        docker(&arguments);
        Self(name)
    }

    fn is_there(&self) -> bool {
        let filter = format!("name=^{}$", self.0);
        let listed = docker(&[
            "network",
            "ls",
            "--filter",
            &filter,
            "--format",
            "{{.Name}}",
        ]);
        listed == self.0
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["network", "rm", &self.0])
            .output();
    }
}

/// A run id that nobody else has.
fn run_id(tail: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    format!("20260101-{:06}-{tail}", now.as_millis() % 1_000_000)
}

#[test]
fn a_live_run_is_swept_by_nobody_whatever_its_deadline_says() {
    let run = run_id("aaaaaa");
    let left = Left::new(&run);
    let name = SocketAddr::from_abstract_name(format!("ator-harness/run/{run}"));
    let process = UnixDatagram::bind_addr(&name.expect("a name")).expect("binds");
    sweep(&Shell::open());
    assert!(left.is_there(), "its process is alive");
    drop(process);
    let swept = sweep(&Shell::open());
    assert!(!left.is_there(), "its process is gone");
    assert!(text(&swept).contains("resources of earlier runs removed"));
}

#[test]
fn a_run_that_puts_its_deadline_off_is_swept_by_nobody_until_it_stops() {
    let run = run_id("bbbbbb");
    let left = Left::new(&run);
    let labels = Labels {
        run: run.clone(),
        topology: "lab".to_owned(),
        deadline: Deadline {
            unix: 1,
            boot: None,
        },
    };
    let mut leases = Leases::new(&labels, Duration::from_secs(600));
    let runtime = tokio::runtime::Runtime::new().expect("starts");
    let label = format!("label=ator-harness.run={run}");
    let volumes = || docker(&["volume", "ls", "-q", "--filter", &label]);
    for count in 1..=2 {
        runtime.block_on(async {
            let engine = Engine::connect().await.expect("an engine");
            leases.renew(&Engines::one(engine)).await.expect("creates");
        });
        assert_eq!(volumes(), format!("ator-{run}-lease-{count}"));
    }
    sweep(&Shell::open());
    assert!(left.is_there(), "its deadline was put off");
    docker(&["volume", "rm", &volumes()]);
    sweep(&Shell::open());
    assert!(!left.is_there(), "nobody puts it off any more");
}

#[test]
fn a_garbled_deadline_is_no_deadline_that_is_over() {
    let run = run_id("cccccc");
    let name = format!("ator-scenario-{run}");
    let run_label = format!("ator-harness.run={run}");
    let left = Left(name.clone());
    docker(&[
        "network",
        "create",
        "--label",
        "ator-harness.project=1",
        "--label",
        &run_label,
        "--label",
        "ator-harness.deadline=soon",
        &name,
    ]);
    let swept = sweep(&Shell::open());
    assert!(left.is_there());
    let note = format!("what run {run} has left stays for now: its label ator-harness.deadline");
    assert!(text(&swept).contains(&note), "{}", text(&swept));
}

/// A topology file whose name is another than its topology's.
fn site(shell: &Shell) -> String {
    let other = ("name = \"two-home-local\"", "name = \"lab\"");
    let file = shell.shipped("two-home-local", &[other]);
    let site = file.with_file_name("site.toml");
    std::fs::rename(file, &site).expect("renames");
    site.display().to_string()
}

fn up(shell: &Shell, site: &str) -> Command {
    let mut command = shell.command(&["up", site]);
    command.arg("--artefacts").arg(shell.artefacts());
    command
}

#[test]
fn a_topology_that_comes_up_is_started_once_and_taken_down_by_its_own_name() {
    let shell = Shell::open();
    let site = site(&shell);
    let first = up(&shell, &site).spawn().expect("starts");
    let told = format!("lab is being started by process {}", first.id());
    let run = shell.run();
    run.reached("start", Some("network"));
    let before = run.left();
    for arguments in [
        vec!["up", &site],
        vec!["verify", &site],
        vec!["down", &site],
        vec!["down", "lab"],
    ] {
        let output = shell.command(&arguments).output().expect("runs");
        assert_code(&output, 2);
        assert!(
            text(&output).contains(&told),
            "{arguments:?}: {}",
            text(&output)
        );
    }
    assert!(run.left().len() >= before.len(), "half of it was removed");
    assert_code(&first.wait_with_output().expect("ends"), 0);

    let status = shell.command(&["status", &site]).output().expect("runs");
    assert_code(&status, 0);
    // A stranger's sweep leaves it, also when it is long past by the wall clock of its label.
    sweep(&Shell::open());
    assert_ne!(run.left(), "");

    // Nothing is judged in the name of something else.
    for (option, value, told) in [
        ("--fault", "cut-10s", "a fault needs a run of its own"),
        (
            "--connector-image",
            "nobody/nothing:0",
            "the connector's image",
        ),
        (
            "--anon-image",
            "nobody/nothing:0",
            "the onion daemon's image",
        ),
        ("--connector-memory", "512MiB", "as much memory as"),
    ] {
        let arguments = ["verify", &site, option, value];
        let output = shell.command(&arguments).output().expect("runs");
        assert_code(&output, 2);
        let said = text(&output);
        assert!(said.contains(told), "{option}: {said}");
        assert!(said.contains("`ator-harness down lab` first"), "{said}");
    }

    // What is known of it is cut off, as by a disk that was full.
    let kept = Path::new(&site).with_file_name(format!("state/{}/kept.json", run.id));
    let whole = std::fs::read(&kept).expect("is there");
    std::fs::write(&kept, &whole[..whole.len() / 2]).expect("writes");
    let swept = sweep(&shell);
    let note = format!("what run {} has left stays for now: failed to read", run.id);
    assert!(text(&swept).contains(&note), "{}", text(&swept));
    assert!(run.left().len() > before.len(), "it was removed");
    for verb in ["up", "verify"] {
        let output = shell.command(&[verb, &site]).output().expect("runs");
        assert_code(&output, 3);
        assert!(text(&output).contains("kept.json"), "{}", text(&output));
    }

    // A lab of somebody else's is named, and is no failure of this one.
    let theirs = Left::until(&run_id("dddddd"), 4_102_444_800);
    let down = shell.command(&["down", &site]).output().expect("runs");
    assert_code(&down, 0);
    assert!(theirs.is_there(), "it is not ours");
    assert!(text(&down).contains("and stays"), "{}", text(&down));
    assert_eq!(run.left(), "");
    let again = shell.command(&["down", &site]).output().expect("runs");
    assert_code(&again, 1);
    wait_for("the state to be gone", || {
        shell.states().is_empty().then_some(())
    });
}
