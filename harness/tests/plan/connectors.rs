//! Homes with connectors of profiles: told of all their peers at start and by their environment alone, with a
//! port for each caller, without SOCKS, and with an account for the harness. Planning needs to know of no
//! connector.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use ator_harness::connectors::{
    ACCOUNT, Accounts, Contact, ControlError, Kind, PeersKnown, ProfileError,
};
use ator_harness::onion::mentions_address;
use ator_harness::plan::{ForwardPlan, HomePlan, HomeSpecs, Plan, PlanError};
use ator_harness::secret::Secret;
use ator_harness::topology::{Daemon, Topology, Transport};
use home_agent::forwards::ForwardTo;
use serde_json::Value;
use wire::Dialect;

use super::{ANONRC, all, committed, inputs, onion, options, plan_of, specs, text, variable};

/// What a forwarder is told, in the server's container.
const FORWARDS: &str = "/forwards/list.json";

fn kind(name: &str) -> Kind {
    Kind::named(name).expect("comes along")
}

/// One of the committed topologies with another connector.
fn with(name: &str, connector: &str) -> Topology {
    let mut topology = committed(name);
    topology.connector = kind(connector);
    topology
}

/// The JSON in a variable of each home's connector.
fn json_of(plan: &Plan, name: &str) -> BTreeMap<String, Value> {
    let specs = specs(plan);
    let homes = plan.homes.iter().zip(&specs.homes);
    homes
        .map(|(home, own)| {
            let text = variable(&own.connector, name).expect("is set");
            let json = serde_json::from_str(text).expect("is JSON");
            (home.id.clone(), json)
        })
        .collect()
}

fn forwards_in(own: &HomeSpecs) -> Vec<ForwardTo> {
    serde_json::from_str(&text(&own.server, FORWARDS)).expect("is a list")
}

#[test]
fn every_caller_has_a_port_and_comes_in_there() {
    for name in ["two-home-local", "three-hop", "mixed-transport"] {
        let plan = plan_of(&with(name, "ilp-connector"), 7);
        let accounts = json_of(&plan, "CONNECTOR_ACCOUNTS");
        for peering in &plan.peerings {
            let to = plan.home(&peering.to).expect("is planned");
            let port = to.ports.of(&peering.from).expect("has one");
            let account = &accounts[&to.id][format!("{}-in", peering.from)];
            let listener = &account["options"]["listener"];
            assert_eq!(listener["port"], port);
            assert_eq!(listener["secret"], peering.secret.expose());
            assert_eq!(account["relation"], "peer");
            assert_eq!(peering.variable, None, "no variable is a peer's");
        }
        let probed = plan.home(&plan.probe.to).expect("is planned");
        let port = probed.ports.of(&plan.probe.id).expect("the probe has one");
        let account = &accounts[&probed.id][format!("{}-in", plan.probe.id)];
        assert_eq!(account["options"]["listener"]["port"], port);
        assert_eq!(account["relation"], "child");
        for home in &plan.homes {
            let own = &accounts[&home.id][format!("{ACCOUNT}-in")]["options"]["listener"];
            assert_eq!(own["secret"], home.admin_key.expose());
            let port = own["port"].as_u64().expect("has one");
            let port = u16::try_from(port).expect("is a port");
            assert!(home.dialled_ports().contains(&port));
            assert!(
                !home.ports.btp().contains(&port),
                "nobody else comes in there"
            );
            assert_eq!(home.ports.of("somebody else"), None);
        }
    }
}

#[test]
fn an_onion_service_has_the_port_of_every_caller() {
    let plan = plan_of(&with("three-hop", "ilp-connector"), 7);
    for (home, own) in plan.homes.iter().zip(&specs(&plan).homes) {
        let rc = text(own.sidecar.as_ref().expect("has one"), ANONRC);
        let expected: Vec<String> = home
            .ports
            .btp()
            .iter()
            .map(|port| format!("{port} 127.0.0.1:{port}"))
            .collect();
        assert_eq!(options(&rc, "HiddenServicePort"), expected);
    }
    let most = plan.homes.iter().map(|home| home.ports.btp().len()).max();
    assert!(most > Some(1), "some home has several callers");
}

