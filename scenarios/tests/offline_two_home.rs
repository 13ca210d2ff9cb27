//! The main job: two homes, offline, on real daemons.

use ator_harness::report::FORMS;
use scenarios::{Shell, assert_code, text};
use serde_json::Value;

/// The checks that the main job must make; more may come.
const CHECKS: [&str; 35] = [
    "network.consensus",
    "network.certificates",
    "network.bootstrapped",
    "service.address",
    "service.uploaded",
    "service.fetched",
    "service.rendezvous",
    "isolation.published-reachable",
    "isolation.home-to-home",
    "isolation.nothing-else",
    "handshake.wiring",
    "handshake.connected",
    "handshake.right-secret",
    "handshake.wrong-secret",
    "handshake.empty-secret",
    "isolation.circuit",
    "isolation.no-direct-dial",
    "names.socks",
    "names.dns",
    "handshake.configured-secret",
    "packets.accepted",
    "packets.fulfillment",
    "packets.delivered",
    "packets.once",
    "packets.payload",
    "packets.hops",
    "packets.no-route",
    "packets.expired",
    "packets.application-error",
    "resilience.health",
    "secrecy.addresses",
    "secrecy.secrets",
    "latency.round-trip.p50",
    "latency.dial.max",
    "hygiene.nothing-left",
];

#[test]
fn the_verdict_is_pass_with_every_check_and_nothing_is_left() {
    let shell = Shell::open();
    let output = shell
        .two_home("verify", &["--json"])
        .output()
        .expect("runs");
    assert_code(&output, 0);
    let report: Value =
        serde_json::from_slice(&output.stdout).expect("a JSON report alone on standard output");
    assert_eq!(report["verdict"], "pass");
    let checks = report["checks"].as_array().expect("checks");
    for wanted in CHECKS {
        let found = checks.iter().find(|check| check["id"] == wanted);
        let check = found.unwrap_or_else(|| panic!("{wanted} is missing"));
        assert_eq!(check["verdict"], "pass", "{check}");
        assert!(
            check["evidence"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{check}"
        );
    }
    assert!(report["metrics"]["round-trip"]["count"].as_u64() >= Some(200));

    let run = shell.run();
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
    let others = [
        "events.jsonl",
        "plan.json",
        "logs/home-a-connector.log",
        "logs/da1.log",
    ];
    let forms = FORMS.iter().map(|form| form.file);
    for file in forms.chain(others) {
        let path = run.folder.join(file);
        assert!(
            path.metadata().is_ok_and(|file| file.len() > 0),
            "{} is empty or missing",
            path.display()
        );
    }
    let latest =
        std::fs::read_link(shell.artefacts().join("latest")).expect("a link to the latest run");
    assert_eq!(latest.to_string_lossy(), run.id);
}

#[test]
fn a_running_topology_is_judged_and_left_running() {
    let shell = Shell::open();
    let up = shell.two_home("up", &[]).output().expect("runs");
    assert_code(&up, 0);
    let run = shell.run();
    let status = shell
        .command(&["status", "two-home-local"])
        .output()
        .expect("runs");
    assert_code(&status, 0);
    assert!(
        text(&status).contains("home-a/connector"),
        "{}",
        text(&status)
    );

    let again = shell.two_home("up", &[]).output().expect("runs");
    assert_code(&again, 2);
    assert!(
        text(&again).contains("is running already"),
        "{}",
        text(&again)
    );

    let before = run.containers();
    let verify = shell.two_home("verify", &[]).output().expect("runs");
    assert_code(&verify, 0);
    assert!(text(&verify).contains("left running"), "{}", text(&verify));
    assert_eq!(run.containers(), before);

    // Who shares the engine and has another state folder leaves it alone.
    let stranger = Shell::open();
    let down = stranger
        .command(&["down", "two-home-local"])
        .output()
        .expect("runs");
    assert_code(&down, 1);
    assert!(
        text(&down).contains("another state folder"),
        "{}",
        text(&down)
    );
    assert_eq!(run.containers(), before);

    let down = shell
        .command(&["down", "two-home-local"])
        .output()
        .expect("runs");
    assert_code(&down, 0);
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
    // By its run: others may run the same topology meanwhile.
    let down = shell.command(&["down", &run.id]).output().expect("runs");
    assert_code(&down, 0);
    assert!(text(&down).contains("nothing to remove"), "{}", text(&down));
    let status = shell.command(&["status", &run.id]).output().expect("runs");
    assert_code(&status, 1);
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let shells = [Shell::open(), Shell::open()];
    let children = shells.each_ref().map(|shell| {
        let topology = shell.shipped("two-home-local", &[]);
        shell
            .command(&["verify"])
            .arg(topology)
            .arg("--artefacts")
            .arg(shell.artefacts())
            .spawn()
            .expect("starts")
    });
    for child in children {
        let output = child.wait_with_output().expect("ends");
        assert_code(&output, 0);
    }
    for shell in &shells {
        assert_eq!(shell.run().left(), "");
    }
}
