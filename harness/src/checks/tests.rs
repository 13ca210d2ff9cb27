//! Every check can fail, and fails for the right reason. A mutant is a healthy topology's observations with one part
//! broken. A check that no mutant can fail is not a check.

mod benign;
mod excused;
mod faulted;
mod healthy;
mod lesser;
mod mutants;

use std::collections::{BTreeMap, BTreeSet};

use healthy::{healthy, healthy_of, plan, plan_of};
use mutants::BentObservation;

use super::{
    Answer, CheckResult, ConsensusValidity, Observations, Reason, Verdict, catalogue, judge,
    judge_leftovers, judge_stuck, verdict,
};
use crate::engine::Leftovers;
use crate::events::Stage;
use crate::evidence::Finding;
use crate::mutants::MUTANTS;
use crate::topology::NetworkKind;

/// The checks that did not pass, and how they came out.
fn failing(results: &[CheckResult]) -> BTreeMap<&str, Verdict> {
    results
        .iter()
        .filter(|result| result.verdict != Verdict::Pass)
        .map(|result| (result.id.as_str(), result.verdict))
        .collect()
}

/// Every kind of home and of peering, ways over several hops, and every metric.
const MIXED: &str = r#"name = "mixed"
description = "every kind of home and peering"

[[home]]
id = "home-a"
prefix = "test.a"

[[home]]
id = "home-b"
prefix = "test.b"
daemon = "managed"

[[home]]
id = "home-c"
prefix = "test.c"
daemon = "none"
beside = "home-b"

[[peering]]
from = "home-a"
to = "home-b"
auth = "none"

[[peering]]
from = "home-b"
to = "home-c"
auth = "secret"
transport = "direct"

[[path]]
from = "home-c"
to = "home-a"

[probe]
id = "probe"
via = "home-a"
to = "home-b"
far = "home-c"

[[budget]]
metric = "redial"
at_most = "1s"

[[budget]]
metric = "authentication"
at_most = "1s"

[[budget]]
metric = "far-round-trip"
percentile = 95
at_most = "1s"
samples = 200
"#;

#[test]
fn every_check_passes_on_a_healthy_topology() {
    every_check_passes(&healthy());
}

#[test]
fn every_check_passes_where_homes_and_peerings_differ() {
    let seen = healthy_of(&plan_of("mixed", MIXED));
    assert_eq!(seen.daemonless, ["home-c"]);
    assert_eq!(seen.onion_peerings.len(), 1);
    assert!(seen.probe.no_auth_allowed);
    let most = seen.deliveries.iter().map(|packet| packet.hops).max();
    assert_eq!(most, Some(2), "over home-b");
    every_check_passes(&seen);
}

/// What only the homes' own daemons can tell of a network that others run.
#[test]
fn a_consensus_that_is_not_in_force_is_noticed() {
    let text = include_str!("../../../fixtures/topologies/public-p2p.toml");
    let plan = plan_of("public-p2p", text);
    let bent = |consensus: Result<ConsensusValidity, String>| {
        let mut seen = healthy_of(&plan);
        seen.budgets.clear();
        seen.homes[1].consensus = consensus;
        judge(&seen)
    };
    for (consensus, evidence, verdict) in [
        (
            Ok(ConsensusValidity {
                since: 4000,
                left: -1,
            }),
            "b's expired 1 s ago",
            Verdict::Fail,
        ),
        (
            Ok(ConsensusValidity {
                since: -9,
                left: 10_800,
            }),
            "b's is in force in 9 s only: a clock is wrong",
            Verdict::Fail,
        ),
        (
            Err("b1 refused GETINFO".to_owned()),
            "b: b1 refused GETINFO",
            Verdict::Inconclusive,
        ),
    ] {
        let results = bent(consensus);
        assert_eq!(
            failing(&results),
            BTreeMap::from([("network.joined", verdict)])
        );
        let joined = results.iter().find(|result| result.id == "network.joined");
        assert_eq!(joined.expect("is judged").evidence, evidence);
    }
}

