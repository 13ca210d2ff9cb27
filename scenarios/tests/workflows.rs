//! What the workflows keep to beyond their syntax, which `offline_workflow_syntax` looks at: pinned
//! actions, few rights, limits, and commands that exist.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Rights that a workflow may have; each other one, and writing, is too many.
const RIGHTS: [(&str, &str); 2] = [("actions", "read"), ("contents", "read")];

fn workflow(name: &str) -> String {
    let path = scenarios::root().join(".github/workflows").join(name);
    let text = std::fs::read_to_string(path).expect("the workflow is there");
    // As `ator-harness init` does.
    text.replace("@VERSION@", "1.2.3")
}

/// Everything that is wrong with a workflow, each with where.
fn wrong(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let parsed: Value = match serde_saphyr::from_str(text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("no YAML: {error}")],
    };
    if !text.starts_with("# ") {
        wrong.push("nothing at the top says what runs when".to_owned());
    }
    if text.contains("pull_request_target") {
        wrong.push("pull_request_target gives a stranger's change our rights".to_owned());
    }
    match parsed["permissions"].as_object() {
        None => wrong.push("no permissions at the top".to_owned()),
        Some(rights) => {
            for (right, level) in rights {
                if !RIGHTS
                    .iter()
                    .any(|known| (*known) == (right, level.as_str().unwrap_or("")))
                {
                    wrong.push(format!("permission {right}: {level}"));
                }
            }
        }
    }
    wrong.extend(unpinned(text));
    let jobs = parsed["jobs"].as_object();
    for (id, job) in jobs.into_iter().flatten() {
        if job["timeout-minutes"]
            .as_u64()
            .is_none_or(|minutes| minutes > 90)
        {
            wrong.push(format!("{id}: no limit of at most 90 minutes"));
        }
        if !job["permissions"].is_null() {
            wrong.push(format!("{id}: permissions of its own"));
        }
        let steps = job["steps"].as_array();
        for step in steps.into_iter().flatten() {
            if let Some(script) = step["run"].as_str() {
                wrong.extend(script_faults(script).map(|fault| format!("{id}: {fault}")));
            }
            wrong.extend(action_faults(step).map(|fault| format!("{id}: {fault}")));
        }
    }
    if jobs.is_none_or(serde_json::Map::is_empty) {
        wrong.push("no jobs".to_owned());
    }
    wrong
}

/// Actions without a whole commit and the version that it is.
fn unpinned(text: &str) -> impl Iterator<Item = String> {
    let uses = text.lines().filter_map(|line| {
        line.trim_start()
            .trim_start_matches("- ")
            .strip_prefix("uses:")
    });
    // This repository's own is that of the commit.
    uses.filter(|action| action.trim() != "./")
        .filter(|action| {
            let pin = action
                .split_once('@')
                .and_then(|(_, pin)| pin.split_once(" # v"));
            let is_commit = |commit: &str| {
                commit.len() == 40
                    && commit
                        .bytes()
                        .all(|byte| b"0123456789abcdef".contains(&byte))
            };
            !pin.is_some_and(|(commit, version)| is_commit(commit) && version.contains('.'))
        })
        .map(|action| format!("not pinned by commit and version:{action}"))
}

fn action_faults(step: &Value) -> impl Iterator<Item = String> {
    let action = step["uses"].as_str().unwrap_or_default();
    let with = &step["with"];
    let condition = step["if"].as_str().unwrap_or_default();
    let faults = [
        (
            action.starts_with("actions/checkout@") && with["persist-credentials"] != false,
            "checkout leaves its token behind",
        ),
        (
            action.starts_with("actions/upload-artifact@") && !condition.starts_with("always()"),
            "evidence is kept only when nothing fails",
        ),
        (
            action.starts_with("actions/upload-artifact@") && with["retention-days"].is_null(),
            "no word on how long evidence is kept",
        ),
    ];
    faults
        .into_iter()
        .filter(|(is_wrong, _)| *is_wrong)
        .map(|(_, fault)| fault.to_owned())
}

fn script_faults(script: &str) -> impl Iterator<Item = String> {
    let root = scenarios::root();
    let makefile = std::fs::read_to_string(root.join("Makefile")).expect("the Makefile is there");
    let verbs: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| !line.starts_with(['\t', ' ', '.', '#']))
        .filter_map(|line| line.split_once(':').map(|(verb, _)| verb.trim()))
        .collect();
    let mut faults = Vec::new();
    // An expression is put into the script as text, whatever it holds.
    if script.contains("${{") {
        faults.push("an expression in a script; hand it over in env".to_owned());
    }
    let words: Vec<&str> = script.split_whitespace().collect();
    for pair in words.windows(2) {
        if pair[0] == "make" && !verbs.contains(pair[1]) {
            faults.push(format!("the Makefile has no {}", pair[1]));
        }
    }
    for word in words {
        if word.starts_with("fixtures/") && !root.join(word).is_file() {
            faults.push(format!("there is no {word}"));
        }
        let is_path = |rest: &str| rest.starts_with(|first: char| first.is_alphanumeric());
        if word.contains("://") || word.strip_prefix('/').is_some_and(is_path) {
            faults.push(format!("a host or a machine's path: {word}"));
        }
    }
    if !is_shell(script) {
        faults.push(format!("no shell script: {script}"));
    }
    faults.into_iter()
}

