//! Removing what a run has left on an engine of this machine, once whoever started the run is gone.
//!
//! The engine's API is spoken over its socket as HTTP/1.0: such an answer has no parts and ends with its connection
//! (RFC 1945), so that no client is needed.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::{scope, sleep};
use std::time::Duration;

use serde_json::Value;

/// What whoever started the run says when the run has ended in order.
pub const DONE: &[u8] = b"done";
/// What it says once it is there.
pub const READY: &str = "ready";
/// How long the engine may take to answer one request: removing a container takes longest.
const ANSWER: Duration = Duration::from_secs(60);
/// Between two looks. What the engine was asked for by a process that is gone is there after that.
const SETTLE: Duration = Duration::from_millis(500);
/// How often it is looked, while there is always something.
const LOOKS: usize = 60;
/// How much of an answer is read, in bytes: a list of a thousand containers takes some megabytes.
const MOST: u64 = 64 << 20;

/// What is removed, and from where.
#[derive(Debug, clap::Args)]
pub struct Settings {
    /// The engine's socket.
    #[arg(long)]
    socket: PathBuf,
    /// The label, `NAME=VALUE`, of containers, networks and volumes that belong to the run.
    #[arg(long)]
    label: String,
}

/// One kind of what an engine has.
struct Kind {
    /// The path that lists all of it.
    list: &'static str,
    /// Where the list is in the answer; empty where it is the answer.
    within: &'static str,
    /// What a request is told that concerns one of them.
    id: &'static str,
    /// The path of one, before its id, and what follows it.
    remove: (&'static str, &'static str),
}

/// In this order: a network that has containers and a volume that is mounted stay.
const KINDS: [Kind; 3] = [
    Kind {
        list: "/containers/json?all=1&",
        within: "",
        id: "Id",
        remove: ("/containers/", "?force=1&v=1"),
    },
    Kind {
        list: "/networks?",
        within: "",
        id: "Id",
        remove: ("/networks/", ""),
    },
    Kind {
        list: "/volumes?",
        within: "Volumes",
        id: "Name",
        remove: ("/volumes/", "?force=1"),
    },
];

/// Says that it is there, waits until standard input ends, and removes what has the label unless it was told that this is done.
///
/// # Errors
///
/// When something could not be removed.
pub fn run(settings: &Settings) -> io::Result<()> {
    let mut told = Vec::new();
    // Whoever started it may be gone already, which shows below.
    let _ = writeln!(io::stdout(), "{READY}");
    // An error on the line means the same as its end.
    let _ = io::stdin().lock().read_to_end(&mut told);
    if told == DONE {
        return Ok(());
    }
    remove_all(settings)
}

/// Removes until nothing was found twice in a row: requests of a process that was killed may be under way.
fn remove_all(settings: &Settings) -> io::Result<()> {
    let mut empty = 0;
    let mut last = "something of it is there still".to_owned();
    for _ in 0..LOOKS {
        match remove_once(settings) {
            Ok(0) => empty += 1,
            Ok(_) => empty = 0,
            Err(error) => {
                empty = 0;
                last = error.to_string();
            }
        }
        if empty == 2 {
            return Ok(());
        }
        sleep(SETTLE);
    }
    Err(io::Error::other(last))
}

/// Removes what is there, and returns how much that was.
fn remove_once(settings: &Settings) -> io::Result<usize> {
    let filters = format!("filters={}", encoded(&filter(&settings.label)));
    let mut found = 0;
    for kind in &KINDS {
        let path = format!("{}{filters}", kind.list);
        let list: Value = serde_json::from_slice(&ask(&settings.socket, "GET", &path)?)?;
        let list = match kind.within {
            "" => &list,
            within => &list[within],
        };
        let ids = list.as_array().into_iter().flatten();
        let ids: Vec<&str> = ids.filter_map(|one| one[kind.id].as_str()).collect();
        found += ids.len();
        // Side by side: the engine takes a sixth of a second for each.
        scope(|threads| {
            for id in ids {
                let path = format!("{}{}{}", kind.remove.0, encoded(id), kind.remove.1);
                // One that stays is found again by the next look.
                threads.spawn(move || ask(&settings.socket, "DELETE", &path).map(drop));
            }
        });
    }
    Ok(found)
}

fn filter(label: &str) -> String {
    serde_json::json!({ "label": [label] }).to_string()
}

/// Percent-encoded, but for letters, digits and dashes.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => encoded.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

/// What the engine answers to a request without content.
fn ask(socket: &Path, method: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let request = format!("{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    content(&answer)
}

/// The content of an answer that says yes.
fn content(answer: &[u8]) -> io::Result<Vec<u8>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::other("the engine's answer has no end of its head"))?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        return Err(io::Error::other(format!("the engine answers {status:?}")));
    }
    Ok(answer[end + 4..].to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::net::UnixListener;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn an_answer_is_its_content_when_it_says_yes() {
        let yes = content(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n[]").expect("it says yes");
        assert_eq!(yes, b"[]");
        let no = content(b"HTTP/1.0 409 Conflict\r\n\r\n{}").expect_err("it says no");
        assert_eq!(no.to_string(), "the engine answers \"409\"");
        content(b"HTTP/1.0 200 OK\r\n").expect_err("it is cut off");
    }

    #[test]
    fn what_a_path_does_not_take_is_encoded() {
        assert_eq!(encoded("a-1=é"), "a-1%3D%C3%A9");
    }

    /// An engine that has one of each kind, and takes two looks until the network goes.
    #[test]
    fn everything_of_the_label_is_removed_and_looked_for_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).expect("listens");
        let here: BTreeSet<&str> = ["containers", "networks", "volumes"].into();
        let (here, held) = (Mutex::new(here), Mutex::new(true));
        let seen: &Mutex<Vec<String>> = Box::leak(Box::default());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut request = [0; 1024];
                let read = stream.read(&mut request).expect("a request");
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let line = request.lines().next().expect("a line").to_owned();
                let path = line.split(['/', '?']).nth(1).expect("a kind").to_owned();
                let mut here = here.lock().expect("no panic");
                let mut held = held.lock().expect("no panic");
                let there = here.contains(path.as_str());
                let answer = match (line.starts_with("GET"), path.as_str()) {
                    (true, "volumes") if there => "200 OK\r\n\r\n{\"Volumes\":[{\"Name\":\"v\"}]}",
                    (true, "volumes") => "200 OK\r\n\r\n{\"Volumes\":null}",
                    (true, _) if there => "200 OK\r\n\r\n[{\"Id\":\"x\"}]",
                    (true, _) => "200 OK\r\n\r\n[]",
                    (false, "networks") if std::mem::take(&mut *held) => "409 Conflict\r\n\r\n{}",
                    (false, kind) => {
                        here.remove(kind);
                        "204 No Content\r\n\r\n"
                    }
                };
                seen.lock().expect("no panic").push(line);
                write!(stream, "HTTP/1.0 {answer}").expect("answers");
            }
        });
        let settings = Settings {
            socket,
            label: "run=1".to_owned(),
        };
        remove_all(&settings).expect("all is removed");
        let seen = seen.lock().expect("no panic");
        let removals = seen.iter().filter(|line| line.starts_with("DELETE"));
        assert_eq!(removals.count(), 4, "{seen:?}");
        assert!(
            seen[0].contains("filters=%7B%22label%22%3A%5B%22run%3D1%22%5D%7D"),
            "{}",
            seen[0]
        );
        let last = &seen[seen.len() - 6..];
        assert!(last.iter().all(|line| line.starts_with("GET")), "{last:?}");
    }
}
