//! What people look around with: lists, reports that were saved, suggestions, completions and man pages.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::support::{Network, Place, wait_for};

/// A place with runs that real ones left, the failed one last.
fn with_runs() -> Place {
    let place = Place::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/data");
    for (run, name, file) in [
        ("20261122-100000-aaaaaa", "passed", "report.json"),
        ("20261122-110000-bbbbbb", "failed", "report.json"),
        ("repeat-20261122-120000-cccccc", "repeat", "repeat.json"),
    ] {
        let text = fs::read_to_string(data.join(format!("{name}.json"))).expect("is there");
        place.file(&format!("ator-runs/{run}/{file}"), &text);
    }
    symlink("20261122-110000-bbbbbb", place.path("ator-runs/latest")).expect("a link");
    place
}

#[test]
fn topologies_are_listed_with_a_line_each() {
    let place = Place::new();
    place
        .in_project()
        .arg("topologies")
        .assert()
        .success()
        .stdout(
            contains("two-home-local   2 homes, private network: two homes behind NAT")
                .and(contains("public-p2p       2 homes, public network: ")),
        );
    let output = place
        .in_project()
        .args(["topologies", "--json"])
        .assert()
        .success();
    let listed: Value = serde_json::from_slice(&output.get_output().stdout).expect("is JSON");
    assert_eq!(listed["kind"], "topologies");
    let listed = listed["topologies"].as_array().expect("a list");
    assert!(
        listed
            .iter()
            .any(|one| one["name"] == "three-hop" && one["homes"] == 4)
    );
    // One that has mistakes is listed with them.
    place.file("project/fixtures/topologies/bad.toml", "name = \"bad\"\n");
    place
        .command()
        .args(["--root", "project", "topologies"])
        .assert()
        .code(2)
        .stdout(contains("mistakes in this topology"));
}

#[test]
fn runs_are_listed_with_their_verdicts_and_shown_by_name() {
    let place = with_runs();
    place.file(
        "ator-runs/20261122-130000-dddddd/report.json",
        "{ \"version\": 2 ",
    );
    let listed = place.command().args(["report", "list"]).assert().success();
    let listed = String::from_utf8(listed.get_output().stdout.clone()).expect("is text");
    let words: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().take(2).collect())
        .collect();
    assert_eq!(
        words,
        [
            ["20261122-100000-aaaaaa", "pass"],
            ["20261122-110000-bbbbbb", "fail"],
            ["repeat-20261122-120000-cccccc", "pass"],
            ["20261122-130000-dddddd", "unreadable"],
        ],
        "{listed}"
    );
    let output = place
        .command()
        .args(["report", "list", "--json"])
        .assert()
        .success();
    let listed: Value = serde_json::from_slice(&output.get_output().stdout).expect("is JSON");
    assert_eq!(listed["kind"], "report-list");
    assert_eq!(listed["runs"][0]["verdict"], "pass");
    assert!(listed["runs"][3]["error"].is_string());
    for run in [
        "latest",
        "bbbbbb",
        "20261122-110000-bbbbbb",
        "ator-runs/latest",
    ] {
        place
            .command()
            .args(["report", "show", run])
            .assert()
            .success()
            .stdout(contains("\nverdict: FAIL after ").and(contains("page: ator-runs/")));
    }
    place
        .command()
        .args(["report", "show", "aaaaaa", "-v"])
        .assert()
        .success()
        .stdout(contains("\nstages\n").and(contains("  pass          network.consensus")));
    place
        .command()
        .args(["report", "show", "cccccc"])
        .assert()
        .success()
        .stdout(contains("stage or metric"));
    let shown = place
        .command()
        .args(["report", "show", "latest", "--json"])
        .assert()
        .success();
    let shown: Value = serde_json::from_slice(&shown.get_output().stdout).expect("is JSON");
    assert_eq!(shown["kind"], "run");
    place
        .command()
        .args(["report", "show", "latset"])
        .assert()
        .code(2)
        .stderr(
            contains("failed to find a run \"latset\"").and(contains("did you mean \"latest\"?")),
        );
    place
        .command()
        .args(["report", "list", "--artefacts", "nowhere"])
        .assert()
        .success()
        .stdout(contains("no run is in nowhere"));
}

