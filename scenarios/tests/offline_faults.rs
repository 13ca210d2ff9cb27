//! Every fault of the catalogue, made in a topology of the reference connector, which gets over it: a test for each,
//! called after it. Those that last long are of the profile `faults` alone.

use std::process::ExitCode;

use ator_harness::checks::{Scope, every};
use ator_harness::topology::{FAULTS, FaultKind, NamedFault, Topology};
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{Shell, beside_others, gist, root, text};
use serde_json::Value;

/// The home that dials is slow, and loses nothing by it.
const SLOW: &str = "\n[[fault]]\nwhat = \"slow\"\non = \"home-a\"\nby = \"1s\"\nlasts = \"10s\"\nloses_at_most = 0\n";
/// A fault far from the first homes, which lose nothing by it.
const FAR: &str = "\n[[fault]]\nwhat = \"restart\"\non = \"home-d/connector\"\n";

/// A home's way to the network goes, by which it reaches the other home, and not its sibling beside it.
const OUTAGE: &str = "\n[[fault]]\nwhat = \"cut\"\non = \"home-a/link\"\nlasts = \"10s\"\n";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = FAULTS
        .iter()
        .map(|fault| Trial::test(fault.name, || passes("two-home-local", fault, &[])))
        .collect();
    // What is done to a daemon that the connector runs is another thing.
    for name in [
        "daemon-kill",
        "daemon-stop",
        "daemon-pause",
        "connector-restart",
    ] {
        let fault = NamedFault::find(name).expect("is in the catalogue");
        let managed = move || passes("managed", fault, &[]);
        trials.push(Trial::test(format!("managed-{name}"), managed));
    }
    // One that nobody here wrote. It does not end while a peer is connected that says nothing.
    for name in ["cut-10s", "connector-restart", "relay-on-path"] {
        let fault = NamedFault::find(name).expect("is in the catalogue");
        let foreign =
            "--connector ilp-connector --accept-defects resilience.shutdown,faults.in-flight";
        let foreign: Vec<&str> = foreign.split(' ').collect();
        let by_another = move || passes("two-home-local", fault, &foreign);
        trials.push(Trial::test(format!("ilp-connector-{name}"), by_another));
    }
    trials.push(Trial::test("what-is-far-disturbs-nobody", || {
        disturbs_nobody("three-hop", FAR)
    }));
    trials.push(Trial::test("an-outage-disturbs-no-direct-peering", || {
        disturbs_nobody("mixed-transport", OUTAGE)
    }));
    trials.push(Trial::test("an-unexpected-death-ends-it", ends_by_another));
    trials.push(Trial::test("what-is-slow-loses-nothing", loses_nothing));
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

/// The checks that a fault shows something of, which pass, each with what its evidence says. `ours` is the reference
/// connector.
fn shown(topology: &str, fault: &NamedFault, ours: bool) -> Vec<(&'static str, &'static str)> {
    let mut shown: Vec<_> = ["faults.answered", "faults.once", "faults.closed"]
        .map(|id| (id, ""))
        .to_vec();
    let managed = topology == "managed";
    shown.push(match (fault.recovers_within_s, fault.what) {
        (Some(_), _) => ("faults.recovered", ""),
        (None, FaultKind::LoseKeys) => ("identity.kept", ""),
        // All its peers are away by then.
        (None, _) if managed => ("faults.truth", "that it is not healthy"),
        (None, _) => ("faults.truth", ""),
    });
    let of_connector = fault.on == "HOME/connector" && fault.what != FaultKind::SecondSession;
    match (of_connector, managed) {
        // What is under way to it is answered.
        (true, false) if ours => shown.push(("faults.in-flight", "packets in flight")),
        // With it its daemon is started again.
        (true, true) => shown.push(("identity.kept", "kept its address")),
        _ => {}
    }
    if fault.name == "connector-stop" {
        // It says so to its peers.
        shown.push(("faults.shutdown", "a session with it: closed with 1000"));
    } else if managed && fault.name == "daemon-stop" {
        shown.push(("faults.shutdown", ""));
    }
    shown
}