/// Whether bash, which runs the scripts, can read it.
fn is_shell(script: &str) -> bool {
    let mut child = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("bash is there");
    let mut input = child.stdin.take().expect("is piped");
    input
        .write_all(script.as_bytes())
        .expect("takes the script");
    drop(input);
    child.wait().expect("ends").success()
}

#[test]
fn the_workflows_keep_to_the_rules() {
    // The last is what `ator-harness init` writes.
    let starting = "../../harness/src/cli/init/workflow.yml";
    for name in ["ci.yml", "connector.yml", "nightly.yml", starting] {
        assert_eq!(wrong(&workflow(name)), Vec::<String>::new(), "{name}");
    }
    let folder = scenarios::root().join(".github/workflows");
    let count = std::fs::read_dir(folder).expect("the folder").count();
    assert_eq!(count, 3, "a new workflow belongs in this list");
}

#[test]
fn what_breaks_a_rule_is_found() {
    let nightly = workflow("nightly.yml");
    let checkout = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";
    let cases = [
        (checkout, "actions/checkout@v6", "not pinned"),
        (" # v6.0.2", "", "not pinned"),
        ("5447ce83dd", "5447ce83", "not pinned"),
        ("contents: read", "contents: write", "permission contents"),
        ("actions: read", "packages: read", "permission packages"),
        ("permissions:\n", "rights:\n", "no permissions at the top"),
        ("    timeout-minutes: 45\n", "", "repeats: no limit"),
        (
            "  repeats:\n",
            "  repeats:\n    permissions: write-all\n",
            "repeats: permissions of its own",
        ),
        (
            "  workflow_dispatch:\n",
            "  workflow_dispatch:\n  pull_request_target:\n",
            "pull_request_target",
        ),
        ("make harness", "make harnes", "the Makefile has no harnes"),
        (
            "fixtures/nightly/add.sh",
            "fixtures/nightly/ad.sh",
            "there is no",
        ),
        (
            "persist-credentials: false",
            "fetch-depth: 0",
            "leaves its token",
        ),
        (
            "make harness",
            "make harness \"${{ github.ref }}\"",
            "an expression",
        ),
        ("make harness", "curl https://host.test", "a host"),
        ("make harness", "cat /root/file", "a machine's path"),
        ("          fi\n", "", "no shell script"),
        ("          retention-days: 30\n", "", "no word on how long"),
        (
            "        if: always()\n        uses: actions/upload",
            "        uses: actions/upload",
            "only when nothing fails",
        ),
        ("jobs:\n", "job:\n", "no jobs"),
        ("# Every night", "\n# Every night", "nothing at the top"),
    ];
    for (was, is, fault) in cases {
        assert!(nightly.contains(was), "{was}");
        let found = wrong(&nightly.replacen(was, is, 1));
        assert!(
            found.iter().any(|found| found.contains(fault)),
            "{fault}: {found:?}"
        );
    }
}

#[test]
fn the_night_is_never_part_of_a_pull_request() {
    let nightly: Value = serde_saphyr::from_str(&workflow("nightly.yml")).expect("is YAML");
    let when: Vec<&String> = nightly["on"].as_object().expect("a table").keys().collect();
    assert_eq!(when, ["schedule", "workflow_dispatch"]);
    assert_eq!(nightly["concurrency"]["cancel-in-progress"], false);
    let jobs = nightly["jobs"].as_object().expect("a table");
    for (id, job) in jobs {
        // The public network's bad night is not the project's.
        let may_fail = job["continue-on-error"] == true;
        assert_eq!(may_fail, id == "online", "{id}");
        let dials_out = job.to_string().contains("--profile online");
        assert_eq!(dials_out, id == "online", "{id}");
        // All but the ledger start at once, whatever the others come to.
        let waits = !job["needs"].is_null();
        assert_eq!(waits, id == "ledger", "{id}");
    }
    assert_eq!(jobs["ledger"]["if"], "always()");
    let mut needs: Vec<&str> = jobs.keys().map(String::as_str).collect();
    // Fuzzing runs no topology.
    needs.retain(|id| !["ledger", "fuzz"].contains(id));
    // What the others leave is fetched by their names.
    let fetching = jobs["ledger"]["steps"].to_string();
    for id in &needs {
        assert!(fetching.contains(id), "{id}");
    }
    let waited = jobs["ledger"]["needs"].as_array().expect("a list");
    let waited: BTreeSet<&str> = waited.iter().filter_map(Value::as_str).collect();
    assert_eq!(waited, needs.into_iter().collect());
    let ci = workflow("ci.yml");
    assert!(!ci.contains("standalone-test-ator-p2p\n") && !ci.contains("--profile online"));
}

#[test]
fn the_compiler_is_the_one_that_the_workspace_names() {
    let manifest = std::fs::read_to_string(scenarios::root().join("Cargo.toml")).expect("is there");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .expect("the workspace names one")
        .trim_matches('"');
    for name in ["ci.yml", "connector.yml", "nightly.yml"] {
        let wanted = format!("RUSTUP_TOOLCHAIN: \"{version}.0\"");
        assert!(workflow(name).contains(&wanted), "{name}: {wanted}");
    }
}
