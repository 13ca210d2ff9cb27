//! `docs/faults.md`, whose catalogue is generated from the code; and what else a fault names.

use ator_harness::checks::{Scope, every};
use ator_harness::topology::{FAULTS, FaultKind, FaultNodes};

use crate::support::{assert_generated, read};

const DOCUMENT: &str = "docs/faults.md";
const BEGIN: &str = "<!-- generated: faults -->\n";
const END: &str = "<!-- end of generated -->\n";
const HEAD: &str = "| `--fault` | is | is back within |\n|---|---|---|";

#[test]
fn is_generated() {
    let rows = FAULTS.iter().map(|fault| {
        let within = fault.recovers_within_s;
        let within = within.map_or_else(|| "nothing comes back".to_owned(), |s| format!("{s} s"));
        format!("| `{}` | {} | {within} |\n", fault.name, fault.says)
    });
    let committed = read(DOCUMENT);
    let (before, rest) = committed.split_once(BEGIN).expect("where it begins");
    let (_, after) = rest.split_once(END).expect("where it ends");
    let table: String = rows.collect();
    let fresh = format!("{before}{BEGIN}\n{HEAD}\n{table}\n{END}{after}");
    assert_generated(DOCUMENT, &fresh, |one, other| one == other);
}

#[test]
fn every_kind_every_place_and_every_check_is_told_of() {
    let text = read(DOCUMENT);
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for kind in FaultKind::ALL {
        let begin = format!("| `{}` |", kind.name());
        assert!(rows.iter().any(|row| row.starts_with(&begin)), "{begin}");
    }
    for (name, _) in FaultNodes::NAMES {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
    for check in every().iter().filter(|check| check.scope == Scope::Faults) {
        let begin = format!("| `{}` |", check.id);
        assert!(rows.iter().any(|row| row.starts_with(&begin)), "{begin}");
    }
}
