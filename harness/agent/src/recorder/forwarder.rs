//! The forwarder: dials onion names through the recording relay for a connector that knows no SOCKS, so that
//! what it asks for is recorded like any other request.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;

use crate::forwards::ForwardTo;
use crate::record::Name;

/// How often it is looked whether dialling has begun.
const LOOK: Duration = Duration::from_millis(50);

/// SOCKS5 without authentication, its command CONNECT and its address type for names (RFC 1928).
const VERSION: u8 = 5;
const CONNECT: u8 = 1;
const DOMAIN_NAME: u8 = 3;

/// Why there is no forwarder.
#[derive(Debug, thiserror::Error)]
pub enum ForwarderError {
    /// The list cannot be read.
    #[error("failed to read {path}: {source}; it has to be there for this user")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The list is no list of forwards. Without the parser's words, which quote it.
    #[error("{path} is no list of forwards: line {line}, column {column}")]
    Format {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A port could not be bound.
    #[error("failed to listen on {address}: {source}; name a free port")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
}

/// Bound listeners: connections already wait.
pub(super) struct Forwarder {
    listeners: Vec<(TcpListener, ForwardTo)>,
    open: PathBuf,
    proxy: SocketAddr,
}

impl Forwarder {
    /// Reads the list and binds its ports. What connects waits until there is a file `open` beside the
    /// list, and then goes through `proxy`.
    pub(super) fn bind(list: &Path, proxy: SocketAddr) -> Result<Self, ForwarderError> {
        let text = std::fs::read_to_string(list).map_err(|source| ForwarderError::Read {
            path: list.to_owned(),
            source,
        })?;
        let forwards: Vec<ForwardTo> =
            serde_json::from_str(&text).map_err(|error| ForwarderError::Format {
                path: list.to_owned(),
                line: error.line(),
                column: error.column(),
            })?;
        let mut listeners = Vec::new();
        for forward in forwards {
            let address = forward.listen;
            let failed = |source| ForwarderError::Bind { address, source };
            let listener = TcpListener::bind(address).map_err(failed)?;
            listener.set_nonblocking(true).map_err(failed)?;
            listeners.push((listener, forward));
        }
        Ok(Self {
            listeners,
            open: list.with_file_name("open"),
            proxy,
        })
    }

    /// Forwards until dropped.
    ///
    /// # Errors
    ///
    /// The bound sockets cannot be served.
    pub(super) async fn serve(self) -> io::Result<()> {
        let open: Arc<Path> = self.open.into();
        let mut all = Vec::new();
        for (listener, to) in self.listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            all.push(accept(listener, to, Arc::clone(&open), self.proxy));
        }
        join_all(all).await;
        Ok(())
    }
}

async fn accept(
    listener: tokio::net::TcpListener,
    to: ForwardTo,
    open: Arc<Path>,
    proxy: SocketAddr,
) {
    loop {
        let client = crate::accept::next(&listener).await;
        let (to, open) = (to.clone(), Arc::clone(&open));
        tokio::spawn(async move { forward(client, &to, &open, proxy).await });
    }
}

/// Carries one connection. What cannot be dialled is reset, as it would be where nobody listens.
async fn forward(mut client: TcpStream, to: &ForwardTo, open: &Path, proxy: SocketAddr) {
    while !open.exists() {
        tokio::time::sleep(LOOK).await;
    }
    // Whoever has left meanwhile wants nothing dialled any more.
    if client
        .peek(&mut [0])
        .now_or_never()
        .is_some_and(|seen| !matches!(seen, Ok(1..)))
    {
        return;
    }
    match dial(proxy, &to.host, to.port).await {
        // An end of one side is an end of both, whatever the reason.
        Ok(mut far) => drop(copy_bidirectional(&mut client, &mut far).await),
        // It fails only on a connection that has been reset already.
        Err(_) => drop(client.set_zero_linger()),
    }
}

/// Has the proxy connect to a name.
async fn dial(proxy: SocketAddr, host: &Name, port: u16) -> io::Result<TcpStream> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&[VERSION, 1, 0]).await?;
    let mut choice = [0; 2];
    stream.read_exact(&mut choice).await?;
    if choice != [VERSION, 0] {
        return Err(invalid("the proxy wants an authentication"));
    }
    let name = host.expose().as_bytes();
    let length = u8::try_from(name.len()).map_err(|_| invalid("the name is too long"))?;
    let mut request = vec![VERSION, CONNECT, 0, DOMAIN_NAME, length];
    request.extend_from_slice(name);
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request).await?;
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await?;
    if reply[1] != 0 {
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "refused"));
    }
    let address = match reply[3] {
        1 => 4,
        4 => 16,
        DOMAIN_NAME => usize::from(stream.read_u8().await?),
        _ => return Err(invalid("the reply has an unknown address type")),
    };
    // The address and port that the proxy uses, which mean nothing here.
    stream.read_exact(&mut vec![0; address + 2]).await?;
    Ok(stream)
}
