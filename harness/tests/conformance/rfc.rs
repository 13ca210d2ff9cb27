//! The `rfc` table against the probe's own accepting side, which keeps to the RFCs, and against the
//! one that speaks the other dialect: rows can pass, and rows can fail.

use ator_harness::conformance::{Need, Subject, Verdict, bystander, run_row, table};
use ator_harness::probe::{Credentials, Session, SessionOptions};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wire::Dialect;

use crate::reference::{PEER, SECRET, subject};

/// A peer that lets in `accounts` and has no routes. It ends when this is dropped.
struct Peer {
    port: u16,
    task: JoinHandle<()>,
}

impl Peer {
    async fn start(dialect: Dialect, secret: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let options = SessionOptions {
                        dialect,
                        ..SessionOptions::default()
                    };
                    let accounts = [Credentials::new(PEER, secret)];
                    if let Ok(accepted) = Session::accept(stream, &accounts, options).await {
                        accepted.session.ended().await;
                    }
                });
            }
        });
        Self { port, task }
    }

    fn subject(&self, secret: &str) -> Subject {
        Subject {
            dialect: Dialect::Rfc,
            peer: Credentials::new(PEER, secret),
            noauth: Some(secret.is_empty()),
            fulfils: None,
            ..subject(self.port, None)
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_peer_that_keeps_to_the_rfcs_passes_every_row() {
    let peer = Peer::start(Dialect::Rfc, SECRET).await;
    let subject = peer.subject(SECRET);
    let bystander = bystander(&subject).await.unwrap();
    assert!(bystander.is_some(), "several connections are served");
    let rows = table(&subject);
    assert!(rows.len() > 80, "{} rows", rows.len());
    let mut others = Vec::new();
    for row in &rows {
        let report = Box::pin(run_row(row, &subject, bystander.as_ref(), false))
            .await
            .unwrap();
        // It has no routes, delivers nothing, and is no process.
        let expected = match row.need {
            Need::Forwards | Need::Fulfils | Need::Keeper => Verdict::Unsupported,
            _ => Verdict::Pass,
        };
        if report.verdict != expected {
            others.push(report);
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

#[tokio::test]
async fn a_peer_without_authentication_lets_an_empty_secret_in() {
    let peer = Peer::start(Dialect::Rfc, "").await;
    let subject = peer.subject("");
    let rows = table(&subject);
    let row = rows
        .iter()
        .find(|row| row.id == "auth-empty-secret-allowed")
        .unwrap();
    let report = Box::pin(run_row(row, &subject, None, false)).await.unwrap();
    assert_eq!(report.verdict, Verdict::Pass, "{report:#?}");
}

#[tokio::test]
async fn a_peer_of_the_other_dialect_passes_hardly_any() {
    let peer = Peer::start(Dialect::Toon, SECRET).await;
    let subject = Subject {
        limit: std::time::Duration::from_millis(50),
        ..peer.subject(SECRET)
    };
    for row in table(&subject) {
        // Below BTP both are the same.
        if row.id.starts_with("ws-") {
            continue;
        }
        let report = Box::pin(run_row(&row, &subject, None, false))
            .await
            .unwrap();
        assert_ne!(report.verdict, Verdict::Pass, "{report:#?}");
    }
}
