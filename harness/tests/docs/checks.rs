//! `docs/checks.md`: the catalogue.

use std::fmt::Write as _;
use std::time::Duration;

use ator_harness::checks::{Check, Load, Measurement, Pace, every, judge_leftovers};
use ator_harness::mutants::{MUTANTS, VARIANTS};
use ator_harness::topology::Metric;

use crate::support::{assert_generated, plan, topology};

const DOCUMENT: &str = "docs/checks.md";
const CONTRACT: &str = "connector-contract.md";
const BEFORE: &str = "\
# Checks

Generated from the code; `make generated` writes it anew.

A check is one assertion with an id that stays, and with evidence. It comes out as *pass*; as *fail*, when what it
says is not true; as *inconclusive*, when there was too little to judge by; or as *unsupported*, when this
connector or daemon cannot do what the check needs. Where it finds nothing to look at it does not pass. The
verdict of a run is the worst of its checks, those that are unsupported left out; what was not judged stands below it.

Each says at which level it holds a connector to something, and where the
[contract](connector-contract.md) has that: *required*, *either way* (several answers are legitimate, and all of
them pass), or *defect* (wrong whoever does it, the original too). Defects fail, unless `verify --accept-defects
ID,…` names them; the headline of a report counts them first.

What connectors log is never judged but for what must not be in it: sessions, sends and arrivals are shown by recorded
SOCKS requests, streams and circuits, by the sessions and packets that the harness itself ends, and by the records of
business-logic servers.

Each check is shown to fail by constructed observations (`harness/src/checks/tests`), and on real topologies by
[mutants](topologies.md#mutants), which are named beside it. What a topology has nothing of, such as a second hop,
its checks do not look for.
";
const LATENCY: &str = "
## latency

One check for each `[[budget]]` of the topology, `latency.METRIC.PERCENTILE`, such as `latency.round-trip.p95`: it
fails when the percentile is above the bound, and is inconclusive with fewer samples than the budget asks for.
A budget that was exceeded is inconclusive, too, where [the machine had no processors](exit-codes.md#who-is-at-fault) for
what was measured. `max` is the hundredth percentile. [measuring.md](measuring.md#metrics) says what the metrics are: ";
const HYGIENE: &str = "
## hygiene

| check | says | asked of |
|---|---|---|
";
const PROBE: &str = "
## probe

What `ator-harness probe` is judged by, besides the budgets.

| check | says |
|---|---|
";
const MATRIX: &str = "
## Mutants and variants

Whom the checks accuse, and whom they do not: a mutant is one part that is broken on purpose (`mutant = \"NAME\"` in a
topology), a variant one legitimate difference (`variant = \"NAME\"`) in every home. `make mutants` runs all of them.

| name | is a | what it is | what comes of it |
|---|---|---|---|
";
const AFTER: &str = "
A ledger has one check more, `run`: that a run came as far as its checks.
";

#[test]
fn is_generated() {
    let mut text = BEFORE.to_owned();
    let mut family = "";
    for check in every() {
        let (of, _) = check.id.split_once('.').expect("a family");
        if of != family {
            family = of;
            let _ = write!(
                text,
                "\n## {family}\n\n| check | level | says | asked of | mutants |\n|---|---|---|---|---|\n"
            );
        }
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            check.id,
            level(check),
            check.says,
            check.scope.words(),
            mutants(check.id)
        );
    }
    let metrics = Metric::ALL.map(|metric| format!("`{}`", metric.name()));
    let _ = writeln!(text, "{LATENCY}{}.", metrics.join(", "));
    text.push_str(HYGIENE);
    let left = judge_leftovers(0, Err(String::new()), &[]);
    let _ = writeln!(
        text,
        "| `{}` | {} | every run that removes what it made |",
        left.id, left.says
    );
    text.push_str(PROBE);
    for (id, says) in probe() {
        let _ = writeln!(text, "| `{id}` | {says} |");
    }
    text.push_str(AFTER);
    text.push_str(MATRIX);
    for mutant in MUTANTS {
        let also: Vec<String> = mutant
            .may_also_fail
            .iter()
            .map(|id| format!("`{id}`"))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | mutant | {} | fails `{}`{} |",
            mutant.name,
            mutant.breaks,
            mutant.caught_by,
            match also.is_empty() {
                true => String::new(),
                false => format!(", may fail {}", also.join(", ")),
            }
        );
    }
    for variant in VARIANTS {
        let lacking: Vec<String> = variant
            .unsupported
            .iter()
            .map(|id| format!("`{id}`"))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | variant | {} | passes{} |",
            variant.name,
            variant.differs,
            match lacking.is_empty() {
                true => String::new(),
                false => format!(", without {}", lacking.join(", ")),
            }
        );
    }
    assert_generated(DOCUMENT, &text, |one, other| one == other);
}

/// A check's level, with a link to where the contract has it.
fn level(check: &Check) -> String {
    let words = check.basis.words();
    match check.stands_on.split_once('#') {
        Some((_, anchor)) => format!("[{words}]({CONTRACT}#{anchor})"),
        None => words.to_owned(),
    }
}

/// The mutants that a check has to notice.
fn mutants(id: &str) -> String {
    let names: Vec<String> = MUTANTS
        .iter()
        .filter(|mutant| mutant.caught_by == id)
        .map(|mutant| format!("`{}`", mutant.name))
        .collect();
    names.join(", ")
}

/// What a measurement is judged by that no budget says.
fn probe() -> Vec<(String, String)> {
    let mut topology = topology("two-home-local");
    topology.budgets.clear();
    let load = Load {
        pace: Pace::Closed { concurrency: 1 },
        time: Duration::from_secs(1),
        warm_up: Duration::ZERO,
        payload: 64,
        to: None,
        dials: 1,
    };
    let plan = plan(&topology);
    let mut found = Measurement::new(&plan, &load, "home-b");
    found.judge(&plan);
    let checks = found.checks.into_iter();
    checks.map(|check| (check.id, check.says)).collect()
}
