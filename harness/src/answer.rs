//! What others answer, read to a limit: a connector, a daemon or a program in a container may send without an end.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The most that is read of one answer, in bytes, so that a few of them at once leave memory. What a server was
/// delivered in a run, or a recorder has written, is the longest that is right.
pub const MOST: usize = 16 << 20;
/// The most that is read of one line of an answer, in bytes.
pub const LINE: usize = 1 << 20;

/// An answer, or a line of one, that is longer than any that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is longer than {} MiB, the most that is read of one", limit >> 20)]
pub struct TooLong {
    /// The most that is read, in bytes.
    pub limit: usize,
}

/// Why a body is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It did not come to its end.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// It went on and on.
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

/// What has come of an answer so far.
#[derive(Debug)]
pub struct Held {
    bytes: Vec<u8>,
    limit: usize,
}

impl Held {
    /// Nothing yet, of an answer of at most `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
        }
    }

    /// Takes what has come.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when it is more than the limit with what came before.
    pub fn take(&mut self, more: &[u8]) -> Result<(), TooLong> {
        if more.len() > self.limit - self.bytes.len() {
            return Err(TooLong { limit: self.limit });
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    /// All of it.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// All of it, as text.
    #[must_use]
    pub fn into_text(self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The body of an HTTP answer.
///
/// # Errors
///
/// [`BodyError`], as soon as more than `limit` bytes have come.
pub async fn body(mut response: reqwest::Response, limit: usize) -> Result<String, BodyError> {
    let mut held = Held::new(limit);
    while let Some(chunk) = response.chunk().await? {
        held.take(&chunk)?;
    }
    Ok(held.into_text())
}

/// The next line with its end; an empty one at the end of everything.
///
/// # Errors
///
/// What the system says, and [`TooLong`] as an error of the system for a line of more than [`LINE`] bytes.
pub async fn line(read: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = String::new();
    read.take(LINE as u64).read_line(&mut line).await?;
    if line.len() == LINE && !line.ends_with('\n') {
        let error = TooLong { limit: LINE };
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, BufReader, repeat};
    use tokio::net::TcpListener;

    use super::*;

    /// What a client gets of a server that sends `head` and then 1 KiB blocks, `blocks` of them.
    async fn asked(head: &str, blocks: usize, limit: usize) -> Result<String, BodyError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let head = head.to_owned();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await.expect("is asked");
            stream.write_all(head.as_bytes()).await.expect("writes");
            // Whoever has enough goes.
            for _ in 0..blocks {
                if stream.write_all(&[b'x'; 1024]).await.is_err() {
                    break;
                }
            }
        });
        let sent = crate::local::client().get(format!("http://{address}/"));
        body(sent.send().await.expect("is answered"), limit).await
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_limit_and_not_beyond() {
        let whole = asked("HTTP/1.1 200 OK\r\n\r\n", 4, 4096).await;
        assert_eq!(whole.expect("fits").len(), 4096);
        let endless = asked("HTTP/1.1 200 OK\r\n\r\n", usize::MAX, 1 << 20).await;
        let error = endless.expect_err("is too long");
        assert_eq!(
            error.to_string(),
            "the answer is longer than 1 MiB, the most that is read of one"
        );
    }

    #[tokio::test]
    async fn a_line_is_read_to_its_limit_and_not_beyond() {
        let mut text = BufReader::new(&b"one\ntwo"[..]);
        for expected in ["one\n", "two", ""] {
            assert_eq!(line(&mut text).await.expect("reads"), expected);
        }
        let mut endless = BufReader::new(repeat(b'x'));
        let error = line(&mut endless).await.expect_err("is too long");
        assert!(error.to_string().contains("longer than 1 MiB"), "{error}");
    }
}
