//! JUnit XML and Markdown: verdicts stay distinct, and hostile text stays text.

use ator_harness::checks::{CheckResult, Verdict};
use ator_harness::engine::EngineError;
use ator_harness::report::{Look, append_summary, print_report, progress_line};
use ator_harness::run::RunError;

use crate::support::{check, outcome, report, saved_run};

/// A run with a check of every verdict.
fn mixed() -> ator_harness::run::Outcome {
    let mut mixed = outcome(Verdict::Pass);
    mixed.checks = vec![
        check("network.consensus", Verdict::Pass),
        check("network.bootstrapped", Verdict::Inconclusive),
        check("handshake.wrong-secret", Verdict::Unsupported),
        CheckResult {
            measured: "500 ms".to_owned(),
            budget: "400 ms".to_owned(),
            evidence: "200 samples".to_owned(),
            ..check("latency.round-trip.p95", Verdict::Fail)
        },
    ];
    mixed
}

#[test]
fn junit_has_a_suite_per_family_and_a_case_per_check() {
    let xml = report(&mixed()).to_junit().expect("serializes");
    let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("reads back");
    let suites: Vec<(&str, usize, usize, usize, usize)> = parsed
        .test_suites
        .iter()
        .map(|suite| {
            let name = suite.name.as_str();
            (
                name,
                suite.tests,
                suite.failures,
                suite.errors,
                suite.skipped,
            )
        })
        .collect();
    assert_eq!(
        suites,
        [
            ("run", 1, 0, 0, 0),
            ("network", 2, 0, 1, 0),
            ("handshake", 1, 0, 0, 1),
            ("latency", 1, 1, 0, 0),
        ]
    );
    assert_eq!(
        (parsed.tests, parsed.failures, parsed.errors, parsed.skipped),
        (5, 1, 1, 1)
    );
    for part in [
        "200 samples",
        "measured: 500 ms",
        "budget: 400 ms",
        "should be true: something is true",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}

#[test]
fn a_run_without_checks_is_never_green() {
    let mut broken = outcome(Verdict::Pass);
    broken.checks.clear();
    // Nothing was judged and nothing went wrong: what `up` leaves.
    let xml = report(&broken).to_junit().expect("serializes");
    let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("reads back");
    assert_eq!(
        (parsed.tests, parsed.failures, parsed.errors),
        (1, 0, 1),
        "{xml}"
    );
    broken.error = Some(RunError::Interrupted);
    let xml = report(&broken).to_junit().expect("serializes");
    let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("reads back");
    assert_eq!(
        (parsed.tests, parsed.failures, parsed.errors),
        (1, 0, 1),
        "{xml}"
    );
    assert!(xml.contains("type=\"interrupted\""), "{xml}");

    let xml = saved_run("stuck").to_junit().expect("serializes");
    let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("reads back");
    assert_eq!((parsed.tests, parsed.failures), (1, 1), "{xml}");
    assert!(xml.contains("not reached: publication home-"), "{xml}");
}

#[test]
fn the_cause_at_the_bottom_reaches_every_form() {
    let mut broken = outcome(Verdict::Pass);
    broken.checks.clear();
    let file = EngineError::File {
        path: "target/images/anon".to_owned(),
        source: std::io::Error::from_raw_os_error(5),
    };
    let home = EngineError::OfHome {
        home: "home-a".to_owned(),
        source: Box::new(file),
    };
    broken.error = Some(RunError::from(home));
    let report = report(&broken);
    let told = "failed to use the engine of home home-a (caused by: failed to read \
                target/images/anon: Input/output error (os error 5))";
    let json: serde_json::Value = serde_json::from_str(&report.to_text()).expect("is JSON");
    assert_eq!(json["error"]["message"], told);
    let mut terminal = Vec::new();
    print_report(&mut terminal, &report, &Look::default()).expect("prints");
    for form in [
        report.to_junit().expect("serializes"),
        report.to_markdown(),
        report.to_html(),
        String::from_utf8(terminal).expect("is text"),
    ] {
        assert!(form.contains(told), "{form}");
    }
}

#[test]
fn markdown_has_what_failed_first_and_all_budgets() {
    let text = report(&mixed()).to_markdown();
    let place = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part} in {text}"))
    };
    assert!(text.starts_with("## two-home-local: failed: latency.round-trip.p95, 1 of 4 checks"));
    let failed = place(
        "- **latency.round-trip.p95** failed: 200 samples<br>measured 500 ms, budget 400 ms<br>should be true: something is true",
    );
    let inconclusive = place("- **network.bootstrapped** inconclusive: seen");
    let table = place("| network.consensus | pass |");
    assert!(failed < inconclusive && inconclusive < table, "{text}");
    place("| handshake.wrong-secret | unsupported |");
    place("| round-trip p95 | 400 ms | 20 ms | 1 of 200 | fail |");
    let passed = report(&outcome(Verdict::Pass)).to_markdown();
    assert!(
        passed.contains("publication home-a"),
        "a stage was left: {passed}"
    );
    assert!(!saved_run("passed").to_markdown().contains("did not pass"));
}

