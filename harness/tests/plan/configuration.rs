//! What the daemons and connectors are told.

use std::collections::BTreeSet;
use std::time::Duration;

use ator_harness::connectors::toon::{ADMIN_PORT, BLS_PORT, BTP_PORT, CONFIG_FILE};
use ator_harness::onion::anonrc::{self, Published};
use ator_harness::plan::{HomePlan, HomeSpecs};
use proptest::prelude::*;
use reference_connector::{Config, Env, TransportKind, peer_secret_variable};

use super::{ANONRC, NOW, options, plan, sidecars, specs, text};

/// Seconds between two votes, as the authorities are configured.
const VOTING_INTERVAL: i64 = 1800;
/// How far from any planned start a vote of the authorities' own must be, in seconds.
const IDLE: i64 = 600;

#[test]
fn authorities_and_relays_do_not_weigh_private_traffic() {
    let plan = plan(7);
    let specs = specs(&plan);
    for spec in specs.authorities.iter().chain(&specs.relays) {
        let rc = text(spec, ANONRC);
        assert_eq!(
            options(&rc, "CountPrivateBandwidth"),
            ["0"],
            "{}",
            spec.role
        );
        assert_eq!(options(&rc, "AssumeReachable"), ["1"], "{}", spec.role);
        assert_eq!(options(&rc, "SocksPort"), ["0"], "{}", spec.role);
    }
}

#[test]
fn authorities_take_every_node_and_wait_to_be_told_when_to_vote() {
    let plan = plan(7);
    for (node, spec) in plan.authorities.iter().zip(&specs(&plan).authorities) {
        let rc = text(spec, ANONRC);
        assert_eq!(options(&rc, "AuthoritativeDirectory"), ["1"]);
        assert_eq!(options(&rc, "V3AuthoritativeDirectory"), ["1"]);
        // All nodes publish on one address, of which an authority would take two.
        assert_eq!(options(&rc, "AuthDirMaxServersPerAddr"), ["0"]);
        for flag in ["Guard", "HSDir"] {
            assert_eq!(options(&rc, &format!("TestingDirAuthVote{flag}")), ["*"]);
        }
        for interval in ["V3AuthVotingInterval", "TestingV3AuthInitialVotingInterval"] {
            assert_eq!(
                options(&rc, interval),
                [format!("{VOTING_INTERVAL} seconds")]
            );
        }
        let idle = anonrc::idle_voting_offset(NOW.unix_timestamp());
        assert_eq!(
            options(&rc, "TestingV3AuthVotingStartOffset"),
            [format!("{idle} seconds")]
        );
        let Published { or_port, .. } = node.published;
        assert_eq!(
            options(&rc, "ORPort").len(),
            2,
            "advertised and listened on"
        );
        assert!(options(&rc, "ORPort")[0].contains(&format!(":{or_port} NoListen")));
    }
    // A relay that thought itself an authority would vote.
    for spec in &specs(&plan).relays {
        assert!(options(&text(spec, ANONRC), "AuthoritativeDirectory").is_empty());
    }
}

#[test]
fn homes_fetch_early_and_stay_off_the_network_until_told() {
    let plan = plan(7);
    for spec in sidecars(&specs(&plan)) {
        let rc = text(spec, ANONRC);
        assert_eq!(options(&rc, "FetchDirInfoEarly"), ["1"]);
        assert_eq!(options(&rc, "DisableNetwork"), ["1"]);
        assert_eq!(options(&rc, "VanguardsLiteEnabled"), ["0"]);
        assert_eq!(options(&rc, "HiddenServicePort"), ["3000 127.0.0.1:3000"]);
        assert!(options(&rc, "ORPort").is_empty(), "a home is no relay");
        let folders = options(&rc, "HiddenServiceDir");
        let keys: BTreeSet<String> = spec
            .files
            .iter()
            .filter(|file| file.content.is_some())
            .map(|file| file.path.clone())
            .collect();
        assert!(keys.contains(&format!("{}/hs_ed25519_secret_key", folders[0])));
        assert!(keys.contains(&format!("{}/hs_ed25519_public_key", folders[0])));
    }
}

#[test]
fn every_node_knows_all_authorities_and_has_a_hashed_password_of_its_own() {
    let plan = plan(7);
    let specs = specs(&plan);
    let mut hashes = BTreeSet::new();
    let daemons = specs
        .authorities
        .iter()
        .chain(&specs.relays)
        .chain(sidecars(&specs));
    for spec in daemons {
        let rc = text(spec, ANONRC);
        assert_eq!(options(&rc, "TestingTorNetwork"), ["1"]);
        let expected: Vec<String> = plan
            .authorities
            .iter()
            .map(|node| {
                let Published {
                    address,
                    or_port,
                    dir_port,
                } = node.published;
                let name = &node.nickname;
                let dir_port = dir_port.expect("an authority has one");
                format!("{name} orport={or_port} v3ident=IDENTITY-{name} {address}:{dir_port} FINGERPRINT-{name}")
            })
            .collect();
        assert_eq!(options(&rc, "DirAuthority"), expected, "{}", spec.role);
        let hash = options(&rc, "HashedControlPassword");
        assert!(
            hash[0].starts_with("16:") && hashes.insert(hash[0].to_owned()),
            "{}",
            spec.role
        );
    }
}

