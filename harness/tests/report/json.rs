//! `report.json` and its schema.

use std::path::Path;
use std::time::Duration;

use ator_harness::checks::{CheckResult, Verdict};
use ator_harness::diagnosis::{Cause, Diagnosis};
use ator_harness::engine::Death;
use ator_harness::events::{EventKind, Recorder, Stage};
use ator_harness::onion::TldFamily;
use ator_harness::probe::Latencies;
use ator_harness::report::{FORMS, Look};
use ator_harness::run::{AtFault, NodeLog, Outcome, RunError, StageFailure};
use ator_harness::topology::Metric;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::{check, json_of, outcome, plan, report, saved};

/// The committed schema.
pub(crate) fn schema() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("and is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("and is a schema");
    jsonschema::draft202012::new(&schema).expect("and compiles")
}

fn diagnosis(evidence: &str) -> Diagnosis {
    Diagnosis {
        cause: Cause::Unknown,
        remedy: Cause::Unknown.remedy(),
        evidence: vec![evidence.to_owned()],
    }
}

pub(crate) fn assert_valid(schema: &Validator, value: &Value, what: &str) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn the_json_report_has_the_documented_fields() {
    let report = json_of(&outcome(Verdict::Pass));
    assert_eq!(report["kind"], "run");
    assert_eq!(report["version"], 2);
    assert_eq!(report["run"], plan().run.as_str());
    assert_eq!(report["topology"]["name"], "two-home-local");
    assert_eq!(report["headline"], "passed: 2 checks hold");
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["duration_ms"], 12_345);
    assert_eq!(report["clean_up_ms"], 1_500);
    assert_eq!(
        report["artefacts"]["folder"],
        "ator-runs/20261122-100000-abcdef"
    );
    assert_eq!(report["memory"]["containers_bytes"], 64 << 20);
    assert!(report["memory"]["harness_peak_bytes"].as_u64() > Some(0));
    assert!(
        report.get("error").is_none(),
        "only a run that broke off has one"
    );
    assert_eq!(
        report["checks"],
        json!([
            {"id": "network.consensus", "basis": "required", "says": "something is true", "verdict": "pass", "evidence": "seen"},
            {"id": "latency.round-trip.p50", "basis": "required", "says": "something is true", "verdict": "pass",
             "measured": "20 ms", "budget": "100 ms", "evidence": "seen"},
        ])
    );
    let stages = report["stages"].as_array().expect("a list");
    assert_eq!(stages.len(), 2);
    assert_eq!(stages[0]["stage"], "consensus");
    assert_eq!(stages[0]["reached"], true);
    assert_eq!(stages[0]["evidence"], "3 authorities agree");
    assert!(stages[0].get("node").is_none());
    assert_eq!(stages[1]["stage"], "publication");
    assert_eq!(stages[1]["node"], "home-a");
    assert_eq!(stages[1]["reached"], false);
    assert_eq!(stages[1]["evidence"], "13 of 14 uploads");
    assert!(stages[1]["millis"].is_u64() && stages[1]["ended_ms"].is_u64());
    let trips = &report["metrics"]["round-trip"];
    assert_eq!(trips["count"], 1);
    for field in [
        "min_us", "p50_us", "p90_us", "p95_us", "p99_us", "max_us", "mean_us",
    ] {
        let micros = trips[field].as_f64().expect(field);
        assert!((micros - 20_000.0).abs() < 100.0, "{field} is {micros}");
    }
}

