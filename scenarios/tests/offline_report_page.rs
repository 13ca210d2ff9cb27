//! The report's page as a reader sees it: real reports, rendered by Chromium at the width of a
//! desk and of a phone, in light and dark. Needs no engine; `fixtures/browser/ensure.sh` brings
//! the browser. Screenshots stay in the target directory, below `tmp/report-page`.

#[path = "npm/mod.rs"]
mod npm;
#[path = "npm/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use ator_harness::report::compare::{Comparison, Limits};
use ator_harness::report::{CheckView, HomeView, PeeringView, Report};
use serde_json::{Value, json};

use crate::page::{folder, list, look, look_at, number, saved};

/// WCAG's least contrast of text of normal size, level AA.
const CONTRAST: f64 = 4.5;
/// Smallest height of a line of text in a drawing that can still be read, in pixels.
const READABLE: f64 = 10.0;

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
    assert_used_by_keys(page, report);
    assert_printed(page);
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
}

/// Everything that can be reached by a mouse is reached by Tab, in the order of the page, and is seen to be.
fn assert_used_by_keys(page: &Value, report: &Report) {
    let name = &page["name"];
    let went = list(&page["went"]);
    assert!(went.len() > 5, "{name} has stops");
    for (index, stop) in went.iter().enumerate() {
        assert_eq!(stop["stop"], index, "{stop} in {name}");
        assert_ne!(stop["outline"], "none", "{stop} in {name}");
        assert!(number(&stop["thick"]) >= 2.0, "{stop} in {name}");
        assert_eq!(stop["seen"], true, "{stop} in {name}");
    }
    assert_eq!(page["skipped"], "main", "{name}: the first stop leads on");
    let logs = !report.logs.is_empty();
    assert_eq!(page["unfolded"].as_bool(), logs.then_some(true), "{name}");
    let filtered = list(&page["filtered"]);
    assert_eq!(filtered.is_empty(), report.checks.is_empty(), "{name}");
    for (index, choice) in filtered.iter().enumerate() {
        let word = choice["id"].as_str().unwrap_or_default();
        let word = word.trim_start_matches("filter-");
        let of_it = |check: &&CheckView| word == "all" || check.verdict.word() == word;
        let wanted = report.checks.iter().filter(of_it).count();
        assert_eq!(choice["rows"], wanted, "{choice} in {name}");
        assert_eq!(word == "all", index == 0, "{choice} in {name}");
        assert!(wanted > 0, "{choice} in {name}: a choice of nothing");
    }
}

