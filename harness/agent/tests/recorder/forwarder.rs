//! The forwarder: what connects is held, and then dialled by its name through the recording relay.

use std::net::SocketAddr;

use home_agent::forwards::ForwardTo;
use home_agent::record::{Name, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{accept, command, dial, listener, reserved, within};
use crate::support::{Recorder, pass, user};

const HOST: &str = "service.anon";

/// A recorder that forwards to [`HOST`], and where it listens for that.
async fn forwarding() -> (Recorder, SocketAddr) {
    let (_kept, listen) = reserved();
    let (upstream, address) = listener().await;
    let forward = ForwardTo {
        listen,
        host: Name::new(HOST.to_owned()),
        port: 7001,
    };
    let recorder = Recorder::start_with(upstream, &address, Some(forward)).await;
    (recorder, listen)
}

fn open(recorder: &Recorder) {
    std::fs::write(recorder.folder.path().join("open"), "").unwrap();
}

/// Takes the proxy's part until the request is there, and answers it.
async fn proxy(recorder: &Recorder, code: u8) -> TcpStream {
    let mut upstream = accept(&recorder.upstream).await;
    let mut greeting = [0; 3];
    within(upstream.read_exact(&mut greeting)).await.unwrap();
    assert_eq!(greeting, [5, 1, 0]);
    upstream.write_all(&[5, 0]).await.unwrap();
    let expected = [&[5, 1, 0, 3, 12][..], HOST.as_bytes(), &[0x1b, 0x59]].concat();
    let mut request = vec![0; expected.len()];
    within(upstream.read_exact(&mut request)).await.unwrap();
    assert_eq!(request, expected);
    let reply = [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    upstream.write_all(&reply).await.unwrap();
    upstream
}

#[tokio::test]
async fn what_connects_is_held_until_it_may_dial_and_then_carried_both_ways() {
    let (recorder, listen) = forwarding().await;
    let mut client = dial(listen).await;
    client.write_all(b"early").await.unwrap();
    let asked = |record: &Record| matches!(record, Record::Connect { .. });
    let held = tokio::time::timeout(
        std::time::Duration::from_millis(300),
        recorder.upstream.accept(),
    );
    assert!(held.await.is_err(), "nothing is dialled yet");
    open(&recorder);
    let mut upstream = proxy(&recorder, 0).await;
    let mut early = [0; 5];
    within(upstream.read_exact(&mut early)).await.unwrap();
    assert_eq!(&early, b"early");
    pass(&mut upstream, &mut client, b"hello").await;
    assert_eq!(
        recorder.records().iter().filter(|one| asked(one)).count(),
        1
    );
    drop((client, upstream));
    let records = recorder.closed(1).await;
    assert!(records.contains(&Record::Reply {
        connection: 1,
        code: 0
    }));
    // Later ones are not held.
    let mut client = dial(listen).await;
    let mut upstream = proxy(&recorder, 0).await;
    pass(&mut client, &mut upstream, b"later").await;
}

#[tokio::test]
async fn what_the_proxy_refuses_is_reset() {
    let (recorder, listen) = forwarding().await;
    open(&recorder);
    let mut client = dial(listen).await;
    let _upstream = proxy(&recorder, 5).await;
    let error = within(client.read(&mut [0; 1])).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn whoever_leaves_while_it_is_held_has_nothing_dialled() {
    let (recorder, listen) = forwarding().await;
    drop(dial(listen).await);
    let mut client = dial(listen).await;
    open(&recorder);
    let mut upstream = proxy(&recorder, 0).await;
    pass(&mut client, &mut upstream, b"mine").await;
    let more = tokio::time::timeout(
        std::time::Duration::from_millis(200),
        recorder.upstream.accept(),
    );
    assert!(more.await.is_err(), "one was dialled for");
}

#[tokio::test]
async fn a_list_that_cannot_be_used_is_named_without_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.json");
    std::fs::write(&list, r#"[{"listen":"127.0.0.1:1","host":"secret.anon"}]"#).unwrap();
    let output = command(&[
        "record",
        "--record",
        folder.path().join("names.jsonl").to_str().unwrap(),
        "--socks",
        "127.0.0.1:0=127.0.0.1:1",
        "--dns",
        "127.0.0.1:0",
        "--forwards",
        list.to_str().unwrap(),
        "--user",
        &user(),
    ])
    .output();
    let output = within(output).await.unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("list.json is no list of forwards: line 1"),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");
}
