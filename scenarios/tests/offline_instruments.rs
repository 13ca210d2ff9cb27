//! Each instrument that a run is measured with is proven first. Here each fails in turn: an engine without space, and
//! what stands between an engine and the harness and holds something back.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use scenarios::{Shell, assert_code, root, text};

/// The socket of this machine's engine.
const ENGINE: &str = "/var/run/docker.sock";

/// What is held back of an engine's answers.
#[derive(Clone, Copy)]
enum Held {
    /// What follows the head of its stream of events.
    Events,
    /// The logs of containers.
    Logs,
    /// The device that delays packets: the engine is asked for one that its machine does not have.
    Tun,
}

/// A socket before the engine's, which lets everything pass but one thing.
fn between(shell: &Shell, held: Held) -> PathBuf {
    let path = shell.artefacts().with_file_name("between.sock");
    let listener = UnixListener::bind(&path).expect("can be bound");
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || pass(client, held));
        }
    });
    path
}

/// Passes one connection on. Requests of the harness begin a chunk each.
fn pass(mut client: UnixStream, held: Held) {
    let mut engine = UnixStream::connect(ENGINE).expect("an engine");
    let mut back = (
        engine.try_clone().expect("a handle"),
        client.try_clone().expect("a handle"),
    );
    let (tell, told) = std::sync::mpsc::channel::<()>();
    thread::spawn(move || {
        let mut chunk = [0; 64 << 10];
        let mut holds = false;
        while let Ok(size @ 1..) = back.0.read(&mut chunk) {
            let mut end = size;
            if holds {
                continue;
            }
            if told.try_recv().is_ok() {
                holds = true;
                let head = chunk[..size]
                    .windows(4)
                    .position(|four| four == b"\r\n\r\n");
                end = head.map_or(size, |head| head + 4);
            }
            if back.1.write_all(&chunk[..end]).is_err() {
                break;
            }
        }
        let _ = back.1.shutdown(std::net::Shutdown::Both);
    });
    let mut chunk = [0; 64 << 10];
    while let Ok(size @ 1..) = client.read(&mut chunk) {
        let line = String::from_utf8_lossy(&chunk[..size.min(200)]).into_owned();
        let line = line.lines().next().unwrap_or_default();
        let sent = match held {
            Held::Events if line.contains("/events?") => {
                let _ = tell.send(());
                engine.write_all(&chunk[..size])
            }
            // Of a container that is nowhere, there is no log.
            Held::Logs if line.contains("/logs?") => {
                let head = String::from_utf8_lossy(&chunk[..size]).replace("-witness/", "-nobody/");
                engine.write_all(head.as_bytes())
            }
            Held::Tun => engine.write_all(&without_tun(&chunk[..size])),
            Held::Events | Held::Logs => engine.write_all(&chunk[..size]),
        };
        if sent.is_err() {
            break;
        }
    }
    let _ = engine.shutdown(std::net::Shutdown::Both);
}

/// A request that asks for another device, of a name that is as long.
fn without_tun(request: &[u8]) -> Vec<u8> {
    const TUN: &[u8] = b"/dev/net/tun";
    let mut request = request.to_vec();
    while let Some(at) = request.windows(TUN.len()).position(|part| part == TUN) {
        request[at..at + TUN.len()].copy_from_slice(b"/dev/net/nix");
    }
    request
}

/// A run by way of such a socket ends with no verdict and this sentence.
fn named(held: Held, says: &str) {
    ends(held, &[], 3, says);
}

/// A run with these arguments by way of such a socket ends with this code and this sentence.
fn ends(held: Held, more: &[&str], code: i32, says: &str) {
    let shell = Shell::open();
    let socket = between(&shell, held);
    let output = shell
        .two_home("verify", more)
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .output()
        .expect("runs");
    assert_code(&output, code);
    let told = text(&output);
    assert!(told.contains(says), "{told}");
    assert_eq!(shell.run().left(), "");
}

#[test]
fn an_engine_that_does_not_tell_of_ends() {
    named(Held::Events, "does not tell that a container has ended");
}

#[test]
fn logs_that_cannot_be_read_back() {
    named(Held::Logs, "cannot be read back");
}

#[test]
fn a_machine_without_tun_devices_delays_no_packets() {
    let says = "has to have /dev/net/tun (`modprobe tun`)";
    // Everything else is judged, and nobody is accused.
    ends(Held::Tun, &["--fault", "slow-300ms"], 4, says);
}

/// A run on an engine with so much space ends with no verdict, and says that the disk is full.
fn in_space_of(size: &str) {
    let shell = Shell::open();
    let verify = shell.two_home("verify", &[]);
    let output = Command::new(root().join("fixtures/engine/cut-off.sh"))
        .arg(verify.get_program())
        .args(verify.get_args())
        .envs(
            verify
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("ENGINE_SPACE", size)
        .current_dir(root())
        .output()
        .expect("bash is there");
    assert_code(&output, 3);
    let told = text(&output);
    assert!(told.contains("the disk of the engine at "), "{told}");
    assert!(told.contains("docker system df"), "{told}");
}

#[test]
fn an_engine_without_space_for_images() {
    in_space_of("12m");
}

#[test]
fn an_engine_without_space_for_containers() {
    in_space_of("40m");
}
