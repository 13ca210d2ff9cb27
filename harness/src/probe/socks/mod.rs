//! Dialling through a SOCKS5 proxy, with names resolved by the proxy (SOCKS5h).
//!
//! A small client of its own instead of a crate, because a verdict needs the reply code: "host
//! unreachable" and tor's extended codes each point at a different stage of an onion circuit.
//! The name always travels as a domain (address type 3), even when it looks like an IP address,
//! so that this client cannot resolve, and therefore cannot leak, any name.

mod error;
mod handshake;
mod target;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

pub use error::{DialError, DialErrorKind, DialPhase, ReplyCode};
pub use target::{Isolation, Target};

use crate::trace::{Party, Question};

/// An open connection and how long it took to get it.
#[derive(Debug)]
pub struct Dialed {
    /// The connection, positioned right after the proxy's reply, with Nagle's algorithm off.
    pub stream: TcpStream,
    /// From the first TCP packet towards the proxy (or the target) to the proxy's success reply.
    pub took: Duration,
}
/// Connects to `target` through the SOCKS5 proxy at `proxy`, all within `limit`.
///
/// # Errors
///
/// A [`DialError`] whose kind tells the proxy's own absence, the time limit, a refusal by code and
/// a broken proxy apart. Its text never contains the target's host.
pub async fn dial(
    proxy: SocketAddr,
    target: &Target,
    isolation: Option<&Isolation>,
    limit: Duration,
) -> Result<Dialed, DialError> {
    // The target is an onion address.
    let question = Question::new(Party::Daemon, proxy, "dial by SOCKS");
    let started = Instant::now();
    let mut phase = DialPhase::Tcp;
    let result = tokio::time::timeout(limit, async {
        let mut stream = TcpStream::connect(proxy)
            .await
            .map_err(|error| DialErrorKind::ProxyUnreachable(error.into()))?;
        prepare(&stream);
        handshake::handshake(&mut stream, target, isolation, &mut phase).await?;
        Ok(stream)
    })
    .await;
    let result = finish(result, started, phase);
    question.came(&result);
    result
}

/// Connects to `target` without a proxy, within `limit`. Here the host is resolved locally.
///
/// # Errors
///
/// [`DialErrorKind::TargetUnreachable`] or [`DialErrorKind::TimedOut`].
pub async fn dial_direct(target: &Target, limit: Duration) -> Result<Dialed, DialError> {
    let started = Instant::now();
    let result = tokio::time::timeout(limit, async {
        let stream = TcpStream::connect((target.host(), target.port()))
            .await
            .map_err(|error| DialErrorKind::TargetUnreachable(error.into()))?;
        prepare(&stream);
        Ok(stream)
    })
    .await;
    finish(result, started, DialPhase::Tcp)
}

/// Packets are small and latency is what gets measured, so Nagle's algorithm goes off. A socket
/// that refuses the option still works, so the result does not matter.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
}

fn finish(
    result: Result<Result<TcpStream, DialErrorKind>, tokio::time::error::Elapsed>,
    started: Instant,
    phase: DialPhase,
) -> Result<Dialed, DialError> {
    let elapsed = started.elapsed();
    match result {
        Ok(Ok(stream)) => Ok(Dialed {
            stream,
            took: elapsed,
        }),
        Ok(Err(kind)) => Err(DialError { kind, elapsed }),
        Err(_) => Err(DialError {
            kind: DialErrorKind::TimedOut(phase),
            elapsed,
        }),
    }
}
