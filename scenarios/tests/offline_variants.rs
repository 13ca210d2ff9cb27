//! No legitimate difference costs a verdict: each variant of the reference connector, or of what is around it, is
//! a test called after it. Its run passes, and what cannot be judged is unsupported and named. What shows only while
//! something is broken has its faults, which last some minutes: it is of the profile `faults` alone.

use std::collections::BTreeSet;
use std::process::ExitCode;

use ator_harness::mutants::{VARIANTS, VariantSpec};
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{Shell, root};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial = |variant: &'static VariantSpec| {
        Trial::test(variant.name, || judge(variant).map_err(Failed::from))
    };
    libtest_mimic::run(&arguments, VARIANTS.iter().map(trial).collect()).exit_code()
}

/// Keeps a variant's line of the matrix, beside those of mutants.
fn record(variant: &VariantSpec, headline: &str) {
    let folder = root().join("target/mutants");
    std::fs::create_dir_all(&folder).expect("a folder");
    let line = format!("{:<28} {:<32} {headline}\n", variant.name, "none (variant)");
    std::fs::write(folder.join(variant.name), line).expect("a file");
}

/// Runs two homes that differ. Nothing may fail, and nothing else may be open than what is named.
fn judge(variant: &VariantSpec) -> Result<(), String> {
    let shell = Shell::sharing();
    let named = format!("variant = \"{}\"\nname = \"two-home-local\"", variant.name);
    let file = shell.shipped("two-home-local", &[("name = \"two-home-local\"", &named)]);
    let (output, report) = shell.judge_with(&file, variant.faults)?;
    let checks = report["checks"]
        .as_array()
        .ok_or("a report without checks")?;
    let of = |verdict: &str| -> BTreeSet<&str> {
        let such = checks.iter().filter(|check| check["verdict"] == verdict);
        such.filter_map(|check| check["id"].as_str()).collect()
    };
    let evidence: Vec<String> = checks
        .iter()
        .filter(|check| check["verdict"] != "pass")
        .map(|check| format!("{}: {}", check["id"], check["evidence"]))
        .collect();
    record(variant, report["headline"].as_str().unwrap_or_default());
    let wanted: BTreeSet<&str> = variant.unsupported.iter().copied().collect();
    if output.status.code() != Some(0) || of("unsupported") != wanted {
        return Err(format!(
            "{}\nexit code {:?}, unsupported {:?} and not {wanted:?}:\n{}\n{}",
            variant.differs,
            output.status.code(),
            of("unsupported"),
            evidence.join("\n"),
            report["headline"]
        ));
    }
    Ok(())
}
