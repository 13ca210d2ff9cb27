//! `--json`: standard output is one document, whatever becomes of the command.

use std::path::Path;
use std::process::Output;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::Place;

/// The schema of reports, which knows a failure as well.
fn schema() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("and is JSON");
    jsonschema::draft202012::new(&schema).expect("and compiles")
}

/// The one document on standard output.
pub(crate) fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let text = String::from_utf8_lossy(&output.stdout);
        panic!("{error}: {text:?}")
    })
}

/// The document of a command that failed, of which the schema, the exit status and standard error are held true.
pub(crate) fn failure(output: &Output) -> Value {
    let found = document(output);
    assert!(schema().is_valid(&found), "{found}");
    assert_eq!(found["kind"], "failure", "{found}");
    assert_eq!(found["exit_code"], json!(output.status.code()), "{found}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let message = found["error"]["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty() && told.contains(message), "{told}");
    found
}

/// A topology with several mistakes, two of them keys that nobody knows.
const MISTAKEN: &str = "name = \"bad\"\ndescription = \"x\"\ncolour = \"red\"\nshape = \"round\"\n";

#[test]
fn every_way_to_fail_is_one_document_with_the_exit_code_in_it() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let mistaken = place.file("bad.toml", MISTAKEN);
    let syntax = place.file("syntax.toml", "name = \n");
    let empty = place.file("empty.jsonl", "");
    let taken = place.file("taken", "a file");
    let home = "two-home-local";
    let cases: &[(&[&str], u8)] = &[
        (&[], 2),
        (&["fly"], 2),
        (&["verify"], 2),
        (&["verify", home, "--fast"], 2),
        (&["verify", home, "--repeat", "0"], 2),
        (&["verify", "nosuch"], 2),
        (&["verify", "./nosuch.toml"], 2),
        (&["verify", home, "--connector", "nosuch"], 2),
        (&["verify", home, "--family", "anyone"], 2),
        (&["verify", home, "--engine", "somewhere"], 2),
        (&["verify", home], 3),
        (&["verify", home, "--repeat", "2"], 3),
        (&["verify", home, "--artefacts", &taken], 3),
        (&["up", "/dev/zero"], 2),
        (&["up", &syntax], 2),
        (&["up", &mistaken], 2),
        (&["up", home], 3),
        (&["plan", &mistaken], 2),
        (&["plan", home, "--svg"], 2),
        (&["doctor", "nosuch"], 2),
        (&["down", home], 3),
        (&["down", &syntax], 2),
        (&["status", home], 3),
        (&["network", "up"], 3),
        (&["network", "up", "--relays", "1"], 2),
        (&["probe", home], 2),
        (&["probe", home, "--for", "1s"], 3),
        (&["compare", "nosuch.json", "nosuch.json"], 2),
        (&["ledger", "add", "l.jsonl", "nosuch.json"], 2),
        (&["ledger", "show", "nosuch.jsonl"], 2),
        (&["ledger", "show", &empty], 4),
        (&["conformance"], 2),
        (&["conformance", "--connector", "nosuch"], 2),
        (&["conformance", "--connector", "toon", "--image", "x"], 3),
        (
            &[
                "conformance",
                "--url",
                "ws://127.0.0.1:1",
                "--peer",
                "p",
                "--secret-env",
                "HOME",
            ],
            3,
        ),
        (&["wire"], 2),
    ];
    for (arguments, code) in cases {
        let mut command = place.in_project();
        command.args(*arguments).arg("--json");
        let output = command.output().expect("runs");
        let found = failure(&output);
        assert_eq!(found["exit_code"], *code, "{arguments:?}: {found}");
        let outcome = match code {
            2 => "usage",
            3 => "environment",
            _ => "inconclusive",
        };
        assert_eq!(found["outcome"], outcome, "{arguments:?}: {found}");
    }
}