fn passes(topology: &str, fault: &NamedFault, more: &[&str]) -> Result<(), Failed> {
    let shell = Shell::sharing();
    // Two of seven nodes are so many that the onion network may lead nowhere for more than a minute.
    let more_relays: &[(&str, &str)] = match fault.on {
        "two-authorities" => &[("relays = 4", "relays = 12")],
        _ => &[],
    };
    let file = shell.shipped(topology, more_relays);
    let read = Topology::parse(topology, &std::fs::read_to_string(&file)?);
    let mut command = shell.command(&["verify", "--json", "--fault", fault.name]);
    let command = command.arg(&file).args(beside_others(&read?));
    let command = command.arg("--artefacts").arg(shell.artefacts()).args(more);
    let output = command.output()?;
    if output.status.code() != Some(0) {
        return Err(gist(&output).into());
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let checks = of_faults(&report);
    for (id, says) in shown(topology, fault, more.is_empty()) {
        let found = checks.iter().find(|(known, ..)| known == id);
        let (_, verdict, evidence) = found.ok_or("it is not there")?;
        if verdict != "pass" || !evidence.contains(says) {
            return Err(format!("{id}: {verdict}, {evidence}").into());
        }
    }
    if let (Some(by), Some(lasts)) = (fault.by_ms, fault.lasts_s) {
        took_longer(&report, by, lasts * 1000)?;
    }
    let left = shell.run().left();
    if !left.is_empty() {
        return Err(format!("left behind: {left}").into());
    }
    Ok(())
}

/// Every packet that was under way while the one fault lasted took so many milliseconds longer, whichever way it went,
/// and of those before and after it there were some that did not.
fn took_longer(report: &Value, by: u64, lasts: u64) -> Result<(), Failed> {
    let stages = report["stages"].as_array().into_iter().flatten();
    let mut faults = stages.filter(|stage| stage["stage"] == "fault");
    let fault = faults.next().ok_or("there is no fault")?;
    let time = |key: &str| fault[key].as_f64().ok_or(format!("no {key}: {fault}"));
    // It takes a moment to make it, and one to undo it: it lasted from before the second time until after the first.
    let (starts, ends) = (time("started_ms")?, time("ended_ms")?);
    let (by, lasts) = (by as f64, lasts as f64);
    let samples = report["metrics"]["traffic"]["over_time"].as_array();
    let (mut before, mut during, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for sample in samples.into_iter().flatten() {
        let (Some(answered), Some(us)) = (sample["at_ms"].as_f64(), sample["us"].as_f64()) else {
            return Err(format!("no sample: {sample}").into());
        };
        let took = us / 1000.0;
        let sent = answered - took;
        if answered < starts {
            before.push(took);
        } else if sent > ends {
            after.push(took);
        } else if sent >= ends - lasts && answered <= starts + lasts {
            during.push(took);
        }
    }
    let shortest = |of: &[f64]| of.iter().copied().fold(f64::INFINITY, f64::min);
    // Two directions and four a second in each, most of the time.
    let enough = during.len() as f64 > lasts / 1000.0 * 4.0;
    let longer = shortest(&during) >= by;
    match enough && longer && shortest(&before) < by && shortest(&after) < by {
        true => Ok(()),
        false => Err(format!("{starts} to {ends}: {before:?}, {during:?}, {after:?}").into()),
    }
}

/// A part of a topology is broken, and what leads elsewhere goes on.
fn disturbs_nobody(topology: &str, fault: &str) -> Result<(), Failed> {
    let shell = Shell::sharing();
    let file = shell.artefacts().with_file_name("far.toml");
    let path = root().join(format!("fixtures/topologies/{topology}.toml"));
    let whole = std::fs::read_to_string(path)?;
    std::fs::write(&file, format!("{whole}{fault}"))?;
    let (output, report) = shell.judge(&file)?;
    if output.status.code() != Some(0) {
        return Err(gist(&output).into());
    }
    let checks = of_faults(&report);
    let undisturbed = checks.iter().find(|(id, ..)| id == "faults.undisturbed");
    let (_, verdict, evidence) = undisturbed.ok_or("it is not there")?;
    match (verdict.as_str(), evidence.contains("all fulfilled")) {
        ("pass", true) => Ok(()),
        _ => Err(format!("{verdict}: {evidence}").into()),
    }
}

/// The other home of the two, by a time that the topology gives: every packet is fulfilled, though later.
fn loses_nothing() -> Result<(), Failed> {
    let shell = Shell::sharing();
    let file = shell.artefacts().with_file_name("slow.toml");
    let whole = std::fs::read_to_string(root().join("fixtures/topologies/two-home-local.toml"))?;
    std::fs::write(&file, format!("{whole}{SLOW}"))?;
    let (output, report) = shell.judge(&file)?;
    if output.status.code() != Some(0) {
        return Err(gist(&output).into());
    }
    took_longer(&report, 1_000, 10_000)?;
    let checks = of_faults(&report);
    let lost = checks.iter().find(|(id, ..)| id == "faults.lost");
    let (_, verdict, evidence) = lost.ok_or("it is not there")?;
    match (verdict.as_str(), evidence.contains(": 0 lost")) {
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
        return Err(gist(&output).into());
    }
    let told = text(&output);
    match (told.contains("home-a/connector"), run.left().is_empty()) {
        (true, true) => Ok(()),
        _ => Err(told.into()),
    }
}