#[test]
fn authorities_hold_the_keys_that_the_others_expect() {
    for spec in &specs(&plan(7)).authorities {
        let keys = format!("{}/keys", anonrc::DATA_DIRECTORY);
        assert_eq!(
            text(spec, &format!("{keys}/secret_id_key")),
            "relay identity"
        );
        assert_eq!(
            text(spec, &format!("{keys}/authority_signing_key")),
            "signing key"
        );
        assert_eq!(
            text(spec, &format!("{keys}/authority_certificate")),
            "certificate"
        );
    }
}

proptest! {
    #[test]
    fn no_vote_of_the_authorities_own_is_near_a_start(now in 0i64..4_102_444_800) {
        let offset = anonrc::idle_voting_offset(now);
        prop_assert!((0..VOTING_INTERVAL).contains(&offset));
        let since = (now - offset).rem_euclid(VOTING_INTERVAL);
        prop_assert!(since >= IDLE, "{since} s after one");
        prop_assert!(VOTING_INTERVAL - since >= IDLE, "{} s before one", VOTING_INTERVAL - since);
    }

    #[test]
    fn a_vote_that_is_asked_for_comes_at_its_second(at in 0i64..4_102_444_800) {
        let first = anonrc::vote_at(at, Duration::from_secs(1800));
        let again = anonrc::vote_again_at(at);
        for (command, interval) in [
            (first, "TestingV3AuthInitialVotingInterval"),
            (again, "V3AuthVotingInterval"),
        ] {
            let value = |name: &str| -> i64 {
                let word = command.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
                word.expect(name).parse().expect("a number")
            };
            let (offset, interval) = (value("TestingV3AuthVotingStartOffset"), value(interval));
            prop_assert_eq!((at - offset).rem_euclid(interval), 0);
            // A daemon refuses others.
            prop_assert!(offset < value("TestingV3AuthInitialVotingInterval"));
        }
    }
}

/// A home's configuration as the reference connector reads it, with its environment.
fn parsed(home: &HomePlan, text: &str) -> (Config, Env) {
    let environment: Env = home
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), value.expose().to_owned()))
        .collect();
    let config = Config::parse(text, &environment).expect("the connector takes it");
    (config, environment)
}

#[test]
fn the_reference_connector_takes_its_configuration_and_finds_its_secrets() {
    let plan = plan(7);
    for (home, spec) in plan.homes.iter().zip(&specs(&plan).homes) {
        let text = text(&spec.connector, CONFIG_FILE);
        let (config, environment) = parsed(home, &text);
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        assert_eq!(config.node_id, home.id);
        assert_eq!(config.btp_server_port, BTP_PORT);
        assert_eq!(config.transport.kind(), TransportKind::Socks5);
        assert!(config.peers.is_empty(), "peers come through the admin API");
        let admin = config.admin.expect("the admin API is on");
        assert_eq!(admin.port, ADMIN_PORT);
        let key = admin.api_key.expect("and asks for its key");
        assert_eq!(key.expose(), home.admin_key.expose());
        let delivery = config.local_delivery.expect("local packets have a server");
        assert!(delivery.handler_url.ends_with(&format!(":{}", BLS_PORT)));
        let routes: Vec<(&str, &str)> = config
            .routes
            .iter()
            .map(|route| (route.prefix.as_str(), route.next_hop.as_str()))
            .collect();
        for other in &plan.homes {
            assert!(routes.contains(&(other.prefix.as_str(), other.id.as_str())));
        }
        // The connector's own rule for variables finds what the plan wrote.
        assert!(!environment.allows_noauth());
        for peering in plan.peerings.iter().filter(|peering| peering.to == home.id) {
            let variable = peer_secret_variable(&peering.from);
            assert_eq!(Some(variable), peering.variable);
            let expected = environment.peer_secret(&peering.from).expect("is there");
            assert_eq!(expected.expose(), peering.secret.expose());
        }
    }
}

#[test]
fn logs_are_detailed_enough_for_the_secrecy_check_to_look_at() {
    for HomeSpecs {
        connector: spec, ..
    } in &specs(&plan(7)).homes
    {
        let level = spec
            .environment
            .iter()
            .find(|(name, _)| name == "LOG_LEVEL");
        assert_eq!(level.map(|(_, value)| value.expose()), Some("debug"));
        let file = spec
            .environment
            .iter()
            .find(|(name, _)| name == "CONFIG_FILE");
        assert_eq!(file.map(|(_, value)| value.expose()), Some(CONFIG_FILE));
    }
}
