//! Upgrade and authentication: every way they can end has its own type.

use std::time::Duration;

use ator_harness::probe::{
    AuthError, ConnectionEnd, SessionError, SessionOptions, UpgradeError, WebSocket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wire::BtpFrame;

use crate::support::{CODEC, LIMIT, SECRET, connect, connect_with, credentials, serve, target};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn the_authentication_is_the_contracts_frame_and_is_timed() {
    let (address, task) = serve(|mut peer| async move {
        let bytes = peer.receive().await.unwrap();
        peer.send(&BtpFrame::response_empty(1)).await;
        bytes
    })
    .await;
    let session = connect(address).await.unwrap();
    let times = session.connect_times();
    assert!(times.dial.is_some());
    assert_eq!(times.btp_connect(), times.upgrade + times.auth);
    let bytes = task.await.unwrap();
    // The frame "auth.secret-ok" of the captured vectors.
    let captured = "060000000101046175746800000000002b7b22706565724964223a2270792d636c69656e742\
                    22c22736563726574223a2270792d736563726574227d00000000";
    let captured = data_encoding::HEXLOWER.decode(captured.as_bytes()).unwrap();
    assert_eq!(bytes, captured);
}

#[tokio::test]
async fn a_refusal_carries_the_error_and_the_close() {
    let (address, _task) = serve(|mut peer| async move {
        let (id, _) = peer.request().await;
        let time = "2026-11-22T09:30:55.427Z";
        peer.send(&BtpFrame::error(id, "F00", "BTPError", time))
            .await;
        peer.close(1008, "Authentication failed").await;
        peer.until_gone().await
    })
    .await;
    let error = connect(address).await.unwrap_err();
    assert_eq!(
        error,
        SessionError::Auth(AuthError::Refused {
            code: "F00".to_owned(),
            name: "BTPError".to_owned(),
            end: Some(ConnectionEnd::Closed {
                code: 1008,
                reason: "Authentication failed".to_owned(),
            }),
        })
    );
    let text = error.to_string();
    assert!(text.contains("F00 BTPError"), "{text}");
    assert!(text.contains("closed with 1008"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn silence_after_the_authentication_ends_at_the_limit() {
    let (address, task) = serve(|mut peer| async move { peer.until_gone().await }).await;
    let options = SessionOptions {
        auth_limit: SHORT,
        ..SessionOptions::default()
    };
    let error = connect_with(address, options).await.unwrap_err();
    assert_eq!(error, SessionError::Auth(AuthError::TimedOut(SHORT)));
    // The connection is given up together with the attempt.
    task.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_says_how() {
    let (address, _task) = serve(|mut peer| async move {
        peer.request().await;
        peer.close(1011, "broken").await;
        peer.until_gone().await
    })
    .await;
    let end = ConnectionEnd::Closed {
        code: 1011,
        reason: "broken".to_owned(),
    };
    assert_eq!(
        connect(address).await.unwrap_err(),
        SessionError::Auth(AuthError::Ended(end))
    );

    let (address, _task) = serve(|mut peer| async move {
        peer.request().await;
    })
    .await;
    assert_eq!(
        connect(address).await.unwrap_err(),
        SessionError::Auth(AuthError::Ended(ConnectionEnd::Eof))
    );
}

#[tokio::test]
async fn an_answer_to_something_else_is_unexpected() {
    let (address, _task) = serve(|mut peer| async move {
        peer.request().await;
        peer.send(&BtpFrame::response_empty(77)).await;
        peer.until_gone().await
    })
    .await;
    let SessionError::Auth(AuthError::Unexpected(what)) = connect(address).await.unwrap_err()
    else {
        panic!("not an unexpected answer");
    };
    assert_eq!(what, "RESPONSE with request id 77");

    let (address, _task) = serve(|mut peer| async move {
        peer.request().await;
        peer.send_bytes(vec![9, 9, 9]).await;
        peer.until_gone().await
    })
    .await;
    assert!(matches!(
        connect(address).await.unwrap_err(),
        SessionError::Auth(AuthError::Unexpected(_))
    ));
}

#[tokio::test]
async fn an_http_refusal_and_a_silent_server_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        let (mut silent, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        silent.read_to_end(&mut request).await.unwrap();
        request
    });
    assert_eq!(
        connect(address).await.unwrap_err(),
        SessionError::Upgrade(UpgradeError::Status(403))
    );
    let options = SessionOptions {
        upgrade_limit: SHORT,
        ..SessionOptions::default()
    };
    assert_eq!(
        connect_with(address, options).await.unwrap_err(),
        SessionError::Upgrade(UpgradeError::TimedOut(SHORT))
    );
    let request = String::from_utf8(server.await.unwrap()).unwrap();
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains(SECRET), "{request}");
}

#[tokio::test]
async fn any_byte_stream_will_do() {
    let (ours, theirs) = tokio::io::duplex(4096);
    let server = tokio::spawn(async move {
        let mut socket = tokio_tungstenite::accept_async(theirs).await.unwrap();
        use futures_util::{SinkExt, StreamExt};
        let message = socket.next().await.unwrap().unwrap();
        socket.send(message.clone()).await.unwrap();
        message.into_data()
    });
    let target = target("127.0.0.1:1".parse().unwrap());
    let mut socket = WebSocket::upgrade(ours, &target, LIMIT).await.unwrap();
    let frame = credentials().auth_frame(&CODEC, 1).unwrap();
    socket.send(frame.clone()).await.unwrap();
    assert!(matches!(
        socket.next(LIMIT).await,
        Some(ator_harness::probe::Incoming::Binary(bytes)) if bytes == frame
    ));
    assert_eq!(server.await.unwrap(), frame);
}
