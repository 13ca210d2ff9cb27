//! What the command prints and writes: text, JSON, JUnit, SARIF, and its exit codes.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use ator_harness::audit::every;
use serde_json::{Value, json};

use crate::support::{Files, fixtures};

fn command(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"));
    let command = command.env_clear().current_dir(folder).args(arguments);
    command.output().expect("runs")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("is text")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ends by itself")
}

/// The document of `--json`, held against the schema and the exit code.
fn document(arguments: &[&str], folder: &Path) -> Value {
    let output = command(&[arguments, &["--json"]].concat(), folder);
    let found: Value = serde_json::from_slice(&output.stdout).expect("is one document");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json");
    let schema = std::fs::read_to_string(schema).expect("is there");
    let schema = serde_json::from_str(&schema).expect("is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("compiles");
    let errors: Vec<String> = validator
        .iter_errors(&found)
        .map(|one| one.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(found["exit_code"], json!(code(&output)));
    found
}

#[test]
fn the_exit_code_says_what_it_came_to() {
    let files = Files::new(&[
        ("right/anonrc", "AgreeToTerms 1\nNickname a\n"),
        ("wrong/anonrc", "Nickname a\n"),
        ("broken/compose.yaml", "services: [\n"),
        ("both/compose.yaml", "services: [\n"),
        ("both/anonrc", "Nickname a\n"),
        (
            "untold/compose.yaml",
            "services: {a: {image: \"${A:?}\"}}\n",
        ),
        ("nothing/words.txt", "words\n"),
    ]);
    for (name, expected, outcome) in [
        ("right", 0, "pass"),
        ("wrong", 1, "fail"),
        ("broken", 2, "usage"),
        ("gone", 2, "usage"),
        ("both", 1, "fail"),
        ("untold", 4, "inconclusive"),
        ("nothing", 4, "inconclusive"),
        ("nothing/words.txt", 4, "inconclusive"),
    ] {
        let found = document(&["audit", name], &files.path(""));
        assert_eq!(
            (found["exit_code"].as_i64(), &found["outcome"]),
            (Some(expected), &json!(outcome)),
            "{name}: {found:#}"
        );
        assert_eq!(found["kind"], "audit");
        let output = command(&["audit", name], &files.path(""));
        assert_eq!(i64::from(code(&output)), expected, "{name}");
    }
}

#[test]
fn findings_are_printed_with_file_line_and_remedy() {
    let output = command(&["audit", "town"], &fixtures());
    let text = text(&output);
    let line = "town/docker-compose-townhouse.yml:26: TRANSPORT_MODE of connector is direct";
    assert!(text.contains(line), "{text}");
    assert!(
        text.contains("remedy: write TRANSPORT_MODE: ${TRANSPORT_MODE:-direct}"),
        "{text}"
    );
    assert!(text.contains("not looked at"), "{text}");
    assert!(
        text.contains("mode B: an image of its own, without an onion daemon"),
        "{text}"
    );
}

#[test]
fn a_check_is_explained_and_an_unknown_one_refused() {
    let folder = fixtures();
    for check in every() {
        let output = command(&["audit", "--explain", check.id], &folder);
        assert_eq!(code(&output), 0);
        for part in [check.says, check.looks_at, check.why, check.remedy] {
            assert!(text(&output).contains(part), "{}", check.id);
        }
    }
    let output = command(&["audit", "--explain", "daemon.terms", "--json"], &folder);
    let found: Value = serde_json::from_slice(&output.stdout).expect("is one document");
    assert_eq!(
        (&found["kind"], &found["id"]),
        (&json!("audit-check"), &json!("daemon.terms"))
    );
    for arguments in [
        &["audit", "--explain", "no.such"][..],
        &["audit"],
        &["audit", "x", "--hops", "0"],
    ] {
        let found = document(arguments, &folder);
        assert_eq!(
            (&found["kind"], &found["exit_code"]),
            (&json!("failure"), &json!(2)),
            "{found}"
        );
    }
}

/// A folder for what is written.
fn written(arguments: &[&str], option: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("out");
    let name = path.display().to_string();
    command(&[arguments, &[option, &name]].concat(), &fixtures());
    std::fs::read_to_string(&path).expect("was written")
}

#[test]
fn sarif_has_a_rule_for_each_check_and_a_result_for_each_finding() {
    let found: Value =
        serde_json::from_str(&written(&["audit", "town"], "--sarif")).expect("is JSON");
    assert_eq!(found["version"], "2.1.0");
    let run = &found["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    assert_eq!(rules.len(), every().count());
    let results = run["results"].as_array().expect("a list");
    let audited = document(&["audit", "town"], &fixtures());
    let checks = audited["checks"].as_array().expect("a list");
    let findings: usize = checks
        .iter()
        .map(|one| one["findings"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(results.len(), findings);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("a number") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let level = result["level"].as_str().expect("a word");
        assert!(["error", "warning", "note"].contains(&level), "{level}");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            place["artifactLocation"]["uri"],
            "town/docker-compose-townhouse.yml"
        );
        assert!(place["region"]["startLine"].as_u64() > Some(0), "{result}");
        assert!(
            !result["message"]["text"]
                .as_str()
                .unwrap_or_default()
                .is_empty()
        );
    }
    // A path that is no URI as it is.
    let files = Files::new(&[("a b/é.yaml", "nodeId: [\n")]);
    let path = files.path("a b/é.yaml").display().to_string();
    let found: Value =
        serde_json::from_str(&written(&["audit", &path], "--sarif")).expect("is JSON");
    let uri = found["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    let uri = uri.as_str().expect("a text");
    assert!(
        uri.starts_with("file:///") && uri.ends_with("/a%20b/%C3%A9.yaml"),
        "{uri}"
    );
}

#[test]
fn junit_has_a_case_for_each_check() {
    let text = written(&["audit", "town"], "--junit");
    assert_eq!(
        text.matches("<testcase ").count(),
        every().count() + 1,
        "{text}"
    );
    assert!(
        text.contains("<failure message=\"fail town/docker-compose-townhouse.yml:26"),
        "{text}"
    );
    assert!(text.contains("type=\"not-looked-at\""), "{text}");
    assert!(text.contains("<error "), "{text}");
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let found = document(&["audit", "town", "--sarif", "/nowhere/x"], &fixtures());
    assert_eq!(
        (&found["kind"], &found["exit_code"]),
        (&json!("failure"), &json!(3)),
        "{found}"
    );
}

#[test]
fn a_transport_is_exported_for_each_mode_and_passes_the_audit() {
    let folder = tempfile::tempdir().expect("a folder");
    let export = |arguments: &[&str]| {
        command(
            &[&["export", "transport"], arguments].concat(),
            folder.path(),
        )
    };
    let output = export(&["--mode", "direct"]);
    assert_eq!(text(&output), "transport:\n  type: direct\n");
    let url = format!("ws://{}.anyone:3000", "a2".repeat(28));
    let socks = export(&["--mode", "socks5", "--external-url", &url]);
    let managed = export(&[
        "--mode",
        "managed",
        "--hidden-service-dir",
        "/var/lib/town/hs",
    ]);
    for (output, audited) in [(&socks, "socks5"), (&managed, "managed")] {
        assert_eq!(code(output), 0, "{audited}");
        let config = format!(
            "nodeId: a\nbtpServerPort: 3000\nlogLevel: warn\n{}peers: []\nroutes: []\n",
            text(output)
        );
        std::fs::write(folder.path().join("connector.yaml"), config).expect("writes");
        let found = document(&["audit", "connector.yaml"], folder.path());
        assert_eq!(found["exit_code"], 0, "{found:#}");
        let checks = found["checks"].as_array().expect("a list");
        let complete = checks
            .iter()
            .find(|one| one["id"] == "transport.complete")
            .expect("is there");
        assert_eq!(complete["verdict"], "pass");
    }
    assert_eq!(
        text(&managed),
        "transport:\n  type: socks5\n  socksProxy: \"socks5h://127.0.0.1:9050\"\n  externalUrl: \"auto\"\n  managed: true\n  managedOptions:\n    hiddenServiceDir: \"/var/lib/town/hs\"\n    hiddenServicePort: 3000\n    startupTimeoutMs: 90000\n    stopTimeoutMs: 10000\n"
    );
    let output = export(&["--mode", "managed", "--hidden-service-dir", "/hs", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("is one document");
    assert_eq!(
        found["transport"]["managedOptions"]["hiddenServicePort"],
        3000
    );
}

#[test]
fn a_transport_is_made_of_the_environment_and_all_mistakes_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut with = Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"));
    let output = with
        .env_clear()
        .env("TRANSPORT_MODE", "managed")
        .env("HIDDEN_SERVICE_DIR", "/hs")
        .env("BTP_SERVER_PORT", "4000")
        .args(["export", "transport"])
        .output()
        .expect("runs");
    assert!(
        text(&output).contains("hiddenServicePort: 4000"),
        "{}",
        text(&output)
    );
    for (arguments, mistakes) in [
        (&[][..], 1),
        (&["--mode", "socks5", "--socks-proxy", "socks5://h:1"], 2),
        (&["--mode", "socks5", "--external-url", "auto"], 1),
        (&["--mode", "managed"], 1),
        (
            &[
                "--mode",
                "managed",
                "--hidden-service-dir",
                "/a/../b",
                "--hidden-service-port",
                "0",
            ],
            2,
        ),
        (
            &[
                "--mode",
                "direct",
                "--external-url",
                "ws://x:1",
                "--hidden-service-dir",
                "/x",
            ],
            2,
        ),
    ] {
        let found = document(
            &[&["export", "transport"], arguments].concat(),
            folder.path(),
        );
        assert_eq!(found["kind"], "failure");
        assert_eq!(found["exit_code"], 2);
        assert_eq!(
            found["error"]["mistakes"].as_array().map(Vec::len),
            Some(mistakes),
            "{found:#}"
        );
    }
}

#[test]
fn an_engine_that_does_not_answer_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code) in [
        (
            &[
                "audit",
                "--engine",
                "unix:///nowhere.sock",
                "--project",
                "town",
            ][..],
            3,
        ),
        (&["audit", "--engine", "unix:///nowhere.sock"], 2),
        (&["audit", "--project", "town"], 2),
        (
            &[
                "audit",
                "x",
                "--engine",
                "unix:///nowhere.sock",
                "--project",
                "town",
            ],
            2,
        ),
    ] {
        let found = document(arguments, folder.path());
        assert_eq!(
            (&found["kind"], &found["exit_code"]),
            (&json!("failure"), &json!(code)),
            "{found}"
        );
    }
}
