//! The rules of the house: which module may use which, and no circles.
//!
//! `ARCHITECTURE.md` has the table that this test holds the code to.

mod dependencies;
mod environment;
mod lengths;
mod rooms;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rooms::{Arrow, House, circles};

/// Heading of the table in `ARCHITECTURE.md`.
const HEADING: &str = "## Who may use whom";

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn house() -> House {
    House::read(&repository().join("harness/src"))
}

/// Every module of the table with those that it may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("reads");
    let (_, after) = text.split_once(HEADING).expect("the table's heading");
    let names = |cell: &str| {
        let names = cell.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    after
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let mut cells = line.split('|').skip(1).map(names);
            let module = cells.next().unwrap_or_default().remove(0);
            let may_use = cells.next().unwrap_or_default().into_iter().collect();
            (module, may_use)
        })
        .collect()
}

/// The module of the crate's first level, which the table is about.
fn room(module: &[String]) -> &str {
    module.first().map_or("lib", String::as_str)
}

fn show(arrow: &Arrow) -> String {
    let name = |module: &[String]| format!("crate::{}", module.join("::"));
    format!(
        "{} uses {} ({})",
        name(&arrow.from),
        name(&arrow.to),
        arrow.by
    )
}

#[test]
fn no_module_uses_one_that_the_table_does_not_let_it() {
    let table = table();
    let house = house();
    let rooms: BTreeSet<&str> = house
        .modules()
        .map(|module| room(module))
        .filter(|name| !["lib", "main"].contains(name))
        .collect();
    let listed: BTreeSet<&str> = table.keys().map(String::as_str).collect();
    assert_eq!(rooms, listed, "the table lists every module of the library");
    let mut wrong = Vec::new();
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    let arrows = house.arrows();
    for arrow in &arrows {
        let (from, to) = (room(&arrow.from), room(&arrow.to));
        if from == to || ["lib", "main"].contains(&from) {
            continue;
        }
        used.insert((from, to));
        if !table[from].contains(to) {
            wrong.push(show(arrow));
        }
    }
    assert!(used.len() > 30, "only {} arrows were found", used.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    let unused: Vec<String> = table
        .iter()
        .flat_map(|(from, may_use)| may_use.iter().map(move |to| (from, to)))
        .filter(|(from, to)| !used.contains(&(from.as_str(), to.as_str())))
        .map(|(from, to)| format!("{from} may use {to} and does not"))
        .collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn the_table_leads_downwards() {
    let table = table();
    let mut ground: BTreeSet<&String> = BTreeSet::new();
    while ground.len() < table.len() {
        let next: Vec<&String> = table
            .iter()
            .filter(|(room, _)| !ground.contains(room))
            .filter(|(_, may_use)| may_use.iter().all(|other| ground.contains(other)))
            .map(|(room, _)| room)
            .collect();
        let left: Vec<&String> = table.keys().filter(|room| !ground.contains(room)).collect();
        assert!(!next.is_empty(), "a circle among {left:?}");
        ground.extend(next);
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let house = house();
    let arrows = house.arrows();
    assert!(
        arrows.len() > 300,
        "only {} arrows were found",
        arrows.len()
    );
    let circles = circles(&arrows);
    let shown: Vec<Vec<String>> = circles
        .iter()
        .map(|circle| circle.iter().map(|arrow| show(arrow)).collect())
        .collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

#[test]
fn bringing_up_and_observing_know_nothing_of_each_other() {
    let house = house();
    let part = |module: &[String]| match module {
        [run, part, ..] if run == "run" => Some(part.clone()),
        _ => None,
    };
    let apart = ["bring_up", "observe"];
    let arrows = house.arrows();
    let wrong: Vec<String> = arrows
        .iter()
        .filter_map(|arrow| Some((arrow, part(&arrow.from)?, part(&arrow.to)?)))
        .filter(|(_, from, to)| from != to)
        .filter(|(_, from, to)| apart.contains(&&**from) && apart.contains(&&**to))
        .map(|(arrow, ..)| show(arrow))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_circle_is_found() {
    let module = |name: &str| vec![name.to_owned()];
    let arrow = |from: &str, to: &str| Arrow {
        from: module(from),
        to: module(to),
        by: String::new(),
    };
    let arrows = BTreeSet::from([
        arrow("a", "b"),
        arrow("b", "c"),
        arrow("c", "a"),
        arrow("c", "d"),
    ]);
    let found = circles(&arrows);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].len(), 3);
}
