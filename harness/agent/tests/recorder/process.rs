//! The recorder as a process: its file, its privileges, its start and its end.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use home_agent::record::{Entry, Record};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::common::{Agent, accept, command, dial, listener, within};
use crate::support::{Recorder, pass, user};

#[tokio::test]
async fn nothing_is_printed_and_the_file_is_begun_anew() {
    let mut recorder = Recorder::start().await;
    let (mut client, mut upstream) = recorder.dial().await;
    pass(&mut client, &mut upstream, b"\x05\x01\x00").await;
    pass(&mut upstream, &mut client, b"\x05\x00").await;
    pass(
        &mut client,
        &mut upstream,
        b"\x05\x01\x00\x03\x06a.anon\x0b\xb8",
    )
    .await;
    recorder.agent.signal(rustix::process::Signal::KILL);
    assert_eq!(
        within(recorder.agent.lines.next_line()).await.unwrap(),
        None
    );

    let file = recorder.file();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, address) = listener().await;
    let mut again = Agent::start(&[
        "record",
        "--record",
        file.to_str().unwrap(),
        "--user",
        &user(),
        "--socks",
        &format!("127.0.0.1:0={address}"),
        "--dns",
        "127.0.0.1:0",
    ]);
    assert_eq!(again.line().await, "ready");
    let first = recorder.until(|records| records.first().cloned()).await;
    assert!(matches!(first, Record::Listening { .. }));
    assert_eq!(recorder.records().len(), 1);
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

/// What the recorder says when it cannot begin.
async fn refusal(file: &str) -> String {
    let mut agent = Agent::start(&[
        "record",
        "--record",
        file,
        "--socks",
        "127.0.0.1:0=127.0.0.1:9",
        "--dns",
        "127.0.0.1:0",
        "--user",
        &user(),
    ]);
    agent.line().await
}

#[tokio::test]
async fn a_record_must_be_a_file_that_can_be_made() {
    let told = refusal("/nowhere/names.jsonl").await;
    assert!(
        told.starts_with("--record: failed to create /nowhere/names.jsonl"),
        "{told}"
    );
    let told = refusal("/dev/null").await;
    assert!(told.contains("not a regular file"), "{told}");
}

#[tokio::test]
async fn nothing_is_passed_on_that_cannot_be_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("names.jsonl");
    let (upstream, address) = listener().await;
    // Files of at most 512 bytes: the first lines fit, and a long name does not.
    let child = tokio::process::Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_home-agent"), "record"])
        .args(["--record", file.to_str().unwrap(), "--user", &user()])
        .args([
            "--dns",
            "127.0.0.1:0",
            "--socks",
            &format!("127.0.0.1:0={address}"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let recorder = within(async {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(2));
        loop {
            tick.tick().await;
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if let Some((line, _)) = text.split_once('\n') {
                return serde_json::from_str::<Entry>(line).unwrap().record;
            }
        }
    })
    .await;
    let Record::Listening { socks, .. } = recorder else {
        panic!("{recorder:?}");
    };
    let mut client = dial(socks).await;
    let mut upstream = accept(&upstream).await;
    pass(&mut client, &mut upstream, &[5, 1, 0]).await;
    pass(&mut upstream, &mut client, &[5, 0]).await;
    let request = [b"\x05\x01\x00\x03\xff", &[b'n'; 255][..], b"\x0b\xb8"].concat();
    client.write_all(&request).await.unwrap();
    let mut rest = Vec::new();
    let end = within(upstream.read_to_end(&mut rest)).await;
    assert!(
        rest.is_empty(),
        "{} bytes were passed on ({end:?})",
        rest.len()
    );
    let output = within(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"ready\n");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("failed to write the record") && !told.contains("nn"),
        "{told}"
    );
}

#[tokio::test]
async fn a_guard_that_cannot_listen_says_so_once_and_becomes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_taken, address) = listener().await;
    let file = folder.path().join("names.jsonl");
    let output = command(&[
        "guard",
        "--allow",
        "192.0.2.1",
        "--user",
        &user(),
        "--record",
        file.to_str().unwrap(),
        "--socks",
        &format!("{address}=127.0.0.1:9"),
        "--dns",
        "127.0.0.1:0",
        "--",
        "/bin/echo",
        "became",
    ])
    .output();
    let output = within(output).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.contains(&address) && told.contains("--socks"),
        "{told}"
    );
}

#[tokio::test]
async fn the_recorder_does_not_outlive_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("names.jsonl");
    let (upstream, address) = listener().await;
    let mut parent = tokio::process::Command::new("/bin/sh")
        .args([
            "-c",
            "\"$@\" & wait",
            "sh",
            env!("CARGO_BIN_EXE_home-agent"),
            "record",
        ])
        .args([
            "--record",
            file.to_str().unwrap(),
            "--user",
            &user(),
            "--dns",
            "127.0.0.1:0",
        ])
        .args(["--socks", &format!("127.0.0.1:0={address}")])
        .stdout(Stdio::piped())
        // One that did outlive it must not hold the test run's own.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    assert_eq!(within(lines.next_line()).await.unwrap().unwrap(), "ready");
    drop(upstream);
    parent.start_kill().unwrap();
    within(parent.wait()).await.unwrap();
    // Its end of the pipe closes when it is gone.
    assert_eq!(within(lines.next_line()).await.unwrap(), None);
}

#[tokio::test]
async fn as_root_the_recorder_gives_up_its_privileges() {
    if !rustix::process::geteuid().is_root() {
        return; // There is nothing to give up.
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("names.jsonl");
    let (_upstream, address) = listener().await;
    let mut agent = Agent::start(&[
        "record",
        "--record",
        file.to_str().unwrap(),
        "--user",
        "1000",
        "--socks",
        &format!("127.0.0.1:0={address}"),
        "--dns",
        "127.0.0.1:0",
    ]);
    assert_eq!(agent.line().await, "ready");
    let path = format!("/proc/{}/status", agent.child.id().unwrap());
    let status = std::fs::read_to_string(path).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(field("Uid:"), "1000 1000 1000 1000");
    assert_eq!(field("Gid:"), "1000 1000 1000 1000");
    assert_eq!(field("Groups:"), "");
    assert_eq!(field("CapPrm:"), "0000000000000000");
    assert_eq!(field("CapEff:"), "0000000000000000");
    assert_eq!(field("NoNewPrivs:"), "1");
}
