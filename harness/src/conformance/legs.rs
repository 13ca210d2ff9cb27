//! The two connections over which a packet goes to a connector and comes back to its tester.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Bytes;
use wire::{BtpFrame, Codec, Packet};

use super::build::{self, ROW_ID};
use super::seen::Seen;
use super::socket::Socket;
use super::subject::{NotReachable, Subject};
use crate::causes::with_causes;
use crate::probe::Incoming;

/// What a row found, or why this connector, asked in this way, gives it nothing to judge.
pub(super) type Found = Result<Vec<Seen>, String>;

/// Where both legs are one peer, the connector may send the packet back on either.
pub(super) const SAME_CONNECTION: &str = "it forwards to the connection that the packet came from; \
    name another account with --sender-peer";

/// The connections.
#[derive(Debug)]
pub(super) struct Legs {
    /// Where packets are sent.
    pub(super) sender: Socket,
    /// Where they are forwarded to.
    pub(super) hop: Socket,
    /// Whether the two are one peer.
    one_peer: bool,
}

/// A PREPARE that was forwarded to us.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its request id.
    pub(super) id: u32,
    /// The whole frame.
    pub(super) frame: Bytes,
    /// Whether it came over the connection that we sent it on.
    pub(super) on_sender: bool,
}

/// The reason of a row that cannot be judged for want of a connection.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the function of a map_err"
)]
pub(super) fn why(error: NotReachable) -> String {
    format!(
        "a second connection was not to be had: {}",
        with_causes(&error)
    )
}

/// The request id of an inbound MESSAGE with a PREPARE.
pub(super) fn inbound(bytes: &Bytes, codec: &Codec) -> Option<u32> {
    let frame = codec.decode_frame(bytes).ok()?;
    let is_prepare = matches!(codec.decode_packet(frame.ilp()), Ok(Packet::Prepare(_)));
    (frame.type_name() == "MESSAGE" && is_prepare).then_some(frame.request_id)
}

impl Legs {
    /// Both. The hop is the subject's peer, and opened last: of one peer's connections the newest is
    /// what most connectors forward to.
    pub(super) async fn open(subject: &Subject) -> Result<Self, String> {
        let sender = match &subject.sender {
            Some(account) => subject.admitted_as(account).await,
            None => subject.admitted().await,
        };
        let sender = sender.map_err(why)?;
        let hop = subject.admitted().await.map_err(why)?;
        Ok(Self {
            sender,
            hop,
            one_peer: subject.sender.is_none(),
        })
    }

    /// From now on a packet that does not arrive is the connector's fault: some have.
    pub(super) fn has_forwarded(&mut self) {
        self.one_peer = false;
    }

    /// Sends a packet to ourselves.
    pub(super) async fn send(&mut self, subject: &Subject, data: &[u8], lifetime: Duration) {
        let codec = subject.codec();
        let address = subject.forwards.as_deref().unwrap_or(build::NOWHERE);
        let ilp = build::prepare(&codec, address, data, lifetime);
        let message = build::encode(&codec, &BtpFrame::message(ROW_ID, &ilp));
        let _ = self.sender.send(message).await;
    }

    /// Waits for the PREPARE that is forwarded to us, or for what comes instead.
    pub(super) async fn arrival(
        &mut self,
        subject: &Subject,
    ) -> Result<Result<Asked, Vec<Seen>>, String> {
        let codec = subject.codec();
        let first = async {
            tokio::select! {
                incoming = self.hop.receive() => (false, incoming),
                incoming = self.sender.receive() => (true, incoming),
            }
        };
        let missing = Seen::Note("the packet did not reach the next hop".to_owned());
        let Ok((on_sender, incoming)) = tokio::time::timeout(subject.limit, first).await else {
            return Ok(Err(vec![missing, Seen::Silence]));
        };
        if let Incoming::Binary(frame) = &incoming
            && let Some(id) = inbound(frame, &codec)
        {
            let frame = frame.clone();
            return Ok(Ok(Asked {
                id,
                frame,
                on_sender,
            }));
        }
        let came = Seen::incoming(&incoming, &codec);
        self.routes_back(&came)?;
        match (&came, self.one_peer) {
            (came, true) if came.is_end() => Err(
                "it serves one connection of a peer at a time; name another account with \
                 --sender-peer"
                    .to_owned(),
            ),
            _ => Ok(Err(vec![missing, came])),
        }
    }

