//! Homes and the network they are on.

use ator_harness::connectors::Kind;

use super::{broken, extended};

#[test]
fn homes_need_ids_and_prefixes_of_their_own() {
    assert_eq!(
        extended("[[home]]\nid = \"home-a\"\nprefix = \"test.c\"\n"),
        ["line 26: home[2].id \"home-a\" is taken by home[0]; give each home its own id"]
    );
    assert_eq!(
        broken("\"test.b\"", "\"test.a.b\""),
        [
            "line 10: home[1].prefix \"test.a.b\" overlaps with \"test.a\" of home[0]; a packet would have two homes"
        ]
    );
    // Only whole segments count.
    assert!(broken("\"test.b\"", "\"test.ab\"").is_empty());
    assert_eq!(
        extended("[[home]]\nid = \"3rd home\"\nprefix = \"test..c\"\n"),
        [
            "line 26: home[2].id \"3rd home\" may hold at most 24 letters, digits, dashes and underscores, and starts with a letter",
            "line 27: home[2].prefix \"test..c\" is not an ILP address prefix of lower-case letters, digits, - and _ between dots",
        ]
    );
    assert_eq!(
        extended("[[home]]\nid = \"relays\"\nprefix = \"test.c\"\n"),
        ["line 26: home[2].id \"relays\" is what the relays' network is called; choose another"]
    );
}

#[test]
fn ids_that_share_a_secret_variable_are_refused() {
    let variable = Kind::default().secret_variable("home-a");
    assert_eq!(variable.as_deref(), Some("BTP_PEER_HOME_A_SECRET"));
    for id in ["home_a", "Home-A", "HOME_a"] {
        assert_eq!(
            extended(&format!("[[home]]\nid = \"{id}\"\nprefix = \"test.c\"\n")),
            [format!(
                "line 26: home[2].id {id:?} and \"home-a\" both map to the variable BTP_PEER_HOME_A_SECRET; rename one"
            )]
        );
    }
    for id in ["home-b", "HOME_B"] {
        assert_eq!(
            broken("id = \"probe\"", &format!("id = \"{id}\"")),
            [format!(
                "line 18: probe.id {id:?} and \"home-b\" both map to the variable BTP_PEER_HOME_B_SECRET; rename one"
            )]
        );
    }
}

#[test]
fn the_network_has_an_odd_number_of_authorities_and_enough_relays() {
    let network = |authorities: u32, relays: u32| {
        extended(&format!(
            "[network]\nfamily = \"anon\"\nauthorities = {authorities}\nrelays = {relays}\n"
        ))
    };
    assert!(network(5, 16).is_empty());
    assert_eq!(
        network(4, 4),
        ["line 27: network.authorities must be odd, so that a majority is clear"]
    );
    assert_eq!(
        network(1, 3),
        [
            "line 27: network.authorities expected a whole number from 3 to 9",
            "line 28: network.relays expected a whole number from 4 to 16",
        ]
    );
}

#[test]
fn a_deployment_takes_a_file_and_a_service() {
    let home = |more: &str| {
        extended(&format!(
            "[[home]]\nid = \"c\"\nprefix = \"test.c\"\n{more}"
        ))
    };
    assert!(
        home("compose = \"compose.yml\"\nservice = \"connector\"\n")
            .iter()
            .all(|one| !one.contains("home[2].compose"))
    );
    assert!(
        home("compose = [\"compose.yml\", \"compose.override.yml\"]\nservice = \"connector\"\n")
            .iter()
            .all(|one| !one.contains("home[2].compose"))
    );
    let none = home("compose = []\nservice = \"connector\"\n");
    assert!(
        none.iter()
            .any(|one| one.contains("home[2].compose names no file")),
        "{none:?}"
    );
    for (more, key) in [
        ("compose = \"compose.yml\"\n", "service"),
        ("service = \"connector\"\n", "compose"),
    ] {
        let told = home(more);
        assert!(
            told.iter()
                .any(|one| one.contains(&format!("home[2].{key} is missing"))),
            "{told:?}"
        );
    }
}
