//! A home whose connector is as an operator has deployed it: what the home decides is put in, and mistakes stay.

use std::sync::Arc;

use ator_harness::connectors::{DeployedFile, DeployedVariable, Deployment};
use ator_harness::engine::ContainerSpec;
use ator_harness::plan::{HomePlan, Plan, PlanError};
use ator_harness::secret::Secret;
use ator_harness::topology::{ComposeService, Topology};
use serde_json::{Value, json};

use super::{inputs, plan_of, shown, specs, text, topology, variable};

const CONFIG: &str = "/app/config/connector.yaml";

fn file(path: &str, content: Option<&str>) -> DeployedFile {
    DeployedFile {
        path: path.to_owned(),
        mode: if content.is_some() { 0o644 } else { 0o755 },
        content: content.map(|text| text.as_bytes().to_vec()),
    }
}

fn set(name: &str, value: &str) -> DeployedVariable {
    DeployedVariable {
        name: name.to_owned(),
        value: Some(Secret::new(value)),
        is_secret: name.ends_with("SECRET") || name.ends_with("KEY"),
    }
}

const YAML: &str = "nodeId: home-b
btpServerPort: 3007
healthCheckPort: 9402
logLevel: warn
adminApi: {enabled: true, port: 9401, apiKey: operators-own}
localDelivery: {enabled: true, handlerUrl: 'http://town:3100', timeout: 7000}
transport:
  type: socks5
  socksProxy: socks5://localhost:9050
  externalUrl: ws://operators-address.anon:3007
  managed: false
settlement: {enabled: false}
peers: [{id: home-a, url: 'ws://elsewhere.anon:3000', authToken: operators-token}]
routes:
  - {prefix: test.home-b, nextHop: home-b}
";

fn deployment() -> Deployment {
    Deployment {
        file: "docker-compose.yml".to_owned(),
        service: "connector".to_owned(),
        image: "town/connector:1".to_owned(),
        entrypoint: Some(vec!["node".to_owned(), "--enable-source-maps".to_owned()]),
        command: Some(vec!["dist/main.js".to_owned()]),
        directory: Some("/app".to_owned()),
        environment: vec![
            set("CONFIG_FILE", "config/connector.yaml"),
            set("LOG_LEVEL", "warn"),
            set("ADMIN_API_KEY", "operators-own"),
            set("BTP_PEER_HOME_A_SECRET", "what-home-a-really-sends"),
            set("BTP_PEER_HOMEA_SECRET", "a-slip-of-the-pen"),
            set("BTP_ALLOW_NOAUTH", "0"),
            set("TREASURY_PRIVATE_KEY", "0123456789abcdef"),
            set("TOWN", "yes"),
        ],
        files: vec![
            file("/app/config", None),
            file(CONFIG, Some(YAML)),
            file("/app/config/extra.json", Some("{}")),
            file("/data", None),
        ],
        writable: None,
    }
}

fn deployed_topology(deployment: Deployment) -> Topology {
    let mut topology = topology();
    topology.homes[1].compose = Some(ComposeService {
        file: deployment.file.clone(),
        over: Vec::new(),
        service: deployment.service.clone(),
    });
    topology.homes[1].deployment = Some(Arc::new(deployment));
    topology
}

fn planned(deployment: Deployment) -> (Plan, ContainerSpec) {
    let plan = plan_of(&deployed_topology(deployment), 1);
    let connector = specs(&plan).homes.remove(1).connector;
    (plan, connector)
}

fn home(plan: &Plan) -> &HomePlan {
    plan.home("home-b").expect("is there")
}

/// What is told of home-b's deployment.
fn notes(plan: &Plan) -> String {
    let deployed = home(plan).deployed.as_ref().expect("is deployed");
    deployed.notes.join("\n")
}

fn config(connector: &ContainerSpec) -> Value {
    serde_json::from_str(&text(connector, CONFIG)).expect("is JSON")
}