#[test]
fn every_check_passes_on_every_committed_topology() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/topologies");
    for entry in std::fs::read_dir(folder).expect("the topologies are there") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("reads");
        let mut seen = healthy_of(&plan_of(&path.display().to_string(), &text));
        // How fast a healthy topology is, is another matter.
        seen.budgets.clear();
        every_check_passes(&seen);
    }
}

fn every_check_passes(seen: &Observations) {
    let results = judge(seen);
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
fn survives(mutant: &BentObservation) -> Option<String> {
    let name = mutant.name;
    let mut seen = healthy();
    (mutant.bend)(&mut seen);
    let results = judge(&seen);
    let checks = mutant.checks.iter().map(|id| (*id, mutant.verdict));
    let open = mutant.open.iter().map(|id| (*id, Verdict::Inconclusive));
    let wanted: BTreeMap<&str, Verdict> = checks.chain(open).collect();
    let found = failing(&results);
    if found != wanted {
        return Some(format!("{name}: {found:?} instead of {wanted:?}"));
    }
    if verdict(&results) != mutant.verdict {
        return Some(format!("{name}: not {}", mutant.verdict.word()));
    }
    let failed: Vec<&CheckResult> = results
        .iter()
        .filter(|result| mutant.checks.contains(&result.id.as_str()))
        .collect();
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
        catalogue(NetworkKind::Private, true).len() + plan().topology.budgets.len(),
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

/// Checks that look at nothing but what the probe did in its session.
const OF_THE_SESSION: [&str; 6] = [
    "latency.btp-connect.max",
    "latency.dial.max",
    "latency.round-trip.p50",
    "latency.round-trip.p95",
    "packets.application-error",
    "packets.expired",
];

#[test]
fn where_nothing_was_seen_no_check_passes() {
    // What nobody tried or read accuses nobody either.
    const UNTRIED: [&str; 20] = [
        "faults.answered",
        "faults.closed",
        "faults.held",
        "faults.in-flight",
        "faults.lost",
        "faults.once",
        "faults.recovered",
        "faults.redials",
        "faults.shutdown",
        "faults.truth",
        "faults.undisturbed",
        "handshake.configured-secret",
        "handshake.empty-secret",
        "handshake.right-secret",
        "handshake.takeover",
        "handshake.wrong-secret",
        "identity.kept",
        "resilience.shutdown",
        "secrecy.addresses",
        "secrecy.secrets",
    ];
    let results = judge(&Observations::of(&plan()));
    for result in &results {
        let id = result.id.as_str();
        let expected = match OF_THE_SESSION.contains(&id) || UNTRIED.contains(&id) {
            true => Verdict::Inconclusive,
            false => Verdict::Fail,
        };
        assert_eq!(result.verdict, expected, "{id}: {}", result.evidence);
    }
    assert_eq!(verdict(&results), Verdict::Fail);
}

#[test]
fn what_is_known_to_be_wrong_stays_wrong_without_the_probe() {
    let mut seen = healthy();
    mutants::shut_out(&mut seen);
    for id in ["packets.expired", "packets.hops", "latency.round-trip.p50"] {
        let results = judge(&seen);
        let open = results.iter().find(|result| result.id == id);
        assert_eq!(
            open.expect("is judged").evidence,
            "the probe has no session: not let in: refused with F00",
            "{id}"
        );
    }
    seen.deliveries[0].answer = Answer::Fulfilled { fits: false };
    seen.rejects[0].came = Ok("F00".to_owned());
    seen.rejects[1].reason = Reason::Expired;
    seen.rejects[1].came = Ok("F99".to_owned());
    let results = judge(&seen);
    let failed: Vec<&str> = failing(&results)
        .into_iter()
        .filter(|(_, verdict)| *verdict == Verdict::Fail)
        .map(|(id, _)| id)
        .collect();
    let expected = [
        "handshake.right-secret",
        "packets.expired",
        "packets.fulfillment",
        "packets.no-route",
    ];
    assert_eq!(failed, expected);
}

#[test]
fn ids_are_a_family_and_a_name() {
    for check in catalogue(NetworkKind::Private, true)
        .into_iter()
        .chain(catalogue(NetworkKind::Public, false))
    {
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
    let planned = seen.homes[0].planned.as_ref().expect("is planned");
    let address = planned.expose().to_owned();
    let secret = seen.secrets[0].expose().to_owned();
    let quoted = format!("no route to ws://{address}:3000 with {secret}");
    seen.deliveries[0].answer = Answer::Otherwise(quoted);
    let results = judge(&seen);
    assert_eq!(
        failing(&results),
        BTreeMap::from([("packets.accepted", Verdict::Fail)])
    );
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
fn what_did_not_come_up_fails_the_check_of_its_stage_and_leaves_the_others_open() {
    let budgets = plan().topology.budgets;
    let expected: Vec<String> = judge(&healthy()).into_iter().map(|one| one.id).collect();
    for (stage, id) in [
        (Stage::Consensus, "network.consensus"),
        (Stage::Lockdown, "isolation.published-reachable"),
        (Stage::Bootstrap, "network.bootstrapped"),
        (Stage::Publication, "service.uploaded"),
        (Stage::Fetch, "service.fetched"),
        (Stage::Rendezvous, "service.rendezvous"),
        (Stage::Peering, "handshake.connected"),
    ] {
        let results = judge_stuck(
            stage,
            None,
            &Finding::fail("13 of 14 uploads"),
            (NetworkKind::Private, true),
            &budgets,
        );
        let ids: Vec<&str> = results.iter().map(|result| result.id.as_str()).collect();
        assert_eq!(ids, expected, "the checks of any other run");
        for result in &results {
            let (verdict, evidence) = match result.id == id {
                true => (Verdict::Fail, "13 of 14 uploads".to_owned()),
                false => (
                    Verdict::Inconclusive,
                    format!("the stage {stage} was not reached"),
                ),
            };
            assert_eq!((result.verdict, &result.evidence), (verdict, &evidence));
        }
        assert_eq!(verdict(&results), Verdict::Fail);
    }
    // Where no check is to blame, none is blamed.
    let results = judge_stuck(
        Stage::Prepare,
        None,
        &Finding::fail("no space"),
        (NetworkKind::Private, true),
        &budgets,
    );
    assert_eq!(verdict(&results), Verdict::Inconclusive);
}

#[test]
fn every_mutant_of_a_topology_is_caught_by_a_check_that_exists() {
    let results = judge(&healthy());
    let mut ids: BTreeSet<&str> = results.iter().map(|result| result.id.as_str()).collect();
    ids.insert("hygiene.nothing-left");
    let mut caught = BTreeSet::new();
    for mutant in MUTANTS {
        let name = mutant.name;
        assert!(ids.contains(mutant.caught_by), "{name}");
        for id in mutant.may_also_fail {
            assert!(ids.contains(id), "{name}: {id}");
        }
        caught.insert(mutant.caught_by);
    }
    // Each check has a real topology that it fails.
    let uncaught: Vec<&&str> = ids.difference(&caught).collect();
    assert!(uncaught.is_empty(), "no mutant fails {uncaught:?}");
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
        (0, Ok(&none), vec![], "nothing was found to remove"),
    ] {
        let judged = judge_leftovers(removed, left, &files);
        assert_eq!(judged.verdict, Verdict::Fail, "{evidence}");
        assert_eq!(judged.evidence, evidence);
    }
    // An engine that does not answer says nothing of what is on it.
    let judged = judge_leftovers(14, Err("the engine is gone".to_owned()), &[]);
    assert_eq!(judged.verdict, Verdict::Inconclusive);
}
