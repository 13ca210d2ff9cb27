//! Homes that are services of Compose files: what is read, what is refused, and how that is told.

use std::os::unix::net::UnixListener;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::Place;

/// The two homes, the second of which is a service of a deployment.
fn topology(place: &Place, compose: &str, service: &str) -> String {
    let from = crate::support::project().join("fixtures/topologies/two-home-local.toml");
    let text = std::fs::read_to_string(from).expect("is there");
    let home = "id = \"home-b\"\n";
    assert!(text.contains(home));
    let deployed = format!("{home}compose = {compose:?}\nservice = {service:?}\n");
    place.file("site/site.toml", &text.replacen(home, &deployed, 1))
}

const CONFIG: &str = "nodeId: home-b\nbtpServerPort: 3000\npeers: []\nroutes: []\ntransport: {type: socks5, socksProxy: 'socks5h://127.0.0.1:9050', externalUrl: 'ws://x.invalid:3000'}\n";

/// The plan of a topology's file.
fn planned(place: &Place, file: &str) -> serde_json::Value {
    let output = place.command().args(["plan", file]).output();
    let output = output.expect("runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).expect("is JSON")
}

#[test]
fn a_deployment_is_read_from_the_topologys_folder_and_its_notes_are_in_the_plan() {
    let place = Place::new();
    place.file(
        "site/town/docker-compose.yml",
        "services:\n  connector:\n    image: ${IMAGE:-town:1}\n    env_file: town.env\n    command: --flag 'two words'\n    environment:\n      CONFIG_FILE: /config/c.yaml\n      BTP_PEER_HOME_A_SECRET: ${BTP_PEER_HOME_A_SECRET:?elsewhere}\n      FROM_SHELL:\n    volumes: [\"./c.yaml:/config/c.yaml:ro\", \"data:/data\"]\nvolumes: {data: }\n",
    );
    place.file("site/town/town.env", "TOWN=1\n");
    place.file("site/town/.env", "IMAGE=town:2\n");
    place.file("site/town/c.yaml", CONFIG);
    let file = topology(&place, "town/docker-compose.yml", "connector");
    let plan = planned(&place, &file);
    let home = &plan["homes"][1];
    assert_eq!(home["deployed"]["image"], "town:2");
    let variables = home["environment"].as_object().expect("a mapping");
    assert!(variables.contains_key("TOWN") && variables.contains_key("BTP_PEER_HOME_A_SECRET"));
    assert!(
        !variables.contains_key("FROM_SHELL"),
        "no variable of the environment counts"
    );
    let notes = home["deployed"]["notes"].to_string();
    assert!(
        notes.contains("BTP_PEER_HOME_A_SECRET") && notes.contains("port of transport.socksProxy"),
        "{notes}"
    );
}

#[test]
fn of_a_list_of_files_each_counts_over_those_before_it() {
    let place = Place::new();
    place.file(
        "site/docker-compose.yml",
        "services:\n  connector:\n    image: town:1\n    environment: {CONFIG_FILE: /config/c.yaml, OF: first, BOTH: first}\n    volumes: [\"./c.yaml:/config/c.yaml:ro\"]\n",
    );
    place.file("site/c.yaml", CONFIG);
    place.file(
        "site/docker-compose.override.yml",
        "services:\n  connector:\n    image: town:2\n    environment: {BOTH: second}\n",
    );
    let file = topology(&place, "docker-compose.yml", "connector");
    let text = std::fs::read_to_string(&file).expect("is there");
    let one = "compose = \"docker-compose.yml\"";
    assert!(text.contains(one));
    let of = |files: &str| text.replace(one, &format!("compose = {files}"));
    let both = of("[\"docker-compose.yml\", \"docker-compose.override.yml\"]");
    std::fs::write(&file, both).expect("writes");
    let plan = planned(&place, &file);
    let home = &plan["homes"][1];
    assert_eq!(home["deployed"]["image"], "town:2");
    for name in ["OF", "BOTH", "CONFIG_FILE"] {
        assert!(!home["environment"][name].is_null(), "{name} in {home}");
    }
    let missing = of("[\"docker-compose.yml\", \"none.yml\"]");
    std::fs::write(&file, missing).expect("writes");
    let mut command = place.command();
    let told = command.args(["plan", &file]).assert().code(2);
    told.stderr(contains("none.yml"));
}

#[test]
fn every_mistake_of_a_deployment_is_told_at_once_with_its_line() {
    let place = Place::new();
    place.file(
        "site/docker-compose.yml",
        "services:\n  connector:\n    build: .\n    env_file: none.env\n    command: \"say 'it\"\n    environment:\n      TOWN: ${NOT_GIVEN}\n    volumes:\n      - ./none.yaml:/config/c.yaml\n      - ./socket:/var/run/docker.sock\n",
    );
    let _socket = UnixListener::bind(place.path("site/socket")).expect("listens");
    let file = topology(&place, "docker-compose.yml", "connector");
    let mut command = place.command();
    let told = command.args(["verify", &file]).assert().code(2).stdout("");
    for part in [
        "6 mistakes in deployments",
        "docker-compose.yml:2: services.connector.image is missing, and nothing is built here",
        "none.env is not there",
        "docker-compose.yml:5: services.connector.command has a quote without its other",
        "docker-compose.yml:7: services.connector.environment.TOWN takes NOT_GIVEN from variables",
        "docker-compose.yml:9: services.connector.volumes is ",
        "none.yaml, which is not there",
        "docker-compose.yml:10: services.connector.volumes is ",
        "which is neither a file nor a folder",
    ] {
        let stderr = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
        assert!(contains(part).eval(&stderr), "{part}: {stderr}");
    }
}

#[test]
fn files_and_services_that_are_not_there_are_named() {
    let place = Place::new();
    place.file(
        "site/c.yml",
        "services: {connector: {image: a}, town: {image: b}}\n",
    );
    place.file("site/no.yml", "just: text\n");
    for (compose, service, part) in [
        ("c.yml", "conector", "did you mean \"connector\"?"),
        ("none.yml", "connector", "none.yml"),
        ("no.yml", "connector", "is no Compose file"),
    ] {
        let file = topology(&place, compose, service);
        let mut command = place.command();
        command
            .args(["plan", &file])
            .assert()
            .code(2)
            .stderr(contains(part));
    }
}

#[test]
fn a_deployment_that_is_another_home_is_refused() {
    let place = Place::new();
    place.file("site/c.yaml", &CONFIG.replace("home-b", "townhouse"));
    place.file(
        "site/compose.yml",
        "services:\n  connector:\n    image: a\n    environment: {CONFIG_FILE: /c/c.yaml}\n    volumes: [./c.yaml:/c/c.yaml]\n",
    );
    let file = topology(&place, "compose.yml", "connector");
    let mut command = place.command();
    command
        .args(["plan", &file, "--json"])
        .assert()
        .code(2)
        .stdout(contains("write id = \\\"townhouse\\\" for this home"))
        .stderr(contains("does not fit home home-b"));
}
