//! The control-port client against a daemon that follows a script.

use std::net::SocketAddr;

use ator_harness::onion::control::{Control, ControlError};
use ator_harness::onion::monitor::Monitor;
use ator_harness::secret::Secret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// What the daemon does when the next command comes: what it must be, and what is written then.
type Step = (&'static str, &'static str);

const AUTHENTICATE: &str = "AUTHENTICATE \"hunter2\"";

/// A daemon that follows its steps on one connection and closes it then.
async fn daemon(steps: Vec<Step>) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("somebody connects");
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        for (expected, answer) in steps {
            let line = lines
                .next_line()
                .await
                .expect("reads")
                .expect("a command comes");
            assert_eq!(line, expected);
            writer.write_all(answer.as_bytes()).await.expect("writes");
        }
    });
    (address, task)
}

async fn connect(
    address: SocketAddr,
) -> Result<(Control, ator_harness::onion::control::Events), ControlError> {
    Control::connect("da1", address, &Secret::new("hunter2")).await
}

#[tokio::test]
async fn events_between_reply_lines_are_told_apart() {
    let (address, task) = daemon(vec![
        (
            AUTHENTICATE,
            "650 STATUS_CLIENT NOTICE ENOUGH_DIR_INFO\r\n250 OK\r\n",
        ),
        (
            "GETINFO version status/bootstrap-phase",
            "250-version=0.4.9.11\r\n\
             650 HS_DESC UPLOADED one UNKNOWN two\r\n\
             250-status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=100 TAG=done\r\n\
             650 CIRC 1 BUILT\r\n\
             250 OK\r\n\
             650 HS_DESC RECEIVED one NO_AUTH two\r\n",
        ),
    ])
    .await;
    let (mut control, mut events) = connect(address).await.expect("is let in");
    let reply = control
        .command("GETINFO version status/bootstrap-phase")
        .await
        .expect("is answered");
    assert_eq!(
        reply,
        [
            "version=0.4.9.11",
            "status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=100 TAG=done",
            "OK",
        ]
    );
    for expected in [
        "STATUS_CLIENT NOTICE ENOUGH_DIR_INFO",
        "HS_DESC UPLOADED one UNKNOWN two",
        "CIRC 1 BUILT",
        "HS_DESC RECEIVED one NO_AUTH two",
    ] {
        assert_eq!(events.recv().await.as_deref(), Some(expected));
    }
    task.await.expect("the script was followed");
    assert_eq!(
        events.recv().await,
        None,
        "a closed connection ends the events"
    );
}

#[tokio::test]
async fn data_replies_are_taken_up_to_the_lone_dot() {
    let (address, task) = daemon(vec![
        (AUTHENTICATE, "250 OK\r\n"),
        (
            "GETINFO config-text",
            "250+config-text=\r\nNickname da1\r\n250 OK\r\n650 CIRC 9 BUILT\r\n..hidden\r\n.\r\n250 OK\r\n",
        ),
        ("GETINFO version", "250-version=0.4.9.11\r\n250 OK\r\n"),
    ])
    .await;
    let (mut control, mut events) = connect(address).await.expect("is let in");
    // What looks like a status line or an event inside data is data, and a doubled dot is one.
    assert_eq!(
        control.info("config-text").await.expect("is answered"),
        "Nickname da1\n250 OK\n650 CIRC 9 BUILT\n.hidden"
    );
    assert_eq!(
        control.info("version").await.expect("is answered"),
        "0.4.9.11"
    );
    task.await.expect("the script was followed");
    assert_eq!(events.recv().await, None, "none was an event");
}

#[tokio::test]
async fn options_and_keys_that_have_no_value_are_empty() {
    let (address, task) = daemon(vec![
        (AUTHENTICATE, "250 OK\r\n"),
        ("GETCONF DisableNetwork", "250 DisableNetwork=1\r\n"),
        ("GETCONF ContactInfo", "250 ContactInfo\r\n"),
        ("GETINFO version", "250 OK\r\n"),
    ])
    .await;
    let (mut control, _events) = connect(address).await.expect("is let in");
    assert_eq!(
        control.option("DisableNetwork").await.expect("is answered"),
        "1"
    );
    assert_eq!(
        control.option("ContactInfo").await.expect("is answered"),
        ""
    );
    assert_eq!(control.info("version").await.expect("is answered"), "");
    task.await.expect("the script was followed");
}

