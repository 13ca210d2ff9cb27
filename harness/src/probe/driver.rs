//! The task that owns a session's connection.
//!
//! One task does everything: it reads until nothing is left, takes whatever requests have piled
//! up, writes them with one flush, and keeps one timer for all deadlines. Nothing is done per
//! packet that can be done per batch, and that is what makes tens of thousands of packets a second
//! possible over one connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use wire::{BtpBody, BtpFrame, BtpType, Codec, Dialect, Packet};

use super::admission::error_frame;
use super::counters::{Counters, count};
use super::inbound::{InboundHandler, InboundReply};
use super::inflight::{InFlight, Resolution};
use super::reply::{Reply, RequestError};
use super::websocket::{ByteStream, ConnectionEnd};

/// Most requests taken from the queue at once.
const BATCH: usize = 256;

/// How long to wait for the other side's close frame after sending ours.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// Who waits for an answer.
pub(super) type ReplySender = oneshot::Sender<Result<Reply, RequestError>>;

/// An order to the driver.
#[derive(Debug)]
pub(super) enum Command {
    /// Send this packet.
    Request {
        ilp: Vec<u8>,
        submitted: Instant,
        limit: Duration,
        reply: ReplySender,
    },
    /// Say goodbye and end.
    Close,
}

#[derive(Debug)]
struct Waiting {
    submitted: Instant,
    limit: Duration,
    reply: ReplySender,
}

impl Waiting {
    /// Delivers the result. Nobody may be waiting any more, which is no one's fault.
    fn finish(self, result: Result<Reply, RequestError>) {
        let _ = self.reply.send(result);
    }
}

/// What a session and its driver share.
#[derive(Debug)]
pub(super) struct Links {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) counters: Arc<Counters>,
    pub(super) ended: watch::Sender<Option<ConnectionEnd>>,
}

pub(super) struct Driver<S> {
    stream: WebSocketStream<S>,
    codec: Codec,
    links: Links,
    inbound: Option<InboundHandler>,
    waiting: InFlight<Waiting>,
    batch: Vec<Command>,
    /// Something was queued for writing and not flushed yet.
    unflushed: bool,
    sweep: Pin<Box<Sleep>>,
    /// When `sweep` fires; `None` when it has fired or was never set.
    sweep_at: Option<Instant>,
    /// What to close with after a violation.
    violation: CloseCode,
}

impl<S: ByteStream> Driver<S> {
    pub(super) fn new(
        stream: WebSocketStream<S>,
        codec: Codec,
        links: Links,
        inbound: Option<InboundHandler>,
        first_request_id: u32,
    ) -> Self {
        Self {
            stream,
            codec,
            links,
            inbound,
            waiting: InFlight::new(first_request_id),
            batch: Vec::with_capacity(BATCH),
            unflushed: false,
            sweep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            sweep_at: None,
            violation: CloseCode::Protocol,
        }
    }

    /// Runs until the connection ends, then fails whatever is still in flight.
    pub(super) async fn run(mut self) {
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        // First the cause is made known, then the queue is closed: a request that comes too late
        // for the queue finds the cause.
        self.links.ended.send_replace(Some(end.clone()));
        self.waiting
            .drain(|waiting| waiting.finish(Err(RequestError::Lost(end.clone()))));
        self.links.commands.close();
        self.batch.clear();
        while let Ok(command) = self.links.commands.try_recv() {
            if let Command::Request { reply, .. } = command {
                // As in `Waiting::finish`.
                let _ = reply.send(Err(RequestError::Lost(end.clone())));
            }
        }
        self.say_goodbye(&end).await;
    }

