//! `conformance --junit`: what a CI system is shown.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use serde_json::Value;

use crate::command::{conformance_of, exit_code};
use crate::faulty::Faulty;
use crate::reference::FORWARDS;
use crate::survive::Mortal;

/// What was written, what was printed as JSON, and the exit code.
async fn written(url: &str, more: &[&str]) -> (Report, Value, u8) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.xml");
    let name = file.display().to_string();
    let own = ["--json", "--timeout", "1", "--junit", &name];
    let (output, result) = conformance_of(url, &[&own[..], more].concat()).await;
    let xml = std::fs::read_to_string(file).unwrap();
    let report = Report::deserialize_from_str(&xml).expect("is well-formed");
    let json = serde_json::from_str(&output).unwrap();
    (report, json, exit_code(result))
}

fn case<'r>(report: &'r Report, name: &str) -> &'r TestCase {
    let mut cases = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases);
    cases
        .find(|case| case.name.as_str() == name)
        .expect("is there")
}

/// How a case came out, and its message.
fn outcome(case: &TestCase) -> (Option<NonSuccessKind>, String) {
    match &case.status {
        TestCaseStatus::NonSuccess { kind, message, .. } => {
            let message = message.as_ref().map(|text| text.as_str().to_owned());
            (Some(*kind), message.unwrap_or_default())
        }
        TestCaseStatus::Skipped { message, .. } => {
            let message = message.as_ref().map(|text| text.as_str().to_owned());
            (None, message.unwrap_or_default())
        }
        TestCaseStatus::Success { .. } => (None, String::new()),
    }
}

#[tokio::test]
async fn every_row_is_a_case_and_counts_are_those_of_the_table() {
    let faulty = Faulty::start().await;
    let url = format!("ws://127.0.0.1:{}", faulty.port());
    let defect = "defect-in-flight-forgotten";
    let more = ["--forwards", FORWARDS, "--accept-defects", defect];
    let rows = ["auth-w", "auth-r", "duplicate-", "next-hop-", "env-"];
    let only = rows.iter().flat_map(|row| ["--only", row]);
    let more: Vec<&str> = more.into_iter().chain(only).collect();
    let (report, json, exit) = written(&url, &more).await;
    assert_eq!((exit, &json["exit_code"]), (1, &1.into()));
    let rows = json["rows"].as_array().unwrap();
    // And the suite of the whole.
    assert_eq!(report.tests, rows.len() + 1);
    let count = |name: &str| usize::try_from(json["summary"][name].as_u64().unwrap()).unwrap();
    assert_eq!(report.failures, count("failed") + count("defects"));
    assert_eq!(report.skipped, count("unsupported") + count("accepted"));
    assert!(count("failed") > 0 && count("defects") > 0 && count("accepted") > 0);
    assert!(count("unsupported") > 0 && count("passed") > 0);
    assert_eq!(report.errors, 0);
    for row in rows {
        let case = case(&report, row["id"].as_str().unwrap());
        let (kind, message) = outcome(case);
        match row["verdict"].as_str().unwrap() {
            "pass" => assert!(matches!(case.status, TestCaseStatus::Success { .. })),
            "fail" | "defect" => assert_eq!(kind, Some(NonSuccessKind::Failure), "{row}"),
            _ => {
                assert!(matches!(case.status, TestCaseStatus::Skipped { .. }));
                assert_eq!(message, row["why"].as_str().unwrap());
            }
        }
    }
}

#[tokio::test]
async fn what_killed_the_connector_is_a_failure_and_says_so() {
    let mortal = Mortal::start(Some(Duration::from_secs(2))).await;
    let url = format!("ws://{}", mortal.address);
    let (report, _, exit) = written(&url, &["--only", "bad-empty"]).await;
    assert_eq!(exit, 1);
    let (kind, message) = outcome(case(&report, "bad-empty"));
    assert_eq!(kind, Some(NonSuccessKind::Failure));
    let told = "the connector was killed by bad-empty";
    assert!(message.starts_with(told), "{message}");
    mortal.stop().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_missed_unless_something_worse_was_found() {
    let faulty = Faulty::start().await;
    let url = format!("ws://127.0.0.1:{}", faulty.port());
    for (row, exit) in [("auth-right-secret", 3), ("auth-wrong-secret", 1)] {
        let more = ["--json", "--timeout", "1", "--junit", "/nonexistent/x.xml"];
        let more = [&more[..], &["--only", row]].concat();
        let (output, result) = conformance_of(&url, &more).await;
        assert_eq!(exit_code(result), exit, "{row}");
        let json: Value = serde_json::from_str(&output).unwrap();
        assert_eq!(json["exit_code"], exit, "what was found is shown");
    }
}
