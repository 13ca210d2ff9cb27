//! Connectors that nobody here wrote stand in homes, by profiles.

use std::path::Path;
use std::process::Command;

use scenarios::{Shell, assert_code, docker, root, text};
use serde_json::Value;

/// What ilp-connector gets wrong: it listens for SIGINT alone, and as the first program of a container it is not
/// ended by SIGTERM either.
const SHUTDOWN: &str = "resilience.shutdown";
/// What cannot be asked of a connector that a forwarder dials for.
const BY_SOCKS_ITSELF: [&str; 2] = ["isolation.no-direct-dial", "names.socks"];
/// What has to be judged of it all the same.
const PROVABLE: [&str; 12] = [
    "service.fetched",
    "service.rendezvous",
    "isolation.circuit",
    "isolation.home-to-home",
    "names.dns",
    "handshake.right-secret",
    "handshake.wrong-secret",
    "handshake.empty-secret",
    "packets.accepted",
    "packets.fulfillment",
    "packets.no-route",
    "secrecy.secrets",
];

/// Verifies the two homes with these options, and returns the report of a run that has passed.
fn pass(more: &[&str]) -> Value {
    let shell = Shell::sharing();
    let output = shell.two_home("verify", more).arg("--json").output();
    let output = output.expect("runs");
    assert_code(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a JSON report");
    assert_eq!(report["verdict"], "pass");
    report
}

fn verdict<'r>(report: &'r Value, id: &str) -> &'r str {
    let mut checks = report["checks"].as_array().expect("checks").iter();
    let found = checks.find(|check| check["id"] == id);
    let found = found.unwrap_or_else(|| panic!("{id} is missing"));
    found["verdict"].as_str().expect("a verdict")
}

/// Says what the forwarder's being there leaves unsupported, and that it was there.
fn assert_forwarded(report: &Value) {
    for id in BY_SOCKS_ITSELF {
        assert_eq!(verdict(report, id), "unsupported", "{id}");
    }
    for id in PROVABLE {
        assert_eq!(verdict(report, id), "pass", "{id}");
    }
    let told = report.to_string();
    assert!(told.contains("a forwarder of the harness"), "{told}");
}

/// Packets of the amount 0 and of another were delivered both ways, each as it was sent.
fn assert_both_ways(report: &Value) {
    for id in [
        "packets.delivered",
        "packets.once",
        "packets.payload",
        "packets.hops",
    ] {
        assert_eq!(verdict(report, id), "pass", "{id}");
    }
    let mut checks = report["checks"].as_array().expect("checks").iter();
    let delivered = checks.find(|check| check["id"] == "packets.delivered");
    let evidence = delivered.expect("is there")["evidence"].as_str();
    let evidence = evidence.expect("a text");
    for way in ["home-a to home-b: 2", "home-b to home-a: 2"] {
        assert!(evidence.contains(way), "{evidence}");
    }
}

#[test]
fn ilp_connector_passes_over_the_onion_network() {
    let report = pass(&["--connector", "ilp-connector", "--accept-defects", SHUTDOWN]);
    assert_forwarded(&report);
    assert_both_ways(&report);
    assert_eq!(verdict(&report, "resilience.health"), "unsupported");
}

#[test]
fn a_connector_without_socks_passes_by_the_forwarder() {
    let report = pass(&["--connector", "toon-1"]);
    assert_forwarded(&report);
    assert_both_ways(&report);
    assert_eq!(verdict(&report, "handshake.connected"), "pass");
}

/// What a connector may write to is what its profile says, as the engine tells it.
#[test]
fn a_connector_writes_where_its_profile_says_and_nowhere_else() {
    for (connector, writable) in [("toon", "/config"), ("ilp-connector", "/config /tmp")] {
        let shell = Shell::sharing();
        let output = shell.two_home("up", &["--connector", connector]).output();
        assert_code(&output.expect("runs"), 0);
        let container = shell.run().container("home-a/connector");
        let told = docker(&[
            "inspect",
            "-f",
            "{{.HostConfig.ReadonlyRootfs}}",
            &container,
        ]);
        assert_eq!(told.trim(), "true", "{connector}");
        let mounts = docker(&[
            "inspect",
            "-f",
            "{{range .Mounts}}{{.Destination}} {{end}}",
            &container,
        ]);
        let mut mounts: Vec<&str> = mounts.split_whitespace().collect();
        mounts.sort_unstable();
        assert_eq!(mounts.join(" "), writable, "{connector}");
        let output = shell.command(&["down", "two-home-local"]).output();
        assert_code(&output.expect("runs"), 0);
    }
}

/// The folder of the program that the scenario of that name runs.
fn folder(name: &str) -> String {
    let folder = root().join("target/images").join(name);
    folder.display().to_string()
}

#[test]
fn a_program_of_this_machine_passes_without_an_image() {
    let report = pass(&[
        "--accept-defects",
        SHUTDOWN,
        "--connector",
        "ilp-connector",
        "--connector-command",
        "node node_modules/ilp-connector/dist/index.js",
        "--connector-dir",
        &folder("ilp-connector/app"),
    ]);
    assert_both_ways(&report);
    let report = pass(&[
        "--connector-command",
        "./connector",
        "--connector-dir",
        &folder(""),
    ]);
    assert_both_ways(&report);
    assert_eq!(verdict(&report, "names.socks"), "pass");
}

#[test]
fn what_a_program_of_this_machine_sees_of_it_is_what_it_needs() {
    let shell = Shell::sharing();
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("look");
    let script =
        "#!/bin/sh\nls -a / /etc /root /home 2>&1\ntouch /connector/x /usr/x 2>&1\nid -u\n";
    std::fs::write(&program, script).expect("writes");
    run(Command::new("chmod")
        .arg("755")
        .arg(&program)
        .arg(folder.path()));
    let output = shell
        .two_home(
            "verify",
            &["--connector-command", "./look", "--connector-dir"],
        )
        .arg(folder.path())
        .output()
        .expect("runs");
    assert_code(&output, 1);
    // The first of the two that ends takes the run with it: the other may not have begun.
    let logs = shell.run().folder.join("logs");
    let seen: String = ["home-a", "home-b"]
        .map(|home| logs.join(format!("{home}-connector.log")))
        .into_iter()
        .filter_map(|log| std::fs::read_to_string(log).ok())
        .collect();
    for read_only in ["/connector/x", "/usr/x"] {
        let refused = format!("'{read_only}': Read-only file system");
        assert!(seen.contains(&refused), "{seen}");
    }
    assert!(seen.lines().any(|line| line == "1000"), "{seen}");
    for hidden in ["/root", "/home"] {
        let missing = seen.contains(&format!("'{hidden}': No such file"));
        assert!(missing, "{hidden}: {seen}");
    }
    assert!(!seen.contains("passwd"), "{seen}");
}

fn run(command: &mut Command) {
    assert!(command.status().expect("runs").success());
}

#[test]
fn what_a_profile_needs_and_is_not_there_is_named() {
    let shell = Shell::sharing();
    let bare = "name = \"mine\"\n[ports]\nbtp = 3000\n[environment]\nA = \"b\"\n";
    let file = shell.artefacts().with_file_name("mine.toml");
    std::fs::write(&file, bare).expect("writes");
    let output = shell
        .two_home("verify", &["--connector"])
        .arg(&file)
        .output()
        .expect("runs");
    assert_code(&output, 2);
    let told = text(&output);
    assert!(
        told.contains("mine names no image") && told.contains("--connector-image"),
        "{told}"
    );
    assert!(!Path::new(&shell.artefacts()).exists(), "nothing has begun");
}
