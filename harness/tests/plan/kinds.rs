//! Kinds of homes and peerings: neighbours, managed daemons, no daemon, no secret, link shaping.

use std::net::Ipv4Addr;

use ator_harness::connectors::toon::{BTP_PORT, CONFIG_FILE};
use ator_harness::engine::{NetworkMode, Privileges};
use ator_harness::onion::mentions_address;
use ator_harness::plan::{DaemonPlan, HomePlan, HomeSpecs, Plan};
use ator_harness::topology::Transport;
use serde_json::{Value, json};

use super::{ANONRC, committed, onion, options, plan_of, specs, text, variable};

fn plan(name: &str) -> Plan {
    plan_of(&committed(name), 7)
}

/// A home's configuration. The connector's YAML is written as JSON, which is YAML too.
fn config(home: &HomeSpecs) -> Value {
    serde_json::from_str(&text(&home.connector, CONFIG_FILE)).expect("is JSON")
}

#[test]
fn neighbours_share_a_bridge_and_have_addresses_of_their_own() {
    let plan = plan("mixed-transport");
    let [first, sibling, other] = plan.homes.as_slice() else {
        panic!("three homes");
    };
    assert_eq!(sibling.network, first.network);
    assert_eq!(sibling.gateway, first.gateway);
    assert_ne!(sibling.address, first.address);
    assert_ne!(other.network, first.network);
    // The relays' bridge, and one per local network.
    assert_eq!(plan.networks.len(), 3);
    for peering in &plan.peerings {
        let to = plan.home(&peering.to).expect("is planned");
        let peer = plan.dial(peering).expect("can be dialled");
        let host = match peering.transport {
            Transport::Direct => to.address.to_string(),
            Transport::Onion => onion(to).address.expose().to_owned(),
        };
        assert_eq!(peer.url.expose(), format!("ws://{host}:3000"));
        assert_eq!((peer.id, &peer.token), (to.id.clone(), &peering.secret));
        assert_eq!(peer.proxied, peering.transport == Transport::Onion);
    }
    let transports: Vec<Transport> = plan.peerings.iter().map(|one| one.transport).collect();
    let expected = [Transport::Direct, Transport::Onion, Transport::Onion];
    assert_eq!(transports, expected);
}

#[test]
fn a_home_without_a_daemon_has_no_sidecar_and_no_onion_transport() {
    let plan = plan("mixed-transport");
    let specs = specs(&plan);
    let (home, own) = (&plan.homes[1], &specs.homes[1]);
    assert!(matches!(home.daemon, DaemonPlan::None) && !home.is_onion());
    assert!(own.sidecar.is_none());
    assert_eq!(config(own)["transport"], json!({"type": "direct"}));
    let text = text(&own.connector, CONFIG_FILE);
    assert!(!mentions_address(&text), "it knows no onion address");
    assert!(own.connector.files.iter().all(|file| file.path != ANONRC));
    assert_eq!(own.connector.image, "connector:1");
    server_is_first(home, own);
}

/// Where no sidecar is, the container that locks the home down starts first, and holds its network.
fn server_is_first(home: &HomePlan, own: &HomeSpecs) {
    let bridge = NetworkMode::Bridge {
        network: home.network.clone(),
        address: home.address,
        publish: Vec::new(),
    };
    assert_eq!((home.first(), &own.server.network), (&*home.bls, &bridge));
    let share = NetworkMode::Share {
        container: home.bls.clone(),
    };
    assert_eq!(own.connector.network, share);
    assert_eq!(own.server.privileges, Privileges::SetUpNetwork);
    assert_eq!(own.connector.privileges, Privileges::None);
    let names: Vec<String> = home
        .containers()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, [home.connector.as_str(), &home.bls]);
}

#[test]
fn a_managed_home_gives_its_connector_the_daemon_and_its_files() {
    let plan = plan("managed");
    for (home, own) in plan.homes.iter().zip(&specs(&plan).homes) {
        assert!(own.sidecar.is_none());
        server_is_first(home, own);
        assert_eq!(home.daemon_container(), Some(&*home.connector));
        assert_eq!(own.connector.image, "managed:1");
        let transport = &config(own)["transport"];
        assert_eq!(transport["managed"], true);
        assert_eq!(transport["externalUrl"], "auto");
        assert_eq!(transport["type"], "socks5");
        assert_eq!(transport["socksProxy"], "socks5h://127.0.0.1:9150");
        let options = &transport["managedOptions"];
        assert_eq!(options["binaryPath"], "/usr/bin/anon");
        assert_eq!(options["configFilePath"], ANONRC);
        assert_eq!(options["hiddenServicePort"], BTP_PORT);
        // The files are where the connector is told that they are.
        let rc = text(&own.connector, ANONRC);
        let folder = options["hiddenServiceDir"].as_str().expect("a folder");
        assert_eq!(super::options(&rc, "HiddenServiceDir"), [folder]);
        let key = format!("{folder}/hs_ed25519_secret_key");
        assert!(own.connector.files.iter().any(|file| file.path == key));
        assert!(!mentions_address(&text(&own.connector, CONFIG_FILE)));
    }
}

