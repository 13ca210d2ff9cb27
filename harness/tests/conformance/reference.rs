//! Every row of the table against reference connectors in this process, each set up as its rows
//! need it, so that none is unsupported.

use std::sync::Arc;
use std::time::Duration;

use ator_harness::conformance::{
    Need, Row, RowReport, Setup, Subject, Verdict, observe_give_up, run_row, table,
};
use ator_harness::probe::{Credentials, Route, Target};
use reference_connector::{Config, Connector, Env};
use tokio::net::TcpListener;
use wire::Dialect;

pub(crate) const PEER: &str = "co-tester";
pub(crate) const SECRET: &str = "co-tester-secret";

/// What the connector fulfils by itself, having no business-logic server.
pub(crate) const FULFILS: &str = "test.local";

/// What the connector forwards to the tester.
pub(crate) const FORWARDS: &str = "test.back";

/// Starts a reference connector with these variables and the `peers[]` entries in `peers`.
pub(crate) async fn start(env: Env, peers: &str) -> Connector {
    let env = env.with("BTP_PEER_CO_TESTER_SECRET", SECRET);
    let yaml = format!(
        "nodeId: test-connector\nbtpServerPort: 1\nhealthCheckPort: 2\npeers: [{peers}]\nroutes:\n\
         - {{prefix: {FULFILS}, nextHop: local}}\n- {{prefix: {FORWARDS}, nextHop: {PEER}}}\n"
    );
    let mut config = Config::parse(&yaml, &env).unwrap();
    config.btp_server_port = 0;
    config.health_check_port = 0;
    Connector::start(config, env, Arc::new(|_| {}))
        .await
        .unwrap()
}

pub(crate) fn subject(port: u16, noauth: Option<bool>) -> Subject {
    Subject {
        target: Target::new("127.0.0.1", port),
        route: Route::Direct,
        dialect: Dialect::Toon,
        peer: Credentials::new(PEER, SECRET),
        noauth,
        fulfils: Some(FULFILS.to_owned()),
        forwards: Some(FORWARDS.to_owned()),
        sender: None,
        limit: Duration::from_secs(10),
    }
}

fn rows(subject: &Subject, wanted: impl Fn(&Need) -> bool) -> Vec<Row> {
    let rows: Vec<_> = table(subject)
        .into_iter()
        .filter(|row| wanted(&row.need))
        .collect();
    assert!(!rows.is_empty());
    rows
}

fn assert_passed(reports: &[RowReport]) {
    let others: Vec<_> = reports
        .iter()
        .filter(|report| report.verdict != Verdict::Pass)
        .map(|report| format!("{report:#?}"))
        .collect();
    assert!(others.is_empty(), "{}", others.join("\n"));
}

/// Runs these rows against one connector.
async fn run(rows: &[Row], subject: &Subject, set_up: bool) -> Vec<RowReport> {
    let bystander = subject.session().await.unwrap();
    assert!(bystander.is_some(), "the right secret is let in");
    let mut reports = Vec::new();
    for row in rows {
        reports.push(
            Box::pin(run_row(row, subject, bystander.as_ref(), set_up))
                .await
                .unwrap(),
        );
    }
    reports
}

#[tokio::test]
async fn rows_that_need_no_setup() {
    let connector = start(Env::default(), "").await;
    let subject = subject(connector.btp_addr().port(), Some(true));
    let rows = rows(&subject, |need| match need {
        Need::Nothing
        | Need::BestWithNoAuth
        | Need::NoAuth(true)
        | Need::Fulfils
        | Need::Forwards => true,
        Need::NoAuth(false) | Need::Setup(_) | Need::Keeper => false,
    });
    assert_passed(&run(&rows, &subject, false).await);
    connector.shutdown("SIGTERM").await;
}

#[tokio::test]
async fn rows_that_need_empty_secrets_refused() {
    let connector = start(Env::default().with("BTP_ALLOW_NOAUTH", "false"), "").await;
    let subject = subject(connector.btp_addr().port(), Some(false));
    let rows = rows(&subject, |need| *need == Need::NoAuth(false));
    assert_passed(&run(&rows, &subject, false).await);
    connector.shutdown("SIGTERM").await;
}

#[tokio::test]
async fn rows_that_need_a_setup_of_their_own() {
    let template = subject(1, None);
    for row in rows(
        &template,
        |need| matches!(need, Need::Setup(setup) if !setup.dials_us),
    ) {
        let Need::Setup(setup) = row.need else {
            continue;
        };
        let connector = start(env(&setup), &peers(&setup, 9)).await;
        let subject = subject(connector.btp_addr().port(), None);
        assert_passed(&run(std::slice::from_ref(&row), &subject, true).await);
        connector.shutdown("SIGTERM").await;
    }
}

#[tokio::test]
async fn a_connector_that_dials_gives_up_on_a_silent_peer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let rows = rows(
        &subject(1, None),
        |need| matches!(need, Need::Setup(setup) if setup.dials_us),
    );
    let [row] = rows.as_slice() else {
        panic!("one such row");
    };
    let Need::Setup(setup) = row.need else {
        panic!("a setup");
    };
    let connector = start(env(&setup), &peers(&setup, port)).await;
    let report = observe_give_up(row, &listener, Duration::from_secs(20)).await;
    assert_passed(&[report]);
    connector.shutdown("SIGTERM").await;
}

fn env(setup: &Setup) -> Env {
    setup
        .env
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())))
        .collect()
}

fn peers(setup: &Setup, port: u16) -> String {
    let peers: Vec<_> = setup
        .peers
        .iter()
        .map(|(id, secret)| {
            format!("{{id: {id}, url: \"ws://127.0.0.1:{port}\", authToken: {secret}}}")
        })
        .collect();
    peers.join(", ")
}

#[test]
fn every_row_has_a_name_of_its_own() {
    for dialect in [Dialect::Toon, Dialect::Rfc] {
        let mut subject = subject(1, None);
        subject.dialect = dialect;
        let mut names: Vec<_> = table(&subject).iter().map(|row| row.id.clone()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
