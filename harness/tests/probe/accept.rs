//! The accepting side: who is let in, who is refused and how, in both dialects.

use std::time::Duration;

use ator_harness::probe::{
    AcceptError, Accepted, AuthError, ConnectionEnd, Credentials, InboundHandler, InboundReply,
    Incoming, Refusal, Session, SessionError, SessionOptions, Target, WebSocket,
};
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use wire::auth::{auth_json, json_entries, rfc_entries};
use wire::{BtpBody, BtpFrame, BtpType, Codec, Dialect, Mode, ProtocolData, ProtocolEntry};

use crate::support::{LIMIT, SECRET, credentials, prepare};

const SHORT: Duration = Duration::from_millis(50);

fn options(dialect: Dialect, auth_limit: Duration) -> SessionOptions {
    SessionOptions {
        dialect,
        auth_limit,
        inbound: Some(InboundHandler::new(|prepare| {
            InboundReply::fulfilling(prepare)
        })),
        ..SessionOptions::default()
    }
}

type Server = JoinHandle<Result<Accepted, AcceptError>>;

/// The dialling end of a pipe whose other end is accepted.
fn serve(dialect: Dialect, auth_limit: Duration) -> (DuplexStream, Server) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let accounts = [Credentials::new("somebody", "else"), credentials()];
    let server =
        tokio::spawn(
            async move { Session::accept(far, &accounts, options(dialect, auth_limit)).await },
        );
    (near, server)
}

fn target() -> Target {
    Target::new("pipe", 1)
}

