//! A run that is stuck names its cause. Each network here is real and broken from outside, as an
//! operator's would be.

use std::path::PathBuf;
use std::process::{Child, Command};

use scenarios::{Run, Shell, assert_code, docker, text, wait_for};
use serde_json::Value;

/// A run of the two homes with short deadlines, to be broken.
struct Stuck {
    shell: Shell,
    run: Run,
    child: Child,
}

impl Stuck {
    fn begin() -> Self {
        let shell = Shell::open();
        let child = shell
            .command(&["verify"])
            .arg(topology(&shell))
            .arg("--artefacts")
            .arg(shell.artefacts())
            .spawn()
            .expect("starts");
        let run = shell.run();
        Self { shell, run, child }
    }

    /// Runs a program in the network namespace of a home, as an operator with root does.
    fn in_network_of(&self, role: &str, command: &[&str]) {
        let pid = docker(&["inspect", "-f", "{{.State.Pid}}", &self.run.container(role)]);
        let status = Command::new("nsenter")
            .args(["--net", "--target", &pid])
            .args(command)
            .status()
            .expect("nsenter is there");
        assert!(status.success(), "{command:?} in {role}");
    }

    /// Expects the run to fail with this cause, on evidence that contains this text.
    fn names(self, cause: &str, evidence: &str) {
        let output = self.child.wait_with_output().expect("ends");
        assert_code(&output, 1);
        let text = text(&output);
        assert!(text.contains(&format!("\ncause: {cause}: ")), "{text}");
        let report = std::fs::read(self.run.folder.join("report.json")).expect("a report");
        let report: Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["diagnosis"]["cause"], cause, "{text}");
        let quoted = report["diagnosis"]["evidence"].to_string();
        assert!(quoted.contains(evidence), "{quoted}");
        assert_eq!(self.run.left(), "");
        assert_eq!(self.shell.states(), Vec::<String>::new());
    }
}

/// The shipped topology with deadlines for somebody who knows that it will not work.
fn topology(shell: &Shell) -> PathBuf {
    shell.shipped(
        "two-home-local",
        &[
            ("descriptors = \"30s\"", "descriptors = \"15s\""),
            ("publication = \"60s\"", "publication = \"8s\""),
            ("peering = \"30s\"", "peering = \"8s\""),
        ],
    )
}

#[test]
fn authorities_without_quorum() {
    let stuck = Stuck::begin();
    stuck.run.reached("start", Some("network"));
    for role in ["da2", "da3"] {
        docker(&["pause", &stuck.run.container(role)]);
    }
    stuck.names("no-quorum", "1 of 3 authorities answer; silent: da2 (");
}

#[test]
fn a_daemon_that_exits() {
    let stuck = Stuck::begin();
    // From here on the relay surely heeds the signal: it has published its descriptor.
    stuck.run.reached("descriptors", None);
    docker(&["kill", "--signal", "TERM", &stuck.run.container("relay2")]);
    stuck.names("daemon-exited", "relay2 ended with status 0");
}

#[test]
fn published_addresses_that_a_firewall_drops() {
    let stuck = Stuck::begin();
    wait_for("home-a's sidecar", || {
        let found = stuck.run.running("home-a/sidecar");
        (!found.is_empty()).then_some(())
    });
    let drop = "iptables -A OUTPUT -p tcp --dport 21001:21007 -j DROP";
    let words: Vec<&str> = drop.split(' ').collect();
    stuck.in_network_of("home-a/sidecar", &words);
    stuck.names("addresses-blocked", "timeout");
}

#[test]
fn a_home_without_a_route() {
    let stuck = Stuck::begin();
    stuck.run.reached("seal", Some("home-a"));
    stuck.in_network_of(
        "home-a/sidecar",
        &["ip", "route", "flush", "scope", "global"],
    );
    stuck.names("no-route", "CONNECTFAILED");
}

#[test]
fn a_connector_that_does_not_listen_for_the_service() {
    let stuck = Stuck::begin();
    stuck.run.reached("seal", Some("home-b"));
    let refuse = "iptables -A INPUT -i lo -p tcp --dport 3000 -j REJECT --reject-with tcp-reset";
    let words: Vec<&str> = refuse.split(' ').collect();
    stuck.in_network_of("home-b/sidecar", &words);
    stuck.names("target-not-listening", "END/MISC");
}
