//! What keeps a connector from being judged is named as soon as it shows, with what helps. Each connector here is
//! a real one that is built, configured or started wrongly, as its owner's would be.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use scenarios::{Image as Made, Shell, assert_code, docker, root, text};
use serde_json::Value;
use tempfile::TempDir;

/// What a program starts as in a folder of [`program`].
const PROGRAM: &str = "connector";
/// The reference connector beside a script that starts it.
const REAL: &str = "real";

/// What has to be said of a run: its cause, what is in its evidence, and what is in its remedy.
struct Says<'a> {
    cause: &'a str,
    evidence: &'a [&'a str],
    remedy: &'a str,
}

/// Runs the two homes with these options and expects them to fail so.
fn fails(more: &[&str], says: &Says<'_>) {
    let shell = Shell::sharing();
    let file = shell.shipped("two-home-local", &[]);
    fails_with(&shell, &file, more, says);
}

fn fails_with(shell: &Shell, file: &Path, more: &[&str], says: &Says<'_>) {
    let output = shell
        .command(&["verify"])
        .arg(file)
        .arg("--artefacts")
        .arg(shell.artefacts())
        .args(more)
        .output()
        .expect("runs");
    assert_code(&output, 1);
    let text = text(&output);
    let run = shell.run();
    let report = fs::read(run.folder.join("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let diagnosis = &report["diagnosis"];
    assert_eq!(diagnosis["cause"], says.cause, "{text}");
    let remedy = diagnosis["remedy"].as_str().expect("a remedy");
    assert!(remedy.contains(says.remedy), "{remedy}");
    let told = format!("\ncause: {}: {remedy}\n", says.cause);
    assert!(text.contains(&told), "{text}");
    let evidence = diagnosis["evidence"].as_array().expect("evidence");
    let evidence: Vec<&str> = evidence.iter().filter_map(Value::as_str).collect();
    for part in says.evidence {
        let quoted = evidence.iter().any(|line| line.contains(part));
        assert!(quoted, "{part:?} is not in {evidence:#?}");
        assert!(text.contains(part), "{text}");
    }
    // Named as soon as it is there, and not when the time of a stage was over.
    assert!(!text.contains("not reached within"), "{text}");
    assert_eq!(run.left(), "");
}

/// What is in the images.
fn built(name: &str) -> PathBuf {
    root().join("target/images").join(name)
}

/// A folder that everybody may read, with this as its program, executable or not.
fn program(content: &[u8], mode: u32) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(PROGRAM);
    fs::write(&path, content).expect("writes");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("is ours");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("is ours");
    folder
}

/// The reference connector, started by a script.
fn script(lines: &str) -> TempDir {
    let folder = program(format!("#!/bin/sh\n{lines}\n").as_bytes(), 0o755);
    fs::copy(built("connector"), folder.path().join(REAL)).expect("`make images` has built it");
    folder
}

/// The reference connector with a change of its configuration, as a script for sed.
fn configured(change: &str) -> TempDir {
    script(&format!(
        "sed '{change}' \"$CONFIG_FILE\" >/tmp/changed\nCONFIG_FILE=/tmp/changed exec ./{REAL}"
    ))
}

/// Runs a program of that folder as the connectors.
fn program_fails(folder: &TempDir, says: &Says<'_>) {
    let folder = folder.path().to_str().expect("is text");
    let run = ["--connector-command", "./connector", "--connector-dir"];
    fails(&[&run[..], &[folder]].concat(), says);
}

/// An image with one file, which is its program; removed when this is dropped.
struct Image(String);

impl Image {
    fn of(folder: &TempDir) -> Self {
        let tree = folder.path().join("tree.tar");
        let status = Command::new("tar")
            .args(["-C", folder.path().to_str().expect("is text"), "-cf"])
            .arg(&tree)
            .arg(PROGRAM)
            .status();
        assert!(status.expect("tar is there").success());
        let unique = folder.path().file_name().expect("a name");
        let unique = unique.to_string_lossy().to_lowercase().replace('.', "");
        let name = format!("ator-scenario/{unique}:causes");
        let entry = format!("ENTRYPOINT [\"/{PROGRAM}\"]");
        let tree = tree.to_str().expect("is text");
        docker(&["import", "--change", &entry, tree, &name]);
        Self(name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
    }
}

/// A program of this machine that needs libraries, with the name of one replaced by another of the same length.
fn with_library(from: &str, to: &str) -> Vec<u8> {
    let bytes = fs::read("/bin/true").expect("every Linux has it");
    let at = bytes
        .windows(from.len())
        .position(|part| part == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("/bin/true does not load {from}"));
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn a_secret_that_is_another() {
    let folder = script(&format!(
        "[ -z \"$BTP_PEER_HOME_A_SECRET\" ] || export BTP_PEER_HOME_A_SECRET=another\nexec ./{REAL}"
    ));
    let says = Says {
        cause: "login-refused",
        evidence: &[
            "refuses the secret that BTP_PEER_HOME_A_SECRET of home-b's connector was given",
        ],
        remedy: "both have to have the same secret",
    };
    program_fails(&folder, &says);
}

#[test]
fn a_connector_without_an_admin_api() {
    let says = Says {
        cause: "admin-api-absent",
        evidence: &[
            "connector takes connections on its BTP port, and none where its admin API should be",
            "these need no admin API: ilp-connector",
        ],
        remedy: "name with `--connector` a profile",
    };
    let change = r#"/"adminApi"/,/}/s/"enabled": true/"enabled": false/"#;
    program_fails(&configured(change), &says);
}

#[test]
fn a_connector_that_listens_on_another_port() {
    let says = Says {
        cause: "target-not-listening",
        evidence: &["connector should listen on port 3000"],
        remedy: "start the connector's BTP server on the port",
    };
    let change = r#"s/"btpServerPort": 3000/"btpServerPort": 3443/"#;
    program_fails(&configured(change), &says);
}

#[test]
fn a_connector_that_resolves_its_peers_itself() {
    let shell = Shell::sharing();
    let named = "mutant = \"resolves-peers\"\nname = \"two-home-local\"";
    let file = shell.shipped("two-home-local", &[("name = \"two-home-local\"", named)]);
    let says = Says {
        cause: "proxy-not-used",
        evidence: &["onion name, and its proxy for nothing"],
        remedy: "have it dial through the SOCKS5 proxy",
    };
    fails_with(&shell, &file, &[], &says);
}

/// Whatever it says of it itself.
#[test]
fn a_connector_without_the_daemon_that_it_is_to_run() {
    let shell = |lines: &str| Made::program_by("connector", &["/bin/sh", "-c", lines]);
    let trace = "echo 'TypeError: undefined' >&2; echo '    at start (main.js:3:1)' >&2; exit 1";
    // A connector without the onion network, which says that all is well.
    let healthy = r#"busybox sed 's/"type": "socks5"/"type": "direct"/' "$CONFIG_FILE" >/tmp/changed; CONFIG_FILE=/tmp/changed exec /connector"#;
    for (image, says) in [
        (
            Made::program("connector"),
            "anon binary not found: /usr/bin/anon. Install it there",
        ),
        (
            shell(trace),
            "its log has a stack trace, and no word of the program",
        ),
        (
            shell("exec busybox sleep 600"),
            "its log has no word of the program",
        ),
        (shell(healthy), "its log has no word of the program"),
    ] {
        let says = Says {
            cause: "daemon-program-absent",
            evidence: &[
                "connector is to run /usr/bin/anon, and there is no such file in its container",
                says,
            ],
            remedy: "npm install @anyone-protocol/anyone-client",
        };
        let managed = Shell::sharing();
        let file = managed.shipped("managed", &[]);
        let given = ["--connector-image", image.name()];
        fails_with(&managed, &file, &given, &says);
    }
}

#[test]
fn a_connector_that_needs_more_memory() {
    let says = Says {
        cause: "out-of-memory",
        evidence: &[
            "/connector was killed for want of memory",
            "its limit is 32 MiB",
        ],
        remedy: "`--connector-memory` gives it more",
    };
    // It keeps a line that has no end.
    let folder = script("exec tail /dev/zero");
    let folder = folder.path().to_str().expect("is text");
    let command = [
        "--connector-command",
        "./connector",
        "--connector-dir",
        folder,
    ];
    fails(
        &[&command[..], &["--connector-memory", "32MiB"]].concat(),
        &says,
    );
}

const NOT_EXECUTABLE: &str = "it is for another processor, has no permission to be executed, or";

#[test]
fn a_program_for_another_processor() {
    let mut bytes = fs::read(built("connector")).expect("`make images` has built it");
    // The machine in the header of an ELF file, in its 19th byte: what no processor of today is.
    bytes[18] = 0x02;
    let folder = program(&bytes, 0o755);
    let says = Says {
        cause: "not-executable",
        evidence: &["exec format error"],
        remedy: NOT_EXECUTABLE,
    };
    program_fails(&folder, &says);
    let image = Image::of(&folder);
    fails(&["--connector-image", &image.0], &says);
}

#[test]
fn a_program_that_may_not_be_executed() {
    let bytes = fs::read(built("connector")).expect("`make images` has built it");
    let folder = program(&bytes, 0o644);
    let says = Says {
        cause: "not-executable",
        evidence: &["permission denied"],
        remedy: NOT_EXECUTABLE,
    };
    program_fails(&folder, &says);
    let image = Image::of(&folder);
    fails(&["--connector-image", &image.0], &says);
}

#[test]
fn a_program_whose_interpreter_is_not_there() {
    let says = Says {
        cause: "not-executable",
        evidence: &["no such file or directory"],
        remedy: NOT_EXECUTABLE,
    };
    program_fails(&program(b"#!/opt/node/bin/node\n", 0o755), &says);
    // An image that has the program, and not the loader that it was linked for.
    let dynamic = program(&fs::read("/bin/true").expect("every Linux has it"), 0o755);
    let image = Image::of(&dynamic);
    fails(&["--connector-image", &image.0], &says);
}

#[test]
fn a_program_that_lacks_a_library() {
    let folder = program(&with_library("libc.so.6", "libd.so.6"), 0o755);
    let says = Says {
        cause: "missing-library",
        evidence: &["libd.so.6: cannot open shared object file"],
        remedy: "put it into the image",
    };
    program_fails(&folder, &says);
}
