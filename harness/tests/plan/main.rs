//! Planning: pure, free of secrets where people look, and wired so that both sides agree.

mod addresses;
mod configuration;
mod containers;
mod resolution;

use std::path::Path;

use ator_harness::engine::{ContainerSpec, FileSpec};
use ator_harness::onion::authority::AuthorityKeys;
use ator_harness::plan::{Images, Inputs, Occupied, Plan, Seed, Specs};
use ator_harness::topology::Topology;
use time::OffsetDateTime;
use time::macros::datetime;

/// When the planned runs start.
const NOW: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

fn topology() -> Topology {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies/two-home-local.toml");
    let text = std::fs::read_to_string(path).expect("the committed topology is there");
    Topology::parse("two-home-local", &text).expect("and parses")
}

fn inputs(seed: u8) -> Inputs {
    Inputs {
        seed: Seed::new([seed; 32]),
        now: NOW,
        lifetime_seconds: 1800,
        occupied: Occupied::default(),
    }
}

fn plan(seed: u8) -> Plan {
    Plan::new(&topology(), &inputs(seed)).expect("there is room")
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
        anon: "anon:1".to_owned(),
        connector: "connector:1".to_owned(),
        bls: "bls:1".to_owned(),
    };
    plan.containers(&images, &keys)
}

fn all(specs: &Specs) -> impl Iterator<Item = &ContainerSpec> {
    specs
        .authorities
        .iter()
        .chain(&specs.relays)
        .chain(&specs.sidecars)
        .chain(&specs.connectors)
        .chain(&specs.servers)
}

/// The text of a container's file.
fn text(spec: &ContainerSpec, path: &str) -> String {
    let file: Option<&FileSpec> = spec.files.iter().find(|file| file.path == path);
    let content = file.and_then(|file| file.content.clone());
    let content = content.unwrap_or_else(|| panic!("{} has {path}", spec.role));
    String::from_utf8(content).expect("is text")
}
