//! The action: its form, and what it makes of wrong and hostile inputs before anything is built or run. Needs no engine;
//! what it makes of runs is in `offline_action`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use scenarios::{Ran, Runner, root};
use serde_json::Value;

fn action() -> Value {
    let text = fs::read_to_string(root().join("action.yml")).expect("is there");
    serde_saphyr::from_str(&text).expect("is YAML")
}

fn keys(table: &Value) -> BTreeSet<String> {
    let table = table.as_object().into_iter().flatten();
    table.map(|(key, _)| key.clone()).collect()
}

/// The variables of inputs that a text names.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    let named = words.filter(|word| word.starts_with("INPUT_"));
    named.map(str::to_owned).collect()
}

#[test]
fn every_input_reaches_a_script_by_its_environment_alone() {
    let action = action();
    assert_eq!(action["runs"]["using"], "composite");
    let mut used = BTreeSet::new();
    for step in action["runs"]["steps"].as_array().expect("steps") {
        for text in [&step["with"], &step["env"]] {
            for (_, value) in text.as_object().into_iter().flatten() {
                let value = value.as_str().expect("a text");
                let inputs = value.split("{ inputs.").skip(1);
                let name = |rest: &str| rest.split([' ', '}']).next().unwrap_or("").to_owned();
                used.extend(inputs.map(name));
            }
        }
        let Some(script) = step["run"].as_str() else {
            continue;
        };
        assert_eq!(step["shell"], "bash", "{step}");
        assert!(!script.contains("${{"), "{script}");
        let path = script
            .strip_prefix("\"$GITHUB_ACTION_PATH/")
            .and_then(|rest| rest.strip_suffix('"'));
        let path = root().join(path.expect("a script of the checkout and nothing else"));
        let mode = fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{path:?}");
        // What the script reads is what the step gives, and it gives nothing in vain.
        let read = variables(&fs::read_to_string(&path).expect("reads"));
        let given = keys(&step["env"]);
        let of_inputs = given.iter().filter(|name| name.starts_with("INPUT_"));
        assert_eq!(read, of_inputs.cloned().collect(), "{path:?}");
        for name in &read {
            let input = name.trim_start_matches("INPUT_").to_lowercase();
            let value = format!("${{{{ inputs.{} }}}}", input.replace('_', "-"));
            assert_eq!(step["env"][name], value, "{path:?}");
        }
    }
    assert_eq!(used, keys(&action["inputs"]));
}

#[test]
fn inputs_and_outputs_are_told_of() {
    let action = action();
    let text = fs::read_to_string(root().join("docs/ci.md")).expect("is there");
    for kind in ["inputs", "outputs"] {
        for name in keys(&action[kind]) {
            let told = action[kind][&name]["description"].as_str();
            assert!(told.is_some_and(|told| told.ends_with('.')), "{name}");
            assert!(text.contains(&format!("`{name}`")), "docs/ci.md: {name}");
        }
    }
    for name in keys(&action["inputs"]) {
        assert!(action["inputs"][&name]["default"].is_string(), "{name}");
    }
}

/// Calls that no step but the first has to do with.
fn refused(with: &[(&str, &str)]) -> (Ran, String) {
    let runner = Runner::new();
    let ran = runner.call(with);
    assert_eq!(ran.code(), 2, "{ran:?}");
    assert_eq!(ran.steps.len(), 1, "{ran:?}");
    assert_eq!(ran.outputs["verdict"], "usage");
    assert_eq!(ran.outputs["exit-code"], "2");
    let [(level, title, told)] = &ran.annotations[..] else {
        panic!("one message: {ran:?}");
    };
    assert_eq!((&**level, &**title), ("error", "ator-harness, usage"));
    let left = fs::read_dir(runner.workspace()).expect("reads").count();
    assert_eq!(left, 0, "nothing is written");
    let told = told.clone();
    for line in told.lines() {
        assert!(ran.summary.contains(line), "{line}: {}", ran.summary);
    }
    (ran, told)
}

#[test]
fn all_wrong_inputs_are_told_at_once() {
    let (_, told) = refused(&[
        ("connector-image", "mine:1"),
        ("connector-command", "node dist/main.js"),
        ("connector-dir", "nowhere"),
        ("topologies", "two-home-local, -x\n./no.toml two-home-local"),
        ("repeat", "0"),
        ("retention-days", "a week"),
        ("on-inconclusive", "ignore"),
        ("on-environment", ""),
        ("artefacts", "../elsewhere"),
        ("artefact-name", "a/b"),
        ("archive", "http://example.org/a.tar.gz"),
        ("sha256", "ABC"),
        ("daemon-package", "none.tgz"),
    ]);
    let wanted = [
        "connector-image: give it or connector-command, not both",
        "connector-dir: there is no folder nowhere",
        "topologies: \"-x\" is no name and no path",
        "topologies: there is no file ./no.toml",
        "topologies: two-home-local is there twice",
        "repeat: 0 is not a number from 1 to 1000",
        "retention-days: \"a week\" is not a number from 1 to 90",
        "on-inconclusive: \"ignore\" is neither fail nor warn",
        "on-environment: \"\" is neither fail nor warn",
        "artefacts: \"../elsewhere\" is no folder below the workspace",
        "artefact-name: \"a/b\" is no name",
        "archive: fetch it by https",
        "sha256: write 64 digits",
        "daemon-package: there is no file none.tgz",
    ];
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), wanted.len(), "{told}");
    for wanted in wanted {
        assert!(
            lines.iter().any(|line| line.starts_with(wanted)),
            "{wanted}: {told}"
        );
    }
}

#[test]
fn what_is_fetched_needs_a_checksum_and_a_checksum_something_to_be_of() {
    let (_, told) = refused(&[("archive", "https://example.org/a.tar.gz")]);
    assert!(told.contains("sha256: what is fetched needs one"), "{told}");
    let (_, told) = refused(&[("sha256", &"0".repeat(64))]);
    assert!(told.contains("sha256: it is that of archive"), "{told}");
    let (_, told) = refused(&[("topologies", " , \n")]);
    assert!(told.contains("topologies: name at least one"), "{told}");
}

/// A text that would do something wherever it became part of a script, of a file of the runner's or of a command to it.
const HOSTILE: [&str; 6] = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "x\nverdict=pass\n::error title=mine::text",
    "*%0A::set-output name=verdict::pass",
];

#[test]
fn no_input_is_a_command() {
    let names = keys(&action()["inputs"]);
    for text in HOSTILE {
        // One annotation, the verdict of wrong usage, and nothing written: `refused` looks at all of that.
        let with: Vec<(&str, &str)> = names.iter().map(|name| (&**name, text)).collect();
        let (_, told) = refused(&with);
        assert!(told.lines().count() > 8, "{told}");
    }
}
