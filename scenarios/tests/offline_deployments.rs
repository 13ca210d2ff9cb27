//! A deployment that is put into a topology is judged, with its mistakes.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use scenarios::{Image, Shell, assert_code, replace, root, text};
use serde_json::Value;
use tempfile::TempDir;

/// The two homes, the second of which, which the probe dials, is an exported deployment.
struct Site {
    shell: Shell,
    folder: TempDir,
    connector: Image,
}

impl Site {
    fn new() -> Self {
        let shell = Shell::sharing();
        let folder = tempfile::tempdir().expect("a folder");
        let connector = Image::program("connector");
        let out = folder.path().join("town").display().to_string();
        let output = shell
            .command(&[
                "export",
                "compose",
                "two-home-local",
                "--home",
                "home-b",
                "--out",
                &out,
            ])
            .args([
                "--connector-image",
                connector.name(),
                "--daemon-image",
                "none:1",
                "--server-image",
                "none:1",
            ])
            .output();
        assert_code(&output.expect("runs"), 0);
        let site = Self {
            shell,
            folder,
            connector,
        };
        let home = "id = \"home-b\"\n";
        let deployed = format!("{home}compose = \"town/compose.yaml\"\nservice = \"connector\"\n");
        let shipped = site.shell.shipped("two-home-local", &[(home, &deployed)]);
        fs::copy(shipped, site.topology()).expect("copies");
        site
    }

    fn topology(&self) -> PathBuf {
        self.folder.path().join("site.toml")
    }

    /// Judges it with one thing of its files as somebody has got it wrong.
    fn with(&self, file: &str, old: &str, new: &str) -> (Output, Value) {
        let path = self.folder.path().join("town").join(file);
        let before = fs::read_to_string(&path).expect("is there");
        replace(&path, old, new);
        let judged = self.shell.judge(&self.topology());
        fs::write(&path, before).expect("writes");
        judged.unwrap_or_else(|error| panic!("{error}"))
    }
}

fn failed(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().expect("a list").iter();
    let failed = checks.filter(|check| check["verdict"] == "fail");
    failed.filter_map(|check| check["id"].as_str()).collect()
}

#[test]
fn an_exported_home_passes_where_it_is_put_back_into_its_topology() {
    let site = Site::new();
    let (output, report) = site
        .shell
        .judge(&site.topology())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_code(&output, 0);
    assert_eq!(report["verdict"], "pass");
    let notes = report.to_string();
    assert!(
        notes.contains(site.connector.name()) && notes.contains("variables replaced"),
        "what is not the deployment's own is told"
    );
    assert!(
        !notes.contains("none:1"),
        "nothing else of the deployment is started"
    );
}

#[test]
fn mistakes_of_a_deployment_are_found_by_the_checks_that_are_about_them() {
    let site = Site::new();
    // A slip in the name of the variable: home-a is refused.
    let (output, report) = site.with(
        "compose.yaml",
        "BTP_PEER_HOME_A_SECRET",
        "BTP_PEER_HOMEA_SECRET",
    );
    assert_code(&output, 1);
    assert_eq!(failed(&report), ["handshake.connected"]);
    let told = report.to_string();
    assert!(
        told.contains("does not have: BTP_PEER_HOME_A_SECRET"),
        "{told}"
    );
    // Whoever finds the address may come in without a secret.
    let (output, report) = site.with(
        "compose.yaml",
        "BTP_ALLOW_NOAUTH: \"false\"",
        "BTP_ALLOW_NOAUTH: \"no\"",
    );
    assert_code(&output, 1);
    assert_eq!(failed(&report), ["handshake.wiring"]);
    // The onion service leads to a port on which nobody listens.
    let (output, report) = site.with(
        "connector.yaml",
        "btpServerPort: 3000",
        "btpServerPort: 3001",
    );
    assert_code(&output, 1);
    assert_eq!(failed(&report), ["handshake.connected"]);
    assert!(
        report.to_string().contains("should listen on port 3000"),
        "{report:#}"
    );
    // Names would be asked of DNS: the connector does not start, and says why.
    let (output, report) = site.with("connector.yaml", "socks5h://", "socks5://");
    assert_code(&output, 1);
    assert!(
        report
            .to_string()
            .contains("must use the \\\"socks5h://\\\" scheme"),
        "{report:#}"
    );
    // Packets for this home have no way to its server.
    let (output, report) = site.with(
        "connector.yaml",
        "nextHop: \"home-b\"",
        "nextHop: \"home-c\"",
    );
    assert_code(&output, 1);
    assert!(
        failed(&report).iter().any(|id| id.starts_with("packets.")),
        "{:?}",
        failed(&report)
    );
}

