//! A connector that is the other one's opposite in everything: it is told of all its peers at start
//! and by its environment alone, has a port for each caller, cannot dial by SOCKS, runs no daemon,
//! and can be asked next to nothing. Planning needs to know of no connector.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ator_harness::connectors::{
    Answers, BtpPorts, Capabilities, ConfigFile, Configuration, Connector, Contact, Control,
    ControlError, Kind, Level, LogEvent, Outgoing, PeersKnown, Ports, Recipe, Reply, Server, Site,
};
use ator_harness::onion::mentions_address;
use ator_harness::plan::{HomePlan, Plan, PlanError};
use ator_harness::secret::Secret;
use ator_harness::topology::{Daemon, Topology, Transport};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wire::Dialect;

use super::{ANONRC, all, committed, inputs, onion, options, plan_of, specs, text, variable};

/// The first port of a caller.
const FIRST_CALLER: u16 = 7001;
/// The port of the account that the harness itself sends and receives by.
const OWN_ACCOUNT: u16 = 7000;
/// The first loopback port that is forwarded to an onion address.
const FIRST_FORWARD: u16 = 7500;
/// What the forwarder is told, in the server's container.
const FORWARDS: &str = "/forwards/list.json";

struct Opposite;

static OPPOSITE: Opposite = Opposite;

impl Connector for Opposite {
    fn name(&self) -> &'static str {
        "opposite"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dialect: Dialect::Rfc,
            peers: PeersKnown::AtStart,
            dials_by_socks: false,
            runs_daemon: false,
            forwards_amounts: true,
            lists_peers: false,
            records_deliveries: false,
            tells_health: false,
            logs_levels: false,
        }
    }

    fn answers(&self) -> Answers {
        Answers {
            no_route: "F02",
            expired: "R02",
            refused_by_server: "F99",
            hop_time: std::time::Duration::from_secs(1),
        }
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            binary: "opposite",
            entrypoint: "/opposite",
            directories: &[],
            server: None,
        }
    }

    fn secret_variable(&self, _peer: &str) -> Option<String> {
        None
    }

    fn admission_variable(&self) -> Option<&'static str> {
        None
    }

    fn ports(&self, callers: &[&str]) -> Ports {
        let each = callers.iter().zip(FIRST_CALLER..);
        Ports {
            btp: BtpPorts::PerCaller(each.map(|(id, port)| ((*id).to_owned(), port)).collect()),
            control: vec![OWN_ACCOUNT],
        }
    }

    fn configure(&self, site: &Site<'_>) -> Configuration {
        let mut accounts = BTreeMap::new();
        for caller in &site.callers {
            let port = site.ports.of(caller.id).expect("it has asked for one");
            let listener = json!({"port": port, "secret": caller.secret.expose()});
            accounts.insert(format!("from-{}", caller.id), json!({"listener": listener}));
        }
        let mut forwards = Vec::new();
        for (peer, port) in site.dials.iter().zip(FIRST_FORWARD..) {
            let host = if peer.proxied {
                forwards.push(json!({
                    "listen": port,
                    "to": peer.url.expose(),
                    "socks": site.daemon.as_ref().expect("there is a proxy").proxy,
                }));
                format!("127.0.0.1:{port}")
            } else {
                peer.url.expose().trim_start_matches("ws://").to_owned()
            };
            let server = format!("btp+ws://:{}@{host}", peer.token.expose());
            accounts.insert(format!("to-{}", peer.id), json!({"server": server}));
        }
        let routes: Vec<Value> = site
            .routes
            .iter()
            .map(|route| json!({"targetPrefix": route.prefix, "peerId": route.next}))
            .collect();
        let set = |name: &str, value: String| (name.to_owned(), Secret::new(value));
        Configuration {
            files: Vec::new(),
            environment: vec![
                set("CONNECTOR_ILP_ADDRESS", site.prefix.to_owned()),
                set("CONNECTOR_ACCOUNTS", json!(accounts).to_string()),
                set("CONNECTOR_ROUTES", json!(routes).to_string()),
            ],
            server: Server {
                program: vec![
                    "/agent".to_owned(),
                    "forward".to_owned(),
                    FORWARDS.to_owned(),
                ],
                environment: Vec::new(),
                files: vec![ConfigFile {
                    path: FORWARDS.to_owned(),
                    content: json!(forwards).to_string().into_bytes(),
                }],
            },
        }
    }

    fn refused_destination(&self, _prefix: &str) -> Option<String> {
        None
    }

    fn level(&self, _line: &str) -> Option<Level> {
        None
    }

    fn events(&self, _log: &str) -> Vec<LogEvent> {
        Vec::new()
    }

    fn control(&self, contact: &Contact<'_>) -> Box<dyn Control> {
        Box::new(PortOnly {
            home: contact.home.to_owned(),
            port: (contact.socket)(OWN_ACCOUNT),
        })
    }
}

