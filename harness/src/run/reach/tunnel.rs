//! A port on this machine whose connections go on inside a container's network.
//!
//! Each connection is a helper's process in the container, started through the engine: what is
//! written here is its standard input, what it prints comes out here. So nothing has to be published,
//! and it works wherever the engine is.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use home_agent::piped::PipeEvent;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::causes::with_causes;
use crate::engine::{Engine, Pipe, Piped};
use crate::plan::AGENT;
use crate::trace::{Party, Question};

/// How long to leave off after a connection could not be accepted.
const LEAVE_OFF: Duration = Duration::from_millis(10);

/// A listener on the loopback interface. Dropping it ends it with all its connections.
pub struct Tunnel {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Tunnel {
    /// Opens a port whose connections go to a target as seen from a container. The container need not run
    /// yet.
    ///
    /// # Errors
    ///
    /// What the system says when this machine has no port left.
    pub fn open(engine: &Engine, container: &str, target: SocketAddr) -> std::io::Result<Self> {
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
                        let Ok((near, _)) = accepted else {
                            // A connection that failed before it was accepted, or too few
                            // descriptors, which others give back.
                            tokio::time::sleep(LEAVE_OFF).await;
                            continue;
                        };
                        let what = format!("carry a connection to {target}");
                        let question = Question::new(Party::Engine, &container, what);
                        let carried = carry(engine.clone(), container.clone(), target, near);
                        connections.spawn(async move {
                            question.answered(&carried.await);
                        });
                    }
                    // Each has told in the trace how it ended.
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries one connection. Whatever goes wrong at the far side, the near side sees its connection
/// reset: it was accepted before anybody could know. Returns how it ended.
async fn carry(engine: Engine, container: String, target: SocketAddr, near: TcpStream) -> String {
    // Many small messages that wait for each other's answers. These options fail only on a connection
    // that is gone already, which reading tells.
    let _ = near.set_nodelay(true);
    let target = target.to_string();
    let opened = engine.pipe(&container, &[AGENT, "pipe", &target]).await;
    let (mut input, output) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let _ = near.set_zero_linger();
            return with_causes(&error).to_string();
        }
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
                if let Err(error) = copied {
                    return format!("broken on its way in: {error}");
                }
            }
            (write, ended) = &mut down => {
                let Err(why) = ended else {
                    return "ended in order".to_owned();
                };
                let _ = write.as_ref().set_zero_linger();
                // Its own end would be an orderly one.
                write.forget();
                return why;
            }
        }
    }
}

/// Hands on what comes out of the helper, and the end of it when the helper says that the target
/// has ended. Fails with the reason when the connection ends without that word.
async fn down(mut output: Pipe, mut write: OwnedWriteHalf) -> (OwnedWriteHalf, Result<(), String>) {
    let (mut carried, mut told) = (0, String::new());
    let mut shut = false;
    let mut ended = Err("broken on its way out: the target's end was not told".to_owned());
    loop {
        match output.next().await {
            Ok(Some(Piped::Output(bytes))) => {
                carried += bytes.len() as u64;
                if let Err(error) = write.write_all(&bytes).await {
                    let why = format!("broken on its way out: {error}");
                    return (write, ended.map_err(|_| why));
                }
            }
            Ok(Some(Piped::Error(bytes))) => told.push_str(&String::from_utf8_lossy(&bytes)),
            Ok(None) => return (write, ended),
            Err(error) => return (write, ended.map_err(|_| with_causes(&error).to_string())),
        }
        if !shut && has_ended(&told, carried) {
            let _ = write.shutdown().await;
            (shut, ended) = (true, Ok(()));
        }
    }
}

/// Whether the helper has told of an end after this many bytes. Its two outputs come in any order.
fn has_ended(told: &str, carried: u64) -> bool {
    told.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .any(|PipeEvent::Ended { bytes }| bytes == carried)
}
