//! The report's page as a reader sees it: real reports, rendered by Chromium at the width of a
//! desk and of a phone, in light and dark. Needs no engine; `fixtures/browser/ensure.sh` brings
//! the browser. Screenshots stay in the target directory, below `tmp/report-page`.

#[path = "npm/mod.rs"]
mod npm;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ator_harness::report::{HomeView, PeeringView, Report};
use serde_json::{Value, json};

/// WCAG's least contrast of text of normal size, level AA.
const CONTRAST: f64 = 4.5;
/// Smallest height of a line of text in a drawing that can still be read, in pixels.
const READABLE: f64 = 10.0;

struct View {
    name: &'static str,
    width: u32,
    height: u32,
    scheme: &'static str,
}

const VIEWS: [View; 4] = [
    View {
        name: "desk-light",
        width: 1280,
        height: 800,
        scheme: "light",
    },
    View {
        name: "desk-dark",
        width: 1280,
        height: 800,
        scheme: "dark",
    },
    View {
        name: "phone-light",
        width: 390,
        height: 844,
        scheme: "light",
    },
    View {
        name: "phone-dark",
        width: 390,
        height: 844,
        scheme: "dark",
    },
];

/// What a real run left.
fn saved(name: &str) -> Report {
    let path = scenarios::root().join(format!("harness/tests/report/data/{name}.json"));
    let text = std::fs::read_to_string(path).expect("the saved report is there");
    serde_json::from_str(&text).expect("and is a report")
}

/// Where pages and screenshots go: a folder that the next run begins anew.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("report-page")
        .join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for pages");
    folder
}

/// Renders a report in every view. The answers come in the order of [`VIEWS`].
fn look(folder: &Path, name: &str, report: &Report) -> Vec<Value> {
    let file = folder.join(format!("{name}.html"));
    std::fs::write(&file, report.to_html()).expect("the page is written");
    let cases: Vec<Value> = VIEWS
        .iter()
        .map(|view| {
            json!({
                "name": format!("{name}-{}", view.name),
                "file": file,
                "width": view.width,
                "height": view.height,
                "scheme": view.scheme,
            })
        })
        .collect();
    let mut child = npm::node(&npm::install(), "page.js")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}", npm::explain("node", &error)));
    let cases = Value::from(cases).to_string();
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(cases.as_bytes()).expect("takes the cases");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    assert!(
        output.status.success(),
        "the browser could not be driven (fixtures/browser/ensure.sh installs it): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is a number"))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is a list"))
}

/// A box, with half a pixel of tolerance for rounding, within another.
fn is_within(inner: &Value, outer: &Value) -> bool {
    let ends = |value: &Value, from: &str, size: &str| {
        let start = number(&value[from]);
        (start, start + number(&value[size]))
    };
    [("x", "width"), ("y", "height")]
        .iter()
        .all(|(from, size)| {
            let (inner, outer) = (ends(inner, from, size), ends(outer, from, size));
            inner.0 >= outer.0 - 0.5 && inner.1 <= outer.1 + 0.5
        })
}

/// What has to be true of every page in every view.
fn assert_good(page: &Value, report: &Report) {
    assert_loaded(page);
    assert_drawn(page);
    assert_shows_stages(page, report);
    assert_shows_checks(page, report);
}

/// It asks for nothing else, says nothing, and can be used without eyes and without a mouse.
fn assert_loaded(page: &Value) {
    let name = &page["name"];
    let requests = list(&page["requests"]);
    assert_eq!(
        requests.len(),
        1,
        "{name} asks for itself alone: {requests:?}"
    );
    assert_eq!(list(&page["complaints"]), &[] as &[Value], "{name}");
    let violations = &page["accessibility"]["violations"];
    assert_eq!(list(violations), &[] as &[Value], "{name}: {violations:#}");
    for rule in ["color-contrast", "heading-order", "region", "link-name"] {
        let passed = list(&page["accessibility"]["passed"]);
        assert!(
            passed.iter().any(|id| id == rule),
            "{rule} was looked at in {name}"
        );
    }
    assert_eq!(page["focus"]["tag"], "A", "{name}");
    assert_ne!(
        page["focus"]["outline"], "none",
        "{name}: the focus is seen"
    );
}

