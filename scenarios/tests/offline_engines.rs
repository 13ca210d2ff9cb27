//! Engines that are not this machine's own: over TLS, behind ssh, and what is carried through them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use ator_harness::causes::with_causes;
use ator_harness::engine::{Engine, EngineAddress, EngineError, Piped};
use scenarios::{Shell, assert_code, root, signal, text, wait_for};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// Two engines in network namespaces of their own, for as long as this lives.
struct Pair {
    script: Child,
    socket: String,
    tls: String,
}

impl Pair {
    fn start(certificates: Option<&Path>) -> Self {
        let mut command = Command::new(root().join("fixtures/engine/pair.sh"));
        command
            .args(["sh", "-c", "echo $ENGINE_A $ENGINE_A_TLS; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(folder) = certificates {
            command.env("PAIR_TLS", folder);
        }
        let mut script = command.spawn().expect("bash is there");
        let mut line = String::new();
        BufReader::new(script.stdout.as_mut().expect("is piped"))
            .read_line(&mut line)
            .expect("can be read");
        let mut words = line.split_whitespace().map(str::to_owned);
        let socket = words.next().expect("the pair did not start");
        let tls = words.next().expect("both addresses are printed");
        Self {
            script,
            socket,
            tls,
        }
    }

    /// The docker command line on the first engine.
    fn docker(&self, arguments: &[&str]) -> String {
        let mut all = vec!["-H", &self.socket];
        all.extend(arguments);
        scenarios::docker(&all)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

fn shell(folder: &Path, script: &str) {
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(folder)
        .output()
        .expect("a shell is there");
    assert!(output.status.success(), "{}", text(&output));
}

/// An authority, the engine's certificate for its address, and ours.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shell(
        folder.path(),
        r#"
        new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        $new -x509 -subj /CN=authority -keyout ca-key.pem -out ca.pem -addext basicConstraints=critical,CA:true
        sign() {
            $new -subj "/CN=$1" -keyout "$2" -out request.pem
            printf '%s\n' "$4" >extensions
            openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile extensions -out "$3"
        }
        sign engine server-key.pem server.pem 'subjectAltName=IP:169.254.193.2,IP:169.254.193.6'
        sign us key.pem cert.pem 'extendedKeyUsage=clientAuth'
        "#,
    );
    folder
}

async fn refused(address: &str) -> String {
    let address: EngineAddress = address.parse().expect("is an address");
    match Engine::connect_to(&address).await {
        Ok(_) => panic!("{address} let us in"),
        Err(error) => with_causes(&error).to_string(),
    }
}

#[tokio::test]
async fn an_engine_over_tls_lets_its_own_in_and_says_why_it_refuses() {
    let (ours, others) = (certificates(), certificates());
    let pair = Pair::start(Some(ours.path()));
    let with = |folder: &Path| format!("{}?certificates={}", pair.tls, folder.display());
    let address: EngineAddress = with(ours.path()).parse().expect("is an address");
    let engine = Engine::connect_to(&address).await.expect("lets us in");
    assert_eq!(
        engine.info().await.expect("answers").address,
        with(ours.path())
    );
    carries_a_pipe(&pair, &engine).await;

    let wrong = refused(&with(others.path())).await;
    assert!(wrong.contains("is not signed by this ca.pem"), "{wrong}");
    // Its authority is right, and we are somebody else.
    fs::copy(ours.path().join("ca.pem"), others.path().join("ca.pem")).expect("copies");
    let stranger = refused(&with(others.path())).await;
    assert!(
        stranger.contains("does not accept this cert.pem"),
        "{stranger}"
    );

    fs::remove_file(others.path().join("key.pem")).expect("removes");
    let address: EngineAddress = with(others.path()).parse().expect("is an address");
    let missing = Engine::connect_to(&address).await.err();
    assert!(
        matches!(&missing, Some(EngineError::NoCertificates { missing, .. }) if missing == &["key.pem"]),
        "{missing:?}"
    );
    let absent = refused(&with(ours.path()).replace(":2376", ":2377")).await;
    assert!(
        absent.contains("no Docker Engine answers at tcp://"),
        "{absent}"
    );
}

/// A request to a server in a container, and one to a port where nobody listens.
async fn carries_a_pipe(pair: &Pair, engine: &Engine) {
    let import = format!(
        "tar -C target/images -c agent bls | docker -H {} import - ator-scenario/pipe:1",
        pair.socket
    );
    shell(&root(), &import);
    let run = [
        "run",
        "-d",
        "--name",
        "server",
        "-e",
        "PORT=3100",
        "ator-scenario/pipe:1",
        "/bls",
    ];
    pair.docker(&run);
    let answer = wait_for_server(engine).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!body.is_empty(), "{answer}");

    let (_, errors) = ask(engine, 9).await;
    assert!(
        errors.contains("127.0.0.1:9: Connection refused"),
        "{errors}"
    );
}

