//! Every fault of the catalogue, made in a topology of the reference connector, which gets over it: a test for each,
//! called after it. Those that last long are of the profile `faults` alone.

use std::process::ExitCode;

use ator_harness::checks::{Scope, every};
use ator_harness::topology::{FAULTS, NamedFault};
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{Shell, root, text};
use serde_json::Value;

/// A fault far from the first homes, which lose nothing by it.
const FAR: &str = "\n[[fault]]\nwhat = \"restart\"\non = \"home-d/connector\"\n";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = FAULTS
        .iter()
        .map(|fault| Trial::test(fault.name, || passes(fault)))
        .collect();
    trials.push(Trial::test("what-is-far-disturbs-nobody", disturbs_nobody));
    trials.push(Trial::test("an-unexpected-death-ends-it", ends_by_another));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The checks of faults in a report, each with its verdict and evidence.
fn of_faults(report: &Value) -> Vec<(String, String, String)> {
    let ids: Vec<&str> = every()
        .into_iter()
        .filter(|check| check.scope == Scope::Faults)
        .map(|check| check.id)
        .collect();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().into_iter().flatten();
    let found: Vec<_> = checks
        .filter(|check| ids.contains(&check["id"].as_str().unwrap_or_default()))
        .map(|check| {
            (
                text(check, "id"),
                text(check, "verdict"),
                text(check, "evidence"),
            )
        })
        .collect();
    assert_eq!(found.len(), ids.len(), "all are asked");
    found
}

fn passes(fault: &NamedFault) -> Result<(), Failed> {
    let shell = Shell::sharing();
    let output = shell
        .two_home("verify", &["--json", "--fault", fault.name])
        .output()?;
    if output.status.code() != Some(0) {
        return Err(text(&output).into());
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let checks = of_faults(&report);
    // What every fault shows, whatever it is.
    let mut shown = vec!["faults.answered", "faults.once", "faults.closed"];
    match fault.recovers_within_s {
        Some(_) => shown.push("faults.recovered"),
        None => shown.push("identity.kept"),
    }
    for id in shown {
        let found = checks.iter().find(|(known, ..)| known == id);
        let (_, verdict, evidence) = found.ok_or("it is not there")?;
        if verdict != "pass" {
            return Err(format!("{id}: {verdict}, {evidence}").into());
        }
    }
    let left = shell.run().left();
    if !left.is_empty() {
        return Err(format!("left behind: {left}").into());
    }
    Ok(())
}

/// The end of a row of homes is restarted, and the first two go on.
fn disturbs_nobody() -> Result<(), Failed> {
    let shell = Shell::sharing();
    let file = shell.artefacts().with_file_name("far.toml");
    let whole = std::fs::read_to_string(root().join("fixtures/topologies/three-hop.toml"))?;
    std::fs::write(&file, format!("{whole}{FAR}"))?;
    let (output, report) = shell.judge(&file)?;
    if output.status.code() != Some(0) {
        return Err(text(&output).into());
    }
    let checks = of_faults(&report);
    let undisturbed = checks.iter().find(|(id, ..)| id == "faults.undisturbed");
    let (_, verdict, evidence) = undisturbed.ok_or("it is not there")?;
    match (verdict.as_str(), evidence.contains("all fulfilled")) {
        ("pass", true) => Ok(()),
        _ => Err(format!("{verdict}: {evidence}").into()),
    }
}

/// Who is meant to die by a fault ends no run; another one does.
fn ends_by_another() -> Result<(), Failed> {
    let shell = Shell::sharing();
    let child = shell
        .two_home("verify", &["--fault", "daemon-pause"])
        .spawn()?;
    let run = shell.run();
    scenarios::wait_for("the fault to be made", || {
        let events = std::fs::read_to_string(run.folder.join("events.jsonl")).ok()?;
        events.contains("\"stage\":\"fault\"").then_some(())
    });
    run.kill("home-a/connector");
    let output = child.wait_with_output()?;
    if output.status.code() != Some(1) {
        return Err(format!("{:?}: {}", output.status, text(&output)).into());
    }
    let told = text(&output);
    match (told.contains("home-a/connector"), run.left().is_empty()) {
        (true, true) => Ok(()),
        _ => Err(told.into()),
    }
}