/// Nothing is cut off, covered, pale or small.
fn assert_drawn(page: &Value) {
    let (name, seen) = (&page["name"], &page["seen"]);
    let width = &seen["viewport"]["width"];
    assert_eq!(
        &seen["scrollWidth"], width,
        "{name} has to be scrolled sideways"
    );
    assert_eq!(list(&seen["outside"]), &[] as &[Value], "{name}");
    assert_eq!(list(&seen["overlaps"]), &[] as &[Value], "{name}");
    for text in list(&seen["drawn"]) {
        assert!(number(&text["ratio"]) >= CONTRAST, "{text} in {name}");
        assert!(number(&text["height"]) >= READABLE, "{text} in {name}");
    }
}

/// Every stage has its bar and its row.
fn assert_shows_stages(page: &Value, report: &Report) {
    let (name, seen) = (&page["name"], &page["seen"]);
    let stages = list(&seen["stages"]);
    assert_eq!(stages.len(), report.stages.len(), "{name}");
    for stage in stages {
        let (bar, track) = (&stage["box"], &stage["track"]);
        assert!(
            number(&bar["width"]) >= 1.0 && number(&bar["height"]) >= 6.0,
            "{stage} in {name}"
        );
        assert!(is_within(bar, track), "{stage} in {name}");
    }
    for stage in &report.stages {
        let title = format!(
            "{}: {}",
            stage.name(),
            if stage.reached {
                "reached"
            } else {
                "not reached"
            }
        );
        let bar = stages.iter().find(|bar| {
            bar["title"]
                .as_str()
                .is_some_and(|text| text.starts_with(&title))
        });
        let bar = bar.unwrap_or_else(|| panic!("{title} in {name}"));
        assert_eq!(bar["missed"], !stage.reached, "{name}");
        let row = bar["row"].as_str().unwrap_or_default();
        assert!(row.contains(&squeezed(&stage.evidence)), "{row} in {name}");
        assert_eq!(
            row.contains("not reached"),
            !stage.reached,
            "{row} in {name}"
        );
    }
}

