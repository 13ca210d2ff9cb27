//! The library, as somebody in a workspace of their own uses it: `scenarios/outsider` has their tests.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use scenarios::{Run, Shell, root, signal, text, wait_for};
use serde_json::Value;

/// The outsider's folder.
const OUTSIDER: &str = "scenarios/outsider";

/// Builds the outsider's tests with cargo, as they would, and returns the program of one file of them.
fn program(name: &str) -> PathBuf {
    let output = Command::new("cargo")
        .args(["test", "--locked", "--no-run", "--message-format", "json"])
        .arg("--target-dir")
        .arg(root().join("target"))
        .current_dir(root().join(OUTSIDER))
        .output()
        .expect("cargo is there");
    assert!(output.status.success(), "{}", text(&output));
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let of_test = |message: Value| {
        let is_it = message["target"]["name"] == name && message["profile"]["test"] == true;
        let program = message["executable"].as_str().filter(|_| is_it)?;
        Some(PathBuf::from(program))
    };
    let mut programs = messages.filter_map(of_test);
    programs.next().expect("cargo tells of the test's program")
}

/// Runs one file of the outsider's tests, all of which have to pass.
fn passes(name: &str, tests: usize) {
    let shell = Shell::sharing();
    let mut command = shell.program(&program(name));
    let output = command.output().expect("runs");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(&format!("{tests} passed; 0 failed")),
        "{said}"
    );
    assert_eq!(shell.states(), Vec::<String>::new());
}

#[test]
fn a_connector_passes_with_packets_both_ways() {
    passes("connector", 1);
}

#[test]
fn a_broken_connector_fails_by_the_name_of_a_check() {
    passes("broken", 2);
}

#[test]
fn faults_are_made_and_undone() {
    passes("faults", 1);
}

#[test]
fn single_parts_are_images_of_testcontainers() {
    passes("parts", 2);
}

/// A test that holds homes until something ends it.
struct Held {
    shell: Shell,
    child: Child,
    run: Run,
}

impl Held {
    fn start(ends: &str) -> Self {
        let shell = Shell::sharing();
        let child = shell
            .program(&program("held"))
            .args(["--ignored", "--nocapture"])
            .env("OUTSIDER_ENDS", ends)
            .env("OUTSIDER_RUNS", shell.artefacts())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("starts");
        let run = shell.run();
        Self { shell, child, run }
    }

    fn is_up(&self) {
        self.run.reached("peering", None);
        assert_ne!(self.run.containers(), "");
    }

    /// Waits for its end, after which nothing may be left, and returns its exit code.
    fn ends_clean(self) -> Option<i32> {
        let output = self.child.wait_with_output().expect("ends");
        assert_eq!(self.run.left(), "", "{}", text(&output));
        assert_eq!(self.shell.states(), Vec::<String>::new());
        output.status.code()
    }
}

/// It ends by a signal that cannot be heard: somebody else removes everything.
fn killed(held: Held) {
    let mut child = held.child;
    signal(child.id(), "KILL");
    child.wait().expect("ends");
    held.run.gone();
}

#[test]
fn killed_it_leaves_nothing() {
    let held = Held::start("");
    held.is_up();
    killed(held);
}

#[test]
fn killed_while_the_homes_come_up_it_leaves_nothing() {
    let held = Held::start("");
    wait_for("a container", || {
        (held.run.containers() != "").then_some(())
    });
    killed(held);
}

/// As it is when somebody calls `std::process::exit` or a static is never dropped.
#[test]
fn a_process_that_ends_by_itself_leaves_nothing() {
    let held = Held::start("exit");
    let mut child = held.child;
    assert_eq!(child.wait().expect("ends").code(), Some(7));
    held.run.gone();
}

#[test]
fn a_signal_has_everything_removed_before_the_process_ends() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let held = Held::start("");
        held.is_up();
        signal(held.child.id(), name);
        assert_eq!(held.ends_clean(), Some(code), "SIG{name}");
    }
}

#[test]
fn a_panic_leaves_nothing() {
    assert_eq!(Held::start("panic").ends_clean(), Some(101));
}

#[test]
fn a_start_that_is_given_up_leaves_nothing() {
    assert_eq!(Held::start("start").ends_clean(), Some(0));
}
