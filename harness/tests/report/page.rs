//! The page, as far as its text tells. How it looks is a scenario's matter.

use ator_harness::checks::Verdict;
use ator_harness::report::{HomeView, Moment, PeeringView, Report};

use crate::support::saved_run;

/// Every value of an attribute in a page of ours, which quotes all of them.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(start.as_str())
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    for name in ["passed", "failed", "faulted", "stuck", "interrupted"] {
        let page = saved_run(name).to_html();
        assert!(
            page.contains("default-src 'none'"),
            "{name} has a content policy"
        );
        for element in [
            "<script", "<img", "<link", "<iframe", "<object", "@import", "url(http",
        ] {
            assert!(!page.contains(element), "{element} in {name}");
        }
        assert_eq!(attributes(&page, "src"), Vec::<&str>::new(), "{name}");
        for link in attributes(&page, "href") {
            assert!(
                link.starts_with('#') || link.starts_with("./"),
                "{link} in {name}"
            );
        }
    }
}

#[test]
fn ids_are_unique_and_links_within_the_page_lead_somewhere() {
    for name in ["passed", "failed", "faulted", "stuck"] {
        let page = saved_run(name).to_html();
        let mut ids = attributes(&page, "id");
        for link in attributes(&page, "href") {
            if let Some(id) = link.strip_prefix('#') {
                assert!(ids.contains(&id), "{link} in {name}");
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}");
    }
}

#[test]
fn everything_that_was_judged_reached_and_measured_is_on_the_page() {
    for name in ["passed", "failed", "faulted", "stuck", "interrupted"] {
        let report = saved_run(name);
        let page = report.to_html();
        let escaped = |text: &str| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
        };
        for check in &report.checks {
            assert!(
                page.contains(&escaped(&check.evidence)),
                "{} in {name}",
                check.id
            );
        }
        assert_eq!(
            page.matches("class=\"bar\"").count(),
            report.stages.len(),
            "{name}"
        );
        assert_eq!(
            page.matches("<figure class=\"metric\"").count(),
            report.metrics.len(),
            "{name}"
        );
        let failures = page.contains("id=\"failures\"");
        assert_eq!(failures, report.verdict != Verdict::Pass, "{name}");
    }
}

/// A report of a topology that is not among the committed ones.
fn grown(homes: usize, each_dials: usize) -> Report {
    let mut report = saved_run("passed");
    report.topology.homes = (0..homes)
        .map(|index| HomeView {
            id: format!("home-{index}"),
            prefix: format!("test.home-{index}"),
        })
        .collect();
    report.topology.peerings = (0..homes)
        .flat_map(|from| {
            (1..=each_dials).map(move |step| PeeringView {
                from: format!("home-{from}"),
                to: format!("home-{}", (from + step) % homes),
                auth: "secret".to_owned(),
            })
        })
        .collect();
    report
}

#[test]
fn any_number_of_homes_and_peerings_is_drawn_without_overlap() {
    for (homes, each_dials) in [(2, 1), (3, 1), (4, 3), (8, 7), (20, 2)] {
        let page = grown(homes, each_dials).to_html();
        assert_eq!(
            page.matches("class=\"peering\"").count(),
            homes * each_dials
        );
        // The boxes of the homes: x, y, width, height.
        let boxes: Vec<[f64; 4]> = page
            .split("<g class=\"home\">")
            .skip(1)
            .map(|rest| {
                let rect = rest.split("<rect").nth(1).expect("a box");
                ["x", "y", "width", "height"]
                    .map(|name| attributes(rect, name)[0].parse().expect("a number"))
            })
            .collect();
        assert_eq!(boxes.len(), homes);
        for (index, a) in boxes.iter().enumerate() {
            for b in &boxes[index + 1..] {
                let apart = a[0] + a[2] <= b[0]
                    || b[0] + b[2] <= a[0]
                    || a[1] + a[3] <= b[1]
                    || b[1] + b[3] <= a[1];
                assert!(apart, "{homes} homes: {a:?} and {b:?}");
            }
        }
    }
}

