//! A machine whose processors are taken by something else is no connector's fault; one whose processors the connector
//! takes is.

use std::process::{Child, Command, Stdio};
use std::thread::available_parallelism;

use scenarios::{Shell, assert_code, docker, text};
use serde_json::Value;

/// A connector that answers 300 ms later: it waits, so that processors are idle where nothing else wants them.
const SLOW: (&str, &str) = (
    "name = \"two-home-local\"",
    "mutant = \"adds-delay\"\nname = \"two-home-local\"",
);
/// The budget that it exceeds, as the topology has it and as it is held against it.
const EXCEEDED: (&str, &str) = ("at_most = \"200ms\"", "at_most = \"250ms\"");
/// Its check.
const CHECK: &str = "latency.round-trip.p50";
/// How many programs spin for each processor.
const FOR_EACH: usize = 3;

/// Programs that do nothing but keep processors busy, for as long as this lives.
struct Spinning(Vec<Child>);

impl Spinning {
    fn start() -> Self {
        let processors = available_parallelism().expect("is known").get();
        let spin = || {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .stdin(Stdio::null())
                .spawn()
                .expect("starts")
        };
        Self((0..processors * FOR_EACH).map(|_| spin()).collect())
    }

    /// Has a container account for them.
    fn join(&self, container: &str) {
        let process = docker(&["inspect", "-f", "{{.State.Pid}}", container]);
        let groups = std::fs::read_to_string(format!("/proc/{process}/cgroup")).expect("runs");
        // The first version has a tree for each controller, the second one for all; where both are, the first accounts.
        let groups: Vec<(&str, &str)> = groups
            .lines()
            .filter_map(|line| line.split_once(':')?.1.split_once(':'))
            .collect();
        let of_first = |(names, _): &&(&str, &str)| names.split(',').any(|one| one == "cpuacct");
        let of_second = |(names, _): &&(&str, &str)| names.is_empty();
        let accounts = groups
            .iter()
            .find(of_first)
            .or(groups.iter().find(of_second));
        let (controllers, group) = accounts.expect("some group accounts for it");
        let members = format!("/sys/fs/cgroup/{controllers}{group}/cgroup.procs");
        for one in &self.0 {
            std::fs::write(&members, one.id().to_string()).expect("can be moved");
        }
    }
}

impl Drop for Spinning {
    fn drop(&mut self) {
        for one in &mut self.0 {
            let _ = one.kill();
            let _ = one.wait();
        }
    }
}

/// Judges what runs, by a run and by a load of five seconds.
fn judged(shell: &Shell, topology: &str, code: i32) -> [Value; 2] {
    let load = ["--for", "5s", "--rate", "50/s", "--warm-up", "1s"];
    let mut verify = shell.command(&["verify", topology, "--json", "--artefacts"]);
    verify.arg(shell.artefacts());
    let mut probe = shell.command(&["probe", topology, "--json"]);
    probe.args(load);
    [verify, probe].map(|mut command| {
        let output = command.output().expect("runs");
        assert_code(&output, code);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)))
    })
}

fn check(report: &Value) -> (&str, &str) {
    let mut checks = report["checks"].as_array().into_iter().flatten();
    let check = checks.find(|one| one["id"] == CHECK).expect("is judged");
    let field = |name: &str| check[name].as_str().expect("a text");
    (field("verdict"), field("evidence"))
}

#[test]
fn who_takes_the_processors_decides_whose_fault_it_is() {
    let shell = Shell::sharing();
    let file = shell.shipped("two-home-local", &[SLOW, EXCEEDED]);
    let topology = file.to_string_lossy();
    let _up = shell.up(&topology);
    let run = shell.run();

    // Nothing else takes them: what is slow is the subject.
    for report in judged(&shell, &topology, 1) {
        assert_eq!(check(&report).0, "fail", "{}", check(&report).1);
    }

    // Something else does.
    let spinning = Spinning::start();
    for report in judged(&shell, &topology, 3) {
        let (verdict, evidence) = check(&report);
        assert_eq!(verdict, "inconclusive", "{evidence}");
        assert!(evidence.contains("waited for a processor"), "{evidence}");
        assert_eq!(report["diagnosis"]["cause"], "machine-busy");
        assert_eq!(report["diagnosis"]["at_fault"], "surroundings");
    }

    // A connector does: it is the one who is slow.
    spinning.join(&run.container("home-a/connector"));
    for report in judged(&shell, &topology, 1) {
        assert_eq!(check(&report).0, "fail", "{}", check(&report).1);
    }
}
