//! What `export compose` writes: valid, without a finding, and without a secret where none belongs.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use ator_harness::audit::{Verdict, audit};
use ator_harness::operator::{Given, Home};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{files, told, verdict};

fn export(arguments: &[&str], folder: &Path) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"))
        .args(["export", "compose"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("runs")
}

fn text(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(bytes).expect("is text")
}

/// A deployment with images by their digests.
fn exported(more: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let digest = format!("@sha256:{}", "ab".repeat(32));
    let images = ["connector", "daemon", "server"].map(|what| {
        [
            format!("--{what}-image"),
            format!("ghcr.io/x/{what}:1{digest}"),
        ]
    });
    let images: Vec<&str> = images.iter().flatten().map(String::as_str).collect();
    let output = export(&[more, &images].concat(), folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    folder
}

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("is there");
    serde_saphyr::from_str(&text).expect("is YAML")
}

#[test]
fn what_is_exported_is_valid_by_the_specification_and_no_check_finds_anything() {
    let schema = include_str!("../../../fixtures/compose/compose-spec.json");
    let schema: Value = serde_json::from_str(schema).expect("is JSON");
    let validator = jsonschema::draft201909::new(&schema).expect("compiles");
    let bent: Value = serde_json::json!({"services": {"a": {"image": 1}}});
    assert!(!validator.is_valid(&bent), "the schema refuses something");
    for mode in ["sidecar", "managed"] {
        for topology in ["two-home-local", "three-hop", "no-auth"] {
            let folder = exported(&[topology, "--mode", mode]);
            let homes = std::fs::read_dir(folder.path())
                .expect("a folder")
                .flatten();
            let mut looked = 0;
            for home in homes.map(|entry| entry.path()) {
                looked += 1;
                let compose = yaml(&home.join("compose.yaml"));
                let wrong: Vec<String> = validator
                    .iter_errors(&compose)
                    .map(|error| error.to_string())
                    .collect();
                assert!(wrong.is_empty(), "{mode} {topology}: {wrong:?}");
                let found = audit(&[home], 1);
                // A peer without a secret is what the topology asks for, and the audit says what that means.
                let wanted = |id: &str| topology == "no-auth" && id == "auth.empty-token";
                let mut outcomes = found.outcomes.iter();
                assert!(
                    outcomes.all(|one| one.findings.is_empty() || wanted(one.check.id)),
                    "{mode} {topology}: {}",
                    told(&found)
                );
                assert_eq!(found.outcomes.len(), 49);
                for id in [
                    "mode.whole",
                    "transport.complete",
                    "sidecar.persistent",
                    "secrets.in-clear",
                    "admin.key",
                ] {
                    assert_eq!(verdict(&found, id), Verdict::Pass, "{mode} {id}");
                }
            }
            assert!(looked >= 2, "{mode} {topology}: {looked} homes");
        }
    }
}

#[test]
fn secrets_are_in_files_of_their_user_alone_and_both_sides_have_the_same() {
    let folder = exported(&["two-home-local"]);
    let mut secrets = BTreeMap::new();
    for (home, other) in [("home-a", "HOME_B"), ("home-b", "HOME_A")] {
        let env = std::fs::read_to_string(folder.path().join(home).join(".env")).expect("is there");
        let of = |name: &str| {
            let line = env
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name}=")));
            line.unwrap_or_else(|| panic!("{home} has {name}"))
                .to_owned()
        };
        secrets.insert(
            home,
            (of("ADMIN_API_KEY"), of(&format!("BTP_PEER_{other}_SECRET"))),
        );
    }
    for (from, to) in [("home-a", "home-b"), ("home-b", "home-a")] {
        let peer = folder.path().join(format!("{from}/peers/{to}.json"));
        let peer: Value = serde_json::from_str(&std::fs::read_to_string(peer).expect("is there"))
            .expect("is JSON");
        assert_eq!(
            peer["authToken"], secrets[to].1,
            "{from} sends what {to} compares with"
        );
    }
    let mut held = 0;
    for path in files(folder.path()) {
        let text = std::fs::read_to_string(&path).expect("is text");
        let all = secrets.values().flat_map(|(key, secret)| [key, secret]);
        if all.into_iter().any(|secret| text.contains(secret.as_str())) {
            held += 1;
            let mode = path.metadata().expect("is there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
    assert_eq!(held, 4, "two files of each home");
}

#[test]
fn nothing_is_overwritten_and_all_mistakes_are_told() {
    let folder = exported(&["two-home-local", "--home", "home-a", "--out", "a"]);
    let before = std::fs::read(folder.path().join("a/.env")).expect("is there");
    let again = export(
        &["two-home-local", "--home", "home-a", "--out", "a"],
        folder.path(),
    );
    assert_eq!(again.status.code(), Some(2));
    assert!(
        text(&again).contains("already there, and nothing was written"),
        "{}",
        text(&again)
    );
    assert_eq!(
        std::fs::read(folder.path().join("a/.env")).expect("is there"),
        before
    );
    let wrong = export(&["two-home-local", "--home", "home-c"], folder.path());
    assert_eq!(wrong.status.code(), Some(2));
    let told = text(&wrong);
    assert!(
        told.contains("home-c") && told.contains("home-a, home-b"),
        "{told}"
    );
    let direct = export(&["mixed-transport"], folder.path());
    assert_eq!(direct.status.code(), Some(2));
    assert!(
        text(&direct).contains("has no onion daemon"),
        "{}",
        text(&direct)
    );
}

/// Images that nobody has given are asked for by Compose, and told by the audit.
#[test]
fn images_that_are_not_given_are_left_to_variables() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = export(
        &["two-home-local", "--home", "home-a", "--json"],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("is one document");
    assert_eq!(document["kind"], "export-compose");
    assert!(
        document["written"]
            .as_array()
            .is_some_and(|files| files.len() == 7),
        "{document}"
    );
    let compose = yaml(&folder.path().join("compose.yaml"));
    let image = compose["services"]["connector"]["image"]
        .as_str()
        .expect("is told");
    assert!(image.starts_with("${CONNECTOR_IMAGE:?"), "{image}");
    let found = audit(&[folder.path().to_owned()], 1);
    assert_eq!(
        verdict(&found, "images.digest"),
        Verdict::Unknown,
        "{}",
        told(&found)
    );
}

/// Two operators' homes that have met, and neither of which runs.
fn operators(folder: &Path, mode: &str) -> [Home; 2] {
    let [mut a, mut b] = ["home-a", "home_b"].map(|id| {
        let place = folder.join(id);
        let made = Command::new(assert_cmd::cargo::cargo_bin!("ator-harness"))
            .args(["home", "init", id, "--mode", mode, "--home"])
            .arg(&place)
            .output()
            .expect("runs");
        assert_eq!(made.status.code(), Some(0), "{}", text(&made));
        Home::open(&place).expect("opens")
    });
    let given = |text| Given { file: "-", text };
    let card = b.card().expect("has one").to_line(&b.keys.service);
    let line = a.invite("home_b", &given(&card), 0, 60).expect("invites");
    b.accept(&given(&line), 1).expect("accepts");
    [a, b]
}

#[test]
fn an_operators_home_is_exported_with_its_keys_and_its_peers() {
    let schema = include_str!("../../../fixtures/compose/compose-spec.json");
    let schema: Value = serde_json::from_str(schema).expect("is JSON");
    let validator = jsonschema::draft201909::new(&schema).expect("compiles");
    for mode in ["sidecar", "managed"] {
        let folder = tempfile::tempdir().expect("a folder");
        for home in operators(folder.path(), mode) {
            let place = home.folder.display().to_string();
            let exported = exported(&[&place]);
            let at = |name: &str| exported.path().join(name);
            let compose = yaml(&at("compose.yaml"));
            assert!(validator.is_valid(&compose), "{compose}");
            let services = compose["services"].as_object().expect("has some");
            assert_eq!(services.contains_key("sidecar"), mode == "sidecar");
            let found = audit(&[exported.path().to_owned()], 1);
            let findings = found.outcomes.iter().map(|one| one.findings.len());
            assert_eq!(findings.sum::<usize>(), 0, "{}", told(&found));
            for id in ["secrets.in-clear", "auth.counterpart", "sidecar.persistent"] {
                assert_ne!(verdict(&found, id), Verdict::Fail, "{id}");
            }
            let key = std::fs::read(at("keys/hs_ed25519_secret_key")).expect("is there");
            assert_eq!(key, home.keys.service.secret_file());
            let peer = &home.peers[0];
            let told: Value = serde_json::from_slice(
                &std::fs::read(at(&format!("peers/{}.json", peer.id))).expect("is there"),
            )
            .expect("is JSON");
            assert_eq!(told["authToken"], peer.we_show.expose());
            assert_eq!(told["url"], peer.dial().url.expose());
            let env = std::fs::read_to_string(at(".env")).expect("is there");
            let shown = peer.they_show.expose();
            assert!(
                env.contains(&format!("_SECRET={shown}\n")),
                "what they show"
            );
            held_by_its_owner(&home, exported.path());
        }
    }
}

/// A daemon that its connector runs is told of a network that stands in for the public one, and else of nothing.
#[test]
fn a_home_with_a_daemon_of_its_connectors_joins_its_own_network() {
    let authority = "[{\"nickname\":\"da1\",\"published\":{\"address\":\"10.1.2.3\",\"or_port\":21002,\"dir_port\":21003},\"fingerprint\":\"AA\",\"v3_identity\":\"BB\"}]";
    for joins in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let [home, _] = operators(folder.path(), "managed");
        if joins {
            let path = home.path("authorities.json");
            std::fs::write(&path, authority).expect("writes");
            let own = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&path, own).expect("is set");
        }
        let exported = exported(&[&home.folder.display().to_string()]);
        let read = |name: &str| std::fs::read_to_string(exported.path().join(name));
        let connector = yaml(&exported.path().join("connector.yaml"));
        let told = &connector["transport"]["managedOptions"]["configFilePath"];
        let compose = read("compose.yaml").expect("is there");
        let mount = "./anonrc:/etc/anon/anonrc:ro";
        match joins {
            true => {
                let rc = read("anonrc").expect("is there");
                assert!(
                    rc.contains("\nDirAuthority da1 orport=21002 v3ident=BB 10.1.2.3:21003 AA\n")
                );
                assert_eq!(told, "/etc/anon/anonrc");
            }
            false => assert!(read("anonrc").is_err() && told.is_null()),
        }
        assert_eq!(compose.contains(mount), joins, "{compose}");
        let found = audit(&[exported.path().to_owned()], 1);
        let findings = found.outcomes.iter().map(|one| one.findings.len());
        assert_eq!(
            findings.sum::<usize>(),
            0,
            "{}",
            crate::support::told(&found)
        );
        // Its server is not in a network that goes whenever the connector starts again.
        let compose = yaml(&exported.path().join("compose.yaml"));
        assert!(compose["services"]["bls"].get("network_mode").is_none());
        assert_eq!(connector["localDelivery"]["handlerUrl"], "http://bls:3100");
    }
}

#[test]
fn a_connector_of_the_onion_family_runs_tor() {
    for (family, program) in [("anon", Value::Null), ("onion", "/usr/bin/tor".into())] {
        let home = ["two-home-local", "--home", "home-a"];
        let folder = exported(&[&home[..], &["--mode", "managed", "--family", family]].concat());
        let connector = yaml(&folder.path().join("connector.yaml"));
        let options = &connector["transport"]["managedOptions"];
        assert_eq!(options["binaryPath"], program, "{options}");
        let found = audit(&[folder.path().to_owned()], 1);
        let findings = found.outcomes.iter().map(|one| one.findings.len());
        assert_eq!(findings.sum::<usize>(), 0, "{}", told(&found));
    }
}

/// Nothing but files of mode 0600 has a secret of the home, or its peers' addresses.
fn held_by_its_owner(home: &Home, folder: &Path) {
    let peers = home.peers.iter();
    let addresses = peers.map(|peer| peer.address.expose_label().to_owned());
    let secrets = home.secrets().into_iter();
    let secrets: Vec<String> = secrets
        .map(|secret| secret.expose().to_owned())
        .chain(addresses)
        .collect();
    let key = &home.keys.service.secret_file()[32..];
    let mut held = 0;
    for path in files(folder) {
        let bytes = std::fs::read(&path).expect("is there");
        let text = String::from_utf8_lossy(&bytes);
        let has_key = bytes.windows(key.len()).any(|part| part == key);
        if has_key || secrets.iter().any(|secret| text.contains(secret)) {
            held += 1;
            let mode = path.metadata().expect("is there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
    assert_eq!(held, 3, "the key, .env and the peer");
}

#[test]
fn what_an_operators_home_cannot_be_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let [home, _] = operators(folder.path(), "sidecar");
    let place = home.folder.display().to_string();
    let wrong = export(
        &[&place, "--home", "home-a", "--family", "anon"],
        folder.path(),
    );
    assert_eq!(wrong.status.code(), Some(2));
    let told = text(&wrong);
    assert!(
        told.contains("--home is about homes of a topology") && told.contains("--family is"),
        "{told}"
    );
    assert!(!folder.path().join("compose.yaml").exists());
}

/// What docs/town.md leads to, and what it shows of it.
#[test]
fn the_town_of_the_guide_has_no_finding_and_is_as_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let town = root.join("fixtures/town");
    let found = audit(std::slice::from_ref(&town), 1);
    let findings = found.outcomes.iter().map(|one| one.findings.len());
    assert_eq!(findings.sum::<usize>(), 0, "{}", told(&found));
    for id in [
        "mode.whole",
        "sidecar.namespace",
        "sidecar.aliases",
        "startup.probe",
        "timeouts.told",
    ] {
        assert_eq!(verdict(&found, id), Verdict::Pass, "{id}");
    }
    let guide = std::fs::read_to_string(root.join("docs/town.md")).expect("is there");
    let site = std::fs::read_to_string(town.join("site.toml")).expect("is there");
    let lines = site.lines().filter(|line| !line.starts_with('#'));
    let site: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert!(
        guide.contains(site.trim()),
        "the guide shows another site.toml"
    );
    let before = audit(&[root.join("fixtures/audit/town")], 1);
    let failing = before
        .outcomes
        .iter()
        .filter(|one| one.verdict == Verdict::Fail);
    for outcome in failing {
        assert!(
            guide.contains(outcome.check.id),
            "the guide lacks {}",
            outcome.check.id
        );
    }
}
