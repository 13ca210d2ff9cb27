//! `harness/schema/report.schema.json`: JSON Schema (draft 2020-12) of every report, made from the types.

use ator_harness::cli::{AuditReport, Exit, Failure};
use ator_harness::report::{ProbeReport, RepeatReport, Report, ReportKind, VERSION};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use crate::support::assert_generated;

#[test]
fn is_generated() {
    let fresh = serde_json::to_string_pretty(&report_schema()).expect("is JSON");
    // The order of keys depends on what else is built.
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    assert_generated(
        "harness/schema/report.schema.json",
        &format!("{fresh}\n"),
        |one, other| value(one) == value(other),
    );
}

#[test]
fn it_has_all_exit_codes_and_no_other() {
    let schema = report_schema();
    let mut codes = crate::exit_codes::ALL.map(Exit::code);
    codes.sort_unstable();
    for report in ["run", "repeat", "probe", "runTally", "audit", "failure"] {
        let known = &schema["$defs"][report]["properties"]["exit_code"]["enum"];
        assert_eq!(*known, json!(codes), "{report}");
    }
}

fn report_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(plain))
        .into_generator();
    let kinds = [
        (ReportKind::Run, generator.subschema_for::<Report>()),
        (
            ReportKind::Repeat,
            generator.subschema_for::<RepeatReport>(),
        ),
        (ReportKind::Probe, generator.subschema_for::<ProbeReport>()),
        (ReportKind::Audit, generator.subschema_for::<AuditReport>()),
        (ReportKind::Failure, generator.subschema_for::<Failure>()),
    ];
    let words: Vec<ReportKind> = kinds.iter().map(|(kind, _)| *kind).collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:ator-harness:report:{VERSION}"),
        "title": "Reports of ator-harness",
        "description": "report.json of one run, repeat.json of many, what `probe --json` and `audit --json` print, and what a command with `--json` prints that failed and has no report.",
        "type": "object",
        "required": ["kind"],
        "properties": { "kind": { "enum": words } },
        "$defs": generator.take_definitions(true),
    });
    // By its kind and not by trial, so that a validator names what is wrong with a report.
    let by_kind = kinds
        .iter()
        .rev()
        .fold(json!(false), |other, (kind, of_it)| {
            json!({
                "if": { "properties": { "kind": { "const": kind } } },
                "then": of_it,
                "else": other,
            })
        });
    let (Value::Object(root), Value::Object(by_kind)) = (&mut schema, by_kind) else {
        panic!("both are objects");
    };
    root.extend(by_kind);
    schema
}

/// Reports hold no nulls: a field without a value is absent. And integers have no other format than
/// their bounds.
fn plain(schema: &mut Schema) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if fields
        .get("format")
        .is_some_and(|format| format != "date-time")
    {
        fields.remove("format");
    }
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            fields.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
        choices.retain(|one| *one != json!({ "type": "null" }));
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            fields.remove("anyOf");
            fields.extend(one);
        }
    }
}
