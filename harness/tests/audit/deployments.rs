//! Whole deployments: one as operators have it before they peer over the onion network, and two that are right.

use std::collections::BTreeSet;

use ator_harness::audit::{Level, Verdict, audit};

use crate::support::{fixtures, told};

#[test]
fn a_deployment_before_its_change_is_told_all_that_is_missing() {
    let audit = audit(&[fixtures().join("town")], 1);
    let found: BTreeSet<(&str, &str)> = audit
        .outcomes
        .iter()
        .filter(|one| one.verdict >= Verdict::Unknown)
        .map(|one| (one.check.id, one.verdict.word()))
        .collect();
    let expected = [
        ("mode.whole", "fail"),
        ("mode.operator-command", "unknown"),
        ("transport.mode-hard-coded", "fail"),
        ("sidecar.present", "fail"),
        ("sidecar.namespace", "fail"),
        ("sidecar.persistent", "fail"),
        ("startup.probe", "fail"),
        ("timeouts.told", "unknown"),
        ("logs.level", "warning"),
        ("admin.key", "unknown"),
    ];
    assert_eq!(found, expected.into(), "{}", told(&audit));
    // By the lines of that file.
    let line = |id: &str| {
        let mut outcomes = audit.outcomes.iter();
        let outcome = outcomes.find(|one| one.check.id == id).expect("is there");
        outcome.findings[0].at.line
    };
    assert_eq!(line("transport.mode-hard-coded"), 26);
    assert_eq!(line("startup.probe"), 27);
}

#[test]
fn nothing_is_found_in_deployments_that_are_right() {
    for (name, mode) in [("healthy-b", "B: "), ("healthy-a", "A: ")] {
        let audit = audit(&[fixtures().join(name)], 1);
        assert_eq!(told(&audit), "", "{name}");
        assert!(audit.mode.starts_with(mode), "{name}: {}", audit.mode);
        for level in [Level::Fail, Level::Warning, Level::Unknown] {
            assert_eq!(audit.count(level, false) + audit.count(level, true), 0);
        }
    }
}
