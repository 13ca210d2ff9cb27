//! Connectors that do not survive a row: it is named, and what can be run after it is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ator_harness::conformance::{Keeper, RowReport, Subject, Verdict, Watch, table};
use reference_connector::{Connector, Env};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::reference::{start, subject};

/// A client's masked, empty binary frame, as its first two bytes are.
const EMPTY: [u8; 2] = [0x82, 0x80];

/// A connector that an empty message kills: every connection breaks, and nobody listens any more. It
/// is a reference connector behind a relay that dies in its place.
pub(crate) struct Mortal {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
    connector: Option<Connector>,
    /// How often it was killed.
    deaths: Arc<AtomicUsize>,
}

impl Mortal {
    /// It comes back after `down`; `None` if it does not.
    pub(crate) async fn start(down: Option<Duration>) -> Self {
        let connector = start(Env::default(), "").await;
        let to = SocketAddr::from(([127, 0, 0, 1], connector.btp_addr().port()));
        let listener = listen(([127, 0, 0, 1], 0).into());
        let address = listener.local_addr().unwrap();
        let deaths = Arc::new(AtomicUsize::new(0));
        let killed = Arc::clone(&deaths);
        let task = tokio::spawn(async move {
            let mut listener = Some(listener);
            loop {
                live(listener.take().unwrap_or_else(|| listen(address)), to).await;
                killed.fetch_add(1, Ordering::SeqCst);
                match down {
                    Some(down) => tokio::time::sleep(down).await,
                    None => return,
                }
            }
        });
        Self {
            address,
            task,
            connector: Some(connector),
            deaths,
        }
    }

    pub(crate) async fn stop(mut self) {
        self.task.abort();
        if let Some(connector) = self.connector.take() {
            connector.shutdown("SIGTERM").await;
        }
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(16).unwrap()
}

/// Relays connections until one of them brings an empty message.
async fn live(listener: TcpListener, to: SocketAddr) {
    let killed = Arc::new(Notify::new());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.unwrap();
                connections.spawn(relay(stream, to, Arc::clone(&killed)));
            }
            () = killed.notified() => return,
        }
    }
}

async fn relay(mut client: TcpStream, to: SocketAddr, killed: Arc<Notify>) {
    let mut server = TcpStream::connect(to).await.unwrap();
    let (mut up, mut down) = ([0; 65536], [0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(count) if count > 0 => {
                    if up[..count].starts_with(&EMPTY) {
                        killed.notify_one();
                        return std::future::pending().await;
                    }
                    if server.write_all(&up[..count]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(count) if count > 0 => {
                    if client.write_all(&down[..count]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

/// The rows whose names begin in one of these ways, against this connector.
async fn rows(
    mortal: &Mortal,
    names: &[&str],
    keeper: Option<&dyn Keeper>,
    patience: Duration,
) -> Vec<RowReport> {
    let mut subject = subject(mortal.address.port(), None);
    subject.limit = Duration::from_millis(500);
    let mut rows = table(&subject);
    rows.retain(|row| names.iter().any(|name| row.id.starts_with(name)));
    let mut watch = Box::pin(Watch::start(subject, keeper, patience))
        .await
        .unwrap();
    let mut reports = Vec::new();
    Box::pin(watch.run(&rows, false, &mut reports))
        .await
        .unwrap();
    assert_eq!(reports.len(), rows.len());
    reports
}

fn row<'a>(reports: &'a [RowReport], id: &str) -> &'a RowReport {
    reports.iter().find(|report| report.id == id).unwrap()
}

const ROWS: [&str; 4] = ["auth-right", "bad-", "pre-bad-", "message-trailing"];

#[tokio::test]
async fn the_row_that_kills_is_named_and_the_rest_is_run_once_it_is_back() {
    let mortal = Mortal::start(Some(Duration::from_secs(2))).await;
    let reports = rows(&mortal, &ROWS, None, Duration::from_secs(20)).await;
    for report in &reports {
        let kills = matches!(report.id.as_str(), "bad-empty" | "pre-bad-empty");
        let expected = if kills { Verdict::Fail } else { Verdict::Pass };
        assert_eq!(report.verdict, expected, "{report:#?}");
        if kills {
            let why = report.why.as_deref().unwrap();
            let killed = format!("the connector was killed by {}", report.id);
            assert!(why.starts_with(&killed), "{why}");
            assert!(
                why.contains("refused") && why.contains("back after"),
                "{why}"
            );
        }
    }
    mortal.stop().await;
}

#[tokio::test]
async fn what_cannot_be_run_any_more_says_since_when() {
    let mortal = Mortal::start(None).await;
    let reports = rows(&mortal, &ROWS, None, Duration::from_secs(1)).await;
    assert_eq!(row(&reports, "auth-right-secret").verdict, Verdict::Pass);
    let killer = row(&reports, "bad-empty");
    assert_eq!(killer.verdict, Verdict::Fail, "{killer:#?}");
    let why = killer.why.as_deref().unwrap();
    assert!(why.contains("not back within 1 s"), "{why}");
    let rest = reports.iter().skip_while(|report| report.id != "bad-empty");
    let mut count = 0;
    for report in rest.skip(1) {
        assert_eq!(report.verdict, Verdict::Unsupported, "{report:#?}");
        let why = report.why.as_deref();
        assert_eq!(why, Some("the connector is gone since bad-empty"));
        count += 1;
    }
    assert!(count > 10, "{count} rows were left");
    mortal.stop().await;
}

/// Knows how often the connector ended, and for how many of these ends it was started again.
struct Observer {
    deaths: Arc<AtomicUsize>,
    starts: AtomicUsize,
}

#[async_trait]
impl Keeper for Observer {
    async fn fate(&self) -> Result<Option<String>, String> {
        let starts = self.starts.load(Ordering::SeqCst);
        let ended = self.deaths.load(Ordering::SeqCst) > starts;
        Ok(ended.then(|| "it ended with status 139".to_owned()))
    }

    async fn start_again(&self, _: &mut Subject) -> Result<(), String> {
        let deaths = self.deaths.load(Ordering::SeqCst);
        self.starts.store(deaths, Ordering::SeqCst);
        Ok(())
    }

    async fn terminate(&self, _: Duration) -> Result<Option<Duration>, String> {
        Err("it cannot be told".to_owned())
    }
}

/// Containers of an engine share addresses: what the dead one had goes to the next.
#[tokio::test]
async fn a_connector_that_ended_is_gone_though_another_one_answers_at_its_address() {
    let mortal = Mortal::start(Some(Duration::ZERO)).await;
    let observer = Observer {
        deaths: Arc::clone(&mortal.deaths),
        starts: AtomicUsize::new(0),
    };
    let reports = rows(&mortal, &ROWS, Some(&observer), Duration::ZERO).await;
    for id in ["bad-empty", "pre-bad-empty"] {
        let killer = row(&reports, id);
        assert_eq!(killer.verdict, Verdict::Fail, "{killer:#?}");
        let why =
            format!("the connector was killed by {id}: it ended with status 139; started again");
        assert_eq!(killer.why.as_deref(), Some(&*why));
    }
    let failed = reports.iter().filter(|one| one.verdict != Verdict::Pass);
    assert_eq!(failed.count(), 2, "{reports:#?}");
    assert_eq!(observer.starts.load(Ordering::SeqCst), 2);
    mortal.stop().await;
}