#[test]
fn whom_it_dials_it_reaches_through_the_forwarder_and_what_that_asks_for_is_recorded() {
    let plan = plan_of(&with("mixed-transport", "ilp-connector"), 7);
    let (accounts, specs) = (json_of(&plan, "CONNECTOR_ACCOUNTS"), specs(&plan));
    for (home, own) in plan.homes.iter().zip(&specs.homes) {
        let listed = plan.forwards(&home.id);
        let told = own.server.arguments.windows(2);
        let told = told
            .filter(|pair| pair == &["--forwards", FORWARDS])
            .count();
        assert_eq!(told, usize::from(!listed.is_empty()));
        if !listed.is_empty() {
            let forwards = forwards_in(own);
            let same = |forward: &ForwardPlan, to: &ForwardTo| {
                (forward.listen, forward.host.expose(), forward.port)
                    == (to.listen, to.host.expose(), to.port)
            };
            assert!(forwards.iter().zip(&listed).all(|(to, one)| same(one, to)));
            assert_eq!(forwards.len(), listed.len());
        }
        for peering in plan.peerings.iter().filter(|one| one.from == home.id) {
            let to = plan.home(&peering.to).expect("is planned");
            let port = to.ports.of(&home.id).expect("has one");
            let place = match peering.transport {
                Transport::Onion => {
                    let forward = listed.iter().find(|one| one.peer == to.id);
                    let forward = forward.expect("is forwarded");
                    assert_eq!(forward.host, onion(to).address);
                    assert_eq!(forward.port, port);
                    assert!(forward.listen.ip().is_loopback());
                    forward.listen
                }
                Transport::Direct => SocketAddr::from((to.address, port)),
            };
            let server = format!("btp+ws://:{}@{place}", peering.secret.expose());
            assert_eq!(accounts[&home.id][&to.id]["options"]["server"], server);
        }
        assert_eq!(
            accounts[&home.id].get(&plan.decoy.id),
            None,
            "it would be told of loopback"
        );
    }
}

#[test]
fn packets_for_the_home_go_to_the_harness_and_others_on_their_way() {
    let plan = plan_of(&with("three-hop", "ilp-connector"), 7);
    let (routes, accounts) = (
        json_of(&plan, "CONNECTOR_ROUTES"),
        json_of(&plan, "CONNECTOR_ACCOUNTS"),
    );
    for home in &plan.homes {
        let routes = routes[&home.id].as_array().expect("is a list");
        for other in &plan.homes {
            let route = routes
                .iter()
                .find(|one| one["targetPrefix"] == *other.prefix);
            let peer = route.expect("has a route")["peerId"]
                .as_str()
                .expect("a peer");
            assert!(
                accounts[&home.id].get(peer).is_some(),
                "{peer} has an account"
            );
            if other.id == home.id {
                assert_eq!(peer, format!("{ACCOUNT}-in"));
            } else {
                let next = plan.topology.next_hop(&home.id, &other.id).expect("a way");
                assert!(peer == next || peer == format!("{next}-in"));
            }
        }
    }
}

#[test]
fn what_is_in_its_files_and_environment_shows_nowhere() {
    for connector in ["ilp-connector", "toon-1"] {
        let plan = plan_of(&with("two-home-local", connector), 7);
        let specs = specs(&plan);
        for spec in all(&specs) {
            let arguments = spec.arguments.join(" ");
            assert!(!mentions_address(&arguments), "{}", spec.role);
            // A folder is there before what is in it.
            for file in spec.files.iter().filter(|file| file.path == FORWARDS) {
                let folder = spec.files.iter().position(|one| one.path == "/forwards");
                let own = spec.files.iter().position(|one| one.path == file.path);
                assert!(folder.is_some() && folder < own && file.mode == 0o600);
            }
        }
        let shown = super::shown(&plan);
        assert!(shown.contains(&format!("\"connector\": \"{connector}\"")));
        assert!(!mentions_address(&shown));
        for secret in plan.secrets() {
            assert!(!shown.contains(secret.expose()));
        }
    }
}

