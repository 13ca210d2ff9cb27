//! What a topology means, and the committed ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ator_harness::connectors::Kind;
use ator_harness::topology::{Metric, Topology};

use super::{GOOD, mistakes};

#[test]
fn the_good_text_is_good_and_has_documented_defaults() {
    let topology = Topology::parse("file.toml", GOOD).expect("parses");
    assert_eq!(topology.network.authorities, 3);
    assert_eq!(topology.network.relays, 4);
    assert_eq!((topology.probe.packets, topology.probe.dials), (200, 3));
    assert_eq!(topology.deadlines.publication, Duration::from_secs(120));
    let budget = &topology.budgets[0];
    assert_eq!(
        (budget.metric, budget.percentile, budget.samples),
        (Metric::Dial, 100.0, 1)
    );
}

#[test]
fn a_connector_is_one_of_those_there_are() {
    let topology = Topology::parse("file.toml", GOOD).expect("parses");
    assert_eq!(topology.connector, Kind::default());
    for kind in Kind::all() {
        let text = format!("connector = {:?}\n{GOOD}", kind.name());
        let parsed = Topology::parse("file.toml", &text).map(|topology| topology.connector);
        assert_eq!(parsed, Ok(kind));
    }
    let known: Vec<&str> = Kind::all().map(|kind| kind.name()).collect();
    assert_eq!(
        mistakes(&format!("connector = \"another\"\n{GOOD}")),
        [format!(
            "line 1: connector \"another\" is not known; use one of {}",
            known.join(", ")
        )]
    );
}

#[test]
fn numbers_may_be_written_in_every_way_that_toml_has() {
    for (number, value) in [
        ("1_000", 1000),
        ("0x100", 256),
        ("0o1000", 512),
        ("+300", 300),
    ] {
        let text = GOOD.replace("[[budget]]", &format!("packets = {number}\n[[budget]]"));
        let topology = Topology::parse("file.toml", &text).expect(number);
        assert_eq!(topology.probe.packets, value, "{number}");
    }
}

#[test]
fn every_committed_topology_parses_and_is_named_like_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/topologies");
    let files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(!files.is_empty(), "no topology is committed");
    for path in files {
        assert_eq!(
            path.extension().and_then(|e| e.to_str()),
            Some("toml"),
            "{path:?}"
        );
        let text = fs::read_to_string(&path).expect("reads");
        let name = path.file_stem().expect("has a name").to_string_lossy();
        match Topology::parse(&name, &text) {
            Ok(topology) => assert_eq!(topology.name, name, "`down` finds it by this name"),
            Err(error) => panic!("{error}"),
        }
    }
}
