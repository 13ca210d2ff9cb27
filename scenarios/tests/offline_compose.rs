//! Exported homes run on plain Docker Compose, and meet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ator_harness::operator::{Given, Home};
use scenarios::{Image, Shell, assert_code, docker, done, replace, text, wait_for};
use serde_json::{Value, json};

/// The docker-compose of the distribution.
const COMPOSE: &str = "docker-compose";

/// The value of a variable of a deployment.
fn env(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(".env")).expect("is there");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name}=")));
    line.unwrap_or_else(|| panic!("{name} is there")).to_owned()
}

/// A deployment that runs, which goes with its volume.
struct Running(PathBuf);

impl Running {
    /// Starts it by the command that it brings for operators.
    fn start(folder: &Path) -> Self {
        let running = Self(folder.to_owned());
        let started = running.make("up-with-ator").output().expect("runs");
        let why = || text(&running.compose(&["logs", "--no-color"]));
        assert!(started.status.success(), "{}{}", text(&started), why());
        running
    }

    fn make(&self, target: &str) -> Command {
        let mut make = Command::new("make");
        make.args([target, &format!("COMPOSE={COMPOSE}")])
            .current_dir(&self.0);
        make
    }

    fn compose(&self, arguments: &[&str]) -> Output {
        let mut compose = Command::new(COMPOSE);
        compose
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .expect("runs")
    }

    fn container(&self, service: &str) -> String {
        let output = self.compose(&["ps", "-q", service]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The service that its onion daemon runs in.
    fn owner(&self) -> &'static str {
        let text = fs::read_to_string(self.0.join("compose.yaml")).expect("is there");
        match text.contains("\n  sidecar:\n") {
            true => "sidecar",
            false => "connector",
        }
    }

    /// Where it is reached, as its own command tells.
    fn address(&self) -> String {
        done(self.make("address").arg("--silent")).trim().to_owned()
    }

    /// What the connector's configuration says of where it is reached.
    fn url(&self) -> String {
        let text = fs::read_to_string(self.0.join("connector.yaml")).expect("is there");
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("externalUrl: "));
        line.expect("is told").trim_matches('"').to_owned()
    }