#[test]
fn image_command_variables_and_files_are_the_deployments() {
    let (plan, connector) = planned(deployment());
    assert_eq!(connector.image, "town/connector:1");
    assert_eq!(connector.entrypoint.as_deref(), Some("node"));
    assert_eq!(
        connector.arguments,
        ["--enable-source-maps", "dist/main.js"]
    );
    assert_eq!(connector.directory.as_deref(), Some("/app"));
    assert_eq!(
        connector.writable, None,
        "its own root file system may be written to"
    );
    assert_eq!(variable(&connector, "TOWN"), Some("yes"));
    assert_eq!(text(&connector, "/app/config/extra.json"), "{}");
    assert!(
        connector
            .files
            .iter()
            .any(|one| one.path == "/data" && one.content.is_none())
    );
    assert!(
        connector.mounts.is_empty() && connector.volume.is_none(),
        "copies alone"
    );
    let other = &specs(&plan).homes[0].connector;
    assert_eq!(other.image, "connector:1", "the other home is as ever");
}

#[test]
fn secrets_are_the_plans_where_the_deployment_has_a_variable_for_them() {
    let (plan, connector) = planned(deployment());
    let peering = plan
        .peerings
        .iter()
        .find(|one| one.to == "home-b")
        .expect("is there");
    assert_eq!(
        variable(&connector, "BTP_PEER_HOME_A_SECRET"),
        Some(peering.secret.expose())
    );
    assert_eq!(
        variable(&connector, "BTP_PEER_PROBE_SECRET"),
        Some(plan.probe.secret.expose())
    );
    assert_eq!(variable(&connector, "LOG_LEVEL"), Some("debug"));
    for name in ["BTP_PEER_HOMEA_SECRET", "ADMIN_API_KEY"] {
        assert_eq!(
            variable(&connector, name),
            None,
            "{name} stays with the operator"
        );
    }
    let mut without = deployment();
    without
        .environment
        .retain(|one| one.name != "BTP_PEER_HOME_A_SECRET");
    let (plan, connector) = planned(without);
    assert_eq!(
        variable(&connector, "BTP_PEER_HOME_A_SECRET"),
        None,
        "a mistake stays one"
    );
    let deployed = home(&plan).deployed.as_ref().expect("is deployed");
    let expected: Vec<&str> = deployed.expected.iter().map(|(name, _)| &**name).collect();
    assert!(
        expected.contains(&"BTP_PEER_HOME_A_SECRET"),
        "and is looked for: {expected:?}"
    );
    let told = notes(&plan);
    assert!(
        told.contains("the deployment does not have: BTP_PEER_HOME_A_SECRET"),
        "{told}"
    );
    assert!(
        told.contains("about nobody of this topology: BTP_PEER_HOMEA_SECRET"),
        "{told}"
    );
}

/// A value that lets everybody in is not put right, and is held against what the topology says.
#[test]
fn who_is_let_in_without_a_secret_is_the_deployments_to_say() {
    let (plan, connector) = planned(deployment());
    assert_eq!(variable(&connector, "BTP_ALLOW_NOAUTH"), Some("0"));
    let deployed = home(&plan).deployed.as_ref().expect("is deployed");
    let expected = deployed
        .expected
        .iter()
        .find(|(name, _)| name == "BTP_ALLOW_NOAUTH");
    assert_eq!(expected.map(|(_, value)| value.expose()), Some("false"));
}