#[test]
fn the_verdict_is_the_worst_of_the_checks_and_that_of_a_broken_run_says_whose_fault_it_was() {
    assert_eq!(json_of(&outcome(Verdict::Fail))["verdict"], "fail");
    assert_eq!(
        json_of(&outcome(Verdict::Inconclusive))["verdict"],
        "inconclusive"
    );
    let mut broken = outcome(Verdict::Pass);
    broken.checks.clear();
    assert_eq!(
        json_of(&broken)["verdict"],
        "inconclusive",
        "nothing was judged"
    );
    broken.error = Some(RunError::Interrupted);
    let report = json_of(&broken);
    assert_eq!(
        (&report["verdict"], &report["error"]),
        (
            &json!("inconclusive"),
            &json!({"kind": "interrupted", "message": "interrupted"})
        )
    );
    broken.error = Some(RunError::NodeDied(Death {
        container: "ator-abcdef-relay1".to_owned(),
        role: "relay1".to_owned(),
        status: "137".to_owned(),
    }));
    for (at_fault, verdict) in [
        (AtFault::Subject, "fail"),
        (AtFault::Surroundings, "inconclusive"),
        (AtFault::Unknown, "inconclusive"),
    ] {
        broken.at_fault = Some(at_fault);
        broken.diagnosis = Some(diagnosis("it was killed"));
        let report = json_of(&broken);
        assert_eq!(report["verdict"], verdict);
        assert_eq!(report["diagnosis"]["at_fault"], at_fault.name());
    }
    broken.clean_up = None;
    assert!(
        json_of(&broken).get("clean_up_ms").is_none(),
        "left running"
    );
}

/// Every real report in the data folder, and constructed ones of each way a run can end.
#[test]
fn reports_are_as_the_schema_says() {
    let schema = schema();
    for name in ["passed", "failed", "stuck", "interrupted", "repeat"] {
        assert_valid(&schema, &saved(name).1, name);
    }
    for verdict in [
        Verdict::Pass,
        Verdict::Unsupported,
        Verdict::Inconclusive,
        Verdict::Fail,
    ] {
        assert_valid(&schema, &json_of(&outcome(verdict)), verdict.word());
    }
    let mut broken = outcome(Verdict::Fail);
    broken.checks.clear();
    broken.clean_up = None;
    broken.containers_memory = None;
    broken.metrics.insert(Metric::Dial, Latencies::new());
    broken.diagnosis = Some(diagnosis("nothing to go by"));
    let errors = [
        RunError::Interrupted,
        RunError::NodeDied(Death {
            container: "ator-abcdef-relay1".to_owned(),
            role: "relay1".to_owned(),
            status: "137".to_owned(),
        }),
        RunError::from(StageFailure {
            stage: Stage::Publication,
            node: None,
            waited: Duration::from_secs(60),
            cause: "not reached within 60 s".to_owned(),
            evidence: "13 of 14 uploads".to_owned(),
            dials: Vec::new(),
            known: None,
        }),
        RunError::AlreadyUp {
            topology: "two-home-local".to_owned(),
            run: "20261122-100000-abcdef".to_owned(),
        },
        RunError::NotUp {
            topology: "testnet".to_owned(),
        },
    ];
    for error in errors {
        broken.error = Some(error);
        assert_valid(&schema, &json_of(&broken), "a run that broke off");
    }
}

#[test]
fn a_spoilt_report_is_refused() {
    let schema = schema();
    for name in ["passed", "repeat"] {
        let (_, good) = saved(name);
        let spoilt: [(&str, Value); 8] = [
            ("/version", json!(1)),
            ("/kind", json!("other")),
            ("/verdict", json!("maybe")),
            ("/topology", json!("two-home-local")),
            ("/topology/homes/0/id", json!("")),
            ("/checks/0/id", json!("no family")),
            ("/metrics/round-trip/count", json!(-1)),
            ("/metrics/round-trip/histogram/0/count", json!("many")),
        ];
        for (pointer, value) in spoilt {
            let mut report = good.clone();
            *report.pointer_mut(pointer).expect(pointer) = value;
            assert!(!schema.is_valid(&report), "{name} with a spoilt {pointer}");
        }
        // Nothing that is always there may be left out, and nothing unknown may be in it.
        for (object, field) in [
            ("", "verdict"),
            ("", "checks"),
            ("/topology", "peerings"),
            ("/metrics/round-trip", "count"),
        ] {
            let mut report = good.clone();
            let object = report.pointer_mut(object).expect(object);
            let fields = object.as_object_mut().expect("is an object");
            fields.remove(field).expect(field);
            assert!(!schema.is_valid(&report), "{name} without {field}");
        }
        let mut report = good.clone();
        report["surprise"] = json!(1);
        assert!(!schema.is_valid(&report), "{name} with an unknown field");
    }
}

