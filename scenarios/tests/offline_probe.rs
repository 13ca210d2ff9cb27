//! A topology that is left running is measured, closed and open, and as far as it gets.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use scenarios::{Shell, assert_code, root, signal, text, widened};
use serde_json::Value;

/// The main topology under a name of its own, so that whatever else runs is left alone.
fn topology(shell: &Shell) -> String {
    let main = root().join("fixtures/topologies/two-home-local.toml");
    let text = std::fs::read_to_string(main).expect("the main topology is there");
    let name = format!("probed-{}", std::process::id());
    let path = shell.artefacts().join(format!("{name}.toml"));
    std::fs::create_dir_all(shell.artefacts()).expect("a folder");
    let renamed = text.replacen("\"two-home-local\"", &format!("\"{name}\""), 1);
    std::fs::write(&path, widened(&renamed)).expect("writes");
    path.display().to_string()
}

fn probe(shell: &Shell, topology: &str, more: &[&str], code: i32) -> Value {
    let output = shell
        .command(&["probe", topology, "--json", "--warm-up", "1s"])
        .args(more)
        .output()
        .expect("runs");
    assert_code(&output, code);
    serde_json::from_slice(&output.stdout).expect("a JSON report alone on standard output")
}

/// What of the shell's folders there is: a probe writes none of it.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("is there").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_running_topology_is_measured_and_left_as_it_is() {
    let shell = Shell::open();
    let topology = topology(&shell);
    let up = shell
        .command(&["up", &topology, "--artefacts"])
        .arg(shell.artefacts())
        .output()
        .expect("runs");
    assert_code(&up, 0);
    let run = shell.run();
    let before = (run.containers(), files(&shell.artefacts()));

    let closed = probe(&shell, &topology, &["--for", "4s", "--concurrency", "8"], 0);
    assert_eq!(closed["verdict"], "pass", "{closed}");
    assert_eq!(closed["run"], run.id);
    let measured = &closed["measured"];
    assert!(measured["raw"]["count"].as_u64() >= Some(200), "{measured}");
    assert_eq!(measured["outcomes"]["fulfilled"], measured["sent"]);
    assert!(measured.get("corrected").is_none(), "{measured}");
    assert!(closed["warm_up"]["sent"].as_u64() > Some(0));
    for metric in ["dial", "redial", "btp-connect"] {
        assert_eq!(closed["connecting"][metric]["count"], 3, "{metric}");
    }

    let open = probe(
        &shell,
        &topology,
        &["--for", "5s", "--rate", "50/s", "--fresh-dials", "4"],
        0,
    );
    let measured = &open["measured"];
    assert_eq!(measured["sent"], 250, "{measured}");
    assert_eq!(measured["raw"]["count"], 250);
    assert_eq!(measured["corrected"]["count"], 250);
    assert_eq!(open["warm_up"]["sent"], 50);
    assert_eq!(open["connecting"]["dial"]["count"], 4);

    // Fewer than the budgets ask for.
    let few = probe(&shell, &topology, &["--for", "1s", "--rate", "10/s"], 4);
    assert_eq!(few["verdict"], "inconclusive");

    let unknown = shell
        .command(&["probe", &topology, "--for", "1s", "--to", "home-z"])
        .output()
        .expect("runs");
    assert_code(&unknown, 2);
    let says = text(&unknown);
    assert!(
        says.contains("no home \"home-z\"; --to takes one of home-a, home-b"),
        "{says}"
    );

    interrupted(&shell, &topology);
    assert_eq!(
        (run.containers(), files(&shell.artefacts())),
        before,
        "nothing came and nothing went"
    );

    killed(&shell, &topology, || run.kill("home-b/connector"));
    let broken = shell
        .command(&["probe", &topology, "--for", "1s"])
        .output()
        .expect("runs");
    assert_code(&broken, 3);
    assert!(
        text(&broken).contains("home-b/connector: exited"),
        "{}",
        text(&broken)
    );

    let down = shell.command(&["down", &topology]).output().expect("runs");
    assert_code(&down, 0);
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}

/// Starts a long probe, does something when its load has begun, and returns its report.
fn disturbed(shell: &Shell, topology: &str, code: i32, disturb: impl FnOnce(u32)) -> Value {
    let mut child = shell
        .command(&[
            "probe",
            topology,
            "--json",
            "--for",
            "60s",
            "--warm-up",
            "0s",
        ])
        .args(["--rate", "100/s"])
        .spawn()
        .expect("starts");
    let errors = BufReader::new(child.stderr.take().expect("is piped"));
    let begun = errors
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with("load of"));
    assert!(begun.is_some(), "it ended before the load");
    disturb(child.id());
    let mut out = String::new();
    child
        .stdout
        .take()
        .expect("is piped")
        .read_to_string(&mut out)
        .expect("reads");
    assert_eq!(child.wait().expect("ends").code(), Some(code), "{out}");
    serde_json::from_str(&out).expect("a report")
}

fn interrupted(shell: &Shell, topology: &str) {
    let report = disturbed(shell, topology, 130, |process| signal(process, "INT"));
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["exit_code"], 130);
    assert!(report["measured"]["took_ms"].as_u64() < Some(30_000));
    assert_eq!(report["connecting"]["dial"]["count"], 3);
}

fn killed(shell: &Shell, topology: &str, kill: impl FnOnce()) {
    let report = disturbed(shell, topology, 1, |_| kill());
    assert_eq!(report["verdict"], "fail");
    let lost = report["lost"].as_str().expect("a cause");
    assert!(
        lost.contains("home-b/connector ended with status 137"),
        "{lost}"
    );
    let checks = report["checks"].as_array().expect("checks");
    let session = checks.iter().find(|check| check["id"] == "probe.session");
    assert_eq!(session.expect("is judged")["verdict"], "fail");
}