#[tokio::test]
async fn a_refused_password_is_not_repeated() {
    let refusal = "515 Authentication failed: Password did not match HashedControlPassword\r\n";
    let (address, task) = daemon(vec![(AUTHENTICATE, refusal)]).await;
    let error = connect(address).await.err().expect("is refused");
    assert_eq!(
        error.to_string(),
        "da1 refused the control command AUTHENTICATE: 515 Authentication failed: Password did \
         not match HashedControlPassword"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
    task.await.expect("the script was followed");
}

#[tokio::test]
async fn a_refused_command_leaves_the_connection_usable() {
    let (address, task) = daemon(vec![
        (AUTHENTICATE, "250 OK\r\n"),
        (
            "SETCONF Speed=1",
            "552 Unrecognized option: Unknown option 'Speed'. Failing.\r\n",
        ),
        ("GETINFO version", "250-version=0.4.9.11\r\n250 OK\r\n"),
    ])
    .await;
    let (mut control, _events) = connect(address).await.expect("is let in");
    let error = control
        .command("SETCONF Speed=1")
        .await
        .expect_err("is refused");
    assert!(
        matches!(&error, ControlError::Refused { command, reply, .. }
            if command == "SETCONF" && reply.starts_with("552 ")),
        "{error}"
    );
    assert_eq!(
        control.info("version").await.expect("is answered"),
        "0.4.9.11"
    );
    task.await.expect("the script was followed");
}

#[tokio::test]
async fn a_connection_that_closes_in_the_middle_of_a_reply_is_closed_and_not_answered() {
    for half in [
        "",
        "250-version=0.4",
        "250-version=0.4.9.11\r\n",
        "250+config-text=\r\nNickname da1\r\n",
    ] {
        let (address, task) = daemon(vec![
            (AUTHENTICATE, "250 OK\r\n"),
            ("GETINFO version", half),
        ])
        .await;
        let (mut control, _events) = connect(address).await.expect("is let in");
        let error = control
            .info("version")
            .await
            .expect_err("there is no whole reply");
        assert!(
            matches!(&error, ControlError::Closed { node, .. } if node == "da1"),
            "{half:?}: {error}"
        );
        task.await.expect("the script was followed");
    }
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_told_from_one_that_refuses() {
    let closed = TcpSocket::new_v4().expect("has a socket");
    closed.bind(([127, 0, 0, 1], 0).into()).expect("binds");
    let address = closed.local_addr().expect("has an address");
    let error = connect(address).await.err().expect("nobody listens");
    assert!(matches!(error, ControlError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn a_monitor_starts_from_the_phase_and_notices_the_end() {
    let (address, task) = daemon(vec![
        (AUTHENTICATE, "250 OK\r\n"),
        (
            "SETEVENTS STATUS_CLIENT STATUS_GENERAL NEWCONSENSUS HS_DESC CIRC CIRC_MINOR STREAM CIRC_BW ORCONN",
            "250 OK\r\n",
        ),
        (
            "GETINFO status/bootstrap-phase",
            "250-status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=45 TAG=requesting_descriptors SUMMARY=\"x\"\r\n\
             250 OK\r\n\
             650 HS_DESC UPLOADED one UNKNOWN two\r\n",
        ),
    ])
    .await;
    let monitor = Monitor::attach("home1", address, &Secret::new("hunter2"))
        .await
        .expect("attaches");
    let mut watch = monitor.watch();
    let state = watch
        .wait_for(|state| state.gone)
        .await
        .expect("is followed")
        .clone();
    assert_eq!(
        (state.bootstrap, state.tag.as_str()),
        (45, "requesting_descriptors")
    );
    assert_eq!(state.uploaded, 1, "what came before the end counts");
    task.await.expect("the script was followed");
}
