//! Live sessions in the `rfc` dialect with the Interledger project's own plugin, in both roles:
//! each side authenticates or is authenticated, pays and is paid, is rejected and rejects; and
//! everything is looked at on both sides.

#[path = "npm/mod.rs"]
mod npm;
#[path = "npm/plugin.rs"]
mod plugin;

use std::time::{Duration, SystemTime};

use ator_harness::probe::{
    AcceptError, Accepted, Answer, AuthError, ConnectionEnd, Credentials, InboundHandler,
    InboundReply, Outcome, Payment, Refusal, Route, Session, SessionError, SessionOptions, Target,
};
use data_encoding::HEXLOWER;
use plugin::Plugin;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use toon_wire::{
    Address, Amount, Condition, Dialect, Expiry, Fulfillment, Packet, Prepare, RejectCode,
};

const LIMIT: Duration = Duration::from_secs(30);
const PEER: &str = "alice-7";
const SECRET: &str = "s3cret-of_alice.7~";

/// What they know and we don't: the preimage of what we send.
const THEIRS: [u8; 32] = [0x5A; 32];
/// What we know and they don't.
const OURS: [u8; 32] = [0xC3; 32];

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn accounts() -> [Credentials; 2] {
    [
        Credentials::new("bob", "another secret"),
        Credentials::new(PEER, SECRET),
    ]
}

/// Options of the `rfc` dialect with a handler that fulfils what [`OURS`] is the preimage of and
/// rejects the rest, and what the handler saw.
fn options() -> (SessionOptions, mpsc::UnboundedReceiver<Value>) {
    let (sender, seen) = mpsc::unbounded_channel();
    let handler = InboundHandler::new(move |prepare: &Prepare<'_>| {
        let described = json!({
            "type": "PREPARE",
            "amount": prepare.amount.to_string(),
            "destination": prepare.destination.as_str(),
            "expiresAt": prepare.expires_at.unix_millis(),
            "condition": hex(&prepare.condition.0),
            "data": hex(prepare.data),
        });
        // The test may have seen enough.
        let _ = sender.send(described);
        let fulfillment = Fulfillment(OURS);
        if fulfillment.fulfills(&prepare.condition) {
            InboundReply::Fulfill {
                fulfillment,
                data: b"paid".to_vec(),
            }
        } else {
            InboundReply::Reject {
                code: RejectCode::F02,
                triggered_by: "test.us".to_owned(),
                message: "unknown here".to_owned(),
            }
        }
    });
    let options = SessionOptions {
        dialect: Dialect::Rfc,
        dial_limit: LIMIT,
        upgrade_limit: LIMIT,
        auth_limit: LIMIT,
        inbound: Some(handler),
    };
    (options, seen)
}

fn expiry() -> Expiry {
    Expiry::from(SystemTime::now()).plus_millis(30_000)
}

/// We pay them: what they can fulfil, then what they cannot.
async fn we_pay(session: &Session, theirs: &mut Plugin) {
    let condition = Condition::of(&Fulfillment(THEIRS));
    let expires_at = expiry();
    let mut ilp = Vec::new();
    let prepare = Packet::Prepare(Prepare {
        amount: Amount::from(u64::MAX),
        expires_at,
        condition,
        destination: Address::new("test.plugin.a~b").expect("an address"),
        data: &[0xAB; 300],
    });
    session
        .codec()
        .encode_packet(&prepare, &mut ilp)
        .expect("a packet that can be encoded");
    let reply = session.request(ilp, LIMIT).await.expect("an answer");
    let outcome = Outcome::judge(&reply.answer(), &condition);
    assert_eq!(
        outcome,
        Outcome::Fulfilled {
            fulfillment: Fulfillment(THEIRS),
            data: b"thanks".to_vec(),
        }
    );
    assert!(matches!(reply.answer(), Answer::Fulfill(_)));
    let received = theirs.next("received").await;
    assert_eq!(
        received["prepare"],
        json!({
            "type": "PREPARE",
            "amount": u64::MAX.to_string(),
            "destination": "test.plugin.a~b",
            "expiresAt": expires_at.unix_millis(),
            "condition": hex(&condition.0),
            "data": hex(&[0xAB; 300]),
        })
    );
    assert_eq!(received["answer"]["type"], "FULFILL");

    // By the convention of the network, whose preimage they don't know.
    let payment = Payment {
        destination: Address::new("test.plugin").expect("an address"),
        amount: 7,
        data: b"hello",
        lifetime: LIMIT,
    };
    let paid = session.pay(&payment, LIMIT).await.expect("an answer");
    assert_eq!(
        paid.outcome,
        Outcome::Rejected {
            code: "F02".to_owned(),
            triggered_by: "test.plugin".to_owned(),
            message: "nobody here".to_owned(),
            data: b"why".to_vec(),
        }
    );
    let received = theirs.next("received").await;
    assert_eq!(received["prepare"]["data"], hex(b"hello"));
    assert_eq!(received["prepare"]["amount"], "7");
    assert_eq!(received["answer"]["code"], "F02");
}

