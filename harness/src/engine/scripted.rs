//! An engine that answers as a test says: for breaks of a connection that no real engine makes when
//! it is asked to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::address::EngineAddress;
use super::connect::Engine;

/// What a request is answered with.
pub(super) enum Answer {
    /// A status and a JSON body.
    Json(u16, String),
    /// A stream of JSON lines that then stays open.
    Open(Vec<String>),
    /// A stream of JSON lines after which the connection breaks.
    Cut(Vec<String>),
}

/// Answers a request by its method and target. The second text is the body, when it came in full.
pub(super) type Script = dyn Fn(&str, Option<&[u8]>) -> Answer + Send + Sync;

/// A running script. It ends with the test's runtime.
pub(super) struct Scripted {
    folder: TempDir,
    /// Every request line so far.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(super) fn start(
        script: impl Fn(&str, Option<&[u8]>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scripted = Self {
            folder,
            asked: Arc::default(),
        };
        let listener = UnixListener::bind(scripted.socket()).expect("binds");
        let (script, asked): (Arc<Script>, _) = (Arc::new(script), scripted.asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), asked.clone()));
            }
        });
        scripted
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }

    /// Connects to it.
    pub(super) async fn engine(&self) -> Engine {
        let address = EngineAddress::Socket(self.socket());
        Engine::connect_to(&address).await.expect("answers")
    }

    /// Ends it as a killed engine ends: nobody listens any more.
    pub(super) fn stop(&self) {
        std::fs::remove_file(self.socket()).expect("is there");
    }
}

async fn serve(stream: UnixStream, script: Arc<Script>, asked: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    while let Some((target, body)) = request(&mut stream).await {
        asked.lock().expect("no test panics").push(target.clone());
        let (status, body, open) = match fixed(&target) {
            Some(fixed) => (200, fixed, None),
            None => match script(&target, body.as_deref()) {
                Answer::Json(status, body) => (status, body, None),
                Answer::Open(lines) => (200, lines.join("\n") + "\n", Some(true)),
                Answer::Cut(lines) => (200, lines.join("\n") + "\n", Some(false)),
            },
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nApi-Version: 1.41\r\n"
        );
        let answer = match open {
            None => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
            Some(_) if body == "\n" => format!("{head}Transfer-Encoding: chunked\r\n\r\n"),
            Some(_) => format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
                body.len()
            ),
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        match open {
            None => {}
            // Until the client leaves.
            Some(true) => {
                let _ = stream.read_u8().await;
                return;
            }
            Some(false) => return,
        }
    }
}

/// What is asked of every engine when it is connected to.
fn fixed(target: &str) -> Option<String> {
    if target.contains("/_ping") {
        Some("OK".to_owned())
    } else if target.contains("/version") {
        Some(r#"{"Version":"20.10.24","ApiVersion":"1.41"}"#.to_owned())
    } else {
        None
    }
}

/// Method and target of the next request, and its body; no body when the client broke it off.
async fn request(stream: &mut BufReader<UnixStream>) -> Option<(String, Option<Vec<u8>>)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let target = line.rsplit_once(' ')?.0.to_owned();
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    let mut body = vec![0; length];
    if !chunked {
        let whole = stream.read_exact(&mut body).await.is_ok();
        return Some((target, whole.then_some(body)));
    }
    loop {
        let mut size = String::new();
        let read = stream.read_line(&mut size).await.ok()?;
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else {
            assert_eq!(read, 0, "a chunk without a size");
            return Some((target, None));
        };
        let mut chunk = vec![0; size + 2];
        if stream.read_exact(&mut chunk).await.is_err() {
            return Some((target, None));
        }
        if size == 0 {
            return Some((target, Some(body)));
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
