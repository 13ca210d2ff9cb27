//! The byte stream to a target, whatever its way and its layers are.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::route::Route;
use super::socks::{DialError, DialErrorKind, DialPhase, Target, dial, dial_direct};

/// A stream of bytes to a target.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over it.
    Secure(Box<TlsStream<TcpStream>>),
}

/// Dials `target` by `route`, with TLS where it wants that, all within `limit`; says how long it took.
///
/// # Errors
///
/// A [`DialError`], of kind [`DialErrorKind::Tls`] when only TLS was not to be had.
pub async fn open(
    route: &Route,
    target: &Target,
    limit: Duration,
) -> Result<(Stream, Duration), DialError> {
    let started = Instant::now();
    let dialed = match route {
        Route::Direct => dial_direct(target, limit).await?,
        Route::Socks { proxy, isolation } => {
            dial(*proxy, target, isolation.as_ref(), limit).await?
        }
    };
    let Some(tls) = target.tls() else {
        return Ok((Stream::Plain(dialed.stream), dialed.took));
    };
    let left = limit.saturating_sub(started.elapsed());
    let failed = |kind| DialError {
        kind,
        elapsed: started.elapsed(),
    };
    let handshake = Box::pin(tls.connect(target.host(), dialed.stream));
    match tokio::time::timeout(left, handshake).await {
        Ok(Ok(stream)) => Ok((Stream::Secure(Box::new(stream)), started.elapsed())),
        Ok(Err(error)) => Err(failed(DialErrorKind::Tls(error.to_string()))),
        Err(_) => Err(failed(DialErrorKind::TimedOut(DialPhase::Tls))),
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