#[test]
fn what_is_wrong_is_told_in_parts() {
    let place = Place::new();
    let mistaken = place.file("bad.toml", MISTAKEN);
    let failed = |arguments: &[&str]| {
        let mut command = place.in_project();
        command.args(arguments).arg("--json");
        failure(&command.output().expect("runs"))["error"].clone()
    };
    let error = failed(&["plan", &mistaken]);
    let mistakes = error["mistakes"].as_array().expect("a list");
    for (line, key) in [(3, "colour"), (4, "shape")] {
        let mut all = mistakes.iter();
        let found = all.find(|one| one["key"] == key).expect("is told");
        assert_eq!(found["line"], line, "{found}");
    }
    let error = failed(&["plan", "./nosuch.toml"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(
        text(&error["message"]),
        "failed to read topology file ./nosuch.toml"
    );
    assert!(text(&error["causes"][0]).starts_with("No such file"));
    assert_eq!(error["mistakes"], json!([]));
    let error = failed(&["verify", "two-home-local"]);
    let missing = error["mistakes"].as_array().expect("a list");
    assert_eq!(missing.len(), 4, "{error}");
    let error = failed(&["conformance", "--image", "mine", "--env", "A=b"]);
    assert!(error["mistakes"].as_array().map_or(0, Vec::len) >= 2);
    // How to use the command is for people.
    let error = failed(&["plan", "--colour"]);
    let message = text(&error["message"]);
    assert!(
        message.starts_with("unexpected argument '--colour' found"),
        "{message}"
    );
    assert!(!message.contains("Usage"), "{message}");
}

#[test]
fn no_address_is_in_a_document() {
    let place = Place::new();
    let address = format!("{}.anon", "a".repeat(56));
    for arguments in [
        vec!["plan", &address],
        vec!["plan", "two-home-local", "--connector", &address],
        vec!["fly", &address],
        vec![&address],
    ] {
        let mut command = place.in_project();
        let output = command.args(&arguments).arg("--json").output();
        let output = output.expect("runs");
        let found = document(&output);
        assert_eq!(found["exit_code"], 2, "{found}");
        assert!(!found.to_string().contains(&address), "{found}");
    }
}

#[test]
fn a_command_that_ends_well_prints_one_document_too() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let engine = place.empty_engine();
    let home = "two-home-local";
    let ledger = place.file("l.jsonl", "");
    let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/data/passed.json");
    let report = report.display().to_string();
    let cases: &[(&[&str], &str, u8)] = &[
        (&["doctor", home], "doctor", 0),
        (
            &["doctor", home, "--connector-image", "nosuch:1"],
            "doctor",
            3,
        ),
        (&["status", home], "status", 1),
        (&["down", home], "down", 0),
        (&["network", "status"], "network-status", 1),
        (&["network", "down"], "network-down", 0),
        (&["ledger", "add", &ledger, &report], "ledger-add", 0),
    ];
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reports.md");
    let docs = std::fs::read_to_string(docs).expect("reads");
    for (arguments, kind, code) in cases {
        let mut command = place.in_project();
        command.env("DOCKER_HOST", &engine);
        let output = command.args(*arguments).arg("--json").output();
        let output = output.expect("runs");
        let found = document(&output);
        assert_eq!(output.status.code(), Some((*code).into()), "{found}");
        assert_eq!(found["kind"], *kind, "{found}");
        assert!(docs.contains(&format!("| `{kind}` |")), "{kind} is told of");
        assert_eq!(found["exit_code"], *code, "{found}");
    }
    for arguments in [
        &["plan", home][..],
        &["ledger", "show", &ledger],
        &["compare", &report, &report],
    ] {
        let mut command = place.in_project();
        let output = command.args(arguments).arg("--json").output();
        let output = output.expect("runs");
        assert!(output.status.success(), "{arguments:?}");
        assert!(document(&output).is_object(), "{arguments:?}");
    }
}

#[test]
fn a_failure_is_no_report() {
    let place = Place::new();
    let mut command = place.command();
    let output = command.args(["fly", "--json"]).output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let file = place.file("failure.json", &text);
    let mut command = place.command();
    let output = command.args(["compare", &file, &file, "--json"]).output();
    let found = failure(&output.expect("runs"));
    let cause = "it tells how a command failed, of no run";
    assert_eq!(found["error"]["causes"], json!([cause]));
}