#[test]
fn a_stage_that_the_user_interrupted_is_told_as_such_in_every_form() {
    let recorder = ator_harness::events::Recorder::new(Vec::new());
    let stage = recorder.stage(ator_harness::events::Stage::Consensus, None);
    stage.saw("0 of 3 authorities serve a consensus");
    recorder.interrupted();
    drop(stage);
    let mut ended = outcome(Verdict::Pass);
    ended.checks.clear();
    ended.error = Some(RunError::Interrupted);
    ended.events = recorder.events();
    let line = ended
        .events
        .last()
        .and_then(|event| progress_line(event, &Look::default()));
    let line = line.expect("is told");
    assert!(line.contains("interrupted; last seen: 0 of 3"), "{line}");
    let report = report(&ended);
    assert!(report.stages[0].interrupted && !report.stages[0].reached);
    let markdown = report.to_markdown();
    assert!(
        markdown.contains("- stage **consensus** interrupted after "),
        "{markdown}"
    );
    let xml = report.to_junit().expect("serializes");
    assert!(xml.contains("interrupted after "), "{xml}");
    let page = report.to_html();
    for part in [" was interrupted after ", "stage interrupted"] {
        assert!(page.contains(part), "{part}");
    }
    for form in [markdown, xml, page] {
        // The page's legend has the sign, and no finding.
        for wrong in ["not reached within", "not reached after", ">✗<"] {
            assert!(!form.contains(wrong), "{wrong}");
        }
    }
}

const HOSTILE: &str = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> | a | b |\n\
     # heading ]]> ](javascript:x) `code` @name https://example.invalid \u{1b}[31m\u{0}";

#[test]
fn hostile_text_stays_text() {
    let mut hostile = mixed();
    for check in &mut hostile.checks {
        check.evidence = HOSTILE.to_owned();
        check.says = HOSTILE.to_owned();
        check.measured = HOSTILE.to_owned();
        check.budget = HOSTILE.to_owned();
    }
    hostile.plan.topology.description = HOSTILE.to_owned();
    let recorder = ator_harness::events::Recorder::new(Vec::new());
    recorder.note(HOSTILE);
    let stage = recorder.stage(
        ator_harness::events::Stage::Peering,
        ator_harness::evidence::Subject::from(HOSTILE),
    );
    stage.saw(HOSTILE);
    drop(stage);
    hostile.events = recorder.events();
    hostile.plan.topology.homes[0].id = HOSTILE.to_owned();
    let report = report(&hostile);

    let page = report.to_html();
    assert!(!page.contains("<script"), "no script of theirs or ours");
    assert!(!page.contains("<img"), "nothing of theirs is markup");
    assert!(
        page.contains("&lt;script&gt;alert(1)"),
        "it is there to be read"
    );

    let xml = report.to_junit().expect("serializes");
    let parsed = quick_junit::Report::deserialize_from_str(&xml).expect("is XML");
    assert_eq!(parsed.tests, 5, "no case more or less");
    assert!(
        !xml.contains(['\u{0}', '\u{1b}']),
        "no character that XML forbids"
    );

    let text = report.to_markdown();
    assert!(
        !text.contains("<script") && !text.contains("<img"),
        "{text}"
    );
    assert!(text.contains("\\](javascript"), "no link: {text}");
    assert!(!text.contains("https://"), "no link: {text}");
    assert!(!text.contains("@name"), "no mention: {text}");
    let rows = text.lines().filter(|line| line.starts_with("| network."));
    for row in rows {
        let cells = row.replace("\\|", "").matches('|').count();
        assert_eq!(cells, 6, "{row}");
    }
}

#[test]
fn a_summary_is_appended() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("summary.md");
    std::fs::write(&file, "before\n").expect("writes");
    append_summary(&file, "one").expect("appends");
    append_summary(&file, "two").expect("appends");
    let text = std::fs::read_to_string(&file).expect("reads");
    assert_eq!(text, "before\none\ntwo\n");
    let error = append_summary(folder.path(), "x").expect_err("a folder is no file");
    assert!(error.to_string().contains("--summary"), "{error}");
}
