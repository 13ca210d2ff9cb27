//! The table of conformance against every variant of the reference connector, none of which may fail a row, and
//! against every mutant that shows on the wire, each of which has to fail the rows named beside it, and no other.
//!
//! What failed is written to `target/mutants`, a line for each, beside what a topology said of the same mutant.

use std::collections::BTreeSet;
use std::process::ExitCode;

use ator_harness::mutants::{Different, VARIANTS};
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{Shell, root, text};
use serde_json::Value;

/// A mutant of the reference connector, and what conformance says of it.
struct Case {
    mutant: &'static str,
    /// Rows that have to fail or show a defect.
    caught_by: &'static [&'static str],
    /// What the name of each other row begins with that may fail too, because it looks at the same thing.
    may_also_fail: &'static [&'static str],
    /// What the names of the rows begin with that are run; all where there is none.
    only: &'static [&'static str],
}

const fn case(mutant: &'static str, caught_by: &'static [&'static str]) -> Case {
    Case {
        mutant,
        caught_by,
        may_also_fail: &[],
        only: &[],
    }
}

const CASES: &[Case] = &[
    case(
        "accepts-any-secret",
        &[
            "auth-wrong-secret",
            "auth-unknown-peer",
            "auth-bad-then-good-burst",
            "env-id-dots-as-underscores",
            "env-secret-empty",
        ],
    ),
    case(
        "accepts-empty-secret",
        &[
            "auth-empty-secret-refused",
            "auth-empty-secret-configured-peer",
            "env-noauth-false",
        ],
    ),
    case(
        "empty-secret-takes-over",
        &["auth-empty-secret-configured-peer"],
    ),
    Case {
        // Nothing that needs a session can be had.
        only: &["auth-"],
        may_also_fail: &["auth-"],
        ..case("refuses-strangers", &["auth-right-secret"])
    },
    Case {
        may_also_fail: &["duplicate-", "next-hop-", "foreign-"],
        ..case(
            "answers-without-forwarding",
            &[
                "forward-fulfilled",
                "forward-rejected",
                "forward-wrong-fulfillment",
                "forward-unanswered",
                "forward-after-refusal",
            ],
        )
    },
    case("wrong-fulfillment", &["packet-fulfilled"]),
    case("ignores-expiry", &["packet-expired", "forward-expired"]),
    case("keeps-expiry", &["forward-fulfilled"]),
    Case {
        may_also_fail: &["auth-and-", "message-", "request-id-", "packet-", "ws-"],
        ..case("wrong-no-route-code", &["packet-plain"])
    },
    case("forgets-in-flight", &["next-hop-leaves"]),
    case("older-close-deregisters", &["duplicate-older-closes"]),
    Case {
        may_also_fail: &["bad-", "pre-bad-", "text-"],
        ..case("bad-frame-ends-all", &["bad-empty", "pre-bad-empty"])
    },
    Case {
        may_also_fail: &["auth-", "first-"],
        ..case(
            "refused-login-ends-peer",
            &["auth-refused-elsewhere", "forward-after-refusal"],
        )
    },
    case("refused-login-deregisters", &["forward-after-refusal"]),
    case("dies-of-empty-message", &["bad-empty", "pre-bad-empty"]),
    case("shutdown-hangs", &["shutdown-idle-socket"]),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let of_connector = VARIANTS
        .iter()
        .filter(|variant| variant.part == Different::Connector);
    let variants = of_connector.map(|variant| {
        Trial::test(variant.name, || {
            let case = case(variant.name, &[]);
            judge("REFERENCE_CONNECTOR_VARIANT", &case).map_err(Failed::from)
        })
    });
    let mutants = CASES.iter().map(|case| {
        Trial::test(case.mutant, || {
            judge("REFERENCE_CONNECTOR_MUTANT", case).map_err(Failed::from)
        })
    });
    libtest_mimic::run(&arguments, variants.chain(mutants).collect()).exit_code()
}

/// Keeps a line of the matrix.
fn record(case: &Case, failed: &BTreeSet<&str>) {
    let folder = root().join("target/mutants");
    std::fs::create_dir_all(&folder).expect("a folder");
    let shown: Vec<&str> = failed.iter().copied().collect();
    let line = format!(
        "{:<28} {:<32} {}\n",
        case.mutant,
        "conformance",
        shown.join(", ")
    );
    std::fs::write(folder.join(format!("{}.conformance", case.mutant)), line).expect("a file");
}

/// Holds the connector, broken or different by this variable, against the table.
fn judge(variable: &str, case: &Case) -> Result<(), String> {
    let shell = Shell::open();
    let set = format!("{variable}={}", case.mutant);
    let mut command = shell.command(&[
        "conformance",
        "--json",
        "--connector",
        "toon",
        "--env",
        &set,
    ]);
    for only in case.only {
        command.args(["--only", only]);
    }
    let output = command.output().expect("runs");
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("no report ({error}): {}", text(&output)))?;
    let rows = report["rows"].as_array().ok_or("a report without rows")?;
    let bad = |row: &&Value| row["verdict"] == "fail" || row["verdict"] == "defect";
    let failed: BTreeSet<&str> = rows
        .iter()
        .filter(bad)
        .filter_map(|row| row["id"].as_str())
        .collect();
    record(case, &failed);
    let caught: BTreeSet<&str> = case.caught_by.iter().copied().collect();
    let missed: Vec<_> = caught.difference(&failed).collect();
    let accused: Vec<_> = failed
        .difference(&caught)
        .filter(|id| !case.may_also_fail.iter().any(|may| id.starts_with(may)))
        .collect();
    let code = i32::from(!case.caught_by.is_empty());
    // Two of them are about its file, and about a dial of its own.
    let judged = rows.iter().filter(|row| row["verdict"] != "unsupported");
    let enough = !case.only.is_empty() || judged.count() + 4 >= rows.len();
    if missed.is_empty() && accused.is_empty() && enough && output.status.code() == Some(code) {
        return Ok(());
    }
    Err(format!(
        "{}: exit code {:?}; missed {missed:?}, wrongly failed {accused:?}\n{report:#}",
        case.mutant,
        output.status.code()
    ))
}