#[test]
fn the_connector_before_proxies_is_configured_like_todays_without_one() {
    let (old, new) = (
        plan_of(&with("two-home-local", "toon-1"), 7),
        plan_of(&committed("two-home-local"), 7),
    );
    let yaml = "/config/connector.yaml";
    for (one, other) in specs(&old).homes.iter().zip(&specs(&new).homes) {
        let parse = |own: &HomeSpecs| -> Value {
            serde_saphyr::from_str(&text(&own.connector, yaml)).expect("is YAML")
        };
        let mut today = parse(other);
        let transport = today.as_object_mut().expect("is a map").remove("transport");
        assert!(transport.is_some());
        assert_eq!(parse(one), today);
        let mut variables = [&one.connector, &other.connector].map(|spec| {
            let mut all = spec.environment.clone();
            all.sort_by(|(one, _), (other, _)| one.cmp(other));
            all
        });
        let [one, other] = &mut variables;
        assert_eq!(one, other);
    }
    let peering = &old.peerings[0];
    let peer = old.dial(peering).expect("can be dialled");
    assert!(!peer.proxied && peer.url.expose().starts_with("ws://127.0.0.1:"));
    assert_eq!(old.peerings[0].variable, new.peerings[0].variable);
}

#[test]
fn a_home_cannot_ask_it_to_run_a_daemon() {
    let mut topology = with("two-home-local", "ilp-connector");
    topology.homes[1].daemon = Daemon::Managed;
    let refused = Plan::new(&topology, &inputs(7)).err().expect("is refused");
    assert!(matches!(&refused, PlanError::NoOwnDaemon { home, .. } if home == "home-b"));
    let text = refused.to_string();
    assert!(
        text.contains("ilp-connector") && text.contains("daemon = \"sidecar\""),
        "{text}"
    );
}

#[tokio::test]
async fn what_it_has_no_means_for_is_unsupported() {
    let (key, http, accounts) = (
        Secret::new("key"),
        ator_harness::local::client(),
        Accounts::default(),
    );
    let control = kind("ilp-connector").control(&Contact {
        home: "home-a",
        key: &key,
        socket: &|port| SocketAddr::from(([127, 0, 0, 1], port)),
        http: &http,
        accounts: &accounts,
    });
    let unsupported = [
        control.connected("home-b").await.err(),
        control.health().await.err(),
        control.hostname().await.err(),
        control.forget("home-b").await.err(),
    ];
    for error in unsupported {
        let error = error.expect("cannot be had");
        assert!(matches!(error, ControlError::Unsupported { .. }));
        let text = error.to_string();
        assert!(
            text.starts_with("home-a's connector has no means to "),
            "{text}"
        );
    }
    assert_eq!(control.received().await.expect("has a record"), []);
}

/// A profile of the user's own.
const OWN: &str = r#"
name = "own"
control = "account"
image = "own:1"

[ports]
btp = 7768

[ready]
port = 8080
path = "/ready"

[log]
levels = true
events = "none"

[capabilities]
socks = true
amounts = false

[answers]
hop_time = "250ms"

[environment]
PROXY = "{{ proxy.host ~ ':' ~ proxy.port if proxy else '' }}"

[[file]]
path = "/etc/own/peers.json"
content = "[{% for peer in dials %}{{ peer.url | tojson }},{% endfor %}null]"
"#;

fn own(text: &str) -> Result<Kind, ProfileError> {
    Kind::from_profile("own.toml", Path::new("/profiles"), text)
}

