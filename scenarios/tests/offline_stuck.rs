//! A run that is stuck names its cause. Each network here is real and broken from outside, as an
//! operator's would be.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use ator_harness::onion::mentions_address;
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

    /// The id of a container's process.
    fn pid_of(&self, role: &str) -> String {
        docker(&["inspect", "-f", "{{.State.Pid}}", &self.run.container(role)])
    }

    /// Runs a program in the network namespace of a home, as an operator with root does.
    fn in_network_of(&self, role: &str, command: &[&str]) {
        in_network_of(&self.pid_of(role), command);
    }

    /// The secrets in a container's environment.
    fn secrets_of(&self, role: &str) -> Vec<String> {
        let format = "{{range .Config.Env}}{{println .}}{{end}}";
        let environment = docker(&["inspect", "-f", format, &self.run.container(role)]);
        let variables = environment.lines().filter_map(|line| line.split_once('='));
        let secret = |name: &str| {
            ["SECRET", "KEY", "TOKEN"]
                .iter()
                .any(|word| name.contains(word))
        };
        variables
            .filter(|(name, value)| secret(name) && value.len() >= 16)
            .map(|(_, value)| value.to_owned())
            .collect()
    }

    /// Expects the run to end with this cause, on evidence that contains this text, or its parts in this order (" … "): as
    /// a fail if a connector is at fault. Returns its trace.
    fn names(self, cause: &str, evidence: &str, at_fault: &str) -> String {
        let output = self.child.wait_with_output().expect("ends");
        let (code, verdict) = match at_fault {
            "subject" => (1, "fail"),
            _ => (3, "inconclusive"),
        };
        assert_code(&output, code);
        let text = text(&output);
        assert!(text.contains(&format!("\ncause: {cause}: ")), "{text}");
        let report = std::fs::read(self.run.folder.join("report.json")).expect("a report");
        let report: Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["diagnosis"]["cause"], cause, "{text}");
        assert_eq!(report["diagnosis"]["at_fault"], at_fault, "{text}");
        assert_eq!(report["verdict"], verdict, "{text}");
        let quoted = report["diagnosis"]["evidence"].to_string();
        let mut rest = quoted.as_str();
        for words in evidence.split(" … ") {
            let (_, after) = rest
                .split_once(words)
                .unwrap_or_else(|| panic!("{words} in {quoted}"));
            rest = after;
        }
        let trace = trace(&self.run, &report);
        assert_eq!(self.run.left(), "");
        assert_eq!(self.shell.states(), Vec::<String>::new());
        trace
    }
}

/// Runs a program in the network namespace of a process.
fn in_network_of(pid: &str, command: &[&str]) {
    let status = Command::new("nsenter")
        .args(["--net", "--target", pid])
        .args(command)
        .status()
        .expect("nsenter is there");
    assert!(status.success(), "{command:?} in the network of {pid}");
}

/// The trace, which is for its owner alone, and names whom the run has asked but no onion address.
fn trace(run: &Run, report: &Value) -> String {
    let path = run.folder.join("trace.log");
    let mode = std::fs::metadata(&path).expect("a trace").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let trace = std::fs::read_to_string(path).expect("is text");
    assert!(trace.contains(" ator_harness::engine: whom="), "{trace}");
    assert!(trace.contains(" ator_harness::daemon: whom="), "{trace}");
    assert!(!mentions_address(&trace), "{trace}");
    let files = &report["artefacts"]["files"];
    assert!(files.to_string().contains("\"trace.log\""), "{files}");
    trace
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
        docker(&["kill", "--signal", "STOP", &stuck.run.container(role)]);
    }
    stuck.names(
        "no-quorum",
        "1 of 3 authorities answer; silent: da2 (",
        "surroundings",
    );
}

#[test]
fn a_relay_that_most_authorities_vote_against() {
    let stuck = Stuck::begin();
    stuck.run.reached("start", Some("network"));
    // No node publishes before this one is there.
    let held = stuck.run.container("relay3");
    docker(&["kill", "--signal", "STOP", &held]);
    let relay = stuck.run.container("relay4");
    let fingerprint = wait_for("relay4's fingerprint", || {
        let log = docker(&["logs", &relay]);
        let (_, rest) = log.split_once("fingerprint is 'relay4 ")?;
        Some(rest.split('\'').next()?.to_owned())
    });
    // Such a relay is listed, and not as valid (tor manual, `approved-routers`).
    let list = stuck.shell.artefacts().join("approved-routers");
    std::fs::write(&list, format!("!invalid {fingerprint}\n")).expect("a file");
    std::fs::set_permissions(&list, PermissionsExt::from_mode(0o644)).expect("is there");
    for authority in ["da1", "da2"] {
        let authority = stuck.run.container(authority);
        let place = format!("{authority}:/var/lib/anon/approved-routers");
        docker(&["cp", &list.to_string_lossy(), &place]);
        docker(&["kill", "--signal", "HUP", &authority]);
    }
    docker(&["kill", "--signal", "CONT", &held]);
    stuck.names(
        "no-agreement",
        // One whose vote is not known yet when the time is over is told between these.
        "lacks relay4: … 1 of 3 votes with it as Running and Valid (da3), … of 3 votes with it as not Valid (",
        "surroundings",
    );
}

#[test]
fn a_daemon_that_exits() {
    let stuck = Stuck::begin();
    // From here on the relay surely heeds the signal: it has published its descriptor.
    stuck.run.reached("descriptors", None);
    docker(&["kill", "--signal", "TERM", &stuck.run.container("relay2")]);
    stuck.names(
        "daemon-exited",
        "relay2 ended with status 0",
        "surroundings",
    );
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
    stuck.names("addresses-blocked", "timeout", "surroundings");
}

#[test]
fn a_home_without_a_route() {
    let stuck = Stuck::begin();
    // Looked for in advance: a daemon that were faster than this test would have a connection, which hangs and does not
    // fail.
    stuck.run.reached("daemon", Some("home-a"));
    let pid = stuck.pid_of("home-a/sidecar");
    stuck.run.reached("seal", Some("home-a"));
    in_network_of(&pid, &["ip", "route", "flush", "scope", "global"]);
    stuck.names("no-route", "CONNECTFAILED", "surroundings");
}

#[test]
fn a_connector_that_does_not_listen_for_the_service() {
    let stuck = Stuck::begin();
    stuck.run.reached("seal", Some("home-b"));
    let refuse = "iptables -A INPUT -i lo -p tcp --dport 3000 -j REJECT --reject-with tcp-reset";
    let words: Vec<&str> = refuse.split(' ').collect();
    stuck.in_network_of("home-b/sidecar", &words);
    let connector = wait_for("home-b's connector", || {
        let found = stuck.run.running("home-b/connector");
        (!found.is_empty()).then_some("home-b/connector")
    });
    let secrets = stuck.secrets_of(connector);
    assert!(!secrets.is_empty(), "a connector has secrets");
    let trace = stuck.names("target-not-listening", "END/MISC", "subject");
    assert!(trace.contains(" ator_harness::connector: whom="), "{trace}");
    assert!(
        secrets.iter().all(|secret| !trace.contains(secret)),
        "{trace}"
    );
}
