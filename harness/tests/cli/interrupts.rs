//! Signals that ask a command to end which waits for something that does not come.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::json::{document, failure};
use crate::support::{Killed, Place, wait_for};

const SIGNALS: [Signal; 4] = [Signal::INT, Signal::TERM, Signal::QUIT, Signal::HUP];

/// Longer than an interruption takes, and shorter than anything that is waited for here.
const AT_ONCE: Duration = Duration::from_secs(8);

/// Starts a command, asks it to end once it listens to signals and `waits`, and returns what it left.
pub(crate) fn interrupted(
    command: &mut Command,
    signal: Signal,
    waits: impl FnMut() -> bool,
) -> Output {
    command.stdin(Stdio::piped());
    let mut process = Killed(command.spawn().expect("starts"));
    let id = process.0.id();
    wait_for("it to listen", || catches(id));
    wait_for("it to wait", waits);
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    let asked = Instant::now();
    kill_process(pid.expect("a process"), signal).expect("is asked");
    let mut status = None;
    wait_for("it to end", || {
        status = process.0.try_wait().expect("can be asked");
        status.is_some()
    });
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    let read = |stream: &mut dyn std::io::Read| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("reads");
        bytes
    };
    Output {
        status: status.expect("has ended"),
        stdout: read(&mut process.0.stdout.take().expect("is piped")),
        stderr: read(&mut process.0.stderr.take().expect("is piped")),
    }
}

/// Whether a process catches the last of the signals that it takes over, SIGHUP (proc(5)).
fn catches(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

fn assert_interrupted(output: &Output) {
    let found = failure(output);
    assert_eq!(output.status.code(), Some(130), "{found}");
    assert_eq!(found["outcome"], "interrupted");
}

#[test]
fn a_ledger_that_another_process_holds_is_waited_for_until_a_signal() {
    let place = Place::new();
    let path = place.file("l.jsonl", "");
    let held = File::open(path).expect("opens");
    held.lock().expect("is free");
    for signal in SIGNALS {
        for verb in [&["show", "l.jsonl"][..], &["add", "l.jsonl", "--repair"]] {
            let mut command = place.process(&["ledger"]);
            command.args(verb).arg("--json");
            assert_interrupted(&interrupted(&mut command, signal, || true));
        }
    }
}

#[test]
fn a_pipe_without_an_end_is_read_until_a_signal() {
    let place = Place::new();
    for signal in SIGNALS {
        for arguments in [
            &["compare", "/dev/stdin", "/dev/stdin"][..],
            &["plan", "/dev/stdin"],
        ] {
            let mut command = place.process(arguments);
            command.arg("--json");
            assert_interrupted(&interrupted(&mut command, signal, || true));
        }
    }
}

#[test]
fn frames_are_waited_for_until_a_signal() {
    let place = Place::new();
    for signal in SIGNALS {
        let mut command = place.process(&["wire", "decode", "-"]);
        let output = interrupted(&mut command, signal, || true);
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "ator-harness: interrupted\n"
        );
    }
}

#[test]
fn an_engine_that_never_answers_is_waited_for_until_a_signal() {
    let place = Place::new();
    place.with_binaries();
    let engine = UnixListener::bind(place.path("engine.sock")).expect("binds");
    engine.set_nonblocking(true).expect("can be");
    // A run of which nobody can tell what it is of; the engine is asked.
    place.file("state/20260101-000000-abcdef/standing.json", "?");
    place.file("state/20260101-000000-abcdef/lock", "");
    for signal in SIGNALS {
        for arguments in [
            &["probe", "two-home-local", "--for", "1s"][..],
            &["status", "two-home-local"],
            &["down", "two-home-local"],
            &["conformance", "--connector", "toon", "--image", "x"],
            &["verify", "two-home-local"],
            &["up", "two-home-local"],
            &["network", "up"],
            &["doctor", "two-home-local", "--deep"],
        ] {
            let mut command = place.process(arguments);
            command.arg("--json");
            let mut asked = Vec::new();
            let output = interrupted(&mut command, signal, || {
                asked.extend(engine.accept().ok());
                !asked.is_empty()
            });
            assert_interrupted(&output);
        }
    }
}

#[test]
fn a_connector_that_never_answers_is_waited_for_until_a_signal() {
    let place = Place::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("binds");
    silent.set_nonblocking(true).expect("can be");
    let url = format!("ws://{}", silent.local_addr().expect("is bound"));
    for signal in SIGNALS {
        let mut command = place.process(&["conformance", "--timeout", "600", "--json"]);
        command
            .args(["--url", &url, "--peer", "p", "--secret-env", "SECRET"])
            .env("SECRET", "s3cret");
        let mut dialled = Vec::new();
        let output = interrupted(&mut command, signal, || {
            dialled.extend(silent.accept().ok());
            !dialled.is_empty()
        });
        assert_interrupted(&output);
        assert!(!document(&output).to_string().contains("s3cret"));
    }
}

#[test]
fn a_run_that_is_interrupted_reports_itself() {
    let place = Place::new();
    place.with_binaries();
    place.engine(Vec::new());
    for verb in ["verify", "up"] {
        let mut command = place.process(&[verb, "two-home-local", "--network", "fresh", "--json"]);
        command.args(["--artefacts", verb]);
        let output = interrupted(&mut command, Signal::TERM, || {
            std::fs::read_dir(place.path(verb)).is_ok_and(|mut runs| runs.next().is_some())
        });
        let found = document(&output);
        assert_eq!(output.status.code(), Some(130), "{found}");
        assert_eq!(found["kind"], "run");
        assert_eq!(found["exit_code"], 130);
        assert_eq!(found["error"]["kind"], "interrupted");
    }
}