    /// Closes as RFC 6455 has it: the close that came is answered, a violation is named by its
    /// code, and an end of our own says that all is well.
    async fn say_goodbye(&mut self, end: &ConnectionEnd) {
        let code = match end {
            ConnectionEnd::Local => Some(CloseCode::Normal),
            ConnectionEnd::Violation(_) => Some(self.violation),
            // The library has queued the answer.
            ConnectionEnd::Closed { .. } => None,
            ConnectionEnd::Eof | ConnectionEnd::Broken(_) => return,
        };
        // Whether the other side still hears it matters to nobody: how the connection ended is told.
        let goodbye = async {
            match code {
                Some(code) => {
                    let reason = "".into();
                    let _ = self.stream.close(Some(CloseFrame { code, reason })).await;
                }
                None => {
                    let _ = self.stream.flush().await;
                }
            }
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = tokio::time::timeout(GOODBYE_LIMIT, goodbye).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        loop {
            if let Poll::Ready(end) = self.poll_read(cx) {
                return Poll::Ready(end);
            }
            // Every pass that took requests is followed by another one, so that this task is
            // woken by whatever comes next.
            let took = match self.poll_commands(cx) {
                Ok(took) => took,
                Err(end) => return Poll::Ready(end),
            };
            if self.unflushed {
                match self.stream.poll_flush_unpin(cx) {
                    Poll::Ready(Ok(())) => self.unflushed = false,
                    Poll::Ready(Err(error)) => return Poll::Ready(self.write_failed(cx, &error)),
                    Poll::Pending => {}
                }
            }
            let swept = self.poll_deadlines(cx);
            if !took && !swept {
                return Poll::Pending;
            }
        }
    }

    /// Handles messages until none is left.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        loop {
            match std::task::ready!(self.stream.poll_next_unpin(cx)) {
                Some(Ok(Message::Binary(bytes))) => {
                    if let Err(error) = self.on_message(bytes) {
                        return Poll::Ready(self.write_failed(cx, &error));
                    }
                }
                Some(Ok(Message::Text(text))) => {
                    count(&self.links.counters.text_frames);
                    if let Err(error) = self.on_message(Bytes::from(text)) {
                        return Poll::Ready(self.write_failed(cx, &error));
                    }
                }
                // The library has queued the pong; it goes out with the next flush.
                Some(Ok(Message::Ping(_))) => self.unflushed = true,
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    return Poll::Ready(ConnectionEnd::from_close(frame));
                }
                Some(Err(error)) => {
                    self.violation = match error {
                        Error::Capacity(_) => CloseCode::Size,
                        Error::Utf8(_) => CloseCode::Invalid,
                        _ => CloseCode::Protocol,
                    };
                    return Poll::Ready(ConnectionEnd::from_error(&error));
                }
                None => return Poll::Ready(ConnectionEnd::Eof),
            }
        }
    }

    /// A failed write says only that the connection is gone. The reason may still be waiting to be
    /// read, as a close frame.
    fn write_failed(&mut self, cx: &mut Context<'_>, error: &Error) -> ConnectionEnd {
        while let Poll::Ready(Some(Ok(message))) = self.stream.poll_next_unpin(cx) {
            if let Message::Close(frame) = message {
                return ConnectionEnd::from_close(frame);
            }
        }
        ConnectionEnd::from_error(error)
    }

    fn on_message(&mut self, bytes: Bytes) -> Result<(), Error> {
        let counters = &self.links.counters;
        let Ok(frame) = self.codec.decode_frame(&bytes) else {
            count(&counters.undecodable);
            return Ok(());
        };
        let is_answer = match frame.body {
            BtpBody::Error(_) => true,
            BtpBody::Data(data) => data.kind == BtpType::Response,
        };
        if !is_answer {
            return self.on_inbound(&bytes);
        }
        let id = frame.request_id;
        if id == 0 && matches!(frame.body, BtpBody::Error(_)) {
            count(&counters.errors_without_request);
            return Ok(());
        }
        match self.waiting.resolve(id) {
            Resolution::Matched(waiting) => {
                count(&counters.answered);
                let reply = Reply::new(bytes, self.codec, waiting.submitted.elapsed());
                waiting.finish(Ok(reply));
            }
            Resolution::Late => count(&counters.late),
            Resolution::Duplicate => count(&counters.duplicate),
            Resolution::Unknown => count(&counters.unknown_id),
        }
        Ok(())
    }

    fn on_inbound(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let counters = &self.links.counters;
        let Ok(frame) = self.codec.decode_frame(bytes) else {
            return Ok(());
        };
        let request_id = frame.request_id;
        let prepare = match frame.kind() {
            Some(BtpType::Message) => self.codec.decode_packet(frame.ilp()).ok(),
            _ => None,
        };
        let Some(Packet::Prepare(prepare)) = prepare else {
            count(&counters.inbound_other);
            return match self.codec.dialect() {
                // The contract's connector as a client says nothing to it
                // (contract#client-undecodable).
                Dialect::Toon => Ok(()),
                // RFC-0023 wants every request answered.
                Dialect::Rfc => self.queue(error_frame(&self.codec, request_id)),
            };
        };
        count(&counters.inbound_prepares);
        let reply = match &mut self.inbound {
            Some(handler) => handler.reply(&prepare),
            None => InboundReply::no_route(),
        };
        let Some(ilp) = reply.encode(&self.codec) else {
            return Ok(());
        };
        let mut frame = Vec::with_capacity(ilp.len() + 16);
        match self
            .codec
            .encode_frame(&BtpFrame::response(request_id, &ilp), &mut frame)
        {
            Ok(()) => self.queue(frame),
            // Longer than the dialect can say: as good as silence.
            Err(_) => Ok(()),
        }
    }

    /// Takes what has piled up in the queue and hands it to the write buffer. `Ok(true)` if there
    /// was something.
    ///
    /// The write buffer is not asked whether it has room: what is in flight bounds it, and a
    /// request must get its deadline even when the other side has stopped reading.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Result<bool, ConnectionEnd> {
        if self.waiting.is_full() {
            return Ok(false);
        }
        let mut batch = std::mem::take(&mut self.batch);
        let room = self.waiting.room().min(BATCH);
        let result = match self.links.commands.poll_recv_many(cx, &mut batch, room) {
            Poll::Pending => Ok(false),
            Poll::Ready(0) => Err(ConnectionEnd::Local),
            Poll::Ready(_) => batch
                .drain(..)
                .try_for_each(|command| self.start(cx, command))
                .map(|()| true),
        };
        self.batch = batch;
        result
    }

    fn start(&mut self, cx: &mut Context<'_>, command: Command) -> Result<(), ConnectionEnd> {
        let Command::Request {
            ilp,
            submitted,
            limit,
            reply,
        } = command
        else {
            return Err(ConnectionEnd::Local);
        };
        let waiting = Waiting {
            submitted,
            limit,
            reply,
        };
        let deadline = submitted + limit;
        let id = match self.waiting.insert(waiting, deadline) {
            Ok(id) => id,
            // Not reached: no more is taken from the queue than there is room for.
            Err(waiting) => {
                waiting.finish(Err(RequestError::TimedOut(limit)));
                return Ok(());
            }
        };
        let mut frame = Vec::with_capacity(ilp.len() + 32);
        if let Err(error) = self
            .codec
            .encode_frame(&BtpFrame::message(id, &ilp), &mut frame)
        {
            if let Resolution::Matched(waiting) = self.waiting.resolve(id) {
                waiting.finish(Err(RequestError::Encode(error)));
            }
            return Ok(());
        }
        count(&self.links.counters.sent);
        self.queue(frame)
            .map_err(|error| self.write_failed(cx, &error))
    }

    fn queue(&mut self, frame: Vec<u8>) -> Result<(), Error> {
        self.unflushed = true;
        self.stream.start_send_unpin(Message::Binary(frame.into()))
    }

    /// Gives up what is overdue. `true` if the timer had fired, so that it has to be polled again.
    fn poll_deadlines(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(next) = self.waiting.next_sweep() else {
            return false;
        };
        // A timer that fires too early only costs an extra sweep, so it is moved forward only when
        // an earlier deadline has come up.
        if self.sweep_at.is_none_or(|at| next < at) {
            self.sweep.as_mut().reset(next.into());
            self.sweep_at = Some(next);
        }
        if self.sweep.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.sweep_at = None;
        let mut given_up = 0;
        self.waiting.sweep(Instant::now(), |waiting| {
            given_up += 1;
            let limit = waiting.limit;
            waiting.finish(Err(RequestError::TimedOut(limit)));
        });
        self.links
            .counters
            .timed_out
            .fetch_add(given_up, Ordering::Relaxed);
        true
    }
}
