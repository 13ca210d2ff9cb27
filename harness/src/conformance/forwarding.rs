//! Rows in which the connector forwards a packet to its tester.
//!
//! A write that fails shows itself where the answer is read: what the connection ended with is seen
//! there, and is what the row is judged by.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Bytes;
use wire::{BtpBody, BtpFrame, Codec, Packet};

use super::build::{self, ROW_ID};
use super::legs::{Found, Legs};
use super::seen::Seen;
use super::socket::Socket;
use super::subject::Subject;
use crate::probe::Incoming;

/// What rows of forwarding note, for tables to expect.
pub(super) mod said {
    pub(in crate::conformance) const UNCHANGED: &str =
        "forwarded with condition, destination and data as sent";
    pub(in crate::conformance) const EARLIER: &str = "expiry earlier";
    pub(in crate::conformance) const FULFILLED: &str = "our fulfillment and data came back";
    pub(in crate::conformance) const REJECTED: &str =
        "our code, triggeredBy, message and data came back";
    pub(in crate::conformance) const NEWER_REACHED: &str = "packets reach the newer connection";
    pub(in crate::conformance) const NEWER_LOST: &str =
        "a packet did not reach the newer connection";
    pub(in crate::conformance) const AT_ONCE: &str = "answered at once";
    pub(in crate::conformance) const SENT_AGAIN: &str = "sent again when the next hop was back";
    pub(in crate::conformance) const TOO_LATE: &str = "answered only when its time was over";
    pub(in crate::conformance) const ASKED: &str = "the answer of the connection that was asked";
    pub(in crate::conformance) const NOT_ASKED: &str =
        "the answer of the connection that was not asked";
}

/// What becomes of a packet that is forwarded to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forward {
    /// We fulfil it.
    Fulfilled,
    /// We reject it.
    Rejected,
    /// We answer with a fulfillment of another condition.
    WrongFulfillment,
    /// It had expired before it was sent.
    Expired,
    /// We say nothing.
    Unanswered,
}

/// Lifetime of a packet that is to be answered by the connector itself. The original then waits for the
/// reduced expiry less half a second, which is 1.5 s here (contract#next-hop-timer).
const LEAVING_LIFETIME: Duration = Duration::from_secs(3);

/// Lifetime of other packets.
const LIFETIME: Duration = Duration::from_secs(10);

/// An answer that comes sooner than this was not waiting for that timer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How often a packet is sent after the older connection has closed. The close is answered before
/// the connector has finished with it, so one packet may be too early to show what it did.
const ATTEMPTS: usize = 5;

fn note(text: &str) -> Seen {
    Seen::Note(text.to_owned())
}

/// A RESPONSE to what we were asked.
fn response(codec: &Codec, id: u32, packet: &[u8]) -> Vec<u8> {
    build::encode(codec, &BtpFrame::response(id, packet))
}