#[test]
fn its_configuration_keeps_all_that_the_home_does_not_decide() {
    let (plan, connector) = planned(deployment());
    let found = config(&connector);
    let onion = home(&plan)
        .onion()
        .expect("has one")
        .address
        .expose()
        .to_owned();
    let key = home(&plan).admin_key.expose();
    assert_eq!(
        found["adminApi"],
        json!({"enabled": true, "port": 8081, "host": "0.0.0.0", "apiKey": key})
    );
    assert_eq!(
        (&found["btpServerPort"], &found["healthCheckPort"]),
        (&json!(3007), &json!(8080))
    );
    assert_eq!(
        found["localDelivery"],
        json!({"enabled": true, "handlerUrl": "http://127.0.0.1:3100", "timeout": 7000})
    );
    // The scheme is a mistake, and stays one; so does the port of the service.
    assert_eq!(
        found["transport"],
        json!({
            "type": "socks5", "managed": false,
            "socksProxy": "socks5://127.0.0.1:9150",
            "externalUrl": format!("ws://{onion}:3007"),
        })
    );
    assert_eq!(found["settlement"], json!({"enabled": false}));
    assert_eq!(found["peers"], json!([]));
    assert_eq!(
        found["routes"][0],
        json!({"prefix": "test.home-b", "nextHop": "home-b"})
    );
    assert_eq!(found["routes"][1]["prefix"], "test.home-a");
    for secret in ["operators-own", "operators-token", "operators-address"] {
        let told = [shown(&plan), text(&connector, CONFIG)].concat();
        assert!(!told.contains(secret), "{secret}");
    }
}

/// Nothing of it is guessed: a route of its own that is missing stays missing, and so does what is no mapping.
#[test]
fn what_is_missing_in_a_configuration_stays_missing() {
    let mut without = deployment();
    without.files[1] = file(
        CONFIG,
        Some("nodeId: home-b\nbtpServerPort: 3000\nroutes: []\npeers: []\n"),
    );
    let (_, connector) = planned(without);
    let found = config(&connector);
    assert_eq!(found.get("transport"), None);
    assert_eq!(
        found["routes"].as_array().map(Vec::len),
        Some(1),
        "that to the other home"
    );
    let mut broken = deployment();
    broken.files[1] = file(CONFIG, Some("- nodeId\n"));
    let (_, connector) = planned(broken);
    assert_eq!(text(&connector, CONFIG), "- nodeId\n");
}

#[test]
fn a_deployment_without_a_configuration_gets_the_harnesss_own_and_that_is_told() {
    let mut without = deployment();
    without.files.clear();
    without.environment.retain(|one| one.name != "CONFIG_FILE");
    without.directory = None;
    let (plan, connector) = planned(without);
    let path = "/config/connector.yaml";
    assert_eq!(variable(&connector, "CONFIG_FILE"), Some(path));
    let found: Value = serde_json::from_str(&text(&connector, path)).expect("is JSON");
    assert_eq!(found["nodeId"], "home-b");
    let notes = notes(&plan);
    assert!(
        notes.contains("nothing of the operator's is judged"),
        "{notes}"
    );
}

#[test]
fn the_operators_secrets_are_secrets_of_the_run() {
    let (plan, _) = planned(deployment());
    let told = plan.redact_secrets("signs with 0123456789abcdef".to_owned());
    assert!(!told.contains("0123456789abcdef"), "{told}");
    assert!(plan.is_telling()("0123456789abcdef"));
}

/// Another connector in its place would be judged for it.
#[test]
fn a_deployment_that_was_not_read_is_never_replaced_by_another_connector() {
    let mut topology = deployed_topology(deployment());
    topology.homes[1].deployment = None;
    let refused = Plan::new(&topology, &inputs(1)).err();
    assert!(matches!(refused, Some(PlanError::NotRead { home }) if home == "home-b"));
}

/// Of a connector that is known by a profile alone, variables and files are put over the deployment's.
#[test]
fn a_profile_is_put_over_a_deployment_whole() {
    let mut topology = deployed_topology(deployment());
    topology.connector = ator_harness::connectors::Kind::named("toon-1").expect("comes along");
    let plan = plan_of(&topology, 1);
    let connector = &specs(&plan).homes[1].connector;
    assert_eq!(connector.image, "town/connector:1");
    assert_eq!(variable(connector, "TOWN"), Some("yes"));
    assert_eq!(variable(connector, "BTP_ALLOW_NOAUTH"), Some("false"));
    let notes = notes(&plan);
    assert!(notes.contains("variables replaced: "), "{notes}");
}