    /// A call to the admin API, at the address and with the key that are in the environment file.
    fn admin(&self, path: &str, body: Option<&str>) -> Value {
        let answer = self.asked(path, body);
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The same, of a connector that may not be there yet.
    fn asked(&self, path: &str, body: Option<&str>) -> Result<Value, String> {
        let url = format!(
            "http://127.0.0.1:{}/admin/{path}",
            env(&self.0, "ADMIN_PORT")
        );
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "40", "-H"]);
        curl.arg(format!("X-Api-Key: {}", env(&self.0, "ADMIN_API_KEY")));
        if let Some(body) = body {
            curl.args(["--json", body]);
        }
        let told = curl.arg(url).current_dir(&self.0).output().expect("runs");
        serde_json::from_slice(&told.stdout).map_err(|error| format!("{error}: {}", text(&told)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.compose(&["down", "--volumes", "--timeout", "2"]);
    }
}

/// What a home's daemon in a private network is told of it: the lines that make it find that network.
fn network(shell: &Shell) -> String {
    let sidecar = shell.run().container("home-a/sidecar");
    let copy = format!("docker cp {sidecar}:/etc/anon/anonrc - | tar -xO");
    let rc = done(Command::new("sh").args(["-c", &copy]));
    let wanted = [
        "DirAuthority",
        "TestingTorNetwork",
        "AssumeReachable",
        "ConfluxEnabled",
        "Schedulers",
        "FetchDirInfoEarly",
        "VanguardsLiteEnabled",
    ];
    let lines = rc
        .lines()
        .filter(|line| wanted.iter().any(|one| line.starts_with(one)));
    let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert!(lines.contains("DirAuthority"), "{rc}");
    lines
}

/// The two homes, exported and started one after the other, in the network that this tells of.
fn started(shell: &Shell, folder: &Path, network: &str, images: &[Image; 3]) -> [Running; 2] {
    let [daemon, connector, server] = images;
    let out = folder.display().to_string();
    let mut export = shell.command(&["export", "compose", "two-home-local", "--out", &out]);
    for (option, image) in [
        ("--daemon-image", daemon),
        ("--connector-image", connector),
        ("--server-image", server),
    ] {
        export.args([option, image.name()]);
    }
    assert_code(&export.output().expect("runs"), 0);
    ["home-a", "home-b"].map(|home| {
        let path = folder.join(home);
        of_this_test(&path, home);
        // In place of the public network's.
        let rc = fs::read_to_string(path.join("anonrc")).expect("is there");
        fs::write(path.join("anonrc"), rc + network).expect("writes");
        Running::start(&path)
    })
}

/// Gives a deployment a name and a port of this test's own: others may run beside it.
fn of_this_test(path: &Path, home: &str) {
    let set = |name: &str, value: &str| {
        let (before, after) = (env(path, name), format!("{name}={value}"));
        replace(&path.join(".env"), &format!("{name}={before}"), &after);
    };
    let project = format!("ator-scenario-{}-{home}", std::process::id());
    set("COMPOSE_PROJECT_NAME", &project);
    set("ADMIN_PORT", &free_port().to_string());
}

/// Tells a home of the other, as its operator does.
fn introduce(home: &Running, other: &Running) {
    assert!(
        other.url().contains(".anon:3000"),
        "the address is written where it is told"
    );
    let id = other.0.file_name().expect("has a name").to_string_lossy();
    let file = format!("peers/{id}.json");
    let placeholder = format!("ws://ADDRESS-OF-{id}:3000");
    replace(&home.0.join(&file), &placeholder, &other.url());
    let added = home.admin("peers", Some(&format!("@{file}")));
    assert_eq!(added["success"], true, "{added}");
}

/// A packet goes from a home to this prefix, and nothing but its admin API is published.
fn assert_reaches(home: &Running, to: &str) {
    let packet = json!({"destination": format!("{to}.greeting"), "amount": "0", "data": "", "timeoutMs": 10_000});
    wait_for("a packet to be fulfilled over the onion network", || {
        let sent = home.admin("ilp/send", Some(&packet.to_string()));
        (sent["accepted"] == true).then_some(())
    });
    let ports = docker(&["port", &home.container(home.owner())]);
    assert!(
        ports.starts_with("8081/tcp -> 127.0.0.1:") && ports.lines().count() == 1,
        "{ports}"
    );
}

fn assert_healthy(home: &Running, service: &str) {
    let container = home.container(service);
    wait_for("the health check to be healthy", || {
        let state = docker(&["inspect", "-f", "{{json .State}}", &container]);
        // Shown where the test fails.
        eprintln!("{service}: {state}");
        let state: Value = serde_json::from_str(&state).expect("is JSON");
        (state["Health"]["Status"] == "healthy").then_some(())
    });
}

/// It reaches this prefix, and its services are healthy.
fn assert_works(home: &Running, to: &str) {
    assert_reaches(home, to);
    assert_healthy(home, home.owner());
    assert_healthy(home, "connector");
}

/// The same checks look at what runs: that these images are local ones is all that they find.
fn assert_audited(shell: &Shell, home: &Running) {
    let project = env(&home.0, "COMPOSE_PROJECT_NAME");
    let engine = "unix:///var/run/docker.sock";
    let mut audit = shell.command(&["audit", "--engine", engine, "--project", &project, "--json"]);
    let audit = audit.output().expect("runs");
    let found: Value = serde_json::from_slice(&audit.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&audit)));
    let checks = found["checks"].as_array().expect("a list").iter();
    let wrong: Vec<&str> = checks
        .filter(|check| check["verdict"] == "fail" || check["verdict"] == "warning")
        .filter_map(|check| check["id"].as_str())
        .collect();
    assert_eq!(wrong, ["images.digest"], "{found:#}");
}

