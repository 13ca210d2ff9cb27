//! Reference connectors that are broken on purpose, each caught by its row and by no other.

use ator_harness::conformance::{RowReport, Verdict, Watch, table};
use reference_connector::{Env, MUTANT_VARIABLE};
use std::time::Duration;

use crate::reference::{start, subject};

/// The rows that neither pass nor are unsupported, with this mutant on.
async fn caught(mutant: &str) -> Vec<RowReport> {
    let connector = start(Env::default().with(MUTANT_VARIABLE, mutant), "").await;
    let subject = subject(connector.btp_addr().port(), None);
    let rows = table(&subject);
    let patience = Duration::from_secs(10);
    let mut watch = Box::pin(Watch::start(subject, None, patience))
        .await
        .unwrap();
    assert!(watch.watches_others());
    let mut reports = Vec::new();
    Box::pin(watch.run(&rows, false, &mut reports))
        .await
        .unwrap();
    connector.shutdown("SIGTERM").await;
    reports.retain(|report| !matches!(report.verdict, Verdict::Pass | Verdict::Unsupported));
    reports
}

/// The one row that catches this mutant, by its defect.
async fn caught_by(mutant: &str, row: &str, defect: &str) {
    let caught = caught(mutant).await;
    let [report] = caught.as_slice() else {
        panic!("{mutant} is caught by one row: {caught:#?}");
    };
    assert_eq!((&*report.id, report.source), (row, defect), "{report:#?}");
    assert_eq!(report.verdict, Verdict::Defect, "{report:#?}");
}

#[tokio::test]
async fn none_is_caught_where_nothing_is_broken() {
    let caught = caught("").await;
    assert!(caught.is_empty(), "{caught:#?}");
}

#[tokio::test]
async fn an_empty_secret_that_takes_over() {
    caught_by(
        "empty-secret-takes-over",
        "auth-empty-secret-configured-peer",
        "contract#defect-empty-secret-takeover",
    )
    .await;
}

#[tokio::test]
async fn packets_in_flight_that_are_forgotten() {
    caught_by(
        "forgets-in-flight",
        "next-hop-leaves",
        "contract#defect-in-flight-forgotten",
    )
    .await;
}

#[tokio::test]
async fn a_newer_session_that_goes_with_the_older() {
    caught_by(
        "older-close-deregisters",
        "duplicate-older-closes",
        "contract#defect-older-close-deregisters",
    )
    .await;
}

#[tokio::test]
async fn a_refused_login_that_ends_the_peers_sessions() {
    let caught = caught("refused-login-ends-peer").await;
    for id in [
        "auth-wrong-secret",
        "auth-refused-elsewhere",
        "forward-after-refusal",
    ] {
        assert!(caught.iter().any(|report| report.id == id), "{caught:#?}");
    }
    for report in &caught {
        assert_ne!(report.verdict, Verdict::Accepted, "{report:#?}");
    }
}

#[tokio::test]
async fn a_refused_login_after_which_packets_do_not_reach_the_peer() {
    caught_by(
        "refused-login-deregisters",
        "forward-after-refusal",
        "contract#defect-refused-login-harms",
    )
    .await;
}

#[tokio::test]
async fn a_bad_frame_that_harms_others() {
    let caught = caught("bad-frame-ends-all").await;
    assert!(caught.len() > 10, "{caught:#?}");
    for report in &caught {
        assert_eq!(report.verdict, Verdict::Fail, "{report:#?}");
        assert!(
            report.came.contains("OTHER PEERS NOT SERVED"),
            "{report:#?}"
        );
    }
}
