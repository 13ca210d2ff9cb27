//! Every committed topology comes up and passes, and what its file promises is in its report: each is a
//! test called after its file. The file says all there is to know. One that joins the public network is
//! rehearsed instead (`offline_rehearsal.rs`).

use std::process::ExitCode;

use ator_harness::topology::{Choices, Daemon, Topology, Transport};
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{Shell, beside_others, gist, root, topologies};
use serde_json::Value;

/// Packets that the probe sends before those that count as round trips.
const WARM_UP: u32 = 16;
/// How many links an ILP hop between two homes has: each delays in both directions.
const LINKS: u32 = 7;
/// A ring that is smaller than any file says, to show that its number can be chosen.
const FEW: usize = 3;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials: Vec<Trial> = topologies().iter().flat_map(|name| trials(name)).collect();
    assert!(!trials.is_empty(), "no topology of a private network");
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The tests of a topology: one, and one more where the number of its homes can be chosen.
fn trials(name: &str) -> Vec<Trial> {
    let path = root().join(format!("fixtures/topologies/{name}.toml"));
    let file = std::fs::read_to_string(path).expect("a file");
    let few = Choices {
        homes: Some(FEW),
        ..Choices::default()
    };
    let topology = Topology::parse(name, &file).unwrap_or_else(|error| panic!("{error}"));
    if !topology.network.has_own_nodes() {
        return Vec::new();
    }
    let mut trials = vec![trial(name, name.to_owned(), topology, &[])];
    if let Ok(few) = Topology::parse_as(name, &file, few) {
        let title = format!("{name}-{FEW}");
        trials.push(trial(name, title, few, &["--homes", &FEW.to_string()]));
    }
    trials
}

fn trial(name: &str, title: String, topology: Topology, more: &[&str]) -> Trial {
    let name = name.to_owned();
    let mut more: Vec<String> = more.iter().map(|&one| one.to_owned()).collect();
    if topology.wan.is_none() && !title.starts_with("many-homes") {
        more.extend(beside_others(&topology));
    }
    Trial::test(title, move || {
        let report = pass(&name, &more)?;
        let wrong: Vec<String> = expectations(&topology)
            .into_iter()
            .filter_map(|expected| expected.complaint(&report))
            .chain(shaped_links(&topology, &report))
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong.join("\n").into()),
        }
    })
}

/// Verifies a topology, and returns its report.
fn pass(name: &str, more: &[String]) -> Result<Value, Failed> {
    let shell = Shell::sharing();
    let output = shell
        .command(&["verify", name, "--json"])
        .arg("--artefacts")
        .arg(shell.artefacts())
        .args(more)
        .output()?;
    if !output.status.success() {
        return Err(gist(&output).into());
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    match report["verdict"] == "pass" {
        true => Ok(report),
        false => Err(gist(&output).into()),
    }
}

/// Something that a check's evidence says, or does not.
struct Expected {
    check: &'static str,
    says: String,
    wanted: bool,
}

impl Expected {
    fn complaint(&self, report: &Value) -> Option<String> {
        let Self {
            check,
            says,
            wanted,
        } = self;
        let mut checks = report["checks"].as_array().into_iter().flatten();
        let Some(found) = checks.find(|one| one["id"] == *check) else {
            return Some(format!("{check} is not made"));
        };
        let evidence = found["evidence"].as_str().unwrap_or_default();
        let verb = if *wanted { "lacks" } else { "should lack" };
        (evidence.contains(says) != *wanted).then(|| format!("{check} {verb} {says:?}: {evidence}"))
    }
}

/// What a report has to say, by what the topology is.
fn expectations(topology: &Topology) -> Vec<Expected> {
    let mut all = Vec::new();
    let mut expect = |check, says: String, wanted| {
        all.push(Expected {
            check,
            says,
            wanted,
        });
    };
    for peering in &topology.peerings {
        let name = format!("{} to {}:", peering.from, peering.to);
        let onion = peering.transport == Transport::Onion;
        expect("isolation.circuit", name, onion);
    }
    for path in &topology.paths {
        let name = format!("{} to {}: 1", path.from, path.to);
        expect("packets.delivered", name, true);
    }
    let probe = &topology.probe;
    if let Some(far) = &probe.far {
        let sent = probe.packets + WARM_UP;
        expect(
            "packets.delivered",
            format!("{} to {far}: {sent}", probe.id),
            true,
        );
    }
    if topology.allows_no_auth(&probe.to) {
        expect("handshake.empty-secret", "let in".to_owned(), true);
    }
    let onion = topology
        .homes
        .iter()
        .filter(|home| home.daemon != Daemon::None);
    let homes = onion.clone().count();
    expect("service.address", format!("{homes} addresses"), true);
    for home in onion {
        expect("network.bootstrapped", home.id.clone(), true);
    }
    let longest = topology
        .paths
        .iter()
        .map(|path| way(topology, &path.from, &path.to).len());
    if let Some(hops) = longest.max() {
        expect("packets.hops", format!("up to {hops} hops"), true);
    }
    all
}

/// The homes that a packet comes to, one after the other.
fn way<'t>(topology: &'t Topology, from: &'t str, to: &str) -> Vec<&'t str> {
    let next = |at: &&'t str| topology.next_hop(at, to);
    std::iter::successors(Some(from), next).skip(1).collect()
}

/// How many of a way's hops go over the onion network.
fn onion_hops(topology: &Topology, from: &str, to: &str) -> usize {
    let homes: Vec<&str> = std::iter::once(from)
        .chain(way(topology, from, to))
        .collect();
    let onion = |pair: &&[&str]| {
        topology.peerings.iter().any(|peering| {
            let ends = [peering.from.as_str(), peering.to.as_str()];
            peering.transport == Transport::Onion && pair.iter().all(|home| ends.contains(home))
        })
    };
    homes.windows(2).filter(onion).count()
}

/// What is wrong with round trips over shaped links: they take as long as all links together,
/// and over several hops as many times that.
fn shaped_links(topology: &Topology, report: &Value) -> Vec<String> {
    let Some(wan) = &topology.wan else {
        return Vec::new();
    };
    let nodes = wan.nodes.iter().map(|(_, access)| *access);
    let least = nodes
        .chain([wan.access])
        .map(|access| access.latency.saturating_sub(access.jitter))
        .min()
        .unwrap_or_default();
    let hop = (least * LINKS * 2).as_secs_f64() * 1e6;
    let p50 = |metric: &str| report["metrics"][metric]["p50_us"].as_f64();
    let near = p50("round-trip");
    let mut wrong = Vec::new();
    if near < Some(hop) {
        wrong.push(format!(
            "round trips take {near:?} us at the median; the links take {hop}"
        ));
    }
    if let Some(far) = &topology.probe.far {
        // The probe's own hop comes first.
        let hops = 1 + onion_hops(topology, &topology.probe.to, far);
        let hops = hops as f64;
        let (took, least) = (p50("far-round-trip"), near.map(|near| near * (hops - 1.0)));
        if took < Some(hop * hops) || took < least {
            wrong.push(format!(
                "far round trips take {took:?} us at the median over {hops} hops, near ones {near:?}"
            ));
        }
    }
    wrong
}
