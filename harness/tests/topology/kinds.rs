//! Kinds of homes and of peerings: who runs the daemon, who stands beside whom, what a session
//! runs over, and whether there is a secret.

use ator_harness::topology::{Auth, Daemon, NetworkKind, Topology, Transport};

use super::{GOOD, broken, extended, mistakes};

/// The good text with a third home beside the first.
fn beside(more: &str) -> String {
    format!(
        "{GOOD}\n[[home]]\nid = \"home-c\"\nprefix = \"test.c\"\nbeside = \"home-a\"\n{more}\n\
         [[peering]]\nfrom = \"home-a\"\nto = \"home-c\"\nauth = \"none\"\ntransport = \"direct\"\n"
    )
}

#[test]
fn what_is_not_said_is_a_sidecar_and_the_onion_network() {
    let topology = Topology::parse("file.toml", GOOD).expect("parses");
    for home in &topology.homes {
        assert_eq!((home.daemon, home.lan()), (Daemon::Sidecar, &*home.id));
    }
    let peering = &topology.peerings[0];
    assert_eq!(
        (peering.auth, peering.transport),
        (Auth::Secret, Transport::Onion)
    );
    assert!(!topology.allows_no_auth("home-b"));
    assert!(!topology.neighbours("home-a", "home-b"));
}

#[test]
fn a_home_may_stand_beside_another_without_a_daemon() {
    let topology = Topology::parse("file.toml", &beside("daemon = \"none\"")).expect("parses");
    let home = topology.home("home-c").expect("is there");
    assert_eq!((home.daemon, home.lan()), (Daemon::None, "home-a"));
    assert_eq!(topology.lans(), ["home-a", "home-b"]);
    assert_eq!(topology.standing("home-a"), 2);
    assert!(topology.neighbours("home-c", "home-a"));
    assert!(!topology.neighbours("home-c", "home-b"));
    let peering = &topology.peerings[1];
    assert_eq!(
        (peering.auth, peering.transport),
        (Auth::None, Transport::Direct)
    );
    assert!(topology.allows_no_auth("home-c") && !topology.allows_no_auth("home-a"));
}

#[test]
fn kinds_that_nobody_knows_are_refused_with_those_there_are() {
    for (from, to, expected) in [
        (
            "prefix = \"test.b\"",
            "prefix = \"test.b\"\ndaemon = \"tor\"",
            "line 11: home[1].daemon \"tor\" is not known; use one of sidecar, managed, none",
        ),
        (
            "auth = \"secret\"",
            "auth = \"secret\"\ntransport = \"socks\"",
            "line 16: peering[0].transport \"socks\" is not known; use one of onion, direct",
        ),
        (
            "auth = \"secret\"\n",
            "",
            "line 12: peering[0].auth is missing; add auth = \"secret\"",
        ),
        (
            "prefix = \"test.b\"",
            "prefix = \"test.b\"\nbeside = 3",
            "line 11: home[1].beside expected a string, found an integer",
        ),
    ] {
        assert_eq!(broken(from, to), [expected]);
    }
}

#[test]
fn beside_leads_to_a_home_with_a_network_of_its_own() {
    let beside = |other: &str| {
        extended(&format!(
            "[[home]]\nid = \"home-c\"\nprefix = \"test.c\"\nbeside = \"home-a\"\n\
             [[home]]\nid = \"home-d\"\nprefix = \"test.d\"\nbeside = {other:?}\n"
        ))
    };
    assert!(beside("home-a").is_empty());
    assert_eq!(
        beside("home-x"),
        ["line 32: home[3].beside \"home-x\" is not the id of a [[home]]"]
    );
    assert_eq!(
        beside("home-d"),
        ["line 32: home[3].beside is the home itself"]
    );
    assert_eq!(
        beside("home-c"),
        ["line 32: home[3].beside \"home-c\" stands beside another home itself; name that one"]
    );
}

