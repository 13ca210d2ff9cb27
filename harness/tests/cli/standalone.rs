//! The command without a checkout: what comes along in it, what it fetches, and what it writes to start from.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;

use crate::json::{document, failure};
use crate::support::Place;

/// The command where nothing above it, nor above the current folder, is a checkout.
fn alone(place: &Place) -> Command {
    let program = assert_cmd::cargo::cargo_bin!("ator-harness");
    let own = place.path("bin/ator-harness");
    if !own.exists() {
        fs::create_dir_all(place.path("bin")).expect("makes");
        // As good as a copy, and at once.
        if fs::hard_link(program, &own).is_err() {
            fs::copy(program, &own).expect("copies");
        }
    }
    let mut command = Command::new(own);
    command
        .env_clear()
        .env("HOME", place.path("."))
        .env("ATOR_HARNESS_STATE", place.path("state"))
        .env("DOCKER_HOST", place.no_engine())
        .current_dir(place.path("."));
    command
}

#[test]
fn every_topology_comes_along() {
    let place = Place::new();
    for name in ["two-home-local", "three-hop", "public-p2p"] {
        let output = alone(&place).args(["plan", name]).output().expect("runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(document(&output)["topology"]["name"], name);
    }
    let known = contains("two-home-local").and(contains("many-homes"));
    let assert = alone(&place).args(["plan", "nosuch"]).assert().code(2);
    assert.stderr(contains("there is no topology \"nosuch\"").and(known));
}

#[test]
fn a_file_of_ones_own_comes_before_what_comes_along() {
    let place = Place::new();
    let root = place.project();
    let file = "project/fixtures/topologies/two-home-local.toml";
    let text = fs::read_to_string(place.path(file)).expect("reads");
    place.file(file, &text.replace("test.home-a", "test.mine"));
    let plan = |own: bool| {
        let mut command = alone(&place);
        if own {
            command.env("ATOR_HARNESS_ROOT", &root);
        }
        let output = command.args(["plan", "two-home-local"]).output();
        String::from_utf8(output.expect("runs").stdout).expect("is text")
    };
    assert!(plan(true).contains("test.mine"));
    assert!(!plan(false).contains("test.mine"));
    // What the folder lacks comes along all the same.
    fs::remove_file(place.path(file)).expect("removes");
    assert!(plan(true).contains("test.home-a"));
    // A folder that is not there is not the one that was meant.
    let assert = alone(&place)
        .args(["plan", "two-home-local", "--root", "nosuch"])
        .assert();
    assert.code(2).stderr(contains(
        "nosuch, which --root or ATOR_HARNESS_ROOT names, is no folder",
    ));
}

#[test]
fn what_a_run_lacks_is_named_with_what_brings_it() {
    let place = Place::new();
    let lacks = || {
        let output = alone(&place)
            .args(["verify", "two-home-local", "--json"])
            .output();
        let failure = failure(&output.expect("runs"));
        assert_eq!(failure["exit_code"], 3);
        failure["error"]["message"]
            .as_str()
            .expect("a message")
            .to_owned()
    };
    let told = lacks();
    assert!(
        told.contains("the onion daemon is missing; run `ator-harness fetch` once"),
        "{told}"
    );
    // A debug build has no programs of its own.
    assert!(
        told.contains("connector, agent, bls are missing; run"),
        "{told}"
    );
    let output = alone(&place)
        .args(["fetch", "--json"])
        .output()
        .expect("runs");
    let told = failure(&output)["error"]["message"].to_string();
    assert!(told.contains("no npm registry is known"), "{told}");
    assert_eq!(output.status.code(), Some(3));
    let package = ator_harness::npm::Package::anon();
    let cache = ator_harness::npm::Cache::at(place.path(".cache/ator-harness"));
    let daemon = cache.place(&package, "anon");
    fs::create_dir_all(daemon.parent().expect("is in a folder")).expect("makes");
    fs::copy("/bin/true", daemon).expect("copies");
    let told = lacks();
    assert!(!told.contains("onion daemon"), "{told}");
    // And `fetch` has nothing to do.
    let output = alone(&place)
        .args(["fetch", "--json"])
        .output()
        .expect("runs");
    assert_eq!(document(&output)["before"], true);
}

#[test]
fn what_is_given_is_the_package_or_nothing() {
    let place = Place::new();
    let file = place.file("other.tgz", "another package");
    let assert = alone(&place)
        .args(["fetch", "--from", &file])
        .assert()
        .code(2);
    assert.stderr(contains(
        "other.tgz is not the tarball of @anyone-protocol/anyone-client@",
    ));
    let assert = alone(&place)
        .args(["fetch", "--from", "nosuch.tgz"])
        .assert()
        .code(2);
    assert.stderr(contains("failed to read nosuch.tgz; give the tarball"));
    let assert = alone(&place)
        .args(["fetch", "--registry", "nowhere"])
        .assert()
        .code(2);
    assert.stderr(contains("is no URL that begins with https://"));
    alone(&place)
        .args(["fetch", "--from", &file, "--registry", "https://a"])
        .assert()
        .code(2);
}

#[test]
fn a_place_where_nothing_can_be_kept_is_named() {
    let place = Place::new();
    let file = place.file("file", "");
    let asks = ["fetch", "--registry", "http://127.0.0.1:9"];
    let assert = alone(&place)
        .env("XDG_CACHE_HOME", &file)
        .args(asks)
        .assert()
        .code(3);
    assert.stderr(
        contains(format!("failed to write to {file}/ator-harness")).and(contains("XDG_CACHE_HOME")),
    );
    let assert = alone(&place).env_remove("HOME").args(asks).assert().code(3);
    assert.stderr(contains(
        "no folder is known to keep the onion daemon in; set HOME",
    ));
    // One that is relative would depend on where one stands.
    let assert = alone(&place)
        .env("XDG_CACHE_HOME", "here")
        .args(asks)
        .assert()
        .code(3);
    assert.stderr(contains("failed to fetch"));
    assert!(!place.path("here").exists());
    assert!(place.path(".cache/ator-harness").is_dir());
}

#[test]
fn a_network_or_a_proxy_that_fails_is_named_with_what_to_look_at() {
    let place = Place::new();
    let looks = || {
        contains("check the network and the variables HTTPS_PROXY and NO_PROXY")
            .and(contains("--from FILE"))
            .and(contains("Connection refused").or(contains("SOCKS error")))
    };
    for (name, value) in [
        ("npm_config_registry", "https://127.0.0.1:9/npm"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("ALL_PROXY", "socks5h://127.0.0.1:9"),
    ] {
        let mut command = alone(&place);
        command.env(name, value).arg("fetch");
        if name != "npm_config_registry" {
            // A name that no resolver knows: it is the proxy that is asked.
            command.args(["--registry", "https://registry.invalid/"]);
        }
        command.assert().code(3).stderr(looks());
    }
    // One that is none is not passed by.
    let mut command = alone(&place);
    command
        .env("HTTPS_PROXY", "http://:::")
        .args(["fetch", "--registry", "http://127.0.0.1:9"]);
    command
        .assert()
        .code(3)
        .stderr(contains("the variable HTTPS_PROXY names no proxy"));
}

/// A registry that speaks TLS and sends something else than it is asked for. Its certificate, and its URL.
fn registry() -> (String, String) {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("has the versions")
    .with_no_client_auth()
    .with_single_cert(vec![cert.der().clone()], key.into())
    .expect("is a certificate");
    let config = Arc::new(config);
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in server.incoming().flatten() {
            let connection = rustls::ServerConnection::new(config.clone()).expect("a connection");
            let mut stream = rustls::StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
            }
        }
    });
    (cert.pem(), format!("https://user:secret@localhost:{port}/"))
}

