//! However a run ends, it says why at once and leaves nothing behind.

use scenarios::{Run, Shell, assert_code, docker, signal, text, wait_for};

/// Kills one container when a stage is reached, and expects the run to end by its name: as a fail if it is
/// the connector's.
fn killed(role: &str, stage: &str, node: Option<&str>) {
    let shell = Shell::open();
    let child = shell.two_home("verify", &[]).spawn().expect("starts");
    let run = shell.run();
    run.reached(stage, node);
    run.kill(role);
    let output = child.wait_with_output().expect("ends");
    let subject = role.ends_with("/connector");
    assert_code(&output, if subject { 1 } else { 3 });
    let text = text(&output);
    assert_eq!(text.contains("at fault: this machine"), !subject, "{text}");
    assert!(
        text.contains(&format!("{role} ended with status 137")),
        "{text}"
    );
    assert!(text.contains(&format!("last lines of {role}")), "{text}");
    assert!(
        !text.contains("not reached within"),
        "ended by time-out: {text}"
    );
    assert_clean(&shell, &run);
}

fn assert_clean(shell: &Shell, run: &Run) {
    assert_eq!(run.left(), "");
    assert_eq!(shell.states(), Vec::<String>::new());
}

#[test]
fn a_killed_relay_ends_the_run_by_name() {
    killed("relay2", "start", Some("network"));
}

#[test]
fn a_killed_authority_ends_the_run_by_name() {
    killed("da3", "descriptors", None);
}

#[test]
fn a_killed_sidecar_ends_the_run_by_name() {
    killed("home-a/sidecar", "start", Some("homes"));
}

#[test]
fn a_killed_connector_ends_the_run_by_name() {
    killed("home-b/connector", "connector", Some("home-b"));
}

/// Sends a signal in the middle of bringing up.
fn signalled(name: &str) {
    let shell = Shell::open();
    let child = shell.two_home("verify", &[]).spawn().expect("starts");
    let run = shell.run();
    run.reached("start", Some("network"));
    signal(child.id(), name);
    let output = child.wait_with_output().expect("ends");
    assert_code(&output, 130);
    assert!(text(&output).contains("interrupted"), "{}", text(&output));
    assert!(
        run.folder.join("logs/da1.log").exists(),
        "logs are collected first"
    );
    assert_clean(&shell, &run);
}

#[test]
fn an_interrupt_removes_everything() {
    signalled("INT");
}

#[test]
fn a_termination_removes_everything() {
    signalled("TERM");
}

#[test]
fn a_hangup_removes_everything() {
    signalled("HUP");
}

#[test]
fn a_quit_removes_everything() {
    signalled("QUIT");
}

#[test]
fn the_reaper_outlives_a_kill() {
    let shell = Shell::open();
    let mut child = shell.two_home("verify", &[]).spawn().expect("starts");
    let run = shell.run();
    run.reached("start", Some("network"));
    signal(child.id(), "KILL");
    child.wait().expect("ends");
    run.gone();
    wait_for("the state to be gone", || {
        shell.states().is_empty().then_some(())
    });
}

#[test]
fn the_next_run_sweeps_what_a_kill_of_everything_left() {
    let shell = Shell::open();
    let mut child = shell.two_home("verify", &[]).spawn().expect("starts");
    let run = shell.run();
    run.reached("start", Some("homes"));
    // The reaper first, so that nobody is left to clean up.
    let reaper = std::process::Command::new("pkill")
        .args(["-KILL", "-f", &format!("reap {}", run.id)])
        .status()
        .expect("pkill is there");
    assert!(reaper.success(), "there was no reaper");
    signal(child.id(), "KILL");
    child.wait().expect("ends");
    assert_ne!(run.left(), "", "something was running");

    let next = shell.two_home("verify", &[]).output().expect("runs");
    assert_code(&next, 0);
    assert!(
        text(&next).contains("resources of earlier runs removed"),
        "{}",
        text(&next)
    );
    assert_eq!(run.left(), "");
}

#[test]
fn a_missing_connector_image_is_named_before_anything_starts() {
    let shell = Shell::open();
    let output = shell
        .two_home("verify", &["--connector-image", "nobody/nothing:0"])
        .output()
        .expect("runs");
    assert_code(&output, 3);
    let text = text(&output);
    assert!(
        text.contains("image nobody/nothing:0 does not exist"),
        "{text}"
    );
    assert!(text.contains("nothing is pulled"), "{text}");
    assert_clean(&shell, &shell.run());
}

#[test]
fn a_connector_that_exits_at_start_ends_the_run_with_its_log() {
    // The business-logic server as a connector: it starts, finds the server's port taken in the
    // home's network namespace, and exits.
    let image = Imported::new("ator-scenario/exits:1", "bls");
    let shell = Shell::open();
    let output = shell
        .two_home("verify", &["--connector-image", image.0])
        .output()
        .expect("runs");
    assert_code(&output, 1);
    let text = text(&output);
    assert!(text.contains("/connector ended with status 1"), "{text}");
    assert!(text.contains("/connector:\n"), "its log is shown: {text}");
    assert_clean(&shell, &shell.run());
}

#[test]
fn a_full_disk_costs_no_verdict_and_is_named_once() {
    let shell = Shell::open();
    std::fs::create_dir_all(shell.artefacts()).expect("a folder");
    let disk = Disk::small(&shell.artefacts());
    let output = shell.two_home("verify", &[]).output().expect("runs");
    assert_code(&output, 3);
    let text = text(&output);
    assert!(text.contains("verdict: PASS"), "{text}");
    assert_eq!(
        text.matches("failed to write artefacts to").count(),
        1,
        "{text}"
    );
    assert!(text.contains("--artefacts"), "{text}");
    let run = shell.run();
    drop(disk);
    assert_clean(&shell, &run);
}

/// An image with one of the built programs, as a user would bring one; gone when this is dropped.
struct Imported(&'static str);

impl Imported {
    fn new(image: &'static str, program: &str) -> Self {
        let command = format!(
            "tar -C target/images -c {program} | docker import -c 'ENTRYPOINT [\"/{program}\"]' - {image}"
        );
        let status = std::process::Command::new("sh")
            .args(["-ec", &command])
            .current_dir(scenarios::root())
            .stdout(std::process::Stdio::null())
            .status()
            .expect("a shell is there");
        assert!(status.success(), "the image was not imported");
        Self(image)
    }
}

impl Drop for Imported {
    fn drop(&mut self) {
        docker(&["rmi", self.0]);
    }
}

/// A file system with hardly any room, mounted on a folder as long as this lives.
struct Disk(std::path::PathBuf);

impl Disk {
    fn small(folder: &std::path::Path) -> Self {
        let status = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8k", "tmpfs"])
            .arg(folder)
            .status()
            .expect("mount is there");
        assert!(status.success(), "mounting a small file system needs root");
        Self(folder.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}
