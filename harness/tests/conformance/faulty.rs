//! A connector with every fault that the table has to see: it lets everybody in, ignores what it
//! does not understand, and has the known defects of the original where packets are forwarded.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use wire::{BtpBody, BtpFrame, BtpType, Codec, Dialect, Expiry, Mode, Packet, Reject, RejectCode};

use crate::reference::FORWARDS;

const CODEC: Codec = Codec::new(Dialect::Toon, Mode::Lenient);

/// Where frames for a connection go.
type Outbox = mpsc::UnboundedSender<Vec<u8>>;

#[derive(Default)]
struct State {
    /// The one connection that packets are forwarded to.
    peer: Option<Outbox>,
    /// Packets on their way, by request id, for all connections together: the third defect.
    pending: HashMap<u32, (Outbox, u32)>,
    next_id: u32,
}

/// The running connector; it ends when this is dropped.
pub(crate) struct Faulty {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Faulty {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        Self { address, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let (outbox, mut outgoing) = mpsc::unbounded_channel::<Vec<u8>>();
    loop {
        tokio::select! {
            frame = outgoing.recv() => {
                let Some(frame) = frame else { break };
                if socket.send(Message::Binary(frame.into())).await.is_err() {
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => on_frame(&bytes, &outbox, &state),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            }
        }
    }
    // The first defect: whichever connection ends, the registered one is forgotten. The second:
    // packets on their way to it are not looked at.
    state.lock().unwrap().peer = None;
    let _ = socket.close(None).await;
}

fn send(outbox: &Outbox, frame: &BtpFrame<'_>) {
    let mut bytes = Vec::new();
    CODEC.encode_frame(frame, &mut bytes).unwrap();
    // A connection that is gone gets nothing.
    let _ = outbox.send(bytes);
}

fn reject(outbox: &Outbox, id: u32, code: RejectCode) {
    let packet = Packet::Reject(Reject {
        code,
        triggered_by: None,
        message: "".into(),
        data: &[],
    });
    let mut ilp = Vec::new();
    CODEC.encode_packet(&packet, &mut ilp).unwrap();
    send(outbox, &BtpFrame::response(id, &ilp));
}

fn on_frame(bytes: &[u8], outbox: &Outbox, state: &Arc<Mutex<State>>) {
    let Ok(frame) = CODEC.decode_frame(bytes) else {
        return;
    };
    let BtpBody::Data(data) = frame.body else {
        return;
    };
    let mut locked = state.lock().unwrap();
    if data.kind == BtpType::Response {
        if let Some((sender, id)) = locked.pending.remove(&frame.request_id) {
            send(&sender, &BtpFrame::response(id, data.ilp));
        }
        return;
    }
    let Ok(Packet::Prepare(prepare)) = CODEC.decode_packet(data.ilp) else {
        locked.peer = Some(outbox.clone());
        send(outbox, &BtpFrame::response_empty(frame.request_id));
        return;
    };
    if prepare.destination != FORWARDS {
        reject(outbox, frame.request_id, RejectCode::F02);
        return;
    }
    let Some(peer) = locked.peer.clone() else {
        reject(outbox, frame.request_id, RejectCode::T01);
        return;
    };
    locked.next_id += 1;
    let id = 0x7000_0000 + locked.next_id;
    locked
        .pending
        .insert(id, (outbox.clone(), frame.request_id));
    send(&peer, &BtpFrame::message(id, data.ilp));
    let left = prepare
        .expires_at
        .millis_after(Expiry::from(SystemTime::now()))
        - 1500;
    let timer = Duration::from_millis(u64::try_from(left).unwrap_or(0).max(1000));
    let state = Arc::clone(state);
    tokio::spawn(async move {
        tokio::time::sleep(timer).await;
        let gone = state.lock().unwrap().pending.remove(&id);
        if let Some((sender, id)) = gone {
            let now = Expiry::from(SystemTime::now()).to_string();
            send(&sender, &BtpFrame::error(id, "F00", "BTPError", &now));
            send(&sender, &BtpFrame::error(0, "F00", "BTPError", &now));
        }
    });
}