#[test]
fn a_registry_is_who_its_certificate_says_and_sends_the_package_or_nothing_is_kept() {
    let place = Place::new();
    let (certificate, url) = registry();
    let asks = ["fetch", "--registry", &url];
    let trusted = place.file("ca.pem", &certificate);
    let fetch = |file: &str| {
        alone(&place)
            .env("SSL_CERT_FILE", file)
            .args(asks)
            .assert()
            .code(3)
    };
    let assert = fetch(&trusted);
    assert.stderr(
        contains("localhost sends another @anyone-protocol/anyone-client@")
            .and(contains("secret").not()),
    );
    let stranger =
        generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let stranger = place.file("stranger.pem", &stranger.cert.pem());
    fetch(&stranger).stderr(contains("failed to fetch").and(contains("certificate")));
    let nobody = place.file("nobody.pem", "");
    fetch(&nobody).stderr(contains(
        "failed to check who localhost is; install the package ca-certificates",
    ));
    let kept = fs::read_dir(place.path(".cache/ator-harness")).expect("reads");
    for folder in kept.flatten() {
        assert!(!folder.path().join("anon").exists());
    }
}

#[test]
fn what_init_writes_can_be_planned_as_it_is() {
    let place = Place::new();
    alone(&place).args(["init", "lab"]).assert().code(0).stdout(
        contains("wrote lab/topology.toml")
            .and(contains("next: ator-harness plan lab/topology.toml")),
    );
    for connector in [&["--connector", "lab/connector.toml"][..], &[]] {
        let mut command = alone(&place);
        let output = command
            .args(["plan", "lab/topology.toml"])
            .args(connector)
            .output();
        let output = output.expect("runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let plan = document(&output);
        assert_eq!(plan["topology"]["name"], "my-topology");
        let expected = if connector.is_empty() {
            "toon"
        } else {
            "my-connector"
        };
        assert_eq!(plan["topology"]["connector"], expected);
    }
    let workflow = fs::read_to_string(place.path("lab/.github/workflows/ator-harness.yml"));
    let workflow = workflow.expect("is there");
    let parsed: Value = serde_saphyr::from_str(&workflow).expect("is YAML");
    assert_eq!(parsed["permissions"]["contents"], "read");
    let version = format!(
        "ator-harness-{}-x86_64-linux.tar.gz",
        env!("CARGO_PKG_VERSION")
    );
    assert!(workflow.contains(&version));
    // Every command in it is one.
    let commands = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("run: ator-harness "));
    for line in commands {
        let verb = line.split(' ').next().expect("a word");
        alone(&place).args([verb, "--help"]).assert().code(0);
        for option in line.split(' ').filter(|word| word.starts_with("--")) {
            alone(&place)
                .args([verb, "--help"])
                .assert()
                .stdout(contains(option));
        }
    }
}