#[test]
fn checks_are_filtered_without_a_script_and_lead_to_stages_nodes_and_logs() {
    let mut report = saved_run("failed");
    let failed = report.checks.iter_mut().find(|check| check.failed());
    failed.expect("one failed").evidence = "home-a to home-b: nothing came".to_owned();
    let page = report.to_html();
    let ids = attributes(&page, "id");
    for id in [
        "filter-all",
        "filter-fail",
        "filter-pass",
        "node-home-a",
        "check-network.consensus",
    ] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    assert!(!ids.contains(&"filter-unsupported"), "there is none");
    let id = report
        .checks
        .iter()
        .find(|check| check.failed())
        .map(|check| &check.id);
    let check = format!("href=\"#check-{}\"", id.expect("one failed"));
    for part in [
        check.as_str(),
        "href=\"#node-home-a\"",
        "href=\"#stage-",
        "href=\"./logs/home-b-connector.log\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // From the home's stages to what failed, too.
    let (_, stages) = page.split_once("id=\"node-home-a\"").expect("its stages");
    assert!(stages[..400].contains(&check), "{}", &stages[..400]);
}

#[test]
fn what_was_broken_is_a_band_and_leads_to_its_stage_and_to_the_checks_that_failed_by_it() {
    let mut report = saved_run("faulted");
    let mut checks = report.checks.iter_mut();
    let check = checks.find(|check| check.id == "faults.recovered");
    check.expect("is asked").verdict = Verdict::Fail;
    report.verdict = Verdict::Fail;
    let page = report.to_html();
    for word in ["fault", "recovery"] {
        let stages = report.stages.iter().enumerate();
        let of: Vec<usize> = stages
            .filter(|(_, stage)| stage.stage == word)
            .map(|(index, _)| index)
            .collect();
        assert_eq!(of.len(), 2, "{word}");
        for index in of {
            // From the list of what was broken, from what did not pass, and from the check's own row.
            let link = format!("href=\"#stage-{index}\"");
            assert_eq!(page.matches(&link).count(), 3, "{word} {index}");
        }
        // Once for all rows of the timeline, and once behind the samples.
        assert_eq!(page.matches(&format!(", var(--{word}) ")).count(), 2);
        assert_eq!(page.matches(&format!("class=\"band {word}\"")).count(), 2);
    }
    let (_, faults) = page.split_once("<p class=\"faults\"").expect("a list");
    let (faults, _) = faults.split_once("</p>").expect("ends");
    assert!(
        faults.contains("href=\"#check-faults.recovered\""),
        "{faults}"
    );
    assert!(!saved_run("passed").to_html().contains("class=\"band"));
}

#[test]
fn very_many_faults_make_no_page_that_nobody_can_open() {
    let mut report = saved_run("faulted");
    let whole = report.to_html().len();
    let faults: Vec<_> = report
        .stages
        .iter()
        .filter(|stage| stage.stage == "fault")
        .cloned()
        .collect();
    report.stages.extend(faults.into_iter().cycle().take(500));
    let page = report.to_html();
    assert!(page.contains("<summary>504 faults and recoveries</summary>"));
    let each = (page.len() - whole) / 500;
    assert!(each < 4_000, "{each} bytes for each");
}

#[test]
fn samples_whose_time_is_known_are_drawn_over_time() {
    let mut report = saved_run("passed");
    assert!(
        !report.to_html().contains("class=\"series\""),
        "none is known"
    );
    let metric = report.metrics.get_mut("round-trip").expect("is measured");
    for number in 0..50_u32 {
        let number = f64::from(number);
        metric.over_time.push(Moment {
            at_ms: 12_000.0 + number * 10.0,
            us: 3_000.0 + number * 500.0,
        });
    }
    let page = report.to_html();
    assert_eq!(page.matches("class=\"sample\"").count(), 50);
    assert!(page.contains("round-trip over time: 50 samples from 12.0 s to 12.5 s"));
    // A file of somebody else's may hold anything.
    let metric = report.metrics.get_mut("round-trip").expect("is measured");
    for (at_ms, us) in [(f64::MAX, 0.0), (-1.0, f64::MAX), (0.0, -5.0)] {
        metric.over_time.push(Moment { at_ms, us });
    }
    let page = report.to_html();
    assert!(!page.contains("NaN") && !page.contains("=\"inf"), "{page}");
}
