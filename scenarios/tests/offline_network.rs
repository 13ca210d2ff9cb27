//! Networks that stand by: runs join one, several at once, and one that is not in order is replaced.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread::sleep;
use std::time::{Duration, Instant};

use scenarios::{Shell, assert_code, docker, text, wait_for};
use serde_json::Value;

/// Containers of a network of three authorities and four relays.
const NODES: usize = 7;

/// A network of a shell of its own; removed when this is dropped, also by a test that failed.
struct Standing {
    shell: Shell,
}

impl Standing {
    fn up() -> Self {
        let standing = Self {
            shell: Shell::open(),
        };
        let artefacts = standing.shell.artefacts();
        let artefacts = artefacts.to_string_lossy();
        assert_code(&standing.network(&["up", "--artefacts", &artefacts]), 0);
        standing
    }

    fn network(&self, arguments: &[&str]) -> Output {
        let all = [&["network"][..], arguments].concat();
        self.shell.command(&all).output().expect("runs")
    }

    /// The network's run, as `network status` names it.
    fn run(&self) -> String {
        let status = self.network(&["status"]);
        let says = text(&status);
        let run = says.split("network ").nth(1).expect("one stands");
        run.split(':').next().expect("a run").to_owned()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.network(&["down", "--force"]);
    }
}

fn of_run(run: &str) -> Vec<String> {
    let label = format!("label=ator-harness.run={run}");
    let names = docker(&["ps", "-a", "--filter", &label, "--format", "{{.Names}}"]);
    names.lines().map(str::to_owned).collect()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("a report")
}

#[test]
fn runs_share_a_network_at_once_and_leave_nothing_in_it() {
    let standing = Standing::up();
    let run = standing.run();
    assert_eq!(of_run(&run).len(), NODES);
    let again = standing.network(&["up"]);
    assert_code(&again, 0);
    assert!(text(&again).contains("stands and fits"), "{}", text(&again));
    assert_eq!(standing.run(), run, "a second one was made");

    let runs: Vec<_> = (0..3)
        .map(|_| {
            let mut verify = standing.shell.two_home("verify", &["--json"]);
            verify.spawn().expect("starts")
        })
        .collect();
    wait_for("the runs to be known", || {
        text(&standing.network(&["status"]))
            .contains("used by")
            .then_some(())
    });
    let down = standing.network(&["down"]);
    assert_code(&down, 1);
    assert!(text(&down).contains("used by"), "{}", text(&down));
    for one in runs {
        let output = one.wait_with_output().expect("ends");
        assert_code(&output, 0);
        let report = report(&output);
        assert_eq!(report["standing_network"]["run"], run);
        let first = text(&output);
        let over = format!("over the standing network {run}");
        assert!(first.contains(&over), "{first}");
        let own = report["run"].as_str().expect("an id");
        assert_eq!(of_run(own), Vec::<String>::new());
    }
    assert_eq!(of_run(&run).len(), NODES);

    // A run that is told to make its own does.
    let output = standing
        .shell
        .two_home("verify", &["--network", "fresh"])
        .arg("--json")
        .output();
    let output = output.expect("runs");
    assert_code(&output, 0);
    assert_eq!(report(&output).get("standing_network"), None);
    let refused = standing
        .shell
        .command(&["verify", "testnet", "--network", "keep"]);
    let refused = { refused }.output().expect("runs");
    assert_code(&refused, 2);
    assert!(
        text(&refused).contains("testnet is about the network itself"),
        "{}",
        text(&refused)
    );

    assert_code(&standing.network(&["down"]), 0);
    assert_eq!(of_run(&run), Vec::<String>::new());
    assert_code(&standing.network(&["status"]), 1);
    let nothing = standing.network(&["down"]);
    assert_code(&nothing, 0);
    assert!(text(&nothing).contains("nothing to remove"));
}

#[test]
fn a_network_that_is_not_in_order_is_replaced_with_the_reason() {
    let standing = Standing::up();
    let before = standing.run();
    let relay = of_run(&before)
        .into_iter()
        .find(|name| name.ends_with("-relay1"));
    docker(&["kill", &relay.expect("a relay")]);
    let status = standing.network(&["status"]);
    assert_code(&status, 1);
    assert!(
        text(&status).contains("relay1 is exited"),
        "{}",
        text(&status)
    );

    let output = standing.shell.two_home("verify", &[]).output();
    let output = output.expect("runs");
    assert_code(&output, 0);
    let says = text(&output);
    let reason = format!(
        "the standing network {before} does not run in full: relay1 is exited; it is replaced"
    );
    assert!(says.contains(&reason), "{says}");
    let after = standing.run();
    assert_ne!(after, before);
    assert_eq!(of_run(&before), Vec::<String>::new());
    assert_eq!(of_run(&after).len(), NODES);
    assert_code(&standing.network(&["status"]), 0);
}

