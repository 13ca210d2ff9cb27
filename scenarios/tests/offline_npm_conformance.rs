//! The `rfc` conformance table against the Interledger project's own plugin: what it does as the
//! RFCs say passes, and each of its known departures is reported as one, by row.

#[path = "npm/mod.rs"]
mod npm;
#[path = "npm/plugin.rs"]
mod plugin;

use std::time::Duration;

use ator_harness::conformance::{
    RowReport, Subject, Verdict, bystander, run_row, summarise, table,
};
use ator_harness::probe::{Credentials, Route, Target};
use plugin::Plugin;
use toon_wire::Dialect;

const SECRET: &str = "s3cret-of_alice.7~";

/// Some rows end in silence, which is waited for.
const LIMIT: Duration = Duration::from_secs(3);

/// What `ilp-plugin-btp` 1.5.0 does otherwise.
const DEPARTURES: [&str; 7] = [
    "auth-refused-elsewhere",
    "auth-with-data",
    "auth-content-type",
    "auth-token-twice",
    "auth-username-twice",
    "second-connection",
    "ws-unmasked",
];

#[tokio::test]
async fn the_published_plugin_against_the_table() {
    let (theirs, port) = Plugin::listening(SECRET, &[]).await;
    let subject = Subject {
        target: Target::new("127.0.0.1", port),
        route: Route::Direct,
        dialect: Dialect::Rfc,
        peer: Credentials::new("alice-7", SECRET),
        noauth: Some(false),
        fulfils: None,
        forwards: None,
        sender: None,
        limit: LIMIT,
    };
    // The plugin serves one connection, so there is no other to watch.
    let bystander = bystander(&subject).await.expect("the plugin is there");
    assert!(bystander.is_none());
    let mut reports = Vec::new();
    for row in table(&subject) {
        let report = Box::pin(run_row(&row, &subject, None, false)).await;
        reports.push(report.expect("the plugin is still there"));
    }
    let of = |verdict| {
        let rows = reports.iter().filter(move |row| row.verdict == verdict);
        rows.collect::<Vec<&RowReport>>()
    };
    assert!(of(Verdict::Fail).is_empty(), "{:#?}", of(Verdict::Fail));
    let ids = |rows: Vec<&RowReport>| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(of(Verdict::Defect)), DEPARTURES);
    for row in of(Verdict::Defect) {
        let why = row.why.as_deref().unwrap_or_default();
        assert!(why.contains("ilp-plugin-btp"), "{row:#?}");
    }
    // It forwards and delivers nothing, and its process is another's.
    for row in of(Verdict::Unsupported) {
        let why = row.why.as_deref().unwrap_or_default();
        let needs = ["--forwards", "--fulfils", "--connector"];
        assert!(needs.iter().any(|need| why.contains(need)), "{row:#?}");
    }
    let summary = summarise(&reports);
    assert!(summary.passed > 55, "{summary:?}");
    theirs.end().await;
}