#[tokio::test]
async fn both_ends_are_sessions_that_pay_each_other() {
    for dialect in [Dialect::Toon, Dialect::Rfc] {
        let (near, server) = serve(dialect, LIMIT);
        let client = Session::connect(near, &target(), &credentials(), options(dialect, LIMIT))
            .await
            .unwrap();
        let Accepted { session, peer_id } = server.await.unwrap().unwrap();
        assert_eq!(peer_id, "py-client");
        let payment = ator_harness::probe::Payment {
            destination: wire::Address::new("test.pipe").unwrap(),
            amount: 3,
            data: b"x",
            lifetime: LIMIT,
        };
        for side in [&client, &session] {
            let paid = side.pay(&payment, LIMIT).await.unwrap();
            assert!(paid.outcome.is_fulfilled(), "{dialect}: {paid:?}");
        }
        session.close().await;
        assert_eq!(
            client.ended().await,
            ConnectionEnd::Closed {
                code: 1000,
                reason: String::new(),
            }
        );
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_as_the_dialect_has_it() {
    for (dialect, name) in [
        (Dialect::Toon, "BTPError"),
        (Dialect::Rfc, "NotAcceptedError"),
    ] {
        for (id, secret, refusal) in [
            (
                "py-client",
                "wrong",
                Refusal::WrongSecret("py-client".to_owned()),
            ),
            (
                "py-client",
                "",
                Refusal::WrongSecret("py-client".to_owned()),
            ),
            (
                "Py-Client",
                SECRET,
                Refusal::UnknownPeer("Py-Client".to_owned()),
            ),
        ] {
            let (near, server) = serve(dialect, LIMIT);
            let credentials = Credentials::new(id, secret);
            let error = Session::connect(near, &target(), &credentials, options(dialect, LIMIT))
                .await
                .unwrap_err();
            assert_eq!(
                error,
                SessionError::Auth(AuthError::Refused {
                    code: "F00".to_owned(),
                    name: name.to_owned(),
                    end: Some(ConnectionEnd::Closed {
                        code: 1008,
                        reason: "Authentication failed".to_owned(),
                    }),
                })
            );
            let error = server.await.unwrap().unwrap_err();
            assert_eq!(error, AcceptError::Refused(refusal));
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
    }
}

fn encode(dialect: Dialect, frame: &BtpFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    Codec::new(dialect, Mode::Lenient)
        .encode_frame(frame, &mut bytes)
        .unwrap();
    bytes
}

fn message(dialect: Dialect, entries: &[ProtocolEntry<'_>], ilp: &[u8]) -> Vec<u8> {
    let entries = ProtocolData::new(entries);
    encode(dialect, &BtpFrame::data(9, BtpType::Message, entries, ilp))
}

/// Sends `first` as the first message and returns the request id of the answering ERROR and why
/// the connection was refused.
async fn refused(dialect: Dialect, first: Vec<u8>) -> (u32, Refusal) {
    let (near, server) = serve(dialect, LIMIT);
    let mut socket = WebSocket::upgrade(near, &target(), LIMIT).await.unwrap();
    socket.send(first).await.unwrap();
    let Some(Incoming::Binary(bytes)) = socket.next(LIMIT).await else {
        panic!("no ERROR");
    };
    let frame = Codec::new(dialect, Mode::Strict)
        .decode_frame(&bytes)
        .unwrap();
    assert!(matches!(frame.body, BtpBody::Error(_)), "{frame:?}");
    assert!(matches!(
        socket.next(LIMIT).await,
        Some(Incoming::Ended(ConnectionEnd::Closed { code: 1008, .. }))
    ));
    // Otherwise the server waits for this side to close as well.
    drop(socket);
    match server.await.unwrap() {
        Err(AcceptError::Refused(refusal)) => (frame.request_id, refusal),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_authentication_is_refused() {
    let toon = |json: &str| message(Dialect::Toon, &json_entries(json), &[]);
    let right = rfc_entries("py-client", SECRET);
    let [auth, name, token] = right;
    let rfc = |entries: &[ProtocolEntry<'_>]| message(Dialect::Rfc, entries, &[]);
    let full = ProtocolEntry::new("auth", 0, b"x");
    let text = ProtocolEntry::new("auth", 1, b"");
    let bytes = ProtocolEntry::new("auth_token", 0, SECRET.as_bytes());
    let cases = [
        (Dialect::Toon, toon("hello"), "`auth` is not JSON"),
        (Dialect::Toon, toon("null"), "no peerId"),
        (
            Dialect::Toon,
            toon(r#"{"peerId":"","secret":"x"}"#),
            "no peerId",
        ),
        (
            Dialect::Toon,
            toon(r#"{"peerId":5,"secret":"x"}"#),
            "no peerId",
        ),
        (
            Dialect::Toon,
            toon(r#"{"peerId":"py-client","secret":null}"#),
            "no secret",
        ),
        (
            Dialect::Toon,
            message(Dialect::Toon, &right, &[]),
            "`auth` is not JSON",
        ),
        (
            Dialect::Toon,
            message(Dialect::Toon, &[], &prepare(b"")),
            "no entry `auth`",
        ),
        (Dialect::Rfc, rfc(&[]), "no entry `auth`"),
        (
            Dialect::Rfc,
            rfc(&[name, auth, token]),
            "the first entry is not `auth`",
        ),
        (
            Dialect::Rfc,
            rfc(&[full, name, token]),
            "`auth` is not empty bytes",
        ),
        (
            Dialect::Rfc,
            rfc(&[text, name, token]),
            "`auth` is not empty bytes",
        ),
        (Dialect::Rfc, rfc(&[auth, token]), "no text `auth_username`"),
        (Dialect::Rfc, rfc(&[auth, name]), "no text `auth_token`"),
        (
            Dialect::Rfc,
            rfc(&[auth, name, bytes]),
            "no text `auth_token`",
        ),
        (
            Dialect::Rfc,
            rfc(&[auth, name, token, token]),
            "an entry is there twice",
        ),
        (
            Dialect::Rfc,
            message(Dialect::Rfc, &right, b"packet"),
            "it carries a packet",
        ),
        (
            Dialect::Rfc,
            encode(Dialect::Rfc, &BtpFrame::response_empty(9)),
            "it is not a MESSAGE",
        ),
    ];
    for (dialect, first, why) in cases {
        let (id, refusal) = refused(dialect, first).await;
        assert_eq!((id, refusal), (9, Refusal::Malformed(why)), "{dialect}");
    }
}

#[tokio::test]
async fn entries_in_any_order_and_number_are_let_in_where_the_dialect_allows() {
    let json = auth_json("py-client", SECRET);
    let other = ProtocolEntry::new("other", 2, b"{}");
    let [entry] = json_entries(&json);
    let [auth, name, token] = rfc_entries("py-client", SECRET);
    for (dialect, first) in [
        (
            Dialect::Toon,
            message(Dialect::Toon, &[other, entry], b"dropped"),
        ),
        (
            Dialect::Rfc,
            message(Dialect::Rfc, &[auth, other, token, name], &[]),
        ),
    ] {
        let (near, server) = serve(dialect, LIMIT);
        let mut socket = WebSocket::upgrade(near, &target(), LIMIT).await.unwrap();
        socket.send(first).await.unwrap();
        let answer = socket.next(LIMIT).await;
        let expected = encode(dialect, &BtpFrame::response_empty(9));
        assert_eq!(answer, Some(Incoming::Binary(expected.into())));
        assert_eq!(server.await.unwrap().unwrap().peer_id, "py-client");
    }
}

#[tokio::test]
async fn an_unreadable_message_is_answered_in_toon_only_and_the_wait_goes_on() {
    for dialect in [Dialect::Toon, Dialect::Rfc] {
        let (near, server) = serve(dialect, LIMIT);
        let mut socket = WebSocket::upgrade(near, &target(), LIMIT).await.unwrap();
        socket.send(vec![6]).await.unwrap();
        let auth = credentials()
            .auth_frame(&Codec::new(dialect, Mode::Lenient), 4)
            .unwrap();
        socket.send(auth).await.unwrap();
        let mut ids = Vec::new();
        loop {
            let Some(Incoming::Binary(bytes)) = socket.next(LIMIT).await else {
                panic!("no answer");
            };
            let codec = Codec::new(dialect, Mode::Strict);
            let frame = codec.decode_frame(&bytes).unwrap();
            ids.push(frame.request_id);
            if frame.kind() == Some(BtpType::Response) {
                break;
            }
        }
        match dialect {
            Dialect::Toon => assert_eq!(ids, [0, 4]),
            Dialect::Rfc => assert_eq!(ids, [4]),
        }
        assert!(server.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn silence_and_departure_have_their_own_types() {
    let (near, server) = serve(Dialect::Rfc, SHORT);
    let mut socket = WebSocket::upgrade(near, &target(), LIMIT).await.unwrap();
    assert!(matches!(
        socket.next(LIMIT).await,
        Some(Incoming::Ended(ConnectionEnd::Closed { code: 1008, .. }))
    ));
    drop(socket);
    let error = server.await.unwrap().unwrap_err();
    assert_eq!(error, AcceptError::TimedOut(SHORT));

    let (near, server) = serve(Dialect::Toon, LIMIT);
    let socket = WebSocket::upgrade(near, &target(), LIMIT).await.unwrap();
    drop(socket);
    let error = server.await.unwrap().unwrap_err();
    assert_eq!(error, AcceptError::Ended(ConnectionEnd::Eof));

    let (near, server) = serve(Dialect::Toon, LIMIT);
    drop(near);
    let error = server.await.unwrap().unwrap_err();
    assert!(matches!(error, AcceptError::Upgrade(_)), "{error}");
}

#[tokio::test]
async fn every_rfc_request_is_answered() {
    let (near, server) = serve(Dialect::Rfc, LIMIT);
    let mut socket = WebSocket::upgrade(near, &target(), LIMIT).await.unwrap();
    let codec = Codec::new(Dialect::Rfc, Mode::Strict);
    let auth = credentials().auth_frame(&codec, 1).unwrap();
    socket.send(auth).await.unwrap();
    socket.next(LIMIT).await.unwrap();
    let session = server.await.unwrap().unwrap().session;
    for kind in [BtpType::Transfer, BtpType::Message] {
        let frame = BtpFrame::data(77, kind, ProtocolData::EMPTY, &[]);
        socket.send(encode(Dialect::Rfc, &frame)).await.unwrap();
        let Some(Incoming::Binary(bytes)) = socket.next(LIMIT).await else {
            panic!("no answer");
        };
        let answer = codec.decode_frame(&bytes).unwrap();
        assert_eq!(answer.request_id, 77);
        assert!(matches!(answer.body, BtpBody::Error(_)), "{answer:?}");
    }
    assert_eq!(session.counters().inbound_other, 2);
}

#[tokio::test]
async fn a_session_whose_driver_is_gone_was_not_closed_by_this_side() {
    let (near, server) = serve(Dialect::Toon, LIMIT);
    let options = SessionOptions {
        inbound: Some(InboundHandler::new(|_| panic!("a handler's mistake"))),
        ..SessionOptions::default()
    };
    let client = Session::connect(near, &target(), &credentials(), options)
        .await
        .expect("is let in");
    let Accepted { session, .. } = server.await.expect("serves").expect("lets in");
    let payment = ator_harness::probe::Payment {
        destination: wire::Address::new("test.pipe").expect("is an address"),
        amount: 3,
        data: b"x",
        lifetime: LIMIT,
    };
    assert!(
        session.pay(&payment, LIMIT).await.is_err(),
        "nobody answers"
    );
    let end = client.ended().await;
    assert!(matches!(end, ConnectionEnd::Broken(_)), "{end}");
}
