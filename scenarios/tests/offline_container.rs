//! The container image of the release archive: made from nothing, on our own engine, and judging from inside of a
//! container what runs beside it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use scenarios::{WIDE, assert_code, docker, root, text};
use serde_json::Value;

/// The image of this test, which is removed with it.
struct Image(String);

impl Image {
    fn build() -> Self {
        let image = Self(format!("ator-harness-scenario:{}", std::process::id()));
        let output = Command::new("docker")
            .args([
                "build",
                "--quiet",
                "--force-rm",
                "--tag",
                &image.0,
                "--file",
            ])
            .args(["fixtures/dist/Dockerfile", "target/dist"])
            .current_dir(root())
            .output()
            .expect("the docker command line is installed with the engine");
        assert_code(&output, 0);
        image
    }

    /// Runs it as docs/ci.md says, with folders for the volume and for the work.
    fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let socket = docker(&[
            "context",
            "inspect",
            "--format",
            "{{.Endpoints.docker.Host}}",
        ]);
        let socket = std::env::var("DOCKER_HOST").unwrap_or(socket);
        let socket = socket
            .strip_prefix("unix://")
            .expect("an engine of this machine");
        let at = |name: &str, inside: &str| format!("{}:{inside}", folder.join(name).display());
        Command::new("docker")
            .args(["run", "--rm", "--network", "host"])
            .args(["--volume", &at("home", "/home")])
            .args(["--volume", &at("work", "/work")])
            .args(["--volume", &format!("{socket}:/var/run/docker.sock")])
            .arg(&self.0)
            .args(arguments)
            .output()
            .expect("docker is there")
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
    }
}

#[test]
fn an_image_of_the_archive_and_nothing_else_gives_the_verdict() {
    let image = Image::build();
    let layers = docker(&[
        "image",
        "inspect",
        "--format",
        "{{len .RootFS.Layers}}",
        &image.0,
    ]);
    // The archive, and the three folders that an empty image has not.
    assert_eq!(layers, "4");
    let folder = tempfile::Builder::new().prefix("ator-container-").tempdir();
    let folder = folder.expect("a temporary folder");
    for name in ["home", "work"] {
        fs::create_dir(folder.path().join(name)).expect("makes");
    }
    let work = folder.path().join("work");
    let without = image.run(folder.path(), &["verify", "two-home-local"]);
    assert_code(&without, 3);
    assert!(
        text(&without).contains("run `ator-harness fetch` once"),
        "{}",
        text(&without)
    );
    let package = {
        let lock = fs::read(root().join("fixtures/images/anon/package.json")).expect("is there");
        let lock: Value = serde_json::from_slice(&lock).expect("is JSON");
        let wanted = lock["dependencies"].as_object().expect("a table");
        let (name, version) = wanted.iter().next().expect("has one");
        format!("{name}@{}", version.as_str().expect("a version"))
    };
    let packed = Command::new("npm")
        .args([
            "pack",
            &package,
            "--ignore-scripts",
            "--prefer-offline",
            "--pack-destination",
        ])
        .arg(&work)
        .output()
        .expect("npm is there");
    assert_code(&packed, 0);
    let said = String::from_utf8(packed.stdout).expect("is text");
    let file = said.lines().last().expect("a name").trim();
    let fetched = image.run(folder.path(), &["fetch", "--from", file]);
    assert_code(&fetched, 0);
    let arguments = ["verify", "two-home-local", "--json", "--budget", WIDE];
    let output = image.run(folder.path(), &arguments);
    assert_code(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["verdict"], "pass");
    assert!(work.join("ator-runs/latest/report.html").is_file());
    let run = report["run"].as_str().expect("an id");
    let label = format!("label=ator-harness.run={run}");
    assert_eq!(docker(&["ps", "-aq", "--filter", &label]), "");
}
