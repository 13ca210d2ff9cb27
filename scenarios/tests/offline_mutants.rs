//! Every check is shown to fail: each part that can be broken, in a topology that is whole otherwise,
//! is a test called after its mutant.
//!
//! What failed beside what should is written to `target/mutants`, a line for each; `make mutants` runs
//! all and prints them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use ator_harness::mutants::{MUTANTS, MutantSpec, Needs};
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{Shell, gist, root};
use serde_json::Value;

/// Shorter deadlines than a healthy run has: what is stuck for ever need not be waited for long.
const DEADLINES: &str = "[deadlines]\n\
    descriptors = \"15s\"\n\
    consensus = \"15s\"\n\
    publication = \"15s\"\n\
    peering = \"30s\"\n\
    delivery = \"8s\"\n";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial = |mutant: &'static MutantSpec| {
        Trial::test(mutant.name, || {
            let judged = judge(mutant);
            let line = match &judged {
                Ok(judged) => judged.failed.join(", "),
                Err(reason) => reason.lines().next().unwrap_or_default().to_owned(),
            };
            record(mutant, &line);
            match complaints(mutant, &judged.map_err(Failed::from)?) {
                wrong if wrong.is_empty() => Ok(()),
                wrong => Err(format!("{}\n{}", mutant.breaks, wrong.join("\n")).into()),
            }
        })
    };
    libtest_mimic::run(&arguments, MUTANTS.iter().map(trial).collect()).exit_code()
}

/// What a run said of its checks.
struct Judged {
    /// Every check's id.
    all: BTreeSet<String>,
    /// Those that failed.
    failed: Vec<String>,
    /// What they saw.
    evidence: String,
}

/// A topology with one part broken. The mutant of a connector with a daemon of its own needs homes
/// that have one.
fn broken(mutant: &MutantSpec) -> String {
    let base = match mutant.needs {
        Needs::ManagedDaemon => "managed",
        Needs::NoAuth => "no-auth",
        Needs::Nothing
        | Needs::PrivateNetwork
        | Needs::OwnNetwork
        | Needs::Faults(_)
        | Needs::FaultsWhereDialled(_) => "two-home-local",
    };
    let path = root().join(format!("fixtures/topologies/{base}.toml"));
    let whole = std::fs::read_to_string(path).expect("the topology is there");
    let (before, rest) = whole.split_once("[deadlines]").expect("it has deadlines");
    let (_, after) = rest.split_once("\n[[budget]]").expect("it has budgets");
    let (name, before) = before
        .split_once("name = ")
        .map(|(comment, rest)| (comment, format!("name = {rest}")))
        .expect("it has a name");
    let (before, faults) = match mutant.needs {
        Needs::Faults(faults) => (without_peering(&before, "home-a", "home-b"), faults),
        Needs::FaultsWhereDialled(faults) => (without_peering(&before, "home-b", "home-a"), faults),
        _ => (before, ""),
    };
    format!(
        "{name}mutant = \"{}\"\n{before}{DEADLINES}\n{faults}\n[[budget]]{after}",
        mutant.name
    )
}

/// Without a peering that would hide what the mutant does: the other one would carry its packets.
fn without_peering(text: &str, from: &str, to: &str) -> String {
    let peering = format!("[[peering]]\nfrom = \"{from}\"\nto = \"{to}\"\nauth = \"secret\"\n");
    assert!(text.contains(&peering), "it has that peering");
    text.replace(&peering, "")
}

/// Runs the broken topology. It has to fail, and no more.
fn judge(mutant: &MutantSpec) -> Result<Judged, String> {
    let shell = Shell::sharing();
    let file: PathBuf = shell.artefacts().with_file_name("broken.toml");
    std::fs::write(&file, broken(mutant)).expect("a file can be written");
    // What is slow has the machine for itself; the rest stands beside others.
    let (output, report) = if mutant.caught_by.starts_with("latency.") {
        shell.judge_exactly(&file)?
    } else {
        shell.judge(&file)?
    };
    if output.status.code() != Some(1) {
        return Err(gist(&output));
    }
    let checks = report["checks"]
        .as_array()
        .ok_or("a report without checks")?;
    let id = |check: &Value| check["id"].as_str().unwrap_or_default().to_owned();
    let failed = || checks.iter().filter(|check| check["verdict"] == "fail");
    let evidence = |check: &Value| format!("{}: {}", check["id"], check["evidence"]);
    Ok(Judged {
        all: checks.iter().map(id).collect(),
        failed: failed().map(id).collect(),
        evidence: failed().map(evidence).collect::<Vec<_>>().join("\n"),
    })
}

/// What is wrong with how a mutant came out.
fn complaints(mutant: &MutantSpec, judged: &Judged) -> Vec<String> {
    let Judged {
        all,
        failed,
        evidence,
    } = judged;
    let mut wrong = Vec::new();
    if !failed.iter().any(|id| id == mutant.caught_by) {
        wrong.push(format!(
            "{} did not fail; these did:\n{evidence}",
            mutant.caught_by
        ));
    }
    let unexpected: Vec<&String> = failed
        .iter()
        .filter(|id| *id != mutant.caught_by && !mutant.may_also_fail.contains(&id.as_str()))
        .collect();
    if !unexpected.is_empty() {
        wrong.push(format!(
            "{unexpected:?} should not have failed:\n{evidence}"
        ));
    }
    let caught: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.caught_by).collect();
    let holes: Vec<&String> = all
        .iter()
        .filter(|id| !caught.contains(id.as_str()))
        .collect();
    if !holes.is_empty() {
        wrong.push(format!("no mutant for {holes:?}"));
    }
    wrong
}

/// Keeps a mutant's line of the matrix.
fn record(mutant: &MutantSpec, failed: &str) {
    let folder = root().join("target/mutants");
    std::fs::create_dir_all(&folder).expect("a folder");
    let line = format!("{:<28} {:<32} {failed}\n", mutant.name, mutant.caught_by);
    std::fs::write(folder.join(mutant.name), line).expect("a file");
}
