//! `[many]`: homes that are all alike.

use ator_harness::topology::{Auth, Choices, Daemon, Topology, TopologyError};

use super::{GOOD, mistakes};

const RING: &str = r#"name = "ring"
description = "a ring of homes"

[many]
homes = 4
id = "home"
prefix = "test.home"
auth = "none"

[probe]
id = "probe"
via = "home-1"
to = "home-2"

[[budget]]
metric = "dial"
at_most = "3s"
"#;

fn choices(homes: usize) -> Choices<'static> {
    Choices {
        homes: Some(homes),
        ..Choices::default()
    }
}

fn sized(homes: usize) -> Result<Topology, TopologyError> {
    Topology::parse_as("file.toml", RING, choices(homes))
}

#[test]
fn each_home_dials_the_next_and_the_last_the_first() {
    let topology = Topology::parse("file.toml", RING).expect("parses");
    let homes: Vec<(&str, &str)> = topology
        .homes
        .iter()
        .map(|home| (home.id.as_str(), home.prefix.as_str()))
        .collect();
    assert_eq!(
        homes,
        [
            ("home-1", "test.home-1"),
            ("home-2", "test.home-2"),
            ("home-3", "test.home-3"),
            ("home-4", "test.home-4"),
        ]
    );
    assert!(
        topology
            .homes
            .iter()
            .all(|home| home.daemon == Daemon::Sidecar)
    );
    let ends: Vec<(&str, &str)> = topology
        .peerings
        .iter()
        .map(|peering| (peering.from.as_str(), peering.to.as_str()))
        .collect();
    assert_eq!(
        ends,
        [
            ("home-1", "home-2"),
            ("home-2", "home-3"),
            ("home-3", "home-4"),
            ("home-4", "home-1"),
        ]
    );
    assert!(
        topology
            .peerings
            .iter()
            .all(|peering| peering.auth == Auth::None)
    );
}

#[test]
fn the_number_of_homes_may_be_given_from_outside() {
    for homes in [2, 9, 32] {
        let topology = sized(homes).expect("parses");
        assert_eq!(
            (topology.homes.len(), topology.peerings.len()),
            (homes, homes)
        );
        assert_eq!(topology.peerings[homes - 1].to, "home-1");
    }
    for homes in [0, 1, 33] {
        let error = sized(homes).expect_err("is refused").to_string();
        assert!(
            error.contains(&format!(
                "line 5: many.homes expected 2 to 32 homes, {homes} were asked for"
            )),
            "{error}"
        );
    }
    let error = Topology::parse_as("file.toml", GOOD, choices(3)).expect_err("is refused");
    assert_eq!(
        error,
        TopologyError::NotMany {
            file: "file.toml".to_owned(),
            homes: 3
        }
    );
    assert!(error.to_string().contains("--homes 3 was given"), "{error}");
}

#[test]
fn mistakes_have_a_line_and_a_path_and_what_is_missing_is_one() {
    for (from, to, expected) in [
        (
            "homes = 4",
            "homes = 33",
            "line 5: many.homes expected a whole number from 2 to 32",
        ),
        (
            "prefix = \"test.home\"\n",
            "",
            "line 4: many.prefix is missing; add prefix = \"test.home\"",
        ),
        (
            "auth = \"none\"",
            "auth = \"token\"",
            "line 8: many.auth \"token\" is not known; use one of secret, none",
        ),
        (
            "auth = \"none\"",
            "colour = 1",
            "line 8: many.colour is not a key here; known keys are auth, homes, id, prefix",
        ),
    ] {
        assert_eq!(mistakes(&RING.replace(from, to)), [expected]);
    }
    // The probe's homes are not there then.
    assert_eq!(
        mistakes(&RING.replace("id = \"home\"\n", "")),
        [
            "line 4: many.id is missing; add id = \"home\"",
            "line 11: probe.via \"home-1\" is not the id of a [[home]]",
            "line 12: probe.to \"home-2\" is not the id of a [[home]]",
        ]
    );
}

#[test]
fn homes_of_their_own_may_stand_beside_them() {
    let more = "[[home]]\nid = \"other\"\nprefix = \"test.other\"\n\
                [[peering]]\nfrom = \"other\"\nto = \"home-1\"\nauth = \"secret\"\n";
    let topology = Topology::parse("file.toml", &format!("{RING}{more}")).expect("parses");
    assert_eq!((topology.homes.len(), topology.peerings.len()), (5, 5));
    let twin = more.replace("\"other\"", "\"home-3\"");
    assert_eq!(
        mistakes(&format!("{RING}{twin}")).len(),
        1,
        "one home more with a name that is taken"
    );
}
