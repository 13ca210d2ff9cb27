//! Planning: pure, free of secrets where people look, and wired so that both sides agree.

mod addresses;
mod configuration;
mod connectors;
mod containers;
mod deployed;
mod families;
mod kinds;
mod mutants;
mod resolution;
mod ways;

use std::path::Path;

use ator_harness::engine::{ContainerSpec, Deadline, FileSpec};
use ator_harness::mutants::{MUTANTS, MutantSpec};
use ator_harness::onion::authority::AuthorityKeys;
use ator_harness::plan::{
    AddressSpace, HomePlan, HomeSpecs, Images, Inputs, OnionPlan, Plan, Seed, Specs,
};
use ator_harness::sabotage;
use ator_harness::topology::Topology;
use time::OffsetDateTime;
use time::macros::datetime;

/// When the planned runs start.
const NOW: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

fn topology() -> Topology {
    committed("two-home-local")
}

/// One of the committed topologies.
fn committed(name: &str) -> Topology {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies");
    let text = std::fs::read_to_string(folder.join(format!("{name}.toml")));
    Topology::parse(name, &text.expect("the committed topology is there")).expect("and parses")
}

/// Every committed topology.
fn all_committed() -> impl Iterator<Item = Topology> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(!names.is_empty(), "no topology is committed");
    names.sort();
    names.into_iter().map(|name| committed(&name))
}

fn inputs(seed: u8) -> Inputs {
    Inputs {
        seed: Seed::new([seed; 32]),
        now: NOW,
        deadline: Deadline {
            unix: 1_795_343_400,
            boot: None,
        },
        space: AddressSpace::default(),
        authorities: Vec::new(),
        standing: None,
        services: std::collections::BTreeMap::new(),
    }
}

/// The mutant of this name.
fn mutant(name: &str) -> &'static MutantSpec {
    let mut all = MUTANTS.iter();
    all.find(|mutant| mutant.name == name)
        .unwrap_or_else(|| panic!("no mutant is called {name}"))
}

fn plan(seed: u8) -> Plan {
    plan_of(&topology(), seed)
}

fn plan_of(topology: &Topology, seed: u8) -> Plan {
    sabotage::planned(topology, &inputs(seed)).expect("there is room")
}

/// The plan as `plan` prints it and `plan.json` holds it.
fn shown(plan: &Plan) -> String {
    serde_json::to_string_pretty(plan).expect("serializes")
}

/// The containers of a plan. The keys are stand-ins: real ones take long to make, and nothing
/// here looks into them.
fn specs(plan: &Plan) -> Specs {
    let keys: Vec<AuthorityKeys> = plan
        .authorities
        .iter()
        .map(|node| AuthorityKeys {
            fingerprint: format!("FINGERPRINT-{}", node.nickname),
            v3_identity: format!("IDENTITY-{}", node.nickname),
            relay_identity: "relay identity".to_owned(),
            signing_key: "signing key".to_owned(),
            certificate: "certificate".to_owned(),
        })
        .collect();
    let images = Images {
        reference: false,
        anon: "anon:1".to_owned(),
        connector: "connector:1".to_owned(),
        managed: Some("managed:1".to_owned()),
        bls: "bls:1".to_owned(),
        program: None,
    };
    sabotage::containers(plan, &images, &keys)
}

fn all(specs: &Specs) -> impl Iterator<Item = &ContainerSpec> {
    let homes = specs
        .homes
        .iter()
        .flat_map(|home| home.sidecar.iter().chain([&home.server, &home.connector]));
    specs
        .authorities
        .iter()
        .chain(&specs.relays)
        .chain(&specs.shaping)
        .chain(homes)
}

/// The sidecars of a plan whose homes all have one.
fn sidecars(specs: &Specs) -> Vec<&ContainerSpec> {
    let sidecar = |home: &'_ HomeSpecs| home.sidecar.is_some();
    assert!(specs.homes.iter().all(sidecar));
    specs
        .homes
        .iter()
        .filter_map(|home| home.sidecar.as_ref())
        .collect()
}

/// The daemon of a home that has one.
fn onion(home: &HomePlan) -> &OnionPlan {
    home.onion().expect("has a daemon")
}

/// The text of a container's file.
fn text(spec: &ContainerSpec, path: &str) -> String {
    let file: Option<&FileSpec> = spec.files.iter().find(|file| file.path == path);
    let content = file.and_then(|file| file.content.clone());
    let content = content.unwrap_or_else(|| panic!("{} has {path}", spec.role));
    String::from_utf8(content).expect("is text")
}

/// The value of a variable in a container's environment.
fn variable<'a>(spec: &'a ContainerSpec, name: &str) -> Option<&'a str> {
    let found = spec.environment.iter().find(|(other, _)| other == name);
    found.map(|(_, value)| value.expose())
}

/// The values of an option of the daemon, in order.
fn options<'a>(rc: &'a str, name: &'a str) -> Vec<&'a str> {
    rc.lines()
        .filter_map(move |line| line.strip_prefix(name)?.strip_prefix(' '))
        .collect()
}

/// Where a daemon finds its configuration.
const ANONRC: &str = "/etc/anon/anonrc";