#[test]
fn a_sidecar_home_says_where_its_daemon_is_and_what_its_address_is() {
    let plan = plan("two-home-local");
    for (home, own) in plan.homes.iter().zip(&specs(&plan).homes) {
        let expected = json!({
            "type": "socks5",
            "socksProxy": "socks5h://127.0.0.1:9150",
            "managed": false,
            "externalUrl": format!("ws://{}:3000", onion(home).address.expose()),
        });
        assert_eq!(config(own)["transport"], expected);
        assert_eq!(home.daemon_container(), home.sidecar());
        assert_eq!(own.connector.image, "connector:1");
    }
}

#[test]
fn where_no_secret_is_asked_for_there_is_none() {
    let plan = plan("no-auth");
    for peering in &plan.peerings {
        assert!(peering.secret.is_empty());
    }
    for (home, own) in plan.homes.iter().zip(&specs(&plan).homes) {
        assert_eq!(variable(&own.connector, "BTP_ALLOW_NOAUTH"), Some("true"));
        let secrets: Vec<&str> = home
            .environment
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.ends_with("_SECRET"))
            .collect();
        // The probe shows that a right secret is let in there too.
        let expected: &[&str] = match home.id == plan.probe.to {
            true => &["BTP_PEER_PROBE_SECRET"],
            false => &[],
        };
        assert_eq!(secrets, expected);
    }
    // An empty text is in every log, and no secret.
    assert!(plan.secrets().iter().all(|secret| !secret.is_empty()));
    assert_eq!(plan.secrets().len(), 2 + 9 + 2 + 1 + 1);
}

#[test]
fn only_the_home_that_is_dialled_without_a_secret_allows_it() {
    let mut topology = committed("two-home-local");
    topology.peerings[0].auth = ator_harness::topology::Auth::None;
    let plan = plan_of(&topology, 7);
    let allowed: Vec<Option<String>> = specs(&plan)
        .homes
        .iter()
        .map(|home| variable(&home.connector, "BTP_ALLOW_NOAUTH").map(str::to_owned))
        .collect();
    assert_eq!(allowed, [Some("false".to_owned()), Some("true".to_owned())]);
    let own = &specs(&plan).homes[1].connector;
    assert_eq!(variable(own, "BTP_PEER_HOME_A_SECRET"), None);
    let own = &specs(&plan).homes[0].connector;
    assert!(variable(own, "BTP_PEER_HOME_B_SECRET").is_some());
}

#[test]
fn behind_link_shaping_the_daemon_listens_on_loopback_alone() {
    let plan = plan("two-home-wan");
    let specs = specs(&plan);
    let nodes: Vec<_> = plan.nodes().collect();
    assert_eq!(specs.shaping.len(), nodes.len());
    let daemons = specs.authorities.iter().chain(&specs.relays);
    for ((node, spec), shaping) in nodes.iter().zip(daemons).zip(&specs.shaping) {
        let port = node.published.or_port;
        let own = node.or_listener();
        assert_eq!(own.ip(), Ipv4Addr::LOCALHOST);
        assert_ne!(own.port(), port);
        let rc = text(spec, ANONRC);
        let ports = options(&rc, "ORPort");
        assert!(ports[0].contains(&format!("{}:{port} NoListen", node.published.address)));
        assert_eq!(ports[1], format!("{own} NoAdvertise IPv4Only"));
        // The relay takes the connections to the published port, and is the first in the node's
        // network, so that it is there when the daemon comes.
        let arguments = shaping.arguments.join(" ");
        assert!(
            arguments.starts_with(&format!(
                "wan --listen 0.0.0.0:{port}={own} --latency-us 38000 --jitter-us 6000 \
                 --bandwidth 5000000 --seed "
            )),
            "{arguments}"
        );
        let share = NetworkMode::Share {
            container: shaping.name.clone(),
        };
        assert_eq!(spec.network, share);
        assert!(matches!(
            &shaping.network,
            NetworkMode::Bridge { address, publish, .. }
                if *address == node.address && publish.iter().any(|at| at.port == port)
        ));
        assert_eq!(shaping.privileges, Privileges::None);
        assert_eq!(node.containers().len(), 2);
    }
    let seeds: std::collections::BTreeSet<u64> = nodes
        .iter()
        .filter_map(|node| node.shaping.as_ref())
        .map(|shaping| shaping.seed)
        .collect();
    assert_eq!(seeds.len(), nodes.len(), "each has delays of its own");
}

#[test]
fn without_link_shaping_a_node_listens_on_every_interface() {
    let plan = plan("two-home-local");
    assert!(specs(&plan).shaping.is_empty());
    for node in plan.nodes() {
        assert!(node.shaping.is_none() && node.containers().len() == 1);
        assert_eq!(node.or_listener().ip(), Ipv4Addr::UNSPECIFIED);
        assert_eq!(node.or_listener().port(), node.published.or_port);
    }
}