#[test]
fn a_network_that_ends_under_a_run_ends_the_run() {
    let standing = Standing::up();
    let network = standing.run();
    let verify = standing.shell.two_home("verify", &[]).spawn();
    let verify = verify.expect("starts");
    let run = standing.shell.run();
    run.reached("start", Some("homes"));
    assert_code(&standing.network(&["down", "--force"]), 0);
    let output = verify.wait_with_output().expect("ends");
    assert_ne!(output.status.code(), Some(0));
    assert!(
        text(&output).contains("while it was needed"),
        "{}",
        text(&output)
    );
    assert_eq!(run.left(), "");
    assert_eq!(of_run(&network), Vec::<String>::new());
}

/// When the consensus that the first authority serves was made.
fn valid_after(container: &str) -> Option<String> {
    time_of((container, 22001), "consensus-microdesc")
}

/// The time of a document of the current round, of an authority with this directory port.
fn time_of((container, port): (&str, u16), document: &str) -> Option<String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = docker(&["inspect", "-f", format, container]);
    let mut stream = TcpStream::connect((address.as_str(), port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    let request = format!("GET /tor/status-vote/current/{document} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let line = answer.lines().find(|line| line.starts_with("valid-after "));
    line.map(str::to_owned)
}

/// Brings up two homes in a network whose authorities vote every 20 s.
fn up_with_rounds(shell: &Shell) -> PathBuf {
    let changes = [("[network]\n", "[network]\nvoting_interval = \"20s\"\n")];
    let file = shell.shipped("two-home-local", &changes);
    let up = shell
        .command(&["up", &file.to_string_lossy(), "--artefacts"])
        .arg(shell.artefacts())
        .output();
    assert_code(&up.expect("runs"), 0);
    file
}

#[test]
fn a_session_outlives_changes_of_the_consensus() {
    let shell = Shell::open();
    let file = up_with_rounds(&shell);
    let path: &Path = &file;
    let topology = path.to_string_lossy();
    let run = shell.run();
    let authority = run.container("da1");
    let first = valid_after(&authority).expect("a consensus");
    let probe = shell
        .command(&["probe", &topology, "--for", "50s", "--rate", "20/s"])
        .output()
        .expect("runs");
    let last = valid_after(&authority).expect("a consensus");
    let verify = shell.command(&["verify", &topology, "--artefacts"]);
    let verify = { verify }.arg(shell.artefacts()).output().expect("runs");
    assert_code(
        &shell.command(&["down", &topology]).output().expect("runs"),
        0,
    );
    assert_code(&probe, 0);
    assert_ne!(first, last, "no consensus came");
    assert_code(&verify, 0);
}

/// Those that made the first consensus vote by themselves in half an hour only, and others may have another one until then.
#[test]
fn an_authority_that_misses_the_first_round_is_voted_with_again() {
    let shell = Shell::open();
    let verify = shell.two_home("verify", &["--network", "fresh"]).spawn();
    let verify = verify.expect("starts");
    let run = shell.run();
    run.reached("descriptors", None);
    // By now they are told to vote, in more than a second.
    sleep(Duration::from_millis(700));
    let late = run.container("da3");
    docker(&["kill", "--signal", "STOP", &late]);
    wait_for("the authorities to be told again", || {
        let events = std::fs::read_to_string(run.folder.join("events.jsonl")).ok()?;
        events.contains("and vote again").then_some(())
    });
    docker(&["kill", "--signal", "CONT", &late]);
    let output = verify.wait_with_output().expect("ends");
    assert_code(&output, 0);
    let told = text(&output);
    assert!(
        told.contains("the authorities did not come to one consensus in time and vote again"),
        "{told}"
    );
}

#[test]
fn a_round_of_votes_that_an_authority_misses_fails_nothing() {
    let shell = Shell::open();
    let file = up_with_rounds(&shell);
    let topology = file.to_string_lossy();
    let run = shell.run();
    let (first, slow) = (run.container("da1"), run.container("da3"));
    let before = valid_after(&first).expect("a consensus");
    // From the second round on they come every 20 s.
    wait_for("a round of votes", || {
        valid_after(&first).filter(|stamp| *stamp != before)
    });
    let second = Instant::now();
    let until = |seconds: u64| {
        let after = Duration::from_millis(seconds * 1000 + 500);
        sleep(after.saturating_sub(second.elapsed()));
    };
    // They vote 4 s before; one that has voted makes the consensus as soon as it goes on.
    until(12);
    docker(&["kill", "--signal", "STOP", &slow]);
    until(20);
    let verify = shell
        .command(&["verify", &topology, "--json", "--artefacts"])
        .arg(shell.artefacts())
        .spawn()
        .expect("starts");
    until(21);
    docker(&["kill", "--signal", "CONT", &slow]);
    let voted = time_of((&slow, 22003), "authority");
    assert_ne!(valid_after(&first), voted, "the round was not missed");
    let verify = verify.wait_with_output().expect("ends");
    assert_code(
        &shell.command(&["down", &topology]).output().expect("runs"),
        0,
    );
    assert_code(&verify, 0);
}
