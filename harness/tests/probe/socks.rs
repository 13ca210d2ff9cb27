//! The SOCKS5h client against a proxy that follows a script.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ator_harness::probe::{
    DialErrorKind, DialPhase, Isolation, ReplyCode, Target, dial, dial_direct,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// 56 letters and digits, as an onion address has.
const ONION: &str = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.anon";
const LIMIT: Duration = Duration::from_secs(5);

/// A proxy for one connection: accepts it and hands it to `script`.
async fn proxy<F, Fut, T>(script: F) -> (SocketAddr, JoinHandle<T>)
where
    F: FnOnce(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = T> + Send,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        script(stream).await
    });
    (address, task)
}

async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// Bytes of the CONNECT request for `target` as RFC 1928 section 4 has it, with a domain name.
fn request(host: &str, port: u16) -> Vec<u8> {
    let mut bytes = vec![5, 1, 0, 3, u8::try_from(host.len()).unwrap()];
    bytes.extend(host.as_bytes());
    bytes.extend(port.to_be_bytes());
    bytes
}

/// Dials through a proxy that answers the CONNECT request with `reply` and then closes.
async fn dial_with_reply(reply: Vec<u8>) -> DialErrorKind {
    let (address, task) = proxy(|mut stream| async move {
        read(&mut stream, 3).await;
        stream.write_all(&[5, 0]).await.unwrap();
        read(&mut stream, request(ONION, 80).len()).await;
        stream.write_all(&reply).await.unwrap();
    })
    .await;
    let error = dial(address, &Target::new(ONION, 80), None, LIMIT)
        .await
        .unwrap_err();
    task.await.unwrap();
    assert!(!error.to_string().contains("abcdef"), "{error}");
    assert!(!format!("{error:?}").contains("abcdef"), "{error:?}");
    error.kind
}

#[tokio::test]
async fn sends_the_name_as_a_domain_and_leaves_the_first_payload_byte_alone() {
    let (address, task) = proxy(|mut stream| async move {
        let greeting = read(&mut stream, 3).await;
        stream.write_all(&[5, 0]).await.unwrap();
        let connect = read(&mut stream, request(ONION, 3000).len()).await;
        // A domain as the bound address, and the payload in the same segment as the reply.
        stream
            .write_all(b"\x05\x00\x00\x03\x04host\x00\x50hello")
            .await
            .unwrap();
        (greeting, connect)
    })
    .await;
    let mut dialed = dial(address, &Target::new(ONION, 3000), None, LIMIT)
        .await
        .unwrap();
    assert_eq!(read(&mut dialed.stream, 5).await, b"hello");
    let (greeting, connect) = task.await.unwrap();
    assert_eq!(greeting, [5, 1, 0], "one method, no authentication");
    assert_eq!(connect, request(ONION, 3000));
}

#[tokio::test]
async fn even_an_address_literal_travels_as_a_domain() {
    let (address, task) = proxy(|mut stream| async move {
        read(&mut stream, 3).await;
        stream.write_all(&[5, 0]).await.unwrap();
        let connect = read(&mut stream, request("127.0.0.1", 80).len()).await;
        stream
            .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        connect
    })
    .await;
    dial(address, &Target::new("127.0.0.1", 80), None, LIMIT)
        .await
        .unwrap();
    assert_eq!(task.await.unwrap()[3], 3, "address type");
}

#[tokio::test]
async fn isolation_travels_as_user_name_and_password() {
    let (address, task) = proxy(|mut stream| async move {
        let greeting = read(&mut stream, 3).await;
        stream.write_all(&[5, 2]).await.unwrap();
        let password = read(&mut stream, 11).await;
        stream.write_all(&[1, 0]).await.unwrap();
        read(&mut stream, request(ONION, 80).len()).await;
        let mut reply = vec![5, 0, 0, 4];
        reply.extend([0; 18]);
        stream.write_all(&reply).await.unwrap();
        (greeting, password)
    })
    .await;
    let isolation = Isolation::new("run-1", "two");
    let target = Target::new(ONION, 80);
    dial(address, &target, Some(&isolation), LIMIT)
        .await
        .unwrap();
    let (greeting, password) = task.await.unwrap();
    assert_eq!(greeting, [5, 1, 2], "only the password method is offered");
    assert_eq!(password, b"\x01\x05run-1\x03two");
}

#[tokio::test]
async fn a_refused_password_and_an_unwilling_proxy_are_told_apart() {
    let (address, _task) = proxy(|mut stream| async move {
        read(&mut stream, 3).await;
        stream.write_all(&[5, 2]).await.unwrap();
        read(&mut stream, 5).await;
        stream.write_all(&[1, 9]).await.unwrap();
    })
    .await;
    let isolation = Isolation::new("a", "b");
    let target = Target::new(ONION, 80);
    let error = dial(address, &target, Some(&isolation), LIMIT)
        .await
        .unwrap_err();
    assert_eq!(error.kind, DialErrorKind::AuthenticationRefused(9));

    let (address, _task) = proxy(|mut stream| async move {
        read(&mut stream, 3).await;
        stream.write_all(&[5, 0xFF]).await.unwrap();
    })
    .await;
    let error = dial(address, &target, None, LIMIT).await.unwrap_err();
    assert_eq!(error.kind, DialErrorKind::NoAcceptableMethod);
}