#[test]
fn exported_homes_run_on_docker_compose_and_meet() {
    let shell = Shell::open();
    let named = ("name = \"two-home-local\"", "name = \"compose-network\"");
    let topology = shell.shipped("two-home-local", &[named]);
    let topology = topology.display().to_string();
    let down = shell.up(&topology);
    let images = [
        Image::daemon(),
        Image::program("connector"),
        Image::program("bls"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let homes = started(&shell, folder.path(), &network(&shell), &images);
    introduce(&homes[0], &homes[1]);
    introduce(&homes[1], &homes[0]);
    assert_works(&homes[0], "test.home-b");
    assert_works(&homes[1], "test.home-a");
    assert_audited(&shell, &homes[0]);
    // The volume keeps the address.
    let before = homes[0].url();
    done(&mut homes[0].make("down"));
    done(&mut homes[0].make("up-with-ator"));
    assert_eq!(homes[0].url(), before);
    drop(homes);
    drop(down);
}

/// Two operators' homes that have met and of which neither has run yet, in a network that is up: one with its daemon
/// beside its connector, one with a daemon that its connector runs.
fn operators(folder: &Path, shell: &Shell, network: &str) -> [Home; 2] {
    let homes = [("home-a", "sidecar"), ("home-b", "managed")];
    let [mut a, mut b] = homes.map(|(id, mode)| {
        let place = folder.join(id);
        let terms = ["--agree-to-terms", "--authorities", network, "--mode", mode];
        let mut init = shell.command(&["home", "init", id]);
        let init = init.args(terms).arg("--home");
        assert_code(&init.arg(&place).output().expect("runs"), 0);
        Home::open(&place).expect("opens")
    });
    let given = |text| Given { file: "-", text };
    let card = b.card().expect("has one").to_line(&b.keys.service);
    let line = a.invite("home-b", &given(&card), 0, 60).expect("invites");
    b.accept(&given(&line), 1).expect("accepts");
    [a, b]
}

/// With their keys, secrets and peers, and without the harness.
#[test]
fn operators_homes_run_on_docker_compose_and_meet() {
    let shell = Shell::open();
    let topology = "testnet";
    let down = shell.up(topology);
    let [daemon, server] = [Image::daemon(), Image::program("bls")];
    let connectors = [Image::program("connector"), Image::connector_with_daemon()];
    let folder = tempfile::tempdir().expect("a folder");
    let homes = operators(folder.path(), &shell, topology);
    let mut connectors = connectors.iter();
    let running = homes.each_ref().map(|home| {
        let connector = connectors.next().expect("one of each");
        let out = folder.path().join(format!("{}-compose", home.settings.id));
        let mut export = shell.command(&["export", "compose"]);
        export.arg(&home.folder).arg("--out").arg(&out);
        for (option, image) in [
            ("--daemon-image", &daemon),
            ("--connector-image", connector),
            ("--server-image", &server),
        ] {
            export.args([option, image.name()]);
        }
        assert_code(&export.output().expect("runs"), 0);
        of_this_test(&out, &home.settings.id);
        Running::start(&out)
    });
    for (home, running) in homes.iter().zip(&running) {
        assert!(
            running.address() == home.address().expose(),
            "its own address"
        );
    }
    assert_works(&running[0], "g.home-b");
    assert_works(&running[1], "g.home-a");
    for (home, running) in homes.iter().zip(&running) {
        assert_audited(&shell, running);
        // What is in the volume already is left as it is.
        done(&mut running.make("down"));
        done(&mut running.make("up-with-ator"));
        assert!(running.address() == home.address().expose());
    }
    // By whichever session: relays of a quiet network may hold circuits of the daemon that is gone, so that the other's
    // asks for the new one after minutes only (docs/networks.md), and until then its connector is right not to be healthy.
    assert_reaches(&running[0], "g.home-b");
    assert_reaches(&running[1], "g.home-a");
    // That of a daemon by itself asks for no peer.
    assert_healthy(&running[0], "sidecar");
    drop(running);
    drop(down);
}

/// A home, and a deployment for the public network that its operator configures by hand: a connector that runs the
/// daemon itself, and no home of this harness.
#[test]
fn a_home_meets_a_connector_that_is_configured_by_hand() {
    let shell = Shell::open();
    let topology = "testnet";
    let down = shell.up(topology);
    let folder = tempfile::tempdir().expect("a folder");
    let home = Stays(&shell, folder.path().join("home-a"));
    let own = ["init", "home-a", "--prefix", "test.home-a"];
    home.done(&[&own[..], &["--agree-to-terms", "--authorities", topology]].concat());
    // What makes its daemon find the network makes the other's, too.
    let anonrc = fs::read_to_string(home.1.join("anonrc")).expect("is there");
    let network = anonrc.split_once("TestingTorNetwork").expect("is told").1;
    let images = [
        Image::connector_with_daemon_of(&format!("TestingTorNetwork{network}")),
        Image::program("bls"),
    ];
    let friend = by_hand(&shell, &folder.path().join("home-b"), &images);
    fs::write(folder.path().join("hostname"), friend.address()).expect("writes");
    let told = folder.path().join("for-b").display().to_string();
    let hostname = folder.path().join("hostname").display().to_string();
    home.done(&[
        "invite",
        "home-b",
        "--show-secret",
        "--prefix",
        "test.home-b",
        "--address",
        &hostname,
        "--to",
        &told,
    ]);
    take(&friend, &fs::read_to_string(&told).expect("is there"));
    published(&friend);
    home.done(&["start"]);
    let sent = home.done(&["doctor"]);
    for (step, says) in [
        ("packets", "5 of amount 0 there and back"),
        ("our dial", "they have let us in"),
    ] {
        assert!(step_of(&sent, step).contains(says), "{sent}");
    }
    assert_works(&friend, "test.home-a");
    // They come with the secret that was made for them, at the latest when they dial for the next time.
    wait_for("their dial", || {
        let again = home.done(&["doctor"]);
        step_of(&again, "their dial")
            .contains("they came in")
            .then_some(())
    });
    assert_audited(&shell, &friend);
    home.done(&["remove", "--lose-address"]);
    drop(friend);
    drop(down);
}

/// The line of a step, which other lines may mention.
fn step_of<'t>(told: &'t str, step: &str) -> &'t str {
    let step = format!("  {step}  ");
    let mut lines = told.lines();
    lines.find(|line| line.contains(&step)).unwrap_or_default()
}