/// One packet to ourselves, and what becomes of it.
pub(super) async fn forward(subject: &Subject, what: Forward) -> Found {
    let codec = subject.codec();
    let mut legs = Legs::open(subject).await?;
    // Another for each: who has seen a packet may answer it as before.
    let data = format!("forwarded: {what:?}");
    let data = data.as_bytes();
    let address = subject.forwards.as_deref().unwrap_or(build::NOWHERE);
    let now = wire::Expiry::from(std::time::SystemTime::now());
    let until = match what {
        Forward::Expired => now.minus_millis(60_000),
        Forward::Unanswered => now.plus_millis(3_000),
        _ => now.plus_millis(10_000),
    };
    let ilp = build::prepare_until(&codec, address, data, until);
    let message = build::encode(&codec, &BtpFrame::message(ROW_ID, &ilp));
    let _ = legs.sender.send(message).await;
    if what == Forward::Expired {
        let came = legs.sender_gets(subject, subject.limit).await;
        legs.routes_back(&came)?;
        return Ok(vec![came]);
    }
    let asked = match legs.arrival(subject).await? {
        Ok(asked) => asked,
        Err(came) => return Ok(came),
    };
    let answer = match what {
        Forward::Fulfilled => Some(build::fulfill(&codec, data, b"returned")),
        Forward::Rejected => Some(build::our_reject(&codec)),
        Forward::WrongFulfillment => Some(build::fulfill(&codec, b"of another packet", b"")),
        Forward::Expired | Forward::Unanswered => None,
    };
    if let Some(answer) = answer {
        legs.answer(&asked, response(&codec, asked.id, &answer))
            .await;
    }
    let limit = subject.limit.max(LEAVING_LIFETIME * 2);
    let came = match what {
        Forward::Fulfilled => {
            let changes = changes(&codec, &asked.frame, &ilp);
            let last = legs.sender_gets_packet(subject, |packet| {
                let Packet::Fulfill(fulfill) = packet else {
                    return None;
                };
                let right = wire::Fulfillment::for_data(data);
                (fulfill.fulfillment == right && fulfill.data == b"returned")
                    .then_some(said::FULFILLED)
            });
            [changes, vec![last.await]].concat()
        }
        Forward::Rejected => vec![
            legs.sender_gets_packet(subject, |packet| {
                let Packet::Reject(reject) = packet else {
                    return None;
                };
                build::is_our_reject(reject).then_some(said::REJECTED)
            })
            .await,
        ],
        _ => {
            let mut came = vec![legs.sender_gets(subject, limit).await];
            // A second ERROR comes with the first.
            if let Some(Incoming::Binary(bytes)) = legs.sender.next(AT_ONCE / 10).await {
                came.push(Seen::message(&bytes, &codec));
            }
            came
        }
    };
    legs.close(subject).await;
    Ok(came)
}

/// What the hop changed of our packet.
fn changes(codec: &Codec, frame: &Bytes, sent: &[u8]) -> Vec<Seen> {
    let Ok(frame) = codec.decode_frame(frame) else {
        return vec![note("forwarded in a frame that cannot be read")];
    };
    let (Ok(Packet::Prepare(came)), Ok(Packet::Prepare(sent))) =
        (codec.decode_packet(frame.ilp()), codec.decode_packet(sent))
    else {
        return vec![note("forwarded as something else")];
    };
    let same = [
        ("condition", came.condition == sent.condition),
        ("destination", came.destination == sent.destination),
        ("data", came.data == sent.data),
    ];
    let changed: Vec<_> = same.iter().filter(|(_, same)| !same).collect();
    let first = match changed.as_slice() {
        [] => note(said::UNCHANGED),
        _ => {
            let names: Vec<_> = changed.iter().map(|(name, _)| *name).collect();
            note(&format!("forwarded with another {}", names.join(", ")))
        }
    };
    let taken_off = sent.expires_at.millis_after(came.expires_at);
    if taken_off > 0 {
        vec![
            first,
            note(said::EARLIER),
            Seen::Aside(format!("by {taken_off} ms")),
        ]
    } else {
        vec![first, note(&format!("expiry {} ms later", -taken_off))]
    }
}

/// Whether packets still reach the newer of two connections when the older has closed.
pub(super) async fn older_closes(subject: &Subject) -> Found {
    let mut older = subject.admitted().await.map_err(super::legs::why)?;
    let mut legs = Legs::open(subject).await?;
    // Before: whether anything is forwarded to us at all. It may come on any connection.
    match legs.deliver(subject, Some(&mut older)).await? {
        Ok(()) => legs.has_forwarded(),
        Err(came) => return Ok([vec![note("packets did not reach us before")], came].concat()),
    }
    older.close(subject.limit).await;
    for _ in 0..ATTEMPTS {
        if let Err(came) = legs.deliver(subject, None).await? {
            let came = super::seen::list(&came);
            return Ok(vec![note(said::NEWER_LOST), Seen::Aside(came)]);
        }
    }
    legs.close(subject).await;
    Ok(vec![note(said::NEWER_REACHED)])
}