#[tokio::test]
async fn every_reply_code_has_its_own_meaning() {
    let cases = [
        (0x01, ReplyCode::GeneralFailure),
        (0x02, ReplyCode::NotAllowed),
        (0x03, ReplyCode::NetworkUnreachable),
        (0x04, ReplyCode::HostUnreachable),
        (0x05, ReplyCode::ConnectionRefused),
        (0x06, ReplyCode::TtlExpired),
        (0x07, ReplyCode::CommandNotSupported),
        (0x08, ReplyCode::AddressTypeNotSupported),
        (0xF0, ReplyCode::DescriptorNotFound),
        (0xF1, ReplyCode::DescriptorInvalid),
        (0xF2, ReplyCode::IntroductionFailed),
        (0xF3, ReplyCode::RendezvousFailed),
        (0xF4, ReplyCode::MissingClientAuthorization),
        (0xF5, ReplyCode::WrongClientAuthorization),
        (0xF6, ReplyCode::InvalidOnionAddress),
        (0xF7, ReplyCode::IntroductionTimedOut),
        (0x63, ReplyCode::Other(0x63)),
    ];
    for (byte, code) in cases {
        let kind = dial_with_reply(vec![5, byte, 0, 1, 0, 0, 0, 0, 0, 0]).await;
        assert_eq!(kind, DialErrorKind::Refused(code));
        assert_eq!(code.to_byte(), byte);
        assert!(code.to_string().contains(&format!("{byte:02X}")), "{code}");
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_or_makes_no_sense_is_named() {
    assert_eq!(
        dial_with_reply(vec![5, 0, 0, 1, 0]).await,
        DialErrorKind::Lost {
            phase: DialPhase::Connect,
            cause: io::ErrorKind::UnexpectedEof.into(),
        }
    );
    assert!(matches!(
        dial_with_reply(vec![4, 0, 0, 1]).await,
        DialErrorKind::Protocol {
            phase: DialPhase::Connect,
            ..
        }
    ));
    assert!(matches!(
        dial_with_reply(vec![5, 0, 0, 9]).await,
        DialErrorKind::Protocol { .. }
    ));
}

#[tokio::test]
async fn something_else_than_a_proxy_is_named() {
    let (address, _task) = proxy(|mut stream| async move {
        read(&mut stream, 3).await;
        stream.write_all(b"HTTP/1.1 400").await.unwrap();
    })
    .await;
    let error = dial(address, &Target::new(ONION, 80), None, LIMIT)
        .await
        .unwrap_err();
    assert!(matches!(
        error.kind,
        DialErrorKind::Protocol {
            phase: DialPhase::Greeting,
            ..
        }
    ));
}

#[tokio::test]
async fn silence_ends_at_the_time_limit_and_says_in_which_phase() {
    let (address, _task) = proxy(|mut stream| async move {
        read(&mut stream, 3).await;
        stream.write_all(&[5, 0]).await.unwrap();
        // Holds the connection open until the client has given up.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
    })
    .await;
    let limit = Duration::from_millis(50);
    let error = dial(address, &Target::new(ONION, 80), None, limit)
        .await
        .unwrap_err();
    assert_eq!(error.kind, DialErrorKind::TimedOut(DialPhase::Connect));
    assert!(error.elapsed >= limit);
}

#[tokio::test]
async fn an_absent_proxy_and_an_absent_target_are_told_apart() {
    // Bound without listening: refused, and nobody else's.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = closed.local_addr().unwrap();
    let refused = io::ErrorKind::ConnectionRefused;
    let error = dial(address, &Target::new(ONION, 80), None, LIMIT)
        .await
        .unwrap_err();
    assert_eq!(error.kind, DialErrorKind::ProxyUnreachable(refused.into()));
    let target = Target::new("127.0.0.1", address.port());
    let error = dial_direct(&target, LIMIT).await.unwrap_err();
    assert_eq!(error.kind, DialErrorKind::TargetUnreachable(refused.into()));
}

#[tokio::test]
async fn a_host_that_does_not_fit_is_refused_before_anything_is_sent() {
    let (address, task) = proxy(|mut stream| async move {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        rest
    })
    .await;
    let target = Target::new("x".repeat(256), 80);
    let error = dial(address, &target, None, LIMIT).await.unwrap_err();
    assert!(matches!(error.kind, DialErrorKind::Unencodable(_)));
    assert_eq!(task.await.unwrap(), b"");
}

#[test]
fn a_target_prints_without_its_host() {
    let target = Target::new(ONION, 3000);
    assert_eq!(format!("{target}"), "[redacted]:3000");
    assert_eq!(format!("{target:?}"), "[redacted]:3000");
}
