//! `conformance` with the connector's container at hand: it is started, watched, started again and removed.

use std::process::{Child, Output};

use scenarios::{Run, Shell, assert_code, docker, signal, text, wait_for};
use serde_json::Value;

/// Runs the command with these options.
fn conformance(shell: &Shell, more: &[&str]) -> Output {
    let mut command = shell.command(&["conformance", "--json", "--connector"]);
    let output = command.args(more).output().expect("runs");
    assert_eq!(
        shell.states(),
        Vec::<String>::new(),
        "nothing is known of any run"
    );
    output
}

/// The report of a command that has ended with this code.
fn report(output: &Output, code: i32) -> Value {
    assert_code(output, code);
    serde_json::from_slice(&output.stdout).expect("a JSON report")
}

fn rows(report: &Value) -> &[Value] {
    report["rows"].as_array().expect("rows")
}

fn row<'r>(report: &'r Value, id: &str) -> &'r Value {
    let found = rows(report).iter().find(|row| row["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is missing"))
}

/// The names of the rows that came out like this.
fn of<'r>(report: &'r Value, verdict: &str) -> Vec<&'r str> {
    let such = rows(report).iter().filter(|row| row["verdict"] == verdict);
    such.filter_map(|row| row["id"].as_str()).collect()
}

/// What needs an address that is fulfilled, one that is forwarded, and another account to send from.
const OF_PACKETS: [&str; 8] = [
    "forward-fulfilled",
    "forward-rejected",
    "forward-wrong-fulfillment",
    "forward-expired",
    "forward-unanswered",
    "duplicate-older-closes",
    "next-hop-leaves",
    "foreign-answer",
];

#[test]
fn the_reference_connector_is_held_against_every_row_but_two() {
    let report = report(&conformance(&Shell::open(), &["toon"]), 0);
    // One is about its file, and in the other it would have to dial the harness.
    assert_eq!(
        of(&report, "unsupported"),
        ["yaml-secret-only", "client-gives-up"]
    );
    for id in OF_PACKETS
        .iter()
        .chain(&["packet-fulfilled", "shutdown-idle-socket", "env-noauth-0"])
    {
        assert_eq!(row(&report, id)["verdict"], "pass", "{}", row(&report, id));
    }
}

#[test]
fn ilp_connector_forwards_fulfils_and_expires() {
    let report = report(&conformance(&Shell::open(), &["ilp-connector"]), 1);
    assert_eq!(report["dialect"], "rfc");
    assert_eq!(of(&report, "fail"), Vec::<&str>::new(), "{report:#}");
    for id in OF_PACKETS {
        let row = row(&report, id);
        assert_ne!(row["verdict"], "unsupported", "{row}");
    }
    for id in [
        "forward-fulfilled",
        "forward-rejected",
        "forward-expired",
        "packet-fulfilled",
    ] {
        assert_eq!(row(&report, id)["verdict"], "pass", "{}", row(&report, id));
    }
    // It listens for SIGINT alone.
    assert_eq!(row(&report, "shutdown-idle-socket")["verdict"], "defect");
}

#[test]
fn a_connector_that_dies_of_one_frame_is_started_again_and_the_rest_is_run() {
    let mutant = "REFERENCE_CONNECTOR_MUTANT=dies-of-empty-message";
    let report = report(&conformance(&Shell::open(), &["toon", "--env", mutant]), 1);
    assert_eq!(of(&report, "fail"), ["bad-empty", "pre-bad-empty"]);
    for id in of(&report, "fail") {
        let why = row(&report, id)["why"].as_str().expect("a reason");
        let killed = format!("the connector was killed by {id}: it ended with status ");
        assert!(
            why.starts_with(&killed) && why.ends_with("; started again"),
            "{why}"
        );
    }
    assert_eq!(
        of(&report, "unsupported"),
        ["yaml-secret-only", "client-gives-up"]
    );
    assert!(of(&report, "pass").len() > 100, "{report:#}");
}

/// A command under way, with its run and the connector's container, which runs.
fn under_way(shell: &Shell) -> (Child, Run) {
    let mut command = shell.command(&["conformance", "--connector", "toon"]);
    let child = command.spawn().expect("starts");
    let id = wait_for("the run to be known", || shell.states().pop());
    let run = Run {
        id,
        folder: shell.artefacts(),
    };
    wait_for("the connector to run", || {
        (!run.running("connector").is_empty()).then_some(())
    });
    (child, run)
}

fn signalled(name: &str) {
    let shell = Shell::open();
    let (child, run) = under_way(&shell);
    assert_ne!(
        docker(&[
            "ps",
            "-q",
            "--filter",
            &format!("label=ator-harness.run={}", run.id)
        ]),
        ""
    );
    signal(child.id(), name);
    let output = child.wait_with_output().expect("ends");
    assert_code(&output, 130);
    assert!(text(&output).contains("interrupted"), "{}", text(&output));
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}

#[test]
fn an_interrupt_removes_the_connector() {
    signalled("INT");
}

#[test]
fn a_termination_removes_the_connector() {
    signalled("TERM");
}

#[test]
fn a_terminal_that_hangs_up_removes_the_connector() {
    signalled("HUP");
}

#[test]
fn a_quit_removes_the_connector() {
    signalled("QUIT");
}

#[test]
fn a_kill_is_cleaned_up_after() {
    let shell = Shell::open();
    let (mut child, run) = under_way(&shell);
    signal(child.id(), "KILL");
    child.wait().expect("ends");
    run.gone();
    wait_for("the state to be gone", || {
        shell.states().is_empty().then_some(())
    });
}

#[test]
fn what_keeps_the_connector_from_being_judged_is_the_environments_and_named() {
    let shell = Shell::open();
    for (more, says) in [
        (
            ["toon", "--image", "nobody/nothing:0"],
            "image nobody/nothing:0 does not exist on the engine; load or build it first",
        ),
        (
            ["toon", "--env", "CONFIG_FILE=/nowhere"],
            "the connector ended before it was ready: it ended with status 1; the end of its log: ",
        ),
    ] {
        let output = conformance(&shell, &more);
        assert_code(&output, 3);
        assert!(text(&output).contains(says), "{}", text(&output));
    }
    let mut command = shell.command(&["conformance", "--connector", "toon"]);
    let output = command
        .env("DOCKER_HOST", "unix:///nowhere")
        .output()
        .expect("runs");
    assert_code(&output, 3);
    assert!(
        text(&output).contains("no Docker Engine answers"),
        "{}",
        text(&output)
    );
}