/// Every check, metric, home and peering is there.
fn assert_shows_checks(page: &Value, report: &Report) {
    let (name, seen) = (&page["name"], &page["seen"]);
    let ids: Vec<&str> = list(&seen["checks"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for check in &report.checks {
        assert!(ids.contains(&check.id.as_str()), "{} in {name}", check.id);
    }
    for metric in list(&seen["metrics"]) {
        let view = &report.metrics[metric["name"].as_str().expect("a name")];
        assert_eq!(metric["budgets"], view.budgets.len(), "{metric} in {name}");
        let filled = view.histogram.iter().filter(|bucket| bucket.count > 0);
        let buckets = list(&metric["buckets"]);
        assert_eq!(buckets.len(), filled.count(), "{metric} in {name}");
        for bucket in buckets {
            assert!(number(&bucket["width"]) >= 1.0 && number(&bucket["height"]) >= 1.0);
            assert!(is_within(bucket, &metric["drawing"]), "{metric} in {name}");
        }
    }
    assert_eq!(
        list(&seen["homes"]).len(),
        report.topology.homes.len(),
        "{name}"
    );
    assert_eq!(
        list(&seen["peerings"]).len(),
        report.topology.peerings.len(),
        "{name}"
    );
    assert_eq!(list(&seen["metrics"]).len(), report.metrics.len(), "{name}");
}

/// A text as a page shows it.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What went wrong can be read without scrolling.
fn assert_seen_at_once(page: &Value, heading: &str, evidence: &str) {
    let (name, seen) = (&page["name"], &page["seen"]);
    let finding = &seen["findings"][0];
    assert!(
        finding["heading"]
            .as_str()
            .is_some_and(|text| text.contains(heading)),
        "{finding} in {name}"
    );
    assert_eq!(finding["evidence"], squeezed(evidence), "{name}");
    let viewport = json!({
        "x": 0, "y": 0,
        "width": seen["viewport"]["width"], "height": seen["viewport"]["height"],
    });
    for place in [&finding["box"], &seen["heading"]["box"]] {
        assert!(
            is_within(place, &viewport),
            "{place} is out of view in {name}"
        );
        assert!(number(&place["height"]) > 0.0);
    }
}

/// Light and dark are told apart by the page itself, not only by the request for them.
fn assert_schemes_differ(folder: &Path, name: &str, pages: &[Value]) {
    for pair in pages.chunks(2) {
        let (light, dark) = (
            &pair[0]["seen"]["background"],
            &pair[1]["seen"]["background"],
        );
        assert_eq!(light, "rgb(255, 255, 255)", "{name}");
        assert_ne!(light, dark, "{name}");
    }
    for width in ["desk", "phone"] {
        let read = |scheme: &str| {
            std::fs::read(folder.join(format!("{name}-{width}-{scheme}.png")))
                .expect("a screenshot")
        };
        assert_ne!(read("light"), read("dark"), "{name} at the {width}");
    }
}

#[test]
fn a_failed_check_is_seen_first_with_its_evidence() {
    let folder = folder("failed");
    let report = saved("failed");
    let pages = look(&folder, "failed", &report);
    let failed = report
        .checks
        .iter()
        .find(|check| check.verdict == ator_harness::checks::Verdict::Fail)
        .expect("a failed check");
    for page in &pages {
        assert_good(page, &report);
        assert_seen_at_once(page, &failed.id, &failed.evidence);
        let heading = page["seen"]["heading"]["text"].as_str().unwrap_or_default();
        assert!(
            heading.contains("Failed: ") && heading.contains(&failed.id),
            "{heading}"
        );
    }
    assert_schemes_differ(&folder, "failed", &pages);
}

#[test]
fn a_stage_that_was_not_reached_is_seen_first_and_marked_in_the_timeline() {
    let folder = folder("stuck");
    let report = saved("stuck");
    let error = report.error.as_ref().expect("the run broke off");
    let pages = look(&folder, "stuck", &report);
    for page in &pages {
        assert_good(page, &report);
        assert_seen_at_once(page, "The run ended before its checks", &error.message);
        let stages = list(&page["seen"]["stages"]);
        assert!(stages.iter().any(|stage| stage["missed"] == true));
    }
    assert_schemes_differ(&folder, "stuck", &pages);
}

#[test]
fn a_passed_run_says_so_and_shows_everything() {
    let folder = folder("passed");
    let report = saved("passed");
    let pages = look(&folder, "passed", &report);
    for page in &pages {
        assert_good(page, &report);
        let seen = &page["seen"];
        assert_eq!(list(&seen["findings"]), &[] as &[Value]);
        let heading = seen["heading"]["text"].as_str().unwrap_or_default();
        assert!(heading.contains("Passed: "), "{heading}");
    }
    assert_schemes_differ(&folder, "passed", &pages);
}

/// Eight homes that all peer, long names, and evidence without a place to break.
#[test]
fn a_large_topology_and_long_texts_fit() {
    let folder = folder("large");
    let mut report = saved("failed");
    let id = |index: usize| format!("home-with-a-long-name-{index}");
    report.topology.homes = (0..8)
        .map(|index| HomeView {
            id: id(index),
            prefix: format!("test.{}", id(index)),
        })
        .collect();
    report.topology.peerings = (0..8)
        .flat_map(|from| {
            (0..8)
                .filter(move |to| *to != from)
                .map(move |to| (from, to))
        })
        .map(|(from, to)| PeeringView {
            from: id(from),
            to: id(to),
            auth: "secret".to_owned(),
        })
        .collect();
    for (index, stage) in report.stages.iter_mut().enumerate() {
        stage.node = Some(id(index % 8));
        stage.evidence = "unbroken".repeat(40);
    }
    for check in &mut report.checks {
        check.says = "unbroken".repeat(30);
    }
    report.notes.push(ator_harness::report::NoteView {
        at_ms: 5,
        text: "unbroken".repeat(50),
    });
    for page in &look(&folder, "large", &report) {
        assert_good(page, &report);
    }
}