    /// Whether this answer need not mean that packets are not sent back to the peer that they came from,
    /// which a connector may refuse.
    pub(super) fn routes_back(&self, came: &Seen) -> Result<(), String> {
        match came {
            Seen::Reject { code, .. } if self.one_peer && !code.starts_with('R') => Err(format!(
                "it does not route a packet back to the peer that sent it ({code}); name another \
                 account with --sender-peer"
            )),
            _ => Ok(()),
        }
    }

    /// Answers where we were asked.
    pub(super) async fn answer(&mut self, asked: &Asked, message: Vec<u8>) {
        let socket = if asked.on_sender {
            &mut self.sender
        } else {
            &mut self.hop
        };
        let _ = socket.send(message).await;
    }

    /// What comes over the sender's connection.
    pub(super) async fn sender_gets(&mut self, subject: &Subject, limit: Duration) -> Seen {
        match self.sender.next(limit).await {
            Some(incoming) => Seen::incoming(&incoming, &subject.codec()),
            None => Seen::Silence,
        }
    }

    /// The packet that comes over the sender's connection, as a note if it is what `right` knows.
    pub(super) async fn sender_gets_packet(
        &mut self,
        subject: &Subject,
        right: impl Fn(&Packet<'_>) -> Option<&'static str>,
    ) -> Seen {
        let codec = subject.codec();
        let Some(incoming) = self.sender.next(subject.limit).await else {
            return Seen::Silence;
        };
        if let Incoming::Binary(bytes) = &incoming
            && let Ok(frame) = codec.decode_frame(bytes)
            && frame.request_id == ROW_ID
            && let Ok(packet) = codec.decode_packet(frame.ilp())
        {
            return match right(&packet) {
                Some(text) => Seen::Note(text.to_owned()),
                None => Seen::Note(format!(
                    "not as we answered: {}",
                    Seen::incoming(&incoming, &codec)
                )),
            };
        }
        Seen::incoming(&incoming, &codec)
    }

    /// Sends a packet to ourselves, fulfils it where it comes, and waits for that. `other` is a
    /// connection on which it may come as well.
    pub(super) async fn deliver(
        &mut self,
        subject: &Subject,
        other: Option<&mut Socket>,
    ) -> Result<Result<(), Vec<Seen>>, String> {
        const DATA: &[u8] = b"to-the-newer";
        let codec = subject.codec();
        self.send(subject, DATA, Duration::from_secs(10)).await;
        let fulfill = build::fulfill(&codec, DATA, b"");
        let answer = |id| build::encode(&codec, &BtpFrame::response(id, &fulfill));
        let on_other = async {
            let Some(other) = other else {
                return std::future::pending().await;
            };
            loop {
                match other.receive().await {
                    Incoming::Binary(bytes) => {
                        if let Some(id) = inbound(&bytes, &codec) {
                            let _ = other.send(answer(id)).await;
                            return;
                        }
                    }
                    Incoming::Text(_) => {}
                    // It may be closed in order because there is a newer one.
                    Incoming::Ended(_) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = on_other => {}
            arrived = self.arrival(subject) => match arrived? {
                Ok(asked) => {
                    let message = answer(asked.id);
                    self.answer(&asked, message).await;
                }
                Err(came) => return Ok(Err(came)),
            },
        }
        match self.sender_gets(subject, subject.limit).await {
            Seen::Fulfill { id: ROW_ID, .. } => Ok(Ok(())),
            came => Ok(Err(vec![came])),
        }
    }

    /// Leaves as a peer should.
    pub(super) async fn close(self, subject: &Subject) {
        self.hop.close(subject.limit).await;
        self.sender.close(subject.limit).await;
    }
}