/// On paper everything is there, dark on white, whatever was folded, filtered or dark on the screen.
fn assert_printed(page: &Value) {
    let (name, printed) = (&page["name"], &page["printed"]);
    if printed.is_null() {
        let is_phone = name.as_str().is_some_and(|name| name.contains("phone"));
        assert!(is_phone, "{name} was not printed");
        return;
    }
    for nothing in ["controls", "small"] {
        let found = list(&printed[nothing]);
        assert_eq!(found, &[] as &[Value], "{nothing} of {name}");
    }
    assert_eq!(printed["folded"], 0, "{name}");
    assert_eq!(printed["hidden"], 0, "{name}");
    assert_eq!(printed["background"], "rgb(255, 255, 255)", "{name}");
    assert_eq!(printed["colour"], "rgb(0, 0, 0)", "{name}");
    assert!(number(&printed["scrollWidth"]) <= 718.0, "{name}");
    let contrast = &printed["contrast"];
    let pale = list(&contrast["violations"]);
    assert_eq!(pale, &[] as &[Value], "{name}: {pale:#?}");
    assert_eq!(contrast["looked"], true, "{name}");
    for text in list(&printed["drawn"]) {
        assert!(number(&text["ratio"]) >= CONTRAST, "{text} in {name}");
    }
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
        // More than one may have a name: two faults of a home.
        let bar = stages.iter().find(|bar| {
            let says = |key: &str| bar[key].as_str().unwrap_or_default();
            says("title").starts_with(&title) && says("row").contains(&squeezed(&stage.evidence))
        });
        let bar = bar.unwrap_or_else(|| panic!("{title} {} in {name}", stage.evidence));
        assert_eq!(bar["missed"], !stage.reached, "{name}");
        let row = bar["row"].as_str().unwrap_or_default();
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

/// What was broken is a band through the timeline, as its stage is a bar there, and behind the samples taken meanwhile.
#[test]
fn faults_and_recoveries_are_bands_over_time() {
    let folder = folder("faulted");
    let report = saved("faulted");
    let of = |word: &str| {
        report
            .stages
            .iter()
            .filter(|stage| stage.stage == word)
            .count()
    };
    let (faults, recoveries) = (of("fault"), of("recovery"));
    assert!(faults > 0 && recoveries > 0, "the saved report has both");
    let pages = look(&folder, "faulted", &report);
    let mut fills = BTreeSet::new();
    for page in &pages {
        assert_good(page, &report);
        let (name, seen) = (&page["name"], &page["seen"]);
        let bands = list(&seen["bands"]);
        let each = faults + recoveries;
        assert_eq!(bands.len(), each, "{name}: behind the samples");
        // Behind every row and the heading of every group.
        let stripes = list(&seen["stripes"]);
        assert!(stripes.len() > report.stages.len(), "{name}");
        let broken = list(&seen["broken"]);
        assert_eq!(broken.len(), each, "{name}");
        for stripe in stripes {
            let ends = |stop: &Value| {
                let percent = stop.as_str()?.rsplit_once(' ')?.1.strip_suffix('%')?;
                percent.parse::<f64>().ok()
            };
            let clear = |stop: &&Value| stop.as_str().is_some_and(|stop| stop.starts_with("rgba"));
            let colours = list(&stripe["colours"]).iter().filter(|stop| !clear(stop));
            let places: Vec<f64> = colours.filter_map(ends).collect();
            assert_eq!(places.len(), 2 * each, "{stripe} in {name}");
            for (stage, place) in broken.iter().zip(places.chunks(2)) {
                let width = number(&stripe["box"]["width"]) / 100.0;
                let from = number(&stripe["box"]["x"]) + place[0] * width;
                let bar = &stage["box"];
                assert!(
                    (number(&bar["x"]) - from).abs() < 4.0,
                    "{stage} {from} in {name}"
                );
                let wide = (place[1] - place[0]) * width;
                assert!(
                    (number(&bar["width"]) - wide).abs() < 4.0,
                    "{stage} {wide} in {name}"
                );
            }
        }
        for stage in broken {
            let led = list(&seen["links"]).iter();
            let to = |link: &&Value| link["to"] == stage["id"] && link["from"] == "faults";
            assert_eq!(led.filter(to).count(), 1, "{stage} in {name}");
        }
        for band in bands {
            assert!(
                is_within(&band["box"], &band["drawing"]),
                "{band} in {name}"
            );
            assert!(number(&band["box"]["width"]) >= 1.0, "{band} in {name}");
        }
        let one = |kind: &str| bands.iter().find(|band| band["kind"] == kind).expect("one");
        let (fault, recovery) = (&one("fault")["fill"], &one("recovery")["fill"]);
        assert_ne!(fault, recovery, "{name}");
        assert_ne!(fault, &seen["background"], "{name}");
        fills.insert(fault.to_string());
    }
    assert_eq!(fills.len(), 2, "light and dark: {fills:?}");
    assert_schemes_differ(&folder, "faulted", &pages);
}

/// What a soak used over time, with faults of which one was not got over.
#[test]
fn a_soak_shows_what_was_used() {
    let folder = folder("soak");
    let mut report = saved("faulted");
    let soak = scenarios::root().join("harness/tests/report/data/soak.json");
    let soak = std::fs::read_to_string(soak).expect("the saved soak is there");
    report.soak = Some(serde_json::from_str(&soak).expect("and is one"));
    let pages = look(&folder, "soak", &report);
    for page in &pages {
        assert_good(page, &report);
        let led = list(&page["seen"]["links"]).iter();
        let led: Vec<_> = led.filter(|link| link["to"] == "soak").collect();
        assert_eq!(led.len(), 1, "{}: {led:?}", page["name"]);
    }
    assert_schemes_differ(&folder, "soak", &pages);
}

#[test]
fn a_comparison_is_read_on_a_desk_and_on_a_phone() {
    let folder = folder("compared");
    let file = |name: &str| {
        let path = folder.join(format!("{name}.json"));
        let text = serde_json::to_string(&saved(name)).expect("is JSON");
        std::fs::write(&path, text).expect("writes");
        path
    };
    let limits = Limits {
        threshold: Some(0.2),
        floor: Duration::from_millis(50),
    };
    let compared = Comparison::of_files(&file("passed"), &file("failed"), limits);
    let compared = compared.expect("are of one topology");
    assert!(!compared.holds(), "the second one is worse");
    let pages = look_at(&folder, "compared", &compared.to_html());
    for page in &pages {
        assert_loaded(page);
        assert_printed(page);
        assert_drawn(page);
        let heading = page["seen"]["heading"]["text"].as_str().unwrap_or_default();
        assert!(
            heading.contains("Something got slower or worse"),
            "{heading}"
        );
    }
    assert_schemes_differ(&folder, "compared", &pages);
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