/// They pay us: what we can fulfil, then what we cannot.
async fn they_pay(theirs: &mut Plugin, seen: &mut mpsc::UnboundedReceiver<Value>) {
    let send = |condition: Condition, data: &[u8]| {
        json!({
            "amount": "18446744073709551615",
            "destination": "test.us.them",
            "expiresAt": expiry().unix_millis(),
            "condition": hex(&condition.0),
            "data": hex(data),
        })
    };
    let answers = [
        (
            send(Condition::of(&Fulfillment(OURS)), &[1; 200]),
            json!({"type": "FULFILL", "fulfillment": hex(&OURS), "data": hex(b"paid")}),
        ),
        (
            send(Condition([9; 32]), b""),
            json!({
                "type": "REJECT",
                "code": "F02",
                "triggeredBy": "test.us",
                "message": "unknown here",
                "data": "",
            }),
        ),
    ];
    for (mut prepare, answer) in answers {
        theirs.order(&json!({"send": prepare}));
        assert_eq!(theirs.next("answer").await["answer"], answer);
        prepare["type"] = "PREPARE".into();
        assert_eq!(seen.recv().await, Some(prepare));
    }
}

/// What both sides have counted when all is well.
fn assert_regular(session: &Session) {
    let counters = session.counters();
    assert_eq!((counters.sent, counters.answered), (2, 2), "{counters:?}");
    assert_eq!(counters.inbound_prepares, 2, "{counters:?}");
    assert_eq!(counters.irregular(), 0, "{counters:?}");
    assert_eq!(counters.inbound_other, 0, "{counters:?}");
    assert_eq!(session.end(), None);
}

/// Nothing happened that was not asked for, but the end of the connection.
fn assert_quiet(rest: &[Value]) {
    let others: Vec<_> = rest
        .iter()
        .filter(|event| event["event"] != "disconnected")
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

fn target(port: u16) -> Target {
    Target::new("127.0.0.1", port)
}

#[tokio::test]
async fn we_dial_them() {
    let (mut theirs, port) = Plugin::listening(SECRET, &[&hex(&THEIRS)]).await;
    let (options, mut seen) = options();
    let credentials = Credentials::new(PEER, SECRET);
    let session = Session::open(&Route::Direct, &target(port), &credentials, options)
        .await
        .expect("a session");
    theirs.next("connected").await;
    we_pay(&session, &mut theirs).await;
    they_pay(&mut theirs, &mut seen).await;
    assert_regular(&session);

    session.close().await;
    assert_eq!(session.ended().await, ConnectionEnd::Local);
    theirs.next("disconnected").await;
    assert_quiet(&theirs.end().await);
}

#[tokio::test]
async fn they_dial_us() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("btp+ws://{PEER}:{SECRET}@127.0.0.1:{port}");
    let mut theirs = Plugin::start(&json!({"dial": url, "preimages": [hex(&THEIRS)]}));
    let (options, mut seen) = options();
    let (stream, _) = listener.accept().await.expect("a connection");
    let Accepted { session, peer_id } = Session::accept(stream, &accounts(), options)
        .await
        .expect("a session");
    assert_eq!(peer_id, PEER);
    assert_eq!(session.connect_times().dial, None);
    theirs.next("connected").await;
    they_pay(&mut theirs, &mut seen).await;
    we_pay(&session, &mut theirs).await;
    assert_regular(&session);

    // This time they leave.
    let rest = theirs.end().await;
    assert_quiet(&rest);
    assert!(
        matches!(session.ended().await, ConnectionEnd::Closed { .. }),
        "{:?}",
        session.end()
    );
}

#[tokio::test]
async fn they_refuse_a_wrong_secret() {
    let (theirs, port) = Plugin::listening(SECRET, &[]).await;
    let (options, _seen) = options();
    let credentials = Credentials::new(PEER, "not this one");
    let error = Session::open(&Route::Direct, &target(port), &credentials, options)
        .await
        .expect_err("no session");
    assert_eq!(
        error,
        SessionError::Auth(AuthError::Refused {
            code: "F00".to_owned(),
            name: "NotAcceptedError".to_owned(),
            end: Some(ConnectionEnd::Closed {
                code: 1005,
                reason: String::new(),
            }),
        })
    );
    assert!(!error.to_string().contains("not this one"));
    theirs.end().await;
}

#[tokio::test]
async fn we_refuse_a_wrong_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("btp+ws://{PEER}:not-this-one@127.0.0.1:{port}");
    let mut theirs = Plugin::start(&json!({"dial": url}));
    let (options, _seen) = options();
    let (stream, _) = listener.accept().await.expect("a connection");
    let error = Session::accept(stream, &accounts(), options)
        .await
        .expect_err("no session");
    assert_eq!(
        error,
        AcceptError::Refused(Refusal::WrongSecret(PEER.to_owned()))
    );
    assert!(!error.to_string().contains("not-this-one"));
    let log = theirs.next("log").await;
    assert_eq!(log["level"], "error");
    let text = log["text"].as_str().expect("a text");
    assert!(text.contains("error authenticating"), "{text}");
    assert!(text.contains("NotAcceptedError"), "{text}");
}
