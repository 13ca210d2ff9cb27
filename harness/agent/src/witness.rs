//! Standing in a network so that others see whether they reach it, and it others.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::accept;
use crate::dialled::DialOutcome;
use crate::witnessed::{END, Here, Reached};

/// How long one attempt may take, greeting included.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long it stands when nobody ends it.
const LIFETIME: Duration = Duration::from_secs(60);
/// Longest text on a connection, in bytes.
const LONGEST: u64 = 1024;

/// Listens until it is told to end, or its time is over.
///
/// # Errors
///
/// The port cannot be listened on, or standard output is closed.
pub async fn stand(port: u16, token: String) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    crate::output::line(&here(&token))?;
    let ended = Arc::new(Notify::new());
    let accepting = async {
        loop {
            let stream = accept::next(&listener).await;
            let (token, ended) = (token.clone(), Arc::clone(&ended));
            tokio::spawn(async move {
                // Whoever asked and left is told nothing.
                if matches!(answer(stream, &token).await, Ok(true)) {
                    ended.notify_one();
                }
            });
        }
    };
    tokio::select! {
        () = accepting => Ok(()),
        () = ended.notified() => Ok(()),
        () = tokio::time::sleep(LIFETIME) => Ok(()),
    }
}

/// Answers one connection, and returns whether it was told to end.
async fn answer(mut stream: TcpStream, token: &str) -> io::Result<bool> {
    let (read, mut write) = stream.split();
    let mut lines = lines(read);
    send(&mut write, &here(token)).await?;
    while let Some(line) = lines.next_line().await? {
        if line == END {
            return Ok(true);
        }
        let target: SocketAddr = line.parse().map_err(io::Error::other)?;
        send(&mut write, &reach(target).await).await?;
    }
    Ok(false)
}

fn lines<R: AsyncRead + Unpin>(read: R) -> Lines<BufReader<tokio::io::Take<R>>> {
    BufReader::new(read.take(LONGEST)).lines()
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    write.write_all(&line).await
}

async fn reach(target: SocketAddr) -> Reached {
    let met = timeout(ATTEMPT, async {
        let stream = match TcpStream::connect(target).await {
            Ok(stream) => stream,
            Err(error) => {
                return Reached {
                    outcome: DialOutcome::of(&error),
                    token: None,
                };
            }
        };
        let line = lines(stream).next_line().await.ok().flatten();
        let here: Option<Here> = line.and_then(|line| serde_json::from_str(&line).ok());
        Reached {
            outcome: DialOutcome::Connected,
            token: here.map(|here| here.token),
        }
    });
    met.await.unwrap_or(Reached {
        outcome: DialOutcome::Timeout,
        token: None,
    })
}

fn here(token: &str) -> Here {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Here {
        token: token.to_owned(),
        unix_ms: u64::try_from(millis).unwrap_or(u64::MAX),
        // A file system that does not tell is not one that is full.
        free_bytes: rustix::fs::statvfs("/")
            .map_or(u64::MAX, |root| root.f_bavail.saturating_mul(root.f_frsize)),
    }
}
