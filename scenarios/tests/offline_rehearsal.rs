//! The public topology, rehearsed: a private network stands in for the public one. Nothing leaves the
//! machine.

use std::process::Command;

use scenarios::{Shell, assert_code, docker, root, text, wait_for};
use serde_json::Value;

/// A stand-in that runs until this is dropped.
struct StandIn<'s> {
    shell: &'s Shell,
}

impl<'s> StandIn<'s> {
    fn up(shell: &'s Shell) -> Self {
        let up = shell
            .command(&["up", "testnet", "--artefacts"])
            .arg(shell.artefacts().with_file_name("stand-in"))
            .output()
            .expect("runs");
        assert_code(&up, 0);
        Self { shell }
    }

    fn down(&self) {
        let down = self.shell.command(&["down", "testnet"]).output();
        assert_code(&down.expect("runs"), 0);
    }
}

impl Drop for StandIn<'_> {
    fn drop(&mut self) {
        let _ = self.shell.command(&["down", "testnet"]).output();
    }
}

fn verify(shell: &Shell, topology: &str, more: &[&str]) -> Command {
    let mut command = shell.command(&["verify", topology, "--authorities", "testnet"]);
    command.args(more).arg("--artefacts").arg(shell.artefacts());
    command
}

fn report(shell: &Shell) -> Value {
    let folder = shell.artefacts().join("latest");
    let text = std::fs::read_to_string(folder.join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn two_homes_meet_over_the_stand_in() {
    let shell = Shell::open();
    let _stand_in = StandIn::up(&shell);
    let output = verify(&shell, "public-p2p", &[]).output().expect("runs");
    assert_code(&output, 0);
    let report = report(&shell);
    assert_eq!(report["topology"]["network"]["kind"], "public");
    let checks = report["checks"].as_array().expect("checks");
    let ids: Vec<&str> = checks.iter().filter_map(|one| one["id"].as_str()).collect();
    for id in [
        "network.joined",
        "isolation.circuit",
        "packets.delivered",
        "latency.publication.max",
        "latency.peering.max",
        "latency.delivery.max",
        "latency.round-trip.p95",
    ] {
        assert!(ids.contains(&id), "{id} is missing in {ids:?}");
    }
    assert!(!ids.contains(&"network.consensus"), "{ids:?}");
    assert_eq!(shell.run().left(), "");
}

#[test]
fn a_network_that_goes_away_fails_the_stage() {
    let shell = Shell::open();
    let stand_in = StandIn::up(&shell);
    let topology = shell.shipped(
        "public-p2p",
        &[
            ("publication = \"330s\"", "publication = \"20s\""),
            ("peering = \"270s\"", "peering = \"20s\""),
            ("delivery = \"75s\"", "delivery = \"5s\""),
        ],
    );
    let child = verify(&shell, topology.to_str().expect("UTF-8"), &[])
        .spawn()
        .expect("starts");
    let run = shell.run();
    run.reached("preflight", Some("a"));
    stand_in.down();
    let output = child.wait_with_output().expect("ends");
    assert_code(&output, 1);
    let report = report(&shell);
    assert_eq!(report["verdict"], "fail");
    assert_eq!(report["error"]["kind"], "stage", "{}", text(&output));
    let left: Vec<&str> = report["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter(|stage| stage["reached"] == false)
        .filter_map(|stage| stage["stage"].as_str())
        .collect();
    let rungs = ["bootstrap", "publication", "fetch", "rendezvous", "peering"];
    assert!(left.iter().any(|stage| rungs.contains(stage)), "{left:?}");
    assert_eq!(run.left(), "");
}

#[test]
fn terms_that_nobody_agreed_to_are_no_verdict() {
    let shell = Shell::open();
    let _stand_in = StandIn::up(&shell);
    let topology = shell.shipped("public-p2p", &[("terms = \"agreed\"\n", "")]);
    let output = verify(&shell, topology.to_str().expect("UTF-8"), &[])
        .output()
        .expect("runs");
    assert_code(&output, 3);
    let text = text(&output);
    assert!(
        text.contains("terms and conditions are not agreed to"),
        "{text}"
    );
    assert_eq!(shell.run().left(), "");
}

#[test]
fn a_stand_in_has_to_run_and_to_fit() {
    let shell = Shell::open();
    let output = verify(&shell, "public-p2p", &[]).output().expect("runs");
    assert_code(&output, 3);
    assert!(
        text(&output).contains("testnet is not running; `ator-harness up testnet` starts it"),
        "{}",
        text(&output)
    );
    let output = verify(&shell, "two-home-local", &[])
        .output()
        .expect("runs");
    assert_code(&output, 2);
    assert!(
        text(&output).contains("makes a network of its own"),
        "{}",
        text(&output)
    );
}

/// A volume of keys, removed when this is dropped.
struct Volume(&'static str);

impl Volume {
    fn public_key(&self) -> Vec<u8> {
        let folder = docker(&["volume", "inspect", "-f", "{{.Mountpoint}}", self.0]);
        std::fs::read(format!("{folder}/hs_ed25519_public_key")).expect("a key")
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["volume", "rm", "-f", self.0])
            .output();
    }
}

#[test]
fn keys_outlive_the_run_when_that_is_asked_for() {
    let shell = Shell::open();
    let _stand_in = StandIn::up(&shell);
    let volumes = [
        Volume("ator-harness-keys-rehearsal.a"),
        Volume("ator-harness-keys-rehearsal.b"),
    ];
    let keys = ["--keys", "rehearsal"];
    let up = shell
        .command(&["up", "public-p2p", "--authorities", "testnet"])
        .args(keys)
        .arg("--artefacts")
        .arg(shell.artefacts())
        .output()
        .expect("runs");
    assert_code(&up, 0);
    let first = volumes.each_ref().map(Volume::public_key);
    assert_ne!(first[0], first[1]);

    // Whoever is there has them for itself.
    let other = shell.shipped(
        "public-p2p",
        &[("name = \"public-p2p\"", "name = \"other\"")],
    );
    let refused = verify(&shell, other.to_str().expect("UTF-8"), &keys)
        .output()
        .expect("runs");
    assert_code(&refused, 2);
    assert!(
        text(&refused).contains("are in use by the container"),
        "{}",
        text(&refused)
    );
    let judged = verify(&shell, "public-p2p", &[]).output().expect("runs");
    assert_code(&judged, 0);
    let down = shell.command(&["down", "public-p2p"]).output();
    assert_code(&down.expect("runs"), 0);

    // What passed is listed where everything is asked for.
    let mut again = verify(&shell, "public-p2p", &keys);
    let again = again.arg("-v").output().expect("runs");
    assert_code(&again, 0);
    assert_eq!(volumes.each_ref().map(Volume::public_key), first);
    assert!(text(&again).contains("service.address"), "{}", text(&again));
}

/// Two engines, each in a network namespace of its own, as two machines would have them.
#[test]
fn two_homes_meet_from_two_engines() {
    let shell = Shell::open();
    let _stand_in = StandIn::up(&shell);
    let script = root().join("fixtures/engine/pair.sh");
    let mut command = Command::new(script);
    let verify = verify(&shell, "public-p2p", &[]);
    let arguments: Vec<_> = verify.get_args().map(|one| one.to_string_lossy()).collect();
    let quoted = arguments.join("' '");
    let look = "for e in $ENGINE_A $ENGINE_B; do docker -H $e ps --format '{{.Names}}' | sort; echo --; done; \
                docker ps --filter label=ator-harness.topology=public-p2p --format '{{.Names}}'";
    // While it runs, each engine is asked what it sees.
    let line = format!(
        "'{}' '{quoted}' --engine a=$ENGINE_A --engine b=$ENGINE_B & run=$!; \
         until {{ {look}; }} > '{seen}.now' && [ $(grep -c connector '{seen}.now') -eq 2 ]; do kill -0 $run || break; sleep 0.2; done; \
         mv '{seen}.now' '{seen}'; wait $run",
        verify.get_program().to_string_lossy(),
        seen = shell.artefacts().with_file_name("seen").display(),
    );
    command.args(["sh", "-c", &line]);
    for (name, value) in verify.get_envs() {
        command.env(name, value.expect("set"));
    }
    let output = command.current_dir(root()).output().expect("runs");
    assert_code(&output, 0);
    let seen = std::fs::read_to_string(shell.artefacts().with_file_name("seen")).expect("seen");
    let engines: Vec<&str> = seen.split("--\n").collect();
    let [a, b, own] = engines[..] else {
        panic!("{seen}");
    };
    assert!(a.contains("-a-connector") && !a.contains("-b-"), "{seen}");
    assert!(b.contains("-b-connector") && !b.contains("-a-"), "{seen}");
    // The stand-in's engine has got nothing of either.
    let label = "label=ator-harness.topology=public-p2p";
    assert!(own.is_empty(), "{seen}");
    assert_eq!(docker(&["ps", "-a", "-q", "--filter", label]), "");
}

/// Runs the public topology on an engine that is cut off, after some commands, and expects no verdict
/// but this sentence.
fn kept_out(before: &str, sentence: &str) {
    let shell = Shell::open();
    let harness = shell.command(&["verify", "public-p2p", "--artefacts"]);
    let mut command = Command::new(root().join("fixtures/engine/cut-off.sh"));
    let line = format!("set -e; {before}\n\"$@\"");
    command
        .args(["sh", "-c", &line, "sh"])
        .arg(harness.get_program())
        .args(harness.get_args())
        .arg(shell.artefacts());
    for (name, value) in harness.get_envs() {
        command.env(name, value.expect("set"));
    }
    let output = command.current_dir(root()).output().expect("runs");
    assert_code(&output, 3);
    let text = text(&output);
    assert!(text.contains(sentence), "{text}");
    assert_eq!(report(&shell)["error"]["kind"], "preflight", "{text}");
    wait_for("the folder of the run", || {
        shell.states().is_empty().then_some(())
    });
}

/// A way out of the namespace that leads nowhere: to the other end of a cable within it.
const CABLE: &str = "in='nsenter --net='$ENGINE_NAMESPACE
    $in ip link add cable type veth peer name end
    $in ip address add 198.18.0.2/24 dev cable
    $in ip link set cable up
    $in ip link set end up
    $in ip neigh replace 198.18.0.1 lladdr 02:00:00:00:00:01 dev cable
    $in ip route add default via 198.18.0.1";

#[test]
fn without_a_route_there_is_no_verdict() {
    kept_out("", "no route to the internet from ");
}

#[test]
fn where_nobody_answers_there_is_no_verdict() {
    kept_out(
        CABLE,
        "the network's authorities and relays cannot be reached from ",
    );
}

#[test]
fn behind_a_portal_there_is_no_verdict() {
    // Every connection ends at a web server.
    let portal = format!(
        "{CABLE}
        $in iptables -t nat -I PREROUTING -p tcp -j REDIRECT --to-ports 8080
        PORT=8080 HOST=0.0.0.0 $in target/images/bls >/dev/null 2>&1 &
        trap \"kill $!\" EXIT"
    );
    kept_out(&portal, "a captive or blocking network between ");
}
