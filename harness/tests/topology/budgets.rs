//! Budgets.

use super::{broken, extended};

#[test]
fn budgets_have_a_known_metric_a_unit_and_a_percentile() {
    let cases = [
        (
            "\"3s\"",
            "3",
            "line 24: budget[0].at_most \"3\" has no unit; write \"3ms\", \"3s\" or \"3m\"",
        ),
        (
            "\"3s\"",
            "\"250\"",
            "line 24: budget[0].at_most \"250\" has no unit; write \"250ms\", \"250s\" or \"250m\"",
        ),
        (
            "\"3s\"",
            "\"3h\"",
            "line 24: budget[0].at_most \"3h\" has an unknown unit \"h\"; use ms, s or m",
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
            "line 23: budget[0].metric \"speed\" is not a metric; use one of dial, redial, btp-connect, authentication, round-trip, far-round-trip, warm-up, far-warm-up, ready, publication, peering, delivery, recovery",
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
