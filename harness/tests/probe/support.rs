//! A scripted BTP server for what no real peer can be made to do.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use ator_harness::probe::{Credentials, Route, Session, SessionError, SessionOptions, Target};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use wire::{
    Address, Amount, BtpFrame, Codec, Condition, Dialect, Expiry, Fulfill, Fulfillment, Mode,
    Packet, Prepare, Reject, RejectCode,
};

/// Long enough that only a hang reaches it.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
pub(crate) const SECRET: &str = "py-secret";
pub(crate) const CODEC: Codec = Codec::new(Dialect::Toon, Mode::Lenient);

/// The server's end of one connection.
pub(crate) struct Peer(pub(crate) WebSocketStream<TcpStream>);

impl Peer {
    /// The next binary message, or the close frame that came instead.
    pub(crate) async fn receive(&mut self) -> Result<Vec<u8>, Option<(u16, String)>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| (frame.code.into(), frame.reason.to_string())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Request id and packet of the next frame.
    pub(crate) async fn request(&mut self) -> (u32, Vec<u8>) {
        let bytes = self.receive().await.expect("a frame");
        let frame = CODEC.decode_frame(&bytes).expect("a BTP frame");
        (frame.request_id, frame.ilp().to_vec())
    }

    pub(crate) async fn send(&mut self, frame: &BtpFrame<'_>) {
        let mut bytes = Vec::new();
        CODEC.encode_frame(frame, &mut bytes).unwrap();
        self.send_bytes(bytes).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        // The client may be gone already, which then is what the test is about.
        let _ = self.0.send(Message::Binary(bytes.into())).await;
    }

    /// Lets in whoever comes.
    pub(crate) async fn accept_auth(&mut self) {
        let (id, _) = self.request().await;
        self.send(&BtpFrame::response_empty(id)).await;
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        let _ = self.0.close(Some(frame)).await;
    }

    /// Reads until the other side has gone.
    pub(crate) async fn until_gone(&mut self) -> Option<(u16, String)> {
        loop {
            if let Err(close) = self.receive().await {
                return close;
            }
        }
    }
}

/// Starts a server for one connection that follows `script`.
pub(crate) async fn serve<F, Fut, T>(script: F) -> (SocketAddr, JoinHandle<T>)
where
    F: FnOnce(Peer) -> Fut + Send + 'static,
    Fut: Future<Output = T> + Send,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        script(Peer(socket)).await
    });
    (address, task)
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("py-client", SECRET)
}

pub(crate) fn target(address: SocketAddr) -> Target {
    Target::new(address.ip().to_string(), address.port())
}

/// A session with `address`, by default options.
pub(crate) async fn connect(address: SocketAddr) -> Result<Session, SessionError> {
    connect_with(address, SessionOptions::default()).await
}

pub(crate) async fn connect_with(
    address: SocketAddr,
    options: SessionOptions,
) -> Result<Session, SessionError> {
    Session::open(&Route::Direct, &target(address), &credentials(), options).await
}

/// A PREPARE for `g.b.x` with `data`.
pub(crate) fn prepare(data: &[u8]) -> Vec<u8> {
    let packet = Packet::Prepare(Prepare {
        amount: Amount::ZERO,
        expires_at: Expiry::from(SystemTime::now()).plus_millis(30_000),
        condition: Condition::for_data(data),
        destination: Address::new("g.b.x").unwrap(),
        data,
    });
    encode(&packet)
}

/// A FULFILL that fits [`prepare`] with the same data.
pub(crate) fn fulfill(data: &[u8]) -> Vec<u8> {
    encode(&Packet::Fulfill(Fulfill {
        fulfillment: Fulfillment::for_data(data),
        data: &[],
    }))
}

pub(crate) fn reject(code: RejectCode) -> Vec<u8> {
    encode(&Packet::Reject(Reject {
        code,
        triggered_by: Address::new("g.b").ok(),
        message: "no".into(),
        data: &[],
    }))
}

/// Data of an encoded PREPARE.
pub(crate) fn data_of(ilp: &[u8]) -> Vec<u8> {
    match CODEC.decode_packet(ilp) {
        Ok(Packet::Prepare(prepare)) => prepare.data.to_vec(),
        other => panic!("no PREPARE: {other:?}"),
    }
}

fn encode(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    CODEC.encode_packet(packet, &mut bytes).unwrap();
    bytes
}
