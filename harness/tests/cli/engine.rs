//! What happens where the machine lacks something.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::Place;

#[test]
fn without_an_engine_every_verb_names_the_socket_and_the_remedy() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    for verb in ["verify", "up", "down", "status"] {
        place
            .in_project()
            .args([verb, "two-home-local"])
            .assert()
            .code(3)
            .stdout("")
            .stderr(
                contains(format!("{}: no such socket", place.no_engine()))
                    .and(contains("`make engine`"))
                    .and(contains("DOCKER_HOST")),
            );
    }
    assert!(
        !place.path("ator-runs").exists(),
        "a run that did not begin has no folder"
    );
}

#[test]
fn a_probe_needs_a_topology_that_runs() {
    let place = Place::new();
    let probe = ["probe", "two-home-local", "--for", "1s"];
    place
        .in_project()
        .args(probe)
        .assert()
        .code(3)
        .stdout("")
        .stderr(
            contains("two-home-local is not running")
                .and(contains("`ator-harness up two-home-local` starts it")),
        );
}

#[test]
fn an_engine_that_does_not_answer_is_no_engine() {
    let place = Place::new();
    // A socket file that nobody listens on, as a killed engine leaves it.
    let path = place.path("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("binds"));
    place
        .command()
        .env("DOCKER_HOST", format!("unix://{}", path.display()))
        .args(["status", "two-home-local"])
        .assert()
        .code(3)
        .stderr(
            contains("no Docker Engine answers")
                .and(contains("dead.sock: "))
                .and(contains("Connection refused (os error 111)")),
        );
}

#[test]
fn a_remote_engine_is_refused_with_the_reason() {
    let place = Place::new();
    for address in ["tcp://192.0.2.1:2375", "ssh://somewhere"] {
        place
            .command()
            .env("DOCKER_HOST", address)
            .args(["down", "two-home-local"])
            .assert()
            .code(3)
            .stderr(
                contains(format!("DOCKER_HOST is {address}"))
                    .and(contains("only an engine on this machine")),
            );
    }
}

#[test]
fn everything_that_is_wrong_with_the_homes_engines_is_said_at_once() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let engines = [
        "home-a=docker.sock",
        "home-a=ssh://home.example",
        "home-c=tcp://home.example",
        "somewhere",
    ];
    for verb in ["verify", "up", "doctor"] {
        let mut command = place.in_project();
        command.args([verb, "two-home-local"]);
        for engine in engines {
            command.args(["--engine", engine]);
        }
        let mut assert = command.assert().code(2);
        for mistake in [
            "home home-a: \"docker.sock\" is not an engine's address",
            "home home-a is given twice",
            "there is no home \"home-c\"; there are home-a, home-b",
            "home home-c: \"tcp://home.example\" has no port",
            "\"somewhere\" is not HOME=ADDRESS",
            "no engine for home-b",
            "two-home-local runs a network of its own",
        ] {
            assert = assert.stderr(contains(mistake));
        }
    }
}

#[test]
fn a_run_on_an_engine_that_is_gone_is_named_with_its_folder() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    let run = "20260101-000000-abcdef";
    let folder = place.path(&format!("state/{run}")).display().to_string();
    place.knows(run, "two-home-local", "unix:///nowhere.sock");
    for verb in ["down", "status"] {
        place
            .in_project()
            .args([verb, "two-home-local"])
            .assert()
            .code(3)
            .stderr(contains("unix:///nowhere.sock: no such socket").and(contains(&folder)));
    }
}

#[test]
fn missing_binaries_are_named_all_at_once() {
    let place = Place::new();
    for verb in ["verify", "up"] {
        let mut assert = place
            .in_project()
            .args([verb, "two-home-local"])
            .assert()
            .code(3);
        for name in ["anon", "connector", "bls", "agent"] {
            assert = assert.stderr(contains(format!("project/target/images/{name}")));
        }
        assert.stderr(contains("are missing; run `make images`"));
    }
}

#[test]
fn the_onion_family_needs_the_distributions_tor() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    place
        .in_project()
        .args(["verify", "two-home-local", "--family", "onion"])
        .assert()
        .code(3)
        .stderr(contains("project/target/images/tor is missing").and(contains("`make tor`")));
    // A daemon of any other place will do.
    for (given, anon) in [("--anon-image", "an-image"), ("--anon-binary", "/bin/true")] {
        place
            .in_project()
            .args(["verify", "two-home-local", "--family", "onion", given])
            .arg(anon)
            .assert()
            .code(3)
            .stderr(contains("no such socket"));
    }
}

#[test]
fn a_given_image_or_binary_needs_no_binary_of_ours() {
    let place = Place::new();
    let images = ["--connector-image", "x", "--anon-image", "y"];
    place
        .in_project()
        .args(["verify", "two-home-local"])
        .args(images)
        .assert()
        .code(3)
        .stderr(contains("images/bls").and(contains("images/connector").not()))
        .stderr(contains("images/anon").not());
    place
        .in_project()
        .args(["verify", "two-home-local", "--anon-binary", "/bin/true"])
        .assert()
        .code(3)
        .stderr(contains("images/connector").and(contains("images/anon").not()));
}

#[test]
fn doctor_names_everything_that_is_missing() {
    let place = Place::new();
    place
        .in_project()
        .args(["doctor", "two-home-local"])
        .assert()
        .code(3)
        .stdout(
            contains("ok       topology    two-home-local: 2 homes, 3 authorities, 4 relays")
                .and(contains("missing  binaries    "))
                .and(contains("missing  engine      no Docker Engine answers")),
        );
}

#[test]
fn doctor_is_content_with_binaries_and_an_engine() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    place
        .in_project()
        .env("DOCKER_HOST", place.empty_engine())
        .args(["doctor", "two-home-local"])
        .assert()
        .code(0)
        .stdout(
            contains("ok       engine      20.10.24 at unix://")
                .and(contains("(API 1.41, amd64, cgroup 2)"))
                .and(contains("missing").not()),
        );
}

#[test]
fn artefacts_that_cannot_be_written_end_the_run_before_it_begins() {
    let place = Place::new();
    place.project();
    place.with_binaries();
    // Permission bits would not keep root out; a file in the folder's place does.
    let taken = place.file("taken", "a file");
    for verb in ["verify", "up"] {
        let engine = place.path("engine.sock");
        let _ = std::fs::remove_file(engine);
        place
            .in_project()
            .env("DOCKER_HOST", place.empty_engine())
            .args([verb, "two-home-local", "--artefacts", &taken])
            .assert()
            .code(3)
            .stderr(
                contains(format!("failed to write artefacts to {taken}/"))
                    .and(contains("choose another folder with --artefacts")),
            );
    }
    // All that is there is the state folder's own lock.
    let left = std::fs::read_dir(place.path("state")).into_iter().flatten();
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [".lock"], "no run was begun");
}

#[test]
fn what_is_not_running_is_not_removed_and_not_healthy() {
    let place = Place::new();
    let engine = place.empty_engine();
    let nothing = format!("no topology or run two-home-local is on {engine}");
    place
        .command()
        .env("DOCKER_HOST", &engine)
        .args(["down", "two-home-local"])
        .assert()
        .success()
        .stdout(format!("{nothing}; nothing to remove\n"));
    // The argument of `up` works here too.
    let file = place
        .project()
        .join("fixtures/topologies/two-home-local.toml");
    place
        .command()
        .env("DOCKER_HOST", &engine)
        .arg("status")
        .arg(file)
        .assert()
        .code(1)
        .stdout(format!("{nothing}\n"));
}
