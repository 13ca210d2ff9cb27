//! Every committed topology comes up and passes.

use scenarios::{Shell, assert_code};
use serde_json::Value;

/// Verifies a topology, and returns its report.
fn pass(name: &str, more: &[&str]) -> Value {
    let shell = Shell::open();
    let output = shell
        .command(&["verify", name, "--json"])
        .arg("--artefacts")
        .arg(shell.artefacts())
        .args(more)
        .output()
        .expect("runs");
    assert_code(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["verdict"], "pass");
    report
}

fn evidence<'a>(report: &'a Value, id: &str) -> &'a str {
    let checks = report["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["id"] == id);
    check.expect("the check is made")["evidence"]
        .as_str()
        .expect("evidence")
}

#[test]
fn three_hop_delivers_over_three_onion_services() {
    let report = pass("three-hop", &[]);
    let crossed = evidence(&report, "isolation.circuit");
    for peering in ["home-a to home-b", "home-b to home-c", "home-c to home-d"] {
        assert!(crossed.contains(peering), "{crossed}");
    }
    let delivered = evidence(&report, "packets.delivered");
    assert!(delivered.contains("home-a to home-d: 1"), "{delivered}");
    assert!(delivered.contains("probe to home-d: 208"), "{delivered}");
    assert!(evidence(&report, "packets.hops").contains("up to 3 hops"));
}

#[test]
fn mixed_transport_goes_directly_and_over_the_onion_network() {
    let report = pass("mixed-transport", &[]);
    let crossed = evidence(&report, "isolation.circuit");
    assert!(!crossed.contains("sibling"), "{crossed}");
    let delivered = evidence(&report, "packets.delivered");
    assert!(delivered.contains("sibling to home-b: 1"), "{delivered}");
}

#[test]
fn no_auth_lets_in_who_has_no_secret() {
    let report = pass("no-auth", &[]);
    assert!(evidence(&report, "handshake.empty-secret").contains("let in"));
}

#[test]
fn managed_connectors_run_their_own_daemon() {
    let report = pass("managed", &[]);
    assert!(evidence(&report, "service.address").contains("2 addresses"));
}

#[test]
fn many_homes_takes_their_number() {
    let report = pass("many-homes", &["--homes", "3"]);
    assert!(evidence(&report, "network.bootstrapped").contains("home-3"));
    let report = pass("many-homes", &[]);
    assert!(evidence(&report, "network.bootstrapped").contains("home-8"));
}

#[test]
fn two_home_wan_has_the_distances_of_the_internet() {
    let report = pass("two-home-wan", &[]);
    let trips = &report["metrics"]["round-trip"];
    assert!(trips["p50_us"].as_f64() > Some(400_000.0), "{trips}");
}

#[test]
fn three_hop_wan_takes_three_times_as_long() {
    let report = pass("three-hop-wan", &[]);
    let near = report["metrics"]["round-trip"]["p50_us"].as_f64();
    let far = report["metrics"]["far-round-trip"]["p50_us"].as_f64();
    assert!(far > Some(1_200_000.0), "{far:?}");
    assert!(far > near.map(|near| near * 2.0), "{near:?} {far:?}");
}