/// An operator's home on this machine's engine, which does not outlive its test.
struct Stays<'s>(&'s Shell, PathBuf);

impl Stays<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.0.command(&["home", "--home"]);
        command.arg(&self.1).args(arguments);
        command
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("runs");
        assert_code(&output, 0);
        text(&output)
    }
}

impl Drop for Stays<'_> {
    fn drop(&mut self) {
        if self.1.exists() {
            // The test has failed already, and says why.
            let _ = self.command(&["remove", "--lose-address"]).output();
        }
    }
}

/// The second home of a topology as a deployment whose connector runs the daemon, which is started.
fn by_hand(shell: &Shell, out: &Path, images: &[Image; 2]) -> Running {
    let mut export = shell.command(&["export", "compose", "two-home-local", "--home", "home-b"]);
    export.args(["--mode", "managed", "--out"]).arg(out);
    let [connector, server] = images;
    export.args(["--connector-image", connector.name()]);
    export.args(["--server-image", server.name()]);
    assert_code(&export.output().expect("runs"), 0);
    assert!(!out.join("anonrc").exists(), "its connector makes it");
    of_this_test(out, "by-hand");
    Running::start(out)
}

/// Tells a connector what its operator was given, by hand, and starts it with that.
fn take(friend: &Running, told: &str) {
    let line = told
        .lines()
        .find_map(|line| line.strip_prefix("BTP_PEER_HOME_A_SECRET="));
    let before = env(&friend.0, "BTP_PEER_HOME_A_SECRET");
    replace(&friend.0.join(".env"), &before, line.expect("is told"));
    let from = told.find("peers:\n").expect("is told");
    let to = told.find("routes:\n").expect("is told");
    // The route is there.
    replace(
        &friend.0.join("connector.yaml"),
        "peers: []\n",
        &told[from..to],
    );
    done(&mut friend.make("up-with-ator"));
}

/// Waits until others can find it.
fn published(friend: &Running) {
    wait_for("the address to be published", || {
        let hostname = friend.asked("hs-hostname", None).ok()?;
        hostname["publishedAt"].as_str().map(drop)
    });
}

/// A port of this machine that nobody has.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
    listener.local_addr().expect("has one").port()
}