#[test]
fn checks_say_when_and_budgets_what() {
    let mut outcome = outcome(Verdict::Fail);
    let recorder = Recorder::new(Vec::new());
    recorder.note("for the time");
    recorder.record(EventKind::CheckJudged(outcome.checks[1].clone()));
    outcome.events = recorder.events();
    let report = report(&outcome);
    assert_eq!(report.checks[0].judged_ms, None);
    assert_eq!(report.checks[1].judged_ms, Some(outcome.events[1].at_ms));
    assert_eq!(report.notes[0].text, "for the time");
    let budgets = &report.metrics["round-trip"].budgets;
    let ids: Vec<&str> = budgets.iter().map(|budget| budget.check.as_str()).collect();
    assert_eq!(ids, ["latency.round-trip.p50", "latency.round-trip.p95"]);
    assert!((budgets[0].measured_us - 20_000.0).abs() < 100.0);
}

/// An outcome with `all` in every place that quotes what others said.
fn quoting_everywhere(all: String) -> Outcome {
    let recorder = Recorder::new(Vec::new());
    recorder.record(EventKind::RunStarted {
        run: "x".to_owned(),
        topology: all.clone(),
        network: None,
    });
    recorder.note(all.clone());
    let stage = recorder.stage(
        Stage::Publication,
        ator_harness::evidence::Subject::from(&*all),
    );
    stage.saw(all.clone());
    drop(stage);
    recorder.record(EventKind::NodeDied {
        role: ator_harness::evidence::ContainerRole::from(&*all),
        status: all.clone(),
    });
    let mut outcome = outcome(Verdict::Fail);
    outcome.events = recorder.events();
    outcome.plan.topology.description.clone_from(&all);
    outcome.checks = vec![CheckResult {
        says: all.clone(),
        measured: all.clone(),
        budget: all.clone(),
        evidence: all.clone(),
        ..check("network.consensus", Verdict::Fail)
    }];
    outcome.logs = vec![NodeLog {
        role: ator_harness::evidence::ContainerRole::from("relay1"),
        tail: vec![all.clone()],
    }];
    outcome.diagnosis = Some(diagnosis(&all));
    outcome.error = Some(RunError::NodeDied(Death {
        container: "x".to_owned(),
        role: "relay1".to_owned(),
        status: all,
    }));
    outcome
}

#[test]
fn no_form_of_a_report_holds_an_address_or_a_secret() {
    let plan = plan();
    let mut texts: Vec<String> = plan
        .homes
        .iter()
        .filter_map(|home| Some(home.onion()?.address.expose().to_owned()))
        .collect();
    texts.extend(
        plan.secrets()
            .iter()
            .map(|secret| secret.expose().to_owned()),
    );
    for family in TldFamily::ALL {
        let other = ator_harness::onion::OnionAddress::of_key(&[9; 32], family);
        texts.push(other.expose().to_owned());
    }
    assert!(texts.len() > 10);
    let all = texts.join(", ");
    let hold = |text: &str| {
        texts
            .iter()
            .map(|secret| secret.split('.').next().unwrap_or(secret))
            .any(|secret| text.contains(secret))
    };
    assert!(hold(&all), "the search itself finds them");

    let report = report(&quoting_everywhere(all));
    assert!(
        report.logs.len() == 1 && report.deaths.len() == 1,
        "{report:?}"
    );
    let mut printed = Vec::new();
    ator_harness::report::print_report(&mut printed, &report, &Look::default()).expect("writes");
    let printed = String::from_utf8(printed).expect("is text");
    let saved = FORMS.iter().map(|form| {
        let text = (form.render)(&report).expect("serializes");
        (form.file, text)
    });
    let mut quoting = 0;
    for (form, text) in saved.chain([("terminal", printed)]) {
        assert!(!hold(&text), "{form}: {text}");
        // What tells of the container shows that there was something in its evidence.
        let tells = text.contains("relay1");
        assert_eq!(text.contains("redacted"), tells, "{form}: {text}");
        quoting += usize::from(tells);
    }
    assert!(quoting >= 5, "{quoting} forms tell of it");
}
