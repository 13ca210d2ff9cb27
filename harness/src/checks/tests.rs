//! Every check can fail, and fails for the right reason.
//!
//! A mutant is a healthy topology's observations with one part broken. A check that no mutant
//! can fail is not a check.

mod healthy;
mod mutants;

use std::collections::BTreeSet;

use healthy::{healthy, plan};
use mutants::Mutant;

use super::{CheckResult, Observations, Verdict, catalogue, judge, judge_leftovers, verdict};
use crate::engine::Leftovers;

/// Ids of the checks that did not pass.
fn failing(results: &[CheckResult]) -> BTreeSet<&str> {
    results
        .iter()
        .filter(|result| result.verdict != Verdict::Pass)
        .map(|result| result.id.as_str())
        .collect()
}

#[test]
fn every_check_passes_on_a_healthy_topology() {
    let results = judge(&healthy());
    for result in &results {
        assert_eq!(
            result.verdict,
            Verdict::Pass,
            "{}: {}",
            result.id,
            result.evidence
        );
        assert!(!result.evidence.is_empty(), "{} has evidence", result.id);
    }
    assert_eq!(verdict(&results), Verdict::Pass);
}

/// What is wrong with how a mutant came out.
fn survives(mutant: &Mutant) -> Option<String> {
    let Mutant { name, checks, .. } = mutant;
    let mut seen = healthy();
    (mutant.bend)(&mut seen);
    let results = judge(&seen);
    let wanted: BTreeSet<&str> = checks.iter().copied().collect();
    let found = failing(&results);
    if found != wanted {
        return Some(format!(
            "{name}: {found:?} did not pass instead of {wanted:?}"
        ));
    }
    let failed: Vec<&CheckResult> = results
        .iter()
        .filter(|result| wanted.contains(result.id.as_str()))
        .collect();
    if failed.iter().any(|result| result.verdict != mutant.verdict)
        || verdict(&results) != mutant.verdict
    {
        return Some(format!("{name}: not {}", mutant.verdict.word()));
    }
    if !failed
        .iter()
        .any(|result| result.evidence.contains(mutant.evidence))
    {
        let evidence: Vec<&str> = failed
            .iter()
            .map(|result| result.evidence.as_str())
            .collect();
        return Some(format!(
            "{name}: {:?} is not in {evidence:?}",
            mutant.evidence
        ));
    }
    None
}

#[test]
fn every_mutant_fails_exactly_the_checks_it_is_meant_for() {
    let survivors: Vec<String> = mutants::all().iter().filter_map(survives).collect();
    assert!(survivors.is_empty(), "{survivors:#?}");
}

#[test]
fn every_check_has_a_mutant_of_its_own() {
    let results = judge(&healthy());
    let ids: BTreeSet<&str> = results.iter().map(|result| result.id.as_str()).collect();
    assert_eq!(ids.len(), results.len(), "ids are unique");
    assert_eq!(
        ids.len(),
        catalogue().len() + plan().topology.budgets.len(),
        "one check per entry of the catalogue and one per budget"
    );
    // A mutant that fails several checks shows nothing about any one of them.
    let covered: BTreeSet<&str> = mutants::all()
        .iter()
        .filter(|mutant| mutant.checks.len() == 1 && mutant.verdict == Verdict::Fail)
        .flat_map(|mutant| mutant.checks.iter().copied())
        .collect();
    let uncovered: Vec<&&str> = ids.difference(&covered).collect();
    assert!(uncovered.is_empty(), "no mutant fails only {uncovered:?}");
    let unknown: Vec<&&str> = covered.difference(&ids).collect();
    assert!(
        unknown.is_empty(),
        "mutants for checks that do not exist: {unknown:?}"
    );
}

#[test]
fn where_nothing_was_seen_every_check_fails() {
    let results = judge(&Observations::of(&plan()));
    for result in &results {
        assert_eq!(
            result.verdict,
            Verdict::Fail,
            "{}: {}",
            result.id,
            result.evidence
        );
    }
    assert_eq!(verdict(&results), Verdict::Fail);
}

#[test]
fn ids_are_a_family_and_a_name() {
    for check in catalogue() {
        let (family, name) = check.id.split_once('.').expect("family.name");
        let plain = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        };
        assert!(plain(family) && plain(name), "{}", check.id);
        assert!(
            !check.says.ends_with('.'),
            "{} is a clause for a table",
            check.id
        );
    }
}

#[test]
fn evidence_shows_no_address_and_no_secret_that_a_connector_quotes() {
    let mut seen = healthy();
    let address = seen.homes[0].planned.expose().to_owned();
    let secret = seen.secrets[0].expose().to_owned();
    seen.deliveries[0].answer = Err(format!("no route to ws://{address}:3000 with {secret}"));
    let results = judge(&seen);
    assert_eq!(failing(&results), BTreeSet::from(["packets.accepted"]));
    for result in &results {
        assert!(!result.evidence.contains(&address[..56]), "{}", result.id);
        assert!(!result.evidence.contains(&secret), "{}", result.id);
    }
    let shown = results
        .iter()
        .find(|result| result.id == "packets.accepted");
    let evidence = &shown.expect("is there").evidence;
    assert!(
        evidence.contains("ws://[onion address].anon:3000 with [redacted]"),
        "{evidence}"
    );
}

#[test]
fn a_run_is_as_good_as_its_worst_check() {
    let of = |verdicts: &[Verdict]| {
        let template = judge(&healthy()).remove(0);
        let results: Vec<CheckResult> = verdicts
            .iter()
            .map(|verdict| CheckResult {
                verdict: *verdict,
                ..template.clone()
            })
            .collect();
        verdict(&results)
    };
    use Verdict::{Fail, Inconclusive, Pass, Unsupported};
    assert_eq!(of(&[Pass, Pass]), Pass);
    assert_eq!(of(&[Pass, Inconclusive]), Inconclusive);
    assert_eq!(of(&[Inconclusive, Fail, Pass]), Fail);
    // What a connector cannot do is named in the report and does not spoil the rest.
    assert_eq!(of(&[Pass, Unsupported]), Pass);
    assert_eq!(of(&[Unsupported]), Inconclusive);
    assert_eq!(of(&[]), Inconclusive);
}

#[test]
fn what_a_run_leaves_is_found() {
    let none = Leftovers::default();
    let judged = judge_leftovers(14, Ok(&none), &[]);
    assert_eq!(
        (judged.id.as_str(), judged.verdict),
        ("hygiene.nothing-left", Verdict::Pass)
    );
    let name = || vec!["ator-1-x".to_owned()];
    let containers = Leftovers {
        containers: name(),
        ..Leftovers::default()
    };
    let networks = Leftovers {
        networks: name(),
        ..Leftovers::default()
    };
    let volumes = Leftovers {
        volumes: name(),
        ..Leftovers::default()
    };
    for (removed, left, files, evidence) in [
        (
            14,
            Ok(&containers),
            vec![],
            "ator-1-x is still on the engine",
        ),
        (14, Ok(&networks), vec![], "ator-1-x is still on the engine"),
        (14, Ok(&volumes), vec![], "ator-1-x is still on the engine"),
        (14, Ok(&none), name(), "ator-1-x still exists"),
        (
            14,
            Err("the engine is gone".to_owned()),
            vec![],
            "the engine is gone",
        ),
        (0, Ok(&none), vec![], "nothing was found to remove"),
    ] {
        let judged = judge_leftovers(removed, left, &files);
        assert_eq!(judged.verdict, Verdict::Fail, "{evidence}");
        assert_eq!(judged.evidence, evidence);
    }
}