#[test]
fn a_report_of_others_steers_no_terminal() {
    let place = with_runs();
    let file = place.path("ator-runs/latest/report.json");
    let text = fs::read_to_string(&file).expect("reads");
    let mut report: Value = serde_json::from_str(&text).expect("is JSON");
    report["checks"][0]["verdict"] = "fail".into();
    report["checks"][0]["evidence"] = "\u{1b}[2Jgone\nverdict: PASS".into();
    report["headline"] = "\u{1b}]0;title\u{7}".into();
    fs::write(&file, report.to_string()).expect("writes");
    for arguments in [&["report", "show", "latest"][..], &["report", "list"]] {
        let shown = place.command().args(arguments).assert().success();
        let shown = String::from_utf8(shown.get_output().stdout.clone()).expect("is text");
        assert!(
            !shown.contains('\u{1b}') && !shown.contains("\nverdict: PASS"),
            "{shown}"
        );
    }
}

#[test]
fn a_page_is_shown_with_the_program_that_is_named() {
    let place = with_runs();
    place.file("ator-runs/latest/report.html", "<!doctype html>");
    let program = place.file("browser", "#!/bin/sh\nprintf '%s' \"$*\" > \"$0.told\"\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("is ours");
    let open = |named: &str| {
        let mut command = place.command();
        command
            .env("BROWSER", named)
            .args(["report", "show", "latest", "--open"]);
        command.assert()
    };
    open(&format!("{program} --new %s:other")).success();
    let told = || fs::read_to_string(place.path("browser.told")).unwrap_or_default();
    wait_for("the page", || !told().is_empty());
    let told = told();
    assert!(
        told.starts_with("--new /") && told.ends_with("bbbbbb/report.html"),
        "{told}"
    );
    fs::remove_file(place.path("ator-runs/latest/report.html")).expect("was there");
    open(&program)
        .code(3)
        .stderr(contains("there is no page ").and(contains("it was removed")));
    place
        .command()
        .args(["report", "show", "cccccc", "--open"])
        .assert()
        .code(2)
        .stderr(contains("have no page; name one of them"));
    place.file("ator-runs/latest/report.html", "<!doctype html>");
    open("/nowhere/browser")
        .code(3)
        .stdout(contains("verdict: FAIL"))
        .stderr(contains("with /nowhere/browser; BROWSER names the program"));
}

#[test]
fn a_comparison_is_a_page_as_well() {
    let place = with_runs();
    let reports = ["aaaaaa", "bbbbbb"].map(|end| {
        let hour = if end == "aaaaaa" { "10" } else { "11" };
        format!("ator-runs/20261122-{hour}0000-{end}/report.json")
    });
    place
        .command()
        .arg("compare")
        .args(&reports)
        .args(["--page", "compared.html"])
        .assert()
        .code(1);
    let page = fs::read_to_string(place.path("compared.html")).expect("is written");
    for part in [
        "default-src 'none'",
        "<h2 id=\"changes-title\">",
        "worse",
        &reports[0],
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    place
        .command()
        .arg("compare")
        .args(&reports)
        .args(["--page", "nowhere/compared.html"])
        .assert()
        .code(3)
        .stderr(contains("failed to write nowhere/compared.html"));
}

#[test]
fn names_that_nobody_has_are_answered_with_the_nearest() {
    let place = Place::new();
    for (arguments, meant) in [
        (
            &["plan", "two-home-locl"][..],
            "did you mean \"two-home-local\"?",
        ),
        (
            &["plan", "two-home-local", "--connector", "ton"],
            "did you mean \"toon\"?",
        ),
        (
            &[
                "verify",
                "two-home-local",
                "--accept-defects",
                "handshake.takeovr",
            ],
            "did you mean \"handshake.takeover\"?",
        ),
        (
            &["verfy", "two-home-local"],
            "a similar subcommand exists: 'verify'",
        ),
        (
            &["audit", "--explain", "transport.socks-schem"],
            "did you mean \"transport.socks-scheme\"?",
        ),
    ] {
        place
            .in_project()
            .args(arguments)
            .assert()
            .code(2)
            .stderr(contains(meant));
    }
}

#[test]
fn completions_and_man_pages_come_from_the_definition() {
    let place = Place::new();
    for (shell, part) in [
        ("bash", "complete -F _ator"),
        ("zsh", "#compdef ator-harness"),
        ("fish", "complete -c ator-harness"),
    ] {
        place
            .command()
            .args(["completions", shell])
            .assert()
            .success()
            .stdout(contains(part).and(contains("accept-defects")))
            // Names that an option takes, too.
            .stdout(contains("relay-on-path").and(contains("resilience.shutdown")))
            .stdout(contains("transport.socks-scheme"));
    }
    place
        .command()
        .args(["completions", "tcsh"])
        .assert()
        .code(2);
    place
        .command()
        .args(["man", "pages"])
        .assert()
        .success()
        .stdout("");
    for page in [
        "ator-harness",
        "ator-harness-verify",
        "ator-harness-report-show",
    ] {
        let text = fs::read_to_string(place.path(&format!("pages/{page}.1"))).expect("is there");
        assert!(text.contains(".TH "), "{text}");
    }
    assert!(!place.path("pages/ator-harness-reap.1").exists());
    let taken = place.file("taken", "");
    place
        .command()
        .args(["man", &taken])
        .assert()
        .code(3)
        .stderr(contains("failed to write the man pages"));
}

#[test]
fn without_a_name_status_and_down_are_about_all_there_is() {
    let place = Place::new();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let due = (now.as_secs() + 3 * 3600 + 90).to_string();
    let due = [("ator-harness.deadline", due.as_str())];
    // Run ids that no other test has.
    let id = |tail: &str| format!("20260101-000102-{tail}{:02x}", std::process::id() % 256);
    let (lab, site, standing) = (id("a0b1"), id("a0b2"), id("a0b3"));
    for (run, topology) in [(&lab, "lab"), (&site, "site")] {
        place.knows(run, topology, &place.engine_address());
    }
    let networks = place.engine(vec![
        Network::new(&lab, "lab", &due),
        Network::new(&site, "site", &due),
        Network::new(&standing, "network", &due),
    ]);
    let command = |arguments: &[&str]| {
        let mut command = place.in_project();
        command
            .env("DOCKER_HOST", place.engine_address())
            .args(arguments);
        command.assert()
    };
    command(&["status"]).code(1).stdout(
        contains(format!("lab, run {lab}: "))
            .and(contains(format!("site, run {site}: ")))
            .and(contains(format!(
                "network, run {standing}: a network that stands by"
            )))
            .and(contains(" old, given up in 3 h")),
    );
    let output = command(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.get_output().stdout).expect("is JSON");
    let runs = status["runs"].as_array().expect("a list");
    assert_eq!(runs.len(), 3, "{status:#}");
    for run in runs {
        assert!(run["age_s"].as_i64().is_some_and(|age| age > 0), "{run}");
        assert!(
            run["left_s"].as_i64().is_some_and(|left| left > 3 * 3600),
            "{run}"
        );
    }
    command(&["down"]).success().stdout(
        contains(format!("lab, run {lab}: 1 containers and networks removed"))
            .and(contains(format!("site, run {site}: 1 containers")))
            .and(contains("`ator-harness network down` removes it")),
    );
    assert_eq!(networks.runs(), [standing]);
    command(&["down"]).success();
}

#[test]
fn without_a_name_and_without_anything_there_is_nothing_amiss() {
    let place = Place::new();
    let engine = place.empty_engine();
    for (verb, says) in [
        ("status", "no topology is on "),
        ("down", "; nothing to remove"),
    ] {
        place
            .in_project()
            .env("DOCKER_HOST", &engine)
            .arg(verb)
            .assert()
            .success()
            .stdout(contains(says));
    }
}

#[test]
fn whoever_has_seen_enough_is_no_error() {
    let place = with_runs();
    place.file("Dockerfile", "FROM connector:latest\n");
    for (arguments, code) in [
        (&["completions", "bash"][..], 0),
        (&["report", "show", "latest", "-v"], 0),
        (&["plan", "three-hop", "--json"], 0),
        (&["audit", "Dockerfile"], 1),
    ] {
        let mut child = place.process(arguments).spawn().expect("starts");
        // As `| true` does.
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("ends");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(!told.contains("failed to write the output"), "{told}");
    }
}

#[test]
fn the_first_help_fits_a_terminal_of_eighty_columns() {
    let output = Place::new().command().arg("--help").output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let wide: Vec<&str> = text.lines().filter(|line| line.len() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    assert!(text.lines().count() > 40, "{text}");
}