#[test]
fn init_overwrites_nothing() {
    let place = Place::new();
    place.file("lab/connector.toml", "mine");
    let assert = alone(&place).args(["init", "lab"]).assert().code(2);
    assert.stderr(contains(
        "lab/connector.toml is already there, and nothing was written",
    ));
    assert_eq!(
        fs::read_to_string(place.path("lab/connector.toml")).expect("reads"),
        "mine"
    );
    assert!(!place.path("lab/topology.toml").exists());
    // Half of it is nothing: the folder of the third cannot be made.
    place.file("other/.github", "a file");
    let assert = alone(&place).args(["init", "other"]).assert().code(3);
    assert.stderr(contains(
        "failed to write other/.github/workflows/ator-harness.yml",
    ));
    assert!(!place.path("other/topology.toml").exists());
    let output = alone(&place)
        .args(["init", "new", "--json"])
        .output()
        .expect("runs");
    let written = document(&output)["written"].as_array().map(Vec::len);
    assert_eq!(written, Some(3));
}

#[test]
fn the_version_tells_what_it_is_made_of() {
    let place = Place::new();
    let version = env!("CARGO_PKG_VERSION");
    let assert = alone(&place).arg("-V").assert().code(0);
    assert.stdout(format!("ator-harness {version}\n"));
    let assert = alone(&place).arg("--version").assert().code(0);
    let mut told = assert.stdout(predicates::str::starts_with(format!(
        "ator-harness {version}\ncommit "
    )));
    for part in [
        "daemon    @anyone-protocol/anyone-client@1.1.3 of npm",
        "profiles  format 1; toon, toon-1, ilp-connector come along",
        "reports   version 2",
        "programs  those of a checkout (it is a debug build)",
    ] {
        told = told.stdout(contains(part));
    }
}