/// All that can be asked is whether a port listens.
struct PortOnly {
    home: String,
    port: std::net::SocketAddr,
}

#[async_trait]
impl Control for PortOnly {
    fn home(&self) -> &str {
        &self.home
    }

    async fn alive(&self) -> Result<(), ControlError> {
        let dialled = tokio::net::TcpStream::connect(self.port).await;
        dialled
            .map(drop)
            .map_err(|source| ControlError::Unreachable {
                home: self.home.clone(),
                part: "own account",
                what: "a dial".to_owned(),
                source: Box::new(source),
            })
    }

    async fn send(&self, _packet: &Outgoing<'_>) -> Result<Reply, ControlError> {
        Err(self.unsupported("to send a packet"))
    }
}

/// One of the committed topologies with this connector.
fn opposite(name: &str) -> Topology {
    let mut topology = committed(name);
    topology.connector = Kind::of(&OPPOSITE);
    topology
}

/// The accounts of each home's connector.
fn accounts(plan: &Plan) -> BTreeMap<String, Value> {
    let specs = specs(plan);
    let homes = plan.homes.iter().zip(&specs.homes);
    homes
        .map(|(home, own)| {
            let text = variable(&own.connector, "CONNECTOR_ACCOUNTS").expect("is set");
            let accounts = serde_json::from_str(text).expect("is JSON");
            (home.id.clone(), accounts)
        })
        .collect()
}

#[test]
fn every_caller_has_a_port_and_comes_in_there() {
    for name in ["two-home-local", "three-hop", "mixed-transport"] {
        let plan = plan_of(&opposite(name), 7);
        let accounts = accounts(&plan);
        for peering in &plan.peerings {
            let to = plan.home(&peering.to).expect("is planned");
            let port = to.ports.of(&peering.from).expect("has one");
            let listener = &accounts[&to.id][format!("from-{}", peering.from)]["listener"];
            assert_eq!(listener["port"], port);
            assert_eq!(listener["secret"], peering.secret.expose());
            // The dialling side is told the same port.
            let peer = plan.dial(peering).expect("can be dialled");
            assert!(peer.url.expose().ends_with(&format!(":{port}")));
            assert_eq!(peering.variable, None, "no variable is a peer's");
        }
        let probed = plan.home(&plan.probe.to).expect("is planned");
        let port = probed.ports.of(&plan.probe.id).expect("the probe has one");
        assert_eq!(
            accounts[&probed.id][format!("from-{}", plan.probe.id)]["listener"]["port"],
            port
        );
        for home in &plan.homes {
            assert_eq!(home.ports.of("somebody else"), None);
            assert!(home.dialled_ports().contains(&OWN_ACCOUNT));
        }
    }
}