/// What becomes of a packet whose next hop is gone.
pub(super) async fn next_hop_leaves(subject: &Subject) -> Found {
    let codec = subject.codec();
    let mut legs = Legs::open(subject).await?;
    legs.send(subject, b"leaving", LEAVING_LIFETIME).await;
    let asked = match legs.arrival(subject).await? {
        Ok(asked) => asked,
        Err(came) => return Ok(came),
    };
    if asked.on_sender {
        return Err(super::legs::SAME_CONNECTION.to_owned());
    }
    let Legs {
        mut sender, hop, ..
    } = legs;
    drop(hop);
    let told = |incoming: &Incoming| Seen::Aside(Seen::incoming(incoming, &codec).to_string());
    if let Some(incoming) = sender.next(AT_ONCE).await {
        let came = vec![note(said::AT_ONCE), told(&incoming)];
        sender.close(subject.limit).await;
        return Ok(came);
    }
    // Who holds the packet back for the next hop may: then it comes once that is there again.
    let again = subject.admitted().await.map_err(super::legs::why)?;
    let limit = subject.limit.max(LEAVING_LIFETIME * 2);
    let came = tokio::select! {
        incoming = sender.next(limit) => match incoming {
            Some(incoming) => vec![note(said::TOO_LATE), told(&incoming)],
            None => vec![Seen::Silence],
        },
        () = asked_again(again, &codec) => vec![note(said::SENT_AGAIN)],
    };
    sender.close(subject.limit).await;
    Ok(came)
}

/// Ends when a PREPARE comes over this connection.
async fn asked_again(mut socket: Socket, codec: &Codec) {
    loop {
        match socket.receive().await {
            Incoming::Binary(bytes) if super::legs::inbound(&bytes, codec).is_some() => return,
            Incoming::Binary(_) | Incoming::Text(_) => {}
            Incoming::Ended(_) => std::future::pending().await,
        }
    }
}

/// Whose answer counts, when another connection answers first.
pub(super) async fn foreign_answer(subject: &Subject) -> Found {
    const FENCE_ID: u32 = 0x00F0_0003;
    let codec = subject.codec();
    let mut legs = Legs::open(subject).await?;
    legs.send(subject, b"whose", LIFETIME).await;
    let asked = match legs.arrival(subject).await? {
        Ok(asked) => asked,
        Err(came) => return Ok(came),
    };
    if asked.on_sender {
        return Err(super::legs::SAME_CONNECTION.to_owned());
    }
    let fulfilled = |returned: &[u8]| {
        let fulfill = build::fulfill(&codec, b"whose", returned);
        response(&codec, asked.id, &fulfill)
    };
    // The packet after the foreign answer shows that the connector has read it.
    let fence = build::message_nowhere(&codec, FENCE_ID);
    let _ = legs.sender.send_burst([fulfilled(b"foreign"), fence]).await;
    let mut answered = false;
    let started = Instant::now();
    let came = loop {
        let left = (subject.limit * 2).saturating_sub(started.elapsed());
        let Some(incoming) = legs.sender.next(left).await else {
            break Seen::Silence;
        };
        let Incoming::Binary(bytes) = &incoming else {
            break Seen::incoming(&incoming, &codec);
        };
        let Ok(frame) = codec.decode_frame(bytes) else {
            break Seen::incoming(&incoming, &codec);
        };
        if frame.request_id == FENCE_ID && !answered {
            answered = true;
            let _ = legs.hop.send(fulfilled(b"asked")).await;
            continue;
        }
        let data = match frame.body {
            BtpBody::Data(data) => match codec.decode_packet(data.ilp) {
                Ok(Packet::Fulfill(fulfill)) => fulfill.data,
                _ => break Seen::incoming(&incoming, &codec),
            },
            BtpBody::Error(_) => break Seen::incoming(&incoming, &codec),
        };
        break match data {
            b"asked" => note(said::ASKED),
            b"foreign" => note(said::NOT_ASKED),
            _ => note("an answer that nobody gave"),
        };
    };
    legs.close(subject).await;
    Ok(vec![came])
}