async fn wait_for_server(engine: &Engine) -> String {
    loop {
        let (answer, errors) = ask(engine, 3100).await;
        if errors.contains("Connection refused") {
            continue;
        }
        // The server's end is told with how much it sent.
        let ended = format!(r#"{{"pipe":"ended","bytes":{}}}"#, answer.len());
        assert!(errors.contains(&ended), "{errors}");
        return answer;
    }
}

async fn ask(engine: &Engine, port: u16) -> (String, String) {
    let target = format!("127.0.0.1:{port}");
    let command = ["/agent", "pipe", &target];
    let (mut input, mut output) = engine.pipe("server", &command).await.expect("runs");
    let request = b"GET /received HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    // Where nobody listens, nobody reads.
    let _ = input.write_all(request).await;
    let (mut answer, mut errors) = (Vec::new(), Vec::new());
    while let Some(piped) = output.next().await.expect("the engine answers") {
        match piped {
            Piped::Output(bytes) => answer.extend(bytes),
            Piped::Error(bytes) => errors.extend(bytes),
        }
        // The server's end is told here. Before it, the end of what is asked would cut off a server that is not done.
        if errors.ends_with(b"\n") {
            let _ = input.shutdown().await;
        }
    }
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("is text");
    (text(answer), text(errors))
}

/// A real server on the loopback interface with a key of its own, and a `ssh` that knows it.
struct Sshd {
    folder: TempDir,
    server: Child,
    port: u16,
}

impl Sshd {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Below the ports that the system gives to whoever asks for any.
        let port = (20_000..30_000)
            .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .expect("a free port");
        let at = folder.path().display();
        shell(
            folder.path(),
            &format!(
                "mkdir -p bin /run/sshd
                ssh-keygen -q -t ed25519 -N '' -f host
                ssh-keygen -q -t ed25519 -N '' -f key
                echo \"[127.0.0.1]:{port} $(cat host.pub)\" >known
                cp key.pub allowed
                printf '%s\n' 'Port {port}' 'ListenAddress 127.0.0.1' 'HostKey {at}/host' \
                    'AuthorizedKeysFile {at}/allowed' 'StrictModes no' 'PasswordAuthentication no' \
                    'KbdInteractiveAuthentication no' 'PidFile none' 'PermitRootLogin yes' 'AllowUsers root' >server
                printf '%s\n' 'Host *' '  IdentityFile {at}/key' '  IdentitiesOnly yes' \
                    '  UserKnownHostsFile {at}/known' '  StrictHostKeyChecking yes' >client
                printf '%s\n' '#!/bin/sh' 'exec /usr/bin/ssh -F {at}/client \"$@\"' >bin/ssh"
            ),
        );
        let ssh = folder.path().join("bin/ssh");
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("sets");
        let server = Command::new("/usr/sbin/sshd")
            .args(["-D", "-f"])
            .arg(folder.path().join("server"))
            .stderr(Stdio::null())
            .spawn()
            .expect("`make engine-tools` installs sshd");
        wait_for("sshd", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            folder,
            server,
            port,
        }
    }

    /// Has the harness remove a run from the engine at an address, as the reaper does.
    fn reap(&self, run: &str, address: &str, path: &str) -> Output {
        Shell::open()
            .command(&["reap", run, address])
            .env("PATH", path)
            .output()
            .expect("runs")
    }

    fn path(&self) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        format!("{}:{path}", self.folder.path().join("bin").display())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn an_engine_behind_ssh_is_cleaned_like_one_here() {
    let pair = Pair::start(None);
    let sshd = Sshd::start();
    let socket = pair.socket.trim_start_matches("unix://");
    let address = format!("ssh://root@127.0.0.1:{}{socket}", sshd.port);
    let (project, run) = ("ator-harness.project=1", "ator-harness.run=scenario");
    pair.docker(&[
        "network", "create", "--label", project, "--label", run, "left",
    ]);
    let named = || {
        pair.docker(&[
            "network",
            "ls",
            "--format",
            "{{.Name}}",
            "--filter",
            "name=left",
        ])
    };
    assert_eq!(named(), "left");
    assert_code(&sshd.reap("scenario", &address, &sshd.path()), 0);
    assert_eq!(named(), "");

    let nobody = sshd.reap(
        "scenario",
        &address.replace("root@", "nobody@"),
        &sshd.path(),
    );
    assert_code(&nobody, 3);
    assert!(
        text(&nobody).contains("Permission denied"),
        "{}",
        text(&nobody)
    );
    let empty = sshd.folder.path().display().to_string();
    let without = sshd.reap("scenario", &address, &empty);
    assert_code(&without, 3);
    assert!(
        text(&without).contains("the ssh program is missing"),
        "{}",
        text(&without)
    );
}

#[test]
fn a_pair_leaves_nothing_also_when_it_is_told_to_end() {
    let pair = Pair::start(None);
    let folder = Path::new(pair.socket.trim_start_matches("unix://"))
        .parent()
        .and_then(Path::parent)
        .expect("is in a folder")
        .to_owned();
    assert!(folder.exists());
    signal(pair.script.id(), "TERM");
    drop(pair);
    assert!(!folder.exists(), "{} is left", folder.display());
    assert!(!Path::new("/var/lib/ator-harness-pair").exists());
    for arguments in [["netns", "list"], ["link", "show"], ["rule", "show"]] {
        let output = Command::new("ip")
            .args(arguments)
            .output()
            .expect("ip is there");
        assert!(!text(&output).contains("ator-pair"), "{}", text(&output));
    }
}

#[test]
fn homes_are_reached_through_their_engine() {
    let shell = Shell::open();
    let output = shell
        .two_home("verify", &["--tunnels"])
        .output()
        .expect("runs");
    assert_code(&output, 0);
    assert_eq!(shell.run().left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}
