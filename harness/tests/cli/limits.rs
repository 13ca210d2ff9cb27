//! Limits of the process.

use assert_cmd::Command;
use predicates::str::contains;

use crate::support::{Place, project};

/// The command, under a limit of open files that this shell sets.
fn limited(place: &Place, limit: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit {limit}; exec \"$0\" \"$@\"");
    command
        .args(["-c", &script])
        .arg(assert_cmd::cargo::cargo_bin!("ator-harness"))
        .args(arguments)
        .env_clear()
        .env("HOME", place.path(""))
        .env("ATOR_HARNESS_STATE", place.path("state"))
        .env("ATOR_HARNESS_ROOT", project())
        .env("DOCKER_HOST", "unix:///nowhere")
        .current_dir(place.path(""));
    command
}

#[test]
fn too_few_open_files_are_named_before_anything_begins() {
    let place = Place::new();
    let says = "this process may have 24 files open at once, and 2 homes take up to 82";
    for verb in ["verify", "up", "doctor"] {
        let mut command = limited(&place, "-n 24", &[verb, "two-home-local"]);
        let ended = command.assert().code(3);
        match verb {
            "doctor" => ended.stdout(contains(says)),
            _ => ended.stderr(contains(says)),
        };
    }
    assert!(!place.path("ator-runs").exists(), "nothing has begun");
}

#[test]
fn a_limit_that_may_be_raised_is() {
    let place = Place::new();
    limited(&place, "-Sn 24", &["doctor", "two-home-local"])
        .assert()
        .stdout(contains("may be open at once"));
}
