//! Shows the record to whoever has the key: for next to nothing, where an engine starts a process to read a file out of
//! a container.
//!
//! Whoever connects sends the key, and is sent the length of the record so far, in eight bytes of which the highest is
//! first, and the record. Whoever sends anything else is sent nothing.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::journal::Journal;

/// How long whoever connects may take to send the key.
const KEY_WITHIN: Duration = Duration::from_secs(1);

/// Why the record is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ShownError {
    /// The key cannot be read.
    #[error("failed to read {path}: {source}; it has to be there for this user")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A key of nothing would let everybody in.
    #[error("{0} is empty; it has to hold the key")]
    Empty(PathBuf),
    /// The port could not be bound.
    #[error("failed to listen on {address}: {source}; name a free port")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
}

/// A bound listener: connections already wait.
pub(super) struct Shown {
    listener: TcpListener,
    key: Vec<u8>,
}

impl Shown {
    /// Reads the key and binds the port.
    pub(super) fn bind(address: SocketAddr, key: &Path) -> Result<Self, ShownError> {
        let path = || key.to_owned();
        let key = std::fs::read(key).map_err(|source| ShownError::Read {
            path: path(),
            source,
        })?;
        if key.is_empty() {
            return Err(ShownError::Empty(path()));
        }
        let listener =
            TcpListener::bind(address).map_err(|source| ShownError::Bind { address, source })?;
        Ok(Self { listener, key })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Shows the record without an end. Whoever is slow is waited for by a task of its own.
    pub(super) async fn serve(self, journal: Arc<Journal>) -> io::Result<io::Error> {
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let key: Arc<[u8]> = self.key.into();
        loop {
            let reader = crate::accept::next(&listener).await;
            let (key, journal) = (Arc::clone(&key), Arc::clone(&journal));
            // Whoever is not sent all of it knows by the length, and has the file.
            tokio::spawn(async move { show(reader, &key, &journal).await });
        }
    }
}

async fn show(mut reader: TcpStream, key: &[u8], journal: &Journal) -> io::Result<()> {
    let mut sent = vec![0; key.len()];
    timeout(KEY_WITHIN, reader.read_exact(&mut sent)).await??;
    // All of it is looked at, so that the time tells nothing.
    let differing = sent.iter().zip(key).fold(0, |all, (a, b)| all | (a ^ b));
    if differing != 0 {
        return Ok(());
    }
    let record = journal.so_far()?;
    reader.write_u64(record.len() as u64).await?;
    reader.write_all(&record).await
}
