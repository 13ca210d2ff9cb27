//! What is wrong with the machine is said of the machine, within seconds, and no verdict on a connector is made
//! of it. Each fault here is a real one: rules, routes, clocks, engines.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use scenarios::{Run, Shell, assert_code, dynamic, root, signal, text};
use serde_json::Value;

/// How long a run may go on after its engine, on a machine with other runs: far less than for ever.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// A change of this machine's network, undone when it is dropped.
struct Change {
    undo: Vec<&'static str>,
}

impl Change {
    fn make(change: &[&str], undo: &[&'static str]) -> Self {
        run(change);
        Self {
            undo: undo.to_vec(),
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        run(&self.undo);
    }
}

fn run(command: &[&str]) {
    let status = Command::new(command[0])
        .args(&command[1..])
        .status()
        .expect("is there");
    assert!(status.success(), "{command:?}");
}

fn report(shell: &Shell) -> (Run, Value) {
    let run = shell.run();
    let report = std::fs::read(run.folder.join("report.json")).expect("a report");
    (run, serde_json::from_slice(&report).expect("JSON"))
}

/// Expects no verdict, for what is wrong with the machine, at once.
fn no_verdict(shell: &Shell, output: &Output, says: &str) {
    assert_code(output, 3);
    let told = text(output);
    assert!(told.contains(says), "{told}");
    let (run, report) = report(shell);
    assert_eq!(report["verdict"], "inconclusive");
    // Named as soon as it is there, and not when the time of a stage was over.
    assert!(!told.contains("not reached within"), "{told}");
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}

/// Two homes and a network of their own, in a range that nobody else uses.
fn in_range(range: &str) -> (Shell, Output) {
    let shell = Shell::open();
    let output = shell.two_home("verify", &["--subnets", range]).output();
    let output = output.expect("runs");
    (shell, output)
}

fn behind_a_firewall(range: &'static str, verdict: &'static str) {
    let rule = [
        "INPUT",
        "-s",
        range,
        "-p",
        "tcp",
        "-m",
        "conntrack",
        "--ctstate",
        "NEW",
        "-j",
    ];
    let insert = [&["iptables", "-w", "-I"][..], &rule, &[verdict]].concat();
    let delete = [&["iptables", "-w", "-D"][..], &rule, &[verdict]].concat();
    let closed = Change::make(&insert, &delete);
    let (shell, output) = in_range(range);
    drop(closed);
    no_verdict(
        &shell,
        &output,
        "A firewall of this machine refuses or drops",
    );
    let (_, open) = in_range(range);
    assert_code(&open, 0);
}

#[test]
fn a_firewall_that_rejects_what_bridges_send() {
    behind_a_firewall("10.250.0.0/21", "REJECT");
}

#[test]
fn a_firewall_that_drops_what_bridges_send() {
    behind_a_firewall("10.250.8.0/21", "DROP");
}

#[test]
fn a_range_that_a_wider_route_has_is_used_only_where_there_is_no_other() {
    let add = ["ip", "route", "add", "blackhole", "10.251.0.0/16"];
    let delete = ["ip", "route", "del", "blackhole", "10.251.0.0/16"];
    let route = Change::make(&add, &delete);
    let (_, inside) = in_range("10.251.0.0/21");
    let (_, other) = in_range("10.251.0.0/21,10.250.16.0/21");
    drop(route);
    assert_code(&inside, 0);
    let told = text(&inside);
    assert!(told.contains("lie in 10.251.0.0/16"), "{told}");
    assert_code(&other, 0);
    assert!(!text(&other).contains("lie in "), "{}", text(&other));
}

#[test]
fn a_route_of_another_table_takes_a_range() {
    let add = [
        "ip",
        "route",
        "add",
        "blackhole",
        "10.252.0.0/16",
        "table",
        "5252",
    ];
    let delete = [
        "ip",
        "route",
        "del",
        "blackhole",
        "10.252.0.0/16",
        "table",
        "5252",
    ];
    let route = Change::make(&add, &delete);
    let (_, output) = in_range("10.252.0.0/21");
    let shell = Shell::open();
    let arguments = ["doctor", "two-home-local", "--subnets", "10.252.0.0/21"];
    let doctor = shell.command(&arguments).output().expect("runs");
    drop(route);
    for output in [output, doctor] {
        assert_code(&output, 3);
        let told = text(&output);
        assert!(told.contains("no /21 of 10.252.0.0/21 is free"), "{told}");
        assert!(told.contains("10.252.0.0/16; name a range"), "{told}");
    }
}

#[test]
fn a_clock_that_is_an_hour_ahead() {
    let shell = Shell::open();
    for verb in ["verify", "doctor"] {
        let command = shell.command(&[verb, "two-home-local"]);
        let output = Command::new("faketime")
            .args(["-f", "+1h"])
            .arg(dynamic())
            .args(command.get_args())
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(root())
            .output()
            .expect("faketime is there");
        assert_code(&output, 3);
        let told = text(&output);
        assert!(told.contains("the clock of an engine is 3"), "{told}");
        assert!(told.contains("s behind this machine's"), "{told}");
    }
}

#[test]
fn a_clock_that_is_set_in_the_middle() {
    let shell = Shell::sharing();
    let clock = shell.artefacts().with_file_name("clock");
    std::fs::write(&clock, "+0s").expect("writes");
    let command = shell.two_home("verify", &[]);
    let child = Command::new("faketime")
        .args(["-f", "+0s"])
        .args([
            "env",
            "-u",
            "FAKETIME",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        ])
        .arg(format!("FAKETIME_TIMESTAMP_FILE={}", clock.display()))
        .arg(dynamic())
        .args(command.get_args())
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("faketime is there");
    shell.run().reached("start", Some("homes"));
    std::fs::write(&clock, "+1h").expect("writes");
    let output = child.wait_with_output().expect("ends");
    no_verdict(&shell, &output, "clock moved by 3600 s");
}

#[test]
fn a_process_that_is_stopped_for_a_while() {
    let shell = Shell::sharing();
    let child = shell
        .two_home("verify", &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    shell.run().reached("start", Some("homes"));
    signal(child.id(), "STOP");
    std::thread::sleep(std::time::Duration::from_secs(7));
    signal(child.id(), "CONT");
    let output = child.wait_with_output().expect("ends");
    no_verdict(&shell, &output, "stood still for ");
}

/// An engine in a network namespace that nothing leads into, for as long as this lives.
struct CutOff {
    script: Child,
    address: String,
}

impl CutOff {
    fn start() -> Self {
        let mut script = Command::new(root().join("fixtures/engine/cut-off.sh"))
            .args(["sh", "-c", "echo $DOCKER_HOST; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash is there");
        let mut line = String::new();
        BufReader::new(script.stdout.as_mut().expect("is piped"))
            .read_line(&mut line)
            .expect("can be read");
        let address = line.trim().to_owned();
        assert!(address.starts_with("unix://"), "the engine did not start");
        Self { script, address }
    }

    /// The engine's process.
    fn process(&self) -> u32 {
        let socket = self.address.trim_start_matches("unix://");
        let folder = Path::new(socket).parent().expect("is in a folder");
        let pid = std::fs::read_to_string(folder.join("pid")).expect("runs");
        pid.trim().parse().expect("a number")
    }

    /// Sends its process a signal when a run has reached a stage, and expects no verdict.
    fn signalled(name: &str, stage: &str, node: Option<&str>, says: &str) {
        let engine = Self::start();
        let shell = Shell::open();
        let child = shell
            .two_home("verify", &[])
            .env("DOCKER_HOST", &engine.address)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        shell.run().reached(stage, node);
        signal(engine.process(), name);
        let begun = std::time::Instant::now();
        let output = child.wait_with_output().expect("ends");
        let took = begun.elapsed();
        if name == "STOP" {
            signal(engine.process(), "CONT");
        }
        assert_code(&output, 3);
        let told = text(&output);
        assert!(told.contains(says), "{told}");
        assert!(took <= GIVEN_UP, "ended after {took:?}");
        let (_, report) = report(&shell);
        assert_eq!(report["verdict"], "inconclusive");
        assert_eq!(report["error"]["kind"], "engine");
    }
}

impl Drop for CutOff {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

#[test]
fn an_engine_whose_containers_have_no_way_here_is_used_through_itself() {
    let engine = CutOff::start();
    let shell = Shell::open();
    let output = shell
        .two_home("verify", &[])
        .env("DOCKER_HOST", &engine.address)
        .output()
        .expect("runs");
    assert_code(&output, 0);
    let told = text(&output);
    assert!(told.contains("reached through the engine"), "{told}");
    let deep = shell
        .command(&["doctor", "two-home-local", "--deep"])
        .env("DOCKER_HOST", &engine.address)
        .output()
        .expect("runs");
    assert_code(&deep, 0);
    assert!(
        text(&deep).contains("through their engine"),
        "{}",
        text(&deep)
    );
    let network = shell
        .command(&["network", "up", "--artefacts"])
        .arg(shell.artefacts())
        .env("DOCKER_HOST", &engine.address)
        .output()
        .expect("runs");
    assert_code(&network, 3);
    let told = text(&network);
    assert!(
        told.contains("a network that stands by has to be"),
        "{told}"
    );
}

#[test]
fn an_engine_that_is_killed() {
    CutOff::signalled("KILL", "descriptors", None, "has stopped answering");
}

#[test]
fn an_engine_that_hangs() {
    CutOff::signalled("STOP", "start", Some("homes"), "no answer within 10 s");
}

#[test]
fn instruments_in_order_are_proven_and_nothing_is_left() {
    let shell = Shell::open();
    let deep = shell
        .command(&["doctor", "two-home-local", "--deep"])
        .output()
        .expect("runs");
    assert_code(&deep, 0);
    let told = text(&deep);
    assert!(
        told.contains("containers are reached at their addresses"),
        "{told}"
    );
    assert!(told.contains("│ looked at"), "{told}");
    assert_eq!(shell.states(), Vec::<String>::new());
}

/// A connector that prints without an end, and lines without one, before it becomes what it is.
#[test]
fn a_connector_that_prints_without_an_end_costs_neither_memory_nor_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let real = root().join("target/images/connector");
    std::fs::copy(real, folder.path().join("real")).expect("`make images` has built it");
    let script = "#!/bin/sh\nyes 'a line of a connector that has much to say' | head -c 12000000\n\
                  head -c 3000000 /dev/zero | tr '\\0' A\necho\nprintf '\\033]0;a title\\007\\n'\nexec ./real\n";
    let program = folder.path().join("connector");
    std::fs::write(&program, script).expect("writes");
    for file in [program.as_path(), folder.path()] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(file, mode).expect("is ours");
    }
    let shell = Shell::sharing();
    let output = shell
        .two_home(
            "verify",
            &["--connector-command", "./connector", "--connector-dir"],
        )
        .arg(folder.path())
        .output()
        .expect("runs");
    assert_code(&output, 0);
    let told = text(&output);
    assert!(told.contains("has printed much"), "{told}");
    let (run, report) = report(&shell);
    let peak = report["memory"]["harness_peak_bytes"]
        .as_u64()
        .expect("is told");
    assert!(peak < 100 << 20, "{peak} bytes");
    for entry in std::fs::read_dir(run.folder.join("logs")).expect("logs") {
        let entry = entry.expect("a log");
        let bytes = entry.metadata().expect("is there").len();
        assert!(
            bytes < 4 << 20,
            "{} has {bytes} bytes",
            entry.path().display()
        );
    }
    for form in ["report.html", "report.json", "report.md", "junit.xml"] {
        let form = run.folder.join(form);
        let bytes = std::fs::metadata(&form).expect("is there").len();
        assert!(bytes < 1 << 20, "{} has {bytes} bytes", form.display());
    }
}
