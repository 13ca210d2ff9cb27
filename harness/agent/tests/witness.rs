//! `witness`, as a process.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use home_agent::dialled::DialOutcome;
use home_agent::witnessed::{END, Here, Reached};

use common::reserved;

#[test]
fn it_says_who_it_is_reaches_what_it_is_asked_and_ends_when_told() {
    let (_kept, address) = reserved();
    let port = address.port();
    let mut child = Command::new(env!("CARGO_BIN_EXE_home-agent"))
        .args(["witness", "--token", "abc", "--port", &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let here: Here = serde_json::from_str(&printed.next().unwrap().unwrap()).unwrap();
    assert_eq!(here.token, "abc");

    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let greeting: Here = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(greeting.token, "abc");
    assert!(greeting.unix_ms >= here.unix_ms);
    let mut ask = |target: String| -> Reached {
        writeln!(stream, "{target}").unwrap();
        serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap()
    };
    let itself = ask(format!("127.0.0.1:{port}"));
    assert_eq!(itself.outcome, DialOutcome::Connected);
    assert_eq!(itself.token.as_deref(), Some("abc"));
    let (_nobody, silent) = reserved();
    let nobody = ask(silent.to_string());
    assert_eq!((nobody.outcome, nobody.token), (DialOutcome::Refused, None));

    writeln!(stream, "{END}").unwrap();
    assert!(child.wait().unwrap().success());
}