#[test]
fn an_image_that_is_not_on_the_engine_is_named_with_its_file_and_key() {
    let site = Site::new();
    let mut verify = site.shell.command(&["verify"]);
    let compose = site.folder.path().join("town/compose.yaml");
    replace(&compose, site.connector.name(), "town/not-built:1");
    let output = verify
        .arg(site.topology())
        .arg("--artefacts")
        .arg(site.shell.artefacts())
        .output();
    let output = output.expect("runs");
    assert_code(&output, 3);
    let told = text(&output);
    assert!(
        told.contains("town/compose.yaml: services.connector.image \"town/not-built:1\" is not on the engine of home-b")
            && told.contains("docker compose build"),
        "{told}"
    );
}

/// What `up` leaves running is judged as the deployment that it was, also where its files are gone by then.
#[test]
fn a_deployment_that_was_left_running_is_judged_as_it_was() {
    let site = Site::new();
    let topology = site.topology().display().to_string();
    let artefacts = site.shell.artefacts().display().to_string();
    let renamed = fs::read_to_string(site.topology()).expect("is there");
    fs::write(
        site.topology(),
        renamed.replace("name = \"two-home-local\"", "name = \"left-deployed\""),
    )
    .expect("writes");
    let up = site
        .shell
        .command(&["up", &topology, "--artefacts", &artefacts])
        .output();
    assert_code(&up.expect("runs"), 0);
    let verify = site
        .shell
        .command(&["verify", &topology, "--artefacts", &artefacts, "--json"])
        .output();
    let verify = verify.expect("runs");
    let down = site.shell.command(&["down", "left-deployed"]).output();
    assert_code(&verify, 0);
    assert_code(&down.expect("runs"), 0);
}

/// The example that docs/town.md leads to, with an image that is on the engine.
#[test]
fn the_town_of_the_guide_passes() {
    let shell = Shell::sharing();
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "docker-compose-townhouse.yml",
        "connector.yaml",
        "anonrc",
        "site.toml",
    ] {
        fs::copy(
            root().join("fixtures/town").join(name),
            folder.path().join(name),
        )
        .expect("copies");
    }
    let connector = Image::program("connector");
    fs::write(
        folder.path().join(".env"),
        format!("CONNECTOR_IMAGE={}\n", connector.name()),
    )
    .expect("writes");
    let judged = shell.judge(&folder.path().join("site.toml"));
    let (output, report) = judged.unwrap_or_else(|error| panic!("{error}"));
    assert_code(&output, 0);
    assert_eq!(report["verdict"], "pass");
}

/// A deployment whose connector runs the daemon itself, as the managed topology has it.
#[test]
fn a_deployment_that_runs_its_own_daemon_passes() {
    let shell = Shell::sharing();
    let folder = tempfile::tempdir().expect("a folder");
    let connector = Image::connector_with_daemon();
    let out = folder.path().join("town").display().to_string();
    let mut export = shell.command(&["export", "compose", "managed", "--home", "home-b"]);
    export.args(["--out", &out, "--connector-image", connector.name()]);
    assert_code(&export.output().expect("runs"), 0);
    let home = "id = \"home-b\"\n";
    let deployed = format!("{home}compose = \"town/compose.yaml\"\nservice = \"connector\"\n");
    let site = folder.path().join("site.toml");
    fs::copy(shell.shipped("managed", &[(home, &deployed)]), &site).expect("copies");
    let (output, report) = shell.judge(&site).unwrap_or_else(|error| panic!("{error}"));
    assert_code(&output, 0);
    assert_eq!(report["verdict"], "pass");
}
