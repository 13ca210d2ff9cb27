//! Every check is shown to fail: one deliberately broken part after another, each in a topology
//! that is whole otherwise.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ator_harness::mutants::{MUTANTS, MutantSpec, Needs};
use scenarios::{Shell, root, text};
use serde_json::Value;

/// Shorter deadlines than a healthy run has: what is stuck for ever need not be waited for long.
const DEADLINES: &str = "[deadlines]\n\
    descriptors = \"15s\"\n\
    consensus = \"15s\"\n\
    publication = \"15s\"\n\
    peering = \"25s\"\n\
    delivery = \"8s\"\n";

/// What a run said of its checks.
struct Judged {
    /// Every check's id.
    all: BTreeSet<String>,
    /// Those that failed.
    failed: BTreeSet<String>,
    /// What they saw.
    evidence: String,
}

/// A topology with one part broken. The mutant of a connector with a daemon of its own needs homes
/// that have one.
fn broken(mutant: &MutantSpec) -> String {
    let base = match mutant.needs {
        Needs::ManagedDaemon => "managed",
        Needs::Nothing | Needs::PrivateNetwork => "two-home-local",
    };
    let path = root().join(format!("fixtures/topologies/{base}.toml"));
    let whole = std::fs::read_to_string(path).expect("the topology is there");
    let (before, rest) = whole.split_once("[deadlines]").expect("it has deadlines");
    let (_, after) = rest.split_once("\n[[budget]]").expect("it has budgets");
    let (name, before) = before
        .split_once("name = ")
        .map(|(comment, rest)| (comment, format!("name = {rest}")))
        .expect("it has a name");
    format!(
        "{name}mutant = \"{}\"\n{before}{DEADLINES}\n[[budget]]{after}",
        mutant.name
    )
}

fn judge(shell: &Shell, mutant: &MutantSpec) -> Result<Judged, String> {
    let file: PathBuf = shell
        .artefacts()
        .with_file_name(format!("{}.toml", mutant.name));
    std::fs::write(&file, broken(mutant)).expect("a file can be written");
    let output = shell
        .command(&["verify", "--json"])
        .arg(&file)
        .arg("--artefacts")
        .arg(shell.artefacts())
        .output()
        .expect("runs");
    if output.status.code() != Some(1) {
        return Err(format!("exit code {:?}: {}", output.status, text(&output)));
    }
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", text(&output)))?;
    let ids = |wanted: &dyn Fn(&Value) -> bool| {
        report["checks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|check| wanted(check))
            .filter_map(|check| check["id"].as_str().map(str::to_owned))
            .collect()
    };
    let failed = |check: &&Value| check["verdict"] == "fail";
    let evidence = report["checks"].as_array().into_iter().flatten();
    let evidence: Vec<String> = evidence
        .filter(failed)
        .map(|check| format!("{}: {}", check["id"], check["evidence"]))
        .collect();
    Ok(Judged {
        evidence: evidence.join("; "),
        all: ids(&|_| true),
        failed: ids(&|check| check["verdict"] == "fail"),
    })
}

#[test]
fn every_mutant_fails_its_check_and_every_check_has_a_mutant() {
    let shell = Shell::open();
    let mut wrong = Vec::new();
    let mut checks = BTreeSet::new();
    eprintln!("{:<28} {:<32} what failed", "mutant", "caught by");
    for mutant in MUTANTS {
        let judged = match judge(&shell, mutant) {
            Ok(judged) => judged,
            Err(reason) => {
                eprintln!("{:<28} {:<32} {reason}", mutant.name, mutant.caught_by);
                wrong.push(format!("{}: {reason}", mutant.name));
                continue;
            }
        };
        let failed: Vec<&str> = judged.failed.iter().map(String::as_str).collect();
        eprintln!(
            "{:<28} {:<32} {}",
            mutant.name,
            mutant.caught_by,
            failed.join(", ")
        );
        checks.extend(judged.all);
        if !judged.failed.contains(mutant.caught_by) {
            wrong.push(format!(
                "{} was not caught: {}",
                mutant.name, judged.evidence
            ));
        }
        let unexpected: Vec<&&str> = failed
            .iter()
            .filter(|id| **id != mutant.caught_by && !mutant.may_also_fail.contains(id))
            .collect();
        if !unexpected.is_empty() {
            wrong.push(format!(
                "{} also failed {unexpected:?}: {}",
                mutant.name, judged.evidence
            ));
        }
    }
    let caught: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.caught_by).collect();
    let holes: Vec<&String> = checks
        .iter()
        .filter(|id| !caught.contains(id.as_str()))
        .collect();
    if !holes.is_empty() {
        wrong.push(format!("no mutant for {holes:?}"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