#[test]
fn an_onion_service_has_the_port_of_every_caller() {
    let plan = plan_of(&opposite("three-hop"), 7);
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
fn whom_it_dials_it_knows_from_the_start_and_reaches_through_a_forwarder() {
    let plan = plan_of(&opposite("mixed-transport"), 7);
    let (accounts, specs) = (accounts(&plan), specs(&plan));
    for (home, own) in plan.homes.iter().zip(&specs.homes) {
        let server = &own.server;
        assert!(
            server
                .arguments
                .ends_with(&["--", "/agent", "forward", FORWARDS].map(str::to_owned))
        );
        let forwards: Vec<Value> = serde_json::from_str(&text(server, FORWARDS)).expect("is JSON");
        let forwarded = |host: &str| {
            let to = |one: &&Value| one["to"].as_str().is_some_and(|url| url.contains(host));
            let found = forwards.iter().find(to);
            found.map(|one| format!("127.0.0.1:{}", one["listen"]))
        };
        for peering in plan.peerings.iter().filter(|one| one.from == home.id) {
            let to = plan.home(&peering.to).expect("is planned");
            let host = match peering.transport {
                Transport::Onion => forwarded(onion(to).address.expose()).expect("is forwarded"),
                Transport::Direct => {
                    format!("{}:{}", to.address, to.ports.of(&home.id).expect("has one"))
                }
            };
            let expected = format!("btp+ws://:{}@{host}", peering.secret.expose());
            assert_eq!(
                accounts[&home.id][format!("to-{}", to.id)]["server"],
                expected
            );
        }
        // So does the one that does not exist, where there is a daemon.
        let decoy = forwarded(plan.decoy.onion.expose());
        assert_eq!(decoy.is_some(), home.is_onion());
        assert_eq!(
            accounts[&home.id]
                .get(format!("to-{}", plan.decoy.id))
                .is_some(),
            home.is_onion()
        );
        for forward in &forwards {
            let socks = format!("127.0.0.1:{}", HomePlan::RECORDER_PORT);
            assert_eq!(forward["socks"], socks, "what it asks for is recorded");
        }
    }
}

#[test]
fn it_has_no_file_and_what_is_in_its_environment_shows_nowhere() {
    let plan = plan_of(&opposite("two-home-local"), 7);
    let specs = specs(&plan);
    for (home, own) in plan.homes.iter().zip(&specs.homes) {
        assert!(own.connector.files.is_empty());
        assert_eq!(own.connector.environment, home.environment);
        assert_eq!(
            variable(&own.connector, "CONNECTOR_ILP_ADDRESS"),
            Some(&*home.prefix)
        );
    }
    for spec in all(&specs) {
        assert!(
            !mentions_address(&spec.arguments.join(" ")),
            "{}",
            spec.role
        );
        // A folder is there before what is in it.
        for file in spec.files.iter().filter(|file| file.path == FORWARDS) {
            let folder = spec.files.iter().position(|one| one.path == "/forwards");
            let own = spec.files.iter().position(|one| one.path == file.path);
            assert!(folder.is_some() && folder < own && file.mode == 0o600);
        }
    }
    let shown = super::shown(&plan);
    assert!(shown.contains("\"connector\": \"opposite\"") && !mentions_address(&shown));
    for secret in plan.secrets() {
        assert!(!shown.contains(secret.expose()));
    }
}

#[test]
fn a_home_cannot_ask_it_to_run_a_daemon() {
    let mut topology = opposite("two-home-local");
    topology.homes[1].daemon = Daemon::Managed;
    let refused = Plan::new(&topology, &inputs(7)).err().expect("is refused");
    assert!(matches!(&refused, PlanError::NoOwnDaemon { home, .. } if home == "home-b"));
    let text = refused.to_string();
    assert!(
        text.contains("opposite") && text.contains("daemon = \"sidecar\""),
        "{text}"
    );
}

#[tokio::test]
async fn what_it_has_no_means_for_is_unsupported_and_the_rest_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let (key, http) = (Secret::new("key"), reqwest::Client::new());
    let asked = |port: u16| {
        assert_eq!(port, OWN_ACCOUNT);
        address
    };
    let control = OPPOSITE.control(&Contact {
        home: "home-a",
        key: &key,
        socket: &asked,
        http: &http,
    });
    control.alive().await.expect("the port listens");
    let unsupported = [
        control.connected("home-b").await.err(),
        control.received().await.err(),
        control.health().await.err(),
        control.hostname().await.err(),
        control.forget("home-b").await.err(),
    ];
    for error in unsupported {
        let error = error.expect("cannot be had");
        assert!(matches!(error, ControlError::Unsupported { .. }));
        assert!(
            error
                .to_string()
                .starts_with("home-a's connector has no means to ")
        );
    }
}