#[test]
fn a_session_needs_what_it_runs_over() {
    assert_eq!(
        broken(
            "auth = \"secret\"",
            "auth = \"secret\"\ntransport = \"direct\""
        ),
        [
            "line 16: peering[0].transport direct needs both homes on one local network; set beside = \"home-a\" in \"home-b\", or use \"onion\""
        ]
    );
    let onion = beside("daemon = \"none\"").replace("transport = \"direct\"", "");
    assert_eq!(
        mistakes(&onion),
        ["line 31: peering[1].transport onion needs a daemon in \"home-c\""]
    );
    // Neighbours may meet over the onion network all the same.
    assert!(mistakes(&beside("").replace("\"direct\"", "\"onion\"")).is_empty());
}

#[test]
fn the_probe_needs_a_daemon_at_both_ends() {
    let text = beside("daemon = \"none\"");
    for (from, to, expected) in [
        (
            "via = \"home-a\"",
            "via = \"home-c\"",
            "line 19: probe.via \"home-c\" has no onion daemon",
        ),
        (
            "to = \"home-b\"\n\n[[budget]]",
            "to = \"home-c\"\n\n[[budget]]",
            "line 20: probe.to \"home-c\" has no onion daemon",
        ),
    ] {
        assert_eq!(text.matches(from).count(), 1);
        assert_eq!(mistakes(&text.replace(from, to)), [expected]);
    }
}

#[test]
fn names_that_every_run_uses_itself_are_taken() {
    let home =
        |id: &str, prefix: &str| extended(&format!("[[home]]\nid = {id:?}\nprefix = {prefix:?}\n"));
    assert_eq!(
        home("absent-peer", "test.c"),
        [
            "line 26: home[2].id \"absent-peer\" is the peer that every run asks for and nobody is; choose another"
        ]
    );
    assert_eq!(
        broken("id = \"probe\"", "id = \"absent-peer\""),
        [
            "line 18: probe.id \"absent-peer\" is the peer that every run asks for and nobody is; choose another"
        ]
    );
    for prefix in ["test.ator-harness-nowhere", "test.ator-harness-nowhere.c"] {
        assert_eq!(
            home("home-c", prefix),
            [format!(
                "line 27: home[2].prefix {prefix:?} overlaps with \"test.ator-harness-nowhere\", which every run asks for and nobody has; choose another"
            )]
        );
    }
}

#[test]
fn a_public_network_has_nodes_that_nobody_here_makes() {
    let public =
        |more: &str| format!("{GOOD}\n[network]\nfamily = \"anon\"\nkind = \"public\"\n{more}");
    let topology = Topology::parse("file.toml", &public("terms = \"agreed\"")).expect("parses");
    let network = &topology.network;
    assert_eq!(network.kind, NetworkKind::Public);
    assert!(!network.has_own_nodes() && network.terms_agreed);
    assert_eq!((network.authorities, network.relays), (0, 0));
    // Nobody agrees for the operator.
    let topology = Topology::parse("file.toml", &public("")).expect("parses");
    assert!(!topology.network.terms_agreed);
    let private = Topology::parse("file.toml", GOOD).expect("parses");
    assert!(private.network.has_own_nodes());

    for (more, expected) in [
        (
            "authorities = 3",
            "network.authorities is not a key here; known keys are family, kind, terms",
        ),
        (
            "terms = \"yes\"",
            "network.terms \"yes\" is not known; use one of agreed",
        ),
        (
            "[wan]\nlatency = \"1ms\"",
            "wan shapes the links of nodes, but the public network's are what they are; remove it",
        ),
    ] {
        let found = mistakes(&public(more));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(expected), "{found:?}");
    }
    let text = format!("mutant = \"missing-relay\"\n{}", public(""));
    let found = mistakes(&text);
    assert!(
        found[0].contains("breaks a part of a private network"),
        "{found:?}"
    );
}
