//! A port on this machine whose connections go on inside a container's network.
//!
//! Each connection is a helper's process in the container, started through the engine: what is
//! written here is its standard input, what it prints comes out here. So nothing has to be published,
//! and it works wherever the engine is.

use std::net::{Ipv4Addr, SocketAddr};

use home_agent::piped::PipeEvent;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::engine::{Engine, Pipe, Piped};
use crate::plan::AGENT;

/// A listener on the loopback interface. Dropping it ends it with all its connections.
pub(in crate::run) struct Tunnel {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Tunnel {
    /// Opens a port whose connections go to a port of the loopback interface in the network of a
    /// container. The container need not run yet.
    pub(in crate::run) fn open(
        engine: &Engine,
        container: &str,
        port: u16,
    ) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let (engine, container) = (engine.clone(), container.to_owned());
        let task = tokio::spawn(async move {
            // Dropped with this task, and then all that it holds ends.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((near, _)) = accepted else { return };
                        connections.spawn(carry(engine.clone(), container.clone(), port, near));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub(in crate::run) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries one connection. Whatever goes wrong at the far side, the near side sees its connection
/// reset: it was accepted before anybody could know.
async fn carry(engine: Engine, container: String, port: u16, near: TcpStream) {
    // Many small messages that wait for each other's answers.
    let _ = near.set_nodelay(true);
    let target = format!("127.0.0.1:{port}");
    let opened = engine.pipe(&container, &[AGENT, "pipe", &target]).await;
    let Ok((mut input, output)) = opened else {
        let _ = near.set_zero_linger();
        return;
    };
    let (mut read, write) = near.into_split();
    let up = async {
        let copied = tokio::io::copy(&mut read, &mut input).await;
        // The near side has ended, and its last word goes on; or it is gone, and so is the rest.
        let _ = input.shutdown().await;
        copied
    };
    let mut up = std::pin::pin!(up);
    let mut down = std::pin::pin!(down(output, write));
    let mut up_ended = false;
    loop {
        tokio::select! {
            copied = &mut up, if !up_ended => {
                up_ended = true;
                if copied.is_err() {
                    return;
                }
            }
            (write, whole) = &mut down => {
                if !whole {
                    let _ = write.as_ref().set_zero_linger();
                    // Its own end would be an orderly one.
                    write.forget();
                }
                return;
            }
        }
    }
}

/// Hands on what comes out of the helper, and the end of it when the helper says that the target
/// has ended. Says whether it did.
async fn down(mut output: Pipe, mut write: OwnedWriteHalf) -> (OwnedWriteHalf, bool) {
    let (mut carried, mut told) = (0, String::new());
    let mut shut = false;
    loop {
        match output.next().await {
            Ok(Some(Piped::Output(bytes))) => {
                carried += bytes.len() as u64;
                if write.write_all(&bytes).await.is_err() {
                    return (write, shut);
                }
            }
            Ok(Some(Piped::Error(bytes))) => told.push_str(&String::from_utf8_lossy(&bytes)),
            Ok(None) | Err(_) => return (write, shut),
        }
        if !shut && has_ended(&told, carried) {
            let _ = write.shutdown().await;
            shut = true;
        }
    }
}

/// Whether the helper has told of an end after this many bytes. Its two outputs come in any order.
fn has_ended(told: &str, carried: u64) -> bool {
    told.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .any(|PipeEvent::Ended { bytes }| bytes == carried)
}
