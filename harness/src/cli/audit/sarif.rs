//! An audit for code scanning: SARIF 2.1.0.

use serde_json::{Value, json};

use super::document::{AuditFinding, AuditLevel, AuditReport};

/// Where the form is described.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The audit as SARIF: a rule for each check, a result for each finding.
pub(super) fn sarif(report: &AuditReport) -> Value {
    let rules: Vec<Value> = report
        .checks
        .iter()
        .map(|check| {
            json!({
                "id": check.id,
                "shortDescription": { "text": check.says },
                "fullDescription": { "text": check.why },
                "help": { "text": check.remedy },
                "defaultConfiguration": { "level": "error" },
            })
        })
        .collect();
    let mut results = Vec::new();
    for (index, check) in report.checks.iter().enumerate() {
        results.extend(check.findings.iter().map(|finding| {
            json!({
                "ruleId": check.id,
                "ruleIndex": index,
                "level": level(finding.level),
                "message": { "text": format!("{}. Remedy: {}", finding.evidence, check.remedy) },
                "locations": [location(finding)],
            })
        }));
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ator-harness",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            // It did what it was asked for, whatever it found.
            "invocations": [{ "executionSuccessful": true, "exitCode": report.exit().code() }],
            "results": results,
        }],
    })
}

const fn level(level: AuditLevel) -> &'static str {
    match level {
        AuditLevel::Fail => "error",
        AuditLevel::Warning => "warning",
        AuditLevel::Unknown => "note",
    }
}

fn location(finding: &AuditFinding) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": { "startLine": finding.line },
        },
    })
}

/// A path as a URI: relative to the project where it is relative.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
