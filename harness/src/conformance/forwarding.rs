//! Rows in which the connector forwards a packet to its tester.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Bytes;
use wire::{BtpBody, BtpFrame, Codec, Packet};

use super::build::{self, ROW_ID};
use super::seen::Seen;
use super::subject::{Socket, Subject};
use crate::causes::with_causes;
use crate::probe::Incoming;

/// Lifetime of a packet whose next hop leaves. The original then waits for the reduced expiry less
/// half a second, which is 1.5 s here (contract#next-hop-timer).
const LEAVING_LIFETIME: Duration = Duration::from_secs(3);

/// An answer that comes sooner than this was not waiting for that timer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How often a packet is sent after the older connection has closed. The close is answered before
/// the connector has finished with it, so one packet may be too early to show what it did.
const ATTEMPTS: usize = 5;

fn note(text: impl Into<String>) -> Seen {
    Seen::Note(text.into())
}

/// Two connections of one peer; `Err` holds what went wrong instead.
pub(super) async fn pair(subject: &Subject) -> Result<(Socket, Socket), Vec<Seen>> {
    let older = subject
        .admitted()
        .await
        .map_err(|error| vec![note(with_causes(&error).to_string())])?;
    let newer = subject
        .admitted()
        .await
        .map_err(|error| vec![note(with_causes(&error).to_string())])?;
    Ok((older, newer))
}

/// A PREPARE to the address that is forwarded to us.
fn forwarded(subject: &Subject, data: &[u8], lifetime: Duration) -> Vec<u8> {
    let codec = subject.codec();
    let address = subject.forwards.as_deref().unwrap_or(build::NOWHERE);
    let ilp = build::prepare(&codec, address, data, lifetime);
    build::encode(&codec, &BtpFrame::message(ROW_ID, &ilp))
}

/// The request id of an inbound MESSAGE with a PREPARE.
fn inbound(bytes: &Bytes, codec: &Codec) -> Option<u32> {
    let frame = codec.decode_frame(bytes).ok()?;
    let is_prepare = matches!(codec.decode_packet(frame.ilp()), Ok(Packet::Prepare(_)));
    (frame.type_name() == "MESSAGE" && is_prepare).then_some(frame.request_id)
}

/// What a RESPONSE or ERROR says, for a note.
fn answer(bytes: &Bytes, codec: &Codec) -> String {
    match Seen::message(bytes, codec) {
        Seen::Reject { code, .. } => format!("rejected {code}"),
        Seen::Error { .. } => "BTP ERROR".to_owned(),
        other => other.to_string(),
    }
}

/// Waits for the PREPARE that the connector forwards to `socket`, or for what comes instead.
async fn await_prepare(socket: &mut Socket, subject: &Subject) -> Result<u32, Seen> {
    let codec = subject.codec();
    match socket.next(subject.limit).await {
        Some(Incoming::Binary(bytes)) => match inbound(&bytes, &codec) {
            Some(id) => Ok(id),
            None => Err(note(answer(&bytes, &codec))),
        },
        Some(other) => Err(Seen::incoming(&other, &codec)),
        None => Err(Seen::Silence),
    }
}

// A write that fails below shows itself where the answer is read: what the connection ended with is seen
// there, and is what the row is judged by.

/// Sends a packet to ourselves over `socket`, answers it there, and notes how that went.
async fn deliver(socket: &mut Socket, subject: &Subject) -> Seen {
    let codec = subject.codec();
    let _ = socket
        .send(forwarded(subject, b"to-the-newer", Duration::from_secs(10)))
        .await;
    let id = match await_prepare(socket, subject).await {
        Ok(id) => id,
        Err(seen) => return seen,
    };
    let fulfill = build::fulfill(&codec, b"to-the-newer", b"");
    let response = build::encode(&codec, &BtpFrame::response(id, &fulfill));
    let _ = socket.send(response).await;
    match socket.next(subject.limit).await {
        Some(Incoming::Binary(bytes))
            if Seen::message(&bytes, &codec) == (Seen::Fulfill { id: ROW_ID }) =>
        {
            note("packet reached the newer connection")
        }
        Some(other) => Seen::incoming(&other, &codec),
        None => Seen::Silence,
    }
}

pub(super) async fn older_closes(subject: &Subject) -> Vec<Seen> {
    let (older, mut newer) = match pair(subject).await {
        Ok(pair) => pair,
        Err(seen) => return seen,
    };
    let mut came = vec![deliver(&mut newer, subject).await];
    older.close(subject.limit).await;
    came.push(note("older closed"));
    let mut last = Seen::Silence;
    for _ in 0..ATTEMPTS {
        last = deliver(&mut newer, subject).await;
        if last != came[0] {
            break;
        }
    }
    came.push(last);
    newer.close(subject.limit).await;
    came
}

pub(super) async fn next_hop_leaves(subject: &Subject) -> Vec<Seen> {
    let codec = subject.codec();
    let (mut sender, mut hop) = match pair(subject).await {
        Ok(pair) => pair,
        Err(seen) => return seen,
    };
    let _ = sender
        .send(forwarded(subject, b"leaving", LEAVING_LIFETIME))
        .await;
    if let Err(seen) = await_prepare(&mut hop, subject).await {
        return vec![note("the packet did not reach the next hop"), seen];
    }
    drop(hop);
    let left = Instant::now();
    let limit = subject.limit.max(LEAVING_LIFETIME * 2);
    let came = match sender.next(limit).await {
        Some(Incoming::Binary(bytes)) => {
            let when = if left.elapsed() < AT_ONCE {
                "at once"
            } else {
                "only when the time limit ran out"
            };
            vec![note(answer(&bytes, &codec)), note(when)]
        }
        Some(other) => vec![Seen::incoming(&other, &codec)],
        None => vec![Seen::Silence],
    };
    sender.close(subject.limit).await;
    came
}

pub(super) async fn foreign_answer(subject: &Subject) -> Vec<Seen> {
    const FENCE_ID: u32 = 0x00F0_0003;
    let codec = subject.codec();
    let (mut sender, mut hop) = match pair(subject).await {
        Ok(pair) => pair,
        Err(seen) => return seen,
    };
    let _ = sender
        .send(forwarded(subject, b"whose", Duration::from_secs(10)))
        .await;
    let id = match await_prepare(&mut hop, subject).await {
        Ok(id) => id,
        Err(seen) => return vec![note("the packet did not reach the next hop"), seen],
    };
    let response = |returned: &[u8]| {
        let fulfill = build::fulfill(&codec, b"whose", returned);
        build::encode(&codec, &BtpFrame::response(id, &fulfill))
    };
    // The packet after the foreign answer shows that the connector has read it.
    let fence = build::message_nowhere(&codec, FENCE_ID);
    let _ = sender.send_burst([response(b"foreign"), fence]).await;
    let mut answered = false;
    let came = loop {
        let Some(incoming) = sender.next(subject.limit).await else {
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
            let _ = hop.send(response(b"asked")).await;
            continue;
        }
        let data = match frame.body {
            BtpBody::Data(data) => match codec.decode_packet(data.ilp) {
                Ok(Packet::Fulfill(fulfill)) => fulfill.data,
                _ => break note(answer(bytes, &codec)),
            },
            BtpBody::Error(_) => break note(answer(bytes, &codec)),
        };
        break match data {
            b"asked" => note("the answer of the connection that was asked"),
            b"foreign" => note("the answer of the connection that was not asked"),
            _ => note("an answer that nobody gave"),
        };
    };
    hop.close(subject.limit).await;
    sender.close(subject.limit).await;
    vec![came]
}
