//! Budgets.

use std::time::Duration;

use ator_harness::topology::{Bound, Choices, Topology};

use super::{GOOD, broken, extended};

#[test]
fn budgets_have_a_known_metric_a_unit_and_a_percentile() {
    let cases = [
        (
            "\"3s\"",
            "3",
            "line 24: budget[0].at_most \"3\" has no unit; write \"3ms\", \"3s\", \"3m\" or \"3h\"",
        ),
        (
            "\"3s\"",
            "\"250\"",
            "line 24: budget[0].at_most \"250\" has no unit; write \"250ms\", \"250s\", \"250m\" or \"250h\"",
        ),
        (
            "\"3s\"",
            "\"3d\"",
            "line 24: budget[0].at_most \"3d\" has an unknown unit \"d\"; use ms, s, m or h",
        ),
        (
            "\"3s\"",
            "\"soon\"",
            "line 24: budget[0].at_most \"soon\" is not a duration; write a number and a unit, as in \"250ms\"",
        ),
        (
            "\"3s\"",
            "\"0ms\"",
            "line 24: budget[0].at_most must be longer than zero",
        ),
        (
            "\"dial\"",
            "\"speed\"",
            "line 23: budget[0].metric \"speed\" is not a metric; use one of dial, redial, btp-connect, authentication, round-trip, far-round-trip, warm-up, far-warm-up, ready, publication, peering, delivery, traffic, recovery",
        ),
        (
            "at_most",
            "samples = 0\nat_most",
            "line 24: budget[0].samples expected a whole number from 1 to 1000000",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(broken(from, to), [expected]);
    }
    for percentile in ["0", "100.5", "-1", "\"p95\"", "nan"] {
        assert_eq!(
            broken("at_most", &format!("percentile = {percentile}\nat_most")),
            ["line 24: budget[0].percentile expected a percentile above 0 and up to 100"],
            "{percentile}"
        );
    }
    for percentile in ["0.1", "50", "99.9", "100"] {
        assert!(broken("at_most", &format!("percentile = {percentile}\nat_most")).is_empty());
    }
}

#[test]
fn a_metric_has_one_budget_per_percentile() {
    let twin = "[[budget]]\nmetric = \"dial\"\npercentile = 100\nat_most = \"1s\"\n";
    assert_eq!(
        extended(twin),
        ["line 26: budget[1].percentile is that of budget[0], for the same metric; remove one"]
    );
    assert!(extended(&twin.replace("100", "50")).is_empty());
}

/// A topology as a command with these bounds has it.
fn bound(bounds: &[&str]) -> Result<Topology, String> {
    let bounds: Vec<Bound> = bounds
        .iter()
        .map(|bound| bound.parse().expect("is a bound"))
        .collect();
    let choices = Choices {
        bounds: &bounds,
        ..Choices::default()
    };
    Topology::parse_as("file.toml", GOOD, choices).map_err(|error| error.to_string())
}

#[test]
fn a_commands_bounds_come_before_those_of_the_file() {
    let before = bound(&[]).expect("is good").budgets;
    let [own] = &before[..] else {
        panic!("one budget: {before:?}");
    };
    let name = own.metric.name();
    let given = [format!("{name}=7s"), format!("{name}:p50=1s")];
    let after = bound(&given.each_ref().map(String::as_str)).expect("is good");
    let found: Vec<_> = after
        .budgets
        .iter()
        .map(|one| (one.metric, one.percentile, one.at_most, one.samples))
        .collect();
    let wanted = [(100.0, 7), (50.0, 1)];
    // The file's own keeps its samples, and what is new asks for as many.
    let wanted = wanted.map(|(percentile, seconds)| {
        (
            own.metric,
            percentile,
            Duration::from_secs(seconds),
            own.samples,
        )
    });
    assert_eq!(found, wanted);
    // The same for one that is there already.
    let mut again = bound(&[]).expect("is good");
    let bounds = given.map(|bound| bound.parse::<Bound>().expect("is a bound"));
    again.bind(&bounds);
    assert_eq!(again.budgets, after.budgets);
}

#[test]
fn a_bound_for_what_a_run_does_not_measure_is_refused() {
    let refused = bound(&["far-round-trip:p95=1s"]).expect_err("has no far home");
    assert!(refused.contains("far"), "{refused}");
    let refused = bound(&["recovery=1s"]).expect_err("breaks nothing");
    assert!(refused.contains("recovery"), "{refused}");
}