#[test]
fn a_profile_of_the_users_own_says_how_to_configure_and_run_a_connector() {
    let connector = own(OWN).expect("is a profile");
    let can = connector.capabilities();
    assert_eq!(can.dialect, Dialect::Toon);
    assert_eq!(can.peers, PeersKnown::AtStart);
    assert!(can.dials_by_socks && !can.forwards_amounts && can.logs_levels);
    assert!(can.records_deliveries && !can.lists_peers && !can.tells_health);
    assert_eq!(connector.answers().hop_time.as_millis(), 250);
    assert!(connector.level(r#"{"severity":"warn"}"#).is_some());
    let mut topology = committed("two-home-local");
    topology.connector = connector;
    let plan = plan_of(&topology, 7);
    assert_eq!(plan.forwards("home-a"), []);
    let specs = specs(&plan);
    let spec = &specs.homes[0].connector;
    let proxy = format!("127.0.0.1:{}", HomePlan::RECORDER_PORT);
    assert_eq!(variable(spec, "PROXY"), Some(&*proxy));
    let peers: Vec<Option<String>> =
        serde_json::from_str(&text(spec, "/etc/own/peers.json")).expect("is JSON");
    // The other home, and the peer that does not exist.
    let other = plan.dial(&plan.peerings[0]).expect("can be dialled");
    assert_eq!(peers.len(), 3);
    assert_eq!(peers[0].as_deref(), Some(other.url.expose()));
    assert!(plan.homes[0].dialled_ports().contains(&8080));
}

#[test]
fn every_mistake_of_a_profile_is_told_at_once_with_its_line_key_and_remedy() {
    let text = OWN
        .replace("\"account\"", "\"toon\"")
        .replace("btp = 7768", "btp = 9050\neach_from = 7001")
        .replace("\"/ready\"", "\"ready\"")
        .replace("\"none\"", "\"all\"")
        .replace("socks = true", "socks = \"yes\"\ncolour = true")
        .replace("\"250ms\"", "\"250\"\nno_route = \"F2\"")
        .replace("{% endfor %}", "")
        .replace("\"own\"", "\"Own\"");
    let Err(ProfileError::Invalid { mistakes, .. }) = own(&text) else {
        panic!("has mistakes");
    };
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected = [
        ("line 2: name ", "lower-case"),
        ("line 6: ports ", "one of btp"),
        ("line 7: ports.btp ", "choose another"),
        ("line 10: ready ", "remove it"),
        ("line 12: ready.path ", "begins with /"),
        ("line 16: log.events ", "use one of none, toon"),
        ("line 19: capabilities.socks ", "true or false"),
        ("line 20: capabilities.colour ", "known keys are"),
        ("line 24: answers.hop_time ", "\"250ms\""),
        ("line 25: answers.no_route ", "as in \"F02\""),
        ("line 32: file[0].content ", "line 1 of it"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (mistake, (place, remedy)) in told.iter().zip(expected) {
        assert!(mistake.starts_with(place), "{place} in {told:#?}");
        assert!(mistake.contains(remedy), "{remedy} in {mistake}");
    }
}

#[test]
fn a_profile_of_a_later_form_is_refused_by_name() {
    assert!(own(&format!("format = 1\n{OWN}")).is_ok());
    let error = own(&format!("format = 2\n{OWN}")).expect_err("is of a later form");
    let text = error.to_string();
    assert!(
        text.contains("line 1: format is 2, and this version of ator-harness reads 1"),
        "{text}"
    );
}

#[test]
fn what_a_template_asks_for_and_no_home_has_is_a_mistake_of_the_profile() {
    let message = |text: &str| own(text).expect_err("has a mistake").to_string();
    let unknown = message(&OWN.replace("peer.url", "peer.address"));
    assert!(unknown.contains("line 29: file[0].content"), "{unknown}");
    assert!(unknown.contains("undefined"), "{unknown}");
    let shared = message(&format!("peer_variable = \"SECRET\"\n{OWN}"));
    assert!(
        shared.contains("peer_variable is \"SECRET\" for every peer"),
        "{shared}"
    );
    let nothing = "name = \"own\"\n[ports]\nbtp = 3000\n";
    assert!(
        message(nothing).contains("every [[file]]"),
        "{}",
        message(nothing)
    );
    assert!(matches!(own("name ="), Err(ProfileError::Syntax { .. })));
}
