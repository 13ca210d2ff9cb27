//! Ways over several peerings: paths, the probe's far home, and the next home on the way.

use ator_harness::topology::Topology;

use super::{extended, mistakes};

/// Peerings as pairs, dialled from the first to the second.
fn text(homes: &[&str], peerings: &[(&str, &str)], more: &str) -> String {
    let mut text = "name = \"ways\"\ndescription = \"ways\"\n".to_owned();
    for id in homes {
        text += &format!("[[home]]\nid = {id:?}\nprefix = \"test.{id}\"\n");
    }
    for (from, to) in peerings {
        text += &format!("[[peering]]\nfrom = {from:?}\nto = {to:?}\nauth = \"secret\"\n");
    }
    let probe = "[probe]\nid = \"probe\"\nvia = \"a\"\nto = \"b\"\n";
    let budget = "[[budget]]\nmetric = \"dial\"\nat_most = \"3s\"\n";
    format!("{text}{budget}{probe}{more}")
}

fn topology(homes: &[&str], peerings: &[(&str, &str)]) -> Topology {
    Topology::parse("ways.toml", &text(homes, peerings, "")).expect("parses")
}

#[test]
fn the_next_home_is_on_the_shortest_way_in_whatever_direction_it_is_dialled() {
    let homes = ["a", "b", "c", "d", "e", "f"];
    // A long way round over c, d and e; a short one over f. Nobody dials from b on the way back.
    let peerings = [
        ("a", "c"),
        ("c", "d"),
        ("d", "e"),
        ("e", "b"),
        ("f", "a"),
        ("b", "f"),
    ];
    let topology = topology(&homes, &peerings);
    for (from, to, next) in [
        ("a", "b", Some("f")),
        ("f", "b", Some("b")),
        ("b", "a", Some("f")),
        ("a", "c", Some("c")),
        ("c", "a", Some("a")),
        ("a", "d", Some("c")),
        ("d", "b", Some("e")),
        ("c", "f", Some("a")),
        ("a", "a", None),
        ("a", "nosuch", None),
        ("nosuch", "a", None),
    ] {
        assert_eq!(topology.next_hop(from, to), next, "{from} to {to}");
    }
}

#[test]
fn without_peerings_there_is_no_next_home() {
    let topology = topology(&["a", "b", "c"], &[("a", "b")]);
    assert_eq!(topology.next_hop("a", "c"), None);
    assert_eq!(topology.next_hop("c", "a"), None);
    assert_eq!(topology.next_hop("c", "c"), None);
}

const HOMES: [&str; 4] = ["a", "b", "c", "d"];
const ROW: [(&str, &str); 2] = [("a", "b"), ("c", "b")];

#[test]
fn paths_lead_over_peerings() {
    let path = |from: &str, to: &str| {
        let path = format!("[[path]]\nfrom = {from:?}\nto = {to:?}\n");
        mistakes(&text(&HOMES, &ROW, &path))
    };
    assert!(path("a", "c").is_empty());
    assert!(path("c", "a").is_empty());
    assert_eq!(
        path("a", "d"),
        ["line 32: path[0].to no peerings lead from \"a\" to \"d\""]
    );
    assert_eq!(
        path("a", "a"),
        ["line 32: path[0].to is the home that sends; nothing would cross a peering"]
    );
    assert_eq!(
        path("x", "y"),
        [
            "line 31: path[0].from \"x\" is not the id of a [[home]]",
            "line 32: path[0].to \"y\" is not the id of a [[home]]",
        ]
    );
    assert_eq!(
        mistakes(&text(&HOMES, &ROW, "[[path]]\nfrom = \"a\"\ncolour = 1\n")),
        [
            "line 30: path[0].to is missing; add to = \"home-d\"",
            "line 32: path[0].colour is not a key here; known keys are from, to",
        ]
    );
}

#[test]
fn the_probes_far_home_is_behind_the_one_that_it_dials() {
    let far = |id: &str| mistakes(&text(&HOMES, &ROW, &format!("far = {id:?}\n")));
    assert!(far("c").is_empty());
    assert!(far("a").is_empty(), "also the one that it dials through");
    assert_eq!(
        far("b"),
        ["line 30: probe.far is the home that is dialled; name one behind it"]
    );
    assert_eq!(
        far("d"),
        ["line 30: probe.far no peerings lead from \"b\" to \"d\""]
    );
    assert_eq!(
        far("x"),
        ["line 30: probe.far \"x\" is not the id of a [[home]]"]
    );
}

#[test]
fn a_budget_for_the_far_home_needs_one() {
    let budget = "[[budget]]\nmetric = \"far-round-trip\"\nat_most = \"3s\"\n";
    assert_eq!(
        extended(budget),
        ["line 22: budget has one for far-round-trip, but the [probe] has no far home"]
    );
    let both = format!("far = \"c\"\n{budget}");
    assert!(mistakes(&text(&HOMES, &ROW, &both)).is_empty());
}
