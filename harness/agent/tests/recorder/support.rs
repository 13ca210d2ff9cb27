//! A recorder that runs, and what it has written.

use std::net::SocketAddr;
use std::path::PathBuf;

use home_agent::forwards::ForwardTo;
use home_agent::record::{Entry, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{Agent, accept, dial, listener, within};

/// What is sent to see the record.
pub(crate) const KEY: &str = "key-of-the-record";

pub(crate) struct Recorder {
    pub(crate) agent: Agent,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) upstream: TcpListener,
    pub(crate) socks: SocketAddr,
    pub(crate) dns: SocketAddr,
    pub(crate) arrivals: SocketAddr,
    pub(crate) shown: SocketAddr,
}

pub(crate) fn user() -> String {
    rustix::process::geteuid().as_raw().to_string()
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let (upstream, address) = listener().await;
        Self::start_at(upstream, &address).await
    }

    pub(crate) async fn start_at(upstream: TcpListener, address: &str) -> Self {
        Self::start_with(upstream, address, None).await
    }

    /// Starts one that forwards to a name from a port, once its folder has a file `open`.
    pub(crate) async fn start_with(
        upstream: TcpListener,
        address: &str,
        forward: Option<ForwardTo>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("names.jsonl");
        let list = folder.path().join("list.json");
        let key = folder.path().join("key");
        std::fs::write(&key, KEY).unwrap();
        let forwards = match forward {
            Some(forward) => {
                std::fs::write(&list, serde_json::to_string(&[forward]).unwrap()).unwrap();
                vec!["--forwards", list.to_str().unwrap()]
            }
            None => Vec::new(),
        };
        let socks = format!("127.0.0.1:0={address}");
        let user = user();
        let arguments = [
            "record",
            "--record",
            file.to_str().unwrap(),
            "--socks",
            &socks,
            "--dns",
            "127.0.0.1:0",
            "--arrivals",
            "127.0.0.1:0",
            "--shown",
            "127.0.0.1:0",
            "--shown-to",
            key.to_str().unwrap(),
            "--user",
            &user,
        ];
        let mut agent = Agent::start(&[&arguments[..], &forwards].concat());
        assert_eq!(agent.line().await, "ready");
        let unbound = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut recorder = Self {
            agent,
            folder,
            upstream,
            socks: unbound,
            dns: unbound,
            arrivals: unbound,
            shown: unbound,
        };
        let first = recorder.until(|records| records.first().cloned()).await;
        let Record::Listening {
            socks,
            dns,
            arrivals: Some(arrivals),
            shown: Some(shown),
        } = first
        else {
            panic!("the first record is {first:?}");
        };
        (recorder.socks, recorder.dns) = (socks, dns);
        (recorder.arrivals, recorder.shown) = (arrivals, shown);
        recorder
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("names.jsonl")
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        let text = std::fs::read_to_string(self.file()).unwrap();
        let (whole, rest) = text.rsplit_once('\n').unwrap_or_default();
        assert_eq!(rest, "", "each line is written at once");
        let entries: Vec<Entry> = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(entries.is_sorted_by_key(|entry| entry.at_us));
        entries.into_iter().map(|entry| entry.record).collect()
    }

    /// Reads the record until something is found in it.
    pub(crate) async fn until<T>(&self, find: impl Fn(&[Record]) -> Option<T>) -> T {
        within(async {
            let mut tick = tokio::time::interval(std::time::Duration::from_millis(2));
            loop {
                tick.tick().await;
                if let Some(found) = find(&self.records()) {
                    return found;
                }
            }
        })
        .await
    }

    /// All records once this connection is closed.
    pub(crate) async fn closed(&self, number: u64) -> Vec<Record> {
        let closed = |record: &Record| matches!(record, Record::Closed { connection, .. } if *connection == number);
        self.until(|records| records.iter().any(closed).then(|| records.to_vec()))
            .await
    }

    pub(crate) async fn dial(&self) -> (TcpStream, TcpStream) {
        let client = dial(self.socks).await;
        (client, accept(&self.upstream).await)
    }
}

/// Sends bytes from one end and expects them, and nothing else, at the other.
pub(crate) async fn pass(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
    from.write_all(bytes).await.unwrap();
    let mut got = vec![0; bytes.len()];
    within(to.read_exact(&mut got)).await.unwrap();
    assert_eq!(got, bytes);
}

pub(crate) async fn end(mut from: TcpStream, mut to: TcpStream) {
    from.shutdown().await.unwrap();
    let mut rest = Vec::new();
    within(to.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
    to.shutdown().await.unwrap();
    within(from.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
}
