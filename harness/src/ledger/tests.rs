use std::collections::BTreeMap;

use proptest::prelude::*;
use time::Duration;
use time::macros::datetime;

use super::*;
use crate::checks::Verdict;

const CHECK: &str = "handshake.connected";

/// A line of the given night, on which the check came out as given.
fn entry(topology: &str, night: u32, verdict: Option<Verdict>) -> Entry {
    let mut tally = Tally::default();
    if let Some(verdict) = verdict {
        tally.count(verdict);
    }
    Entry {
        schema: SCHEMA,
        date: datetime!(2026-11-01 02:00 UTC) + Duration::days(i64::from(night)),
        commit: Some("0123456789abcdef".to_owned()),
        harness: "0.1.0".to_owned(),
        topology: topology.to_owned(),
        family: "anon".to_owned(),
        runs: vec![format!("{topology}-{night}")],
        verdict: verdict.unwrap_or(Verdict::Inconclusive),
        checks: BTreeMap::from([(CHECK.to_owned(), tally)]),
        stages_p50_ms: BTreeMap::from([("prepare".to_owned(), f64::from(night))]),
        metrics: BTreeMap::new(),
    }
}

fn ledger(entries: impl IntoIterator<Item = Entry>) -> Ledger {
    let mut ledger = Ledger::default();
    for entry in entries {
        ledger.add(entry).expect("each run once");
    }
    ledger
}

/// One night per letter: pass, fail, inconclusive, unsupported, or not judged.
fn nights(topology: &str, letters: &str) -> Vec<Entry> {
    let verdict = |letter| match letter {
        'p' => Some(Verdict::Pass),
        'f' => Some(Verdict::Fail),
        'i' => Some(Verdict::Inconclusive),
        'u' => Some(Verdict::Unsupported),
        _ => None,
    };
    let letters = letters.chars().enumerate();
    letters
        .map(|(night, letter)| entry(topology, night as u32, verdict(letter)))
        .collect()
}

fn flagged(letters: &str) -> bool {
    Summary::of(&ledger(nights("t", letters)), &[7, 30]).flags()
}

#[test]
fn two_of_the_last_seven_are_flagged_and_nothing_less() {
    for letters in ["ff", "fpppppf", "pppppppppfpf", "fffffff"] {
        assert!(flagged(letters), "{letters}");
    }
    // One is not two; what is older than seven nights is over; what was not judged did not fail.
    for letters in [
        "f",
        "fppppppf",
        "ffppppppp",
        "iiiiiii",
        "uuuuuuu",
        "f------",
        "p",
    ] {
        assert!(!flagged(letters), "{letters}");
    }
}

#[test]
fn each_way_to_come_out_is_counted_apart() {
    let summary = Summary::of(&ledger(nights("t", "fffpfiu-")), &[7, 30]);
    let check = &summary.topologies[0].checks[0];
    let counts = |window: &Window| {
        [
            window.entries,
            window.failed,
            window.inconclusive,
            window.unsupported,
            window.absent,
            window.passed,
        ]
    };
    assert_eq!(counts(&check.windows[0]), [7, 3, 1, 1, 1, 1]);
    assert_eq!(counts(&check.windows[1]), [8, 4, 1, 1, 1, 1]);
}

#[test]
fn topologies_and_families_are_not_mixed() {
    let other = |mut entry: Entry| {
        entry.family = "onion".to_owned();
        entry.runs = vec![format!("onion-{}", entry.runs[0])];
        entry
    };
    // One failure in each of the three would be two of seven if any were taken together.
    let entries = nights("t", "fpp")
        .into_iter()
        .chain(nights("u", "pfp"))
        .chain(nights("t", "ppf").into_iter().map(other));
    let summary = Summary::of(&ledger(entries), &[7]);
    let names: Vec<_> = summary
        .topologies
        .iter()
        .map(|topology| (topology.topology.as_str(), topology.family.as_str()))
        .collect();
    assert_eq!(names, [("t", "anon"), ("t", "onion"), ("u", "anon")]);
    for topology in &summary.topologies {
        assert_eq!(topology.checks[0].windows[0].failed, 1);
    }
    assert!(!summary.flags());
}

#[test]
fn many_runs_of_one_night_are_one_line_that_fails_when_one_of_them_does() {
    let mut repeat = entry("t", 0, Some(Verdict::Pass));
    repeat.runs = (0..20).map(|run| format!("r{run}")).collect();
    let tally = Tally {
        passed: 17,
        failed: 1,
        inconclusive: 2,
        unsupported: 0,
    };
    repeat.checks.insert(CHECK.to_owned(), tally);
    let summary = Summary::of(&ledger([repeat]), &[7]);
    let window = summary.topologies[0].checks[0].windows[0];
    assert_eq!((window.failed, window.inconclusive), (1, 0));
    assert_eq!(window.runs, tally);
}

#[test]
fn a_trend_is_the_median_of_each_window() {
    let summary = Summary::of(&ledger(nights("t", "pppppppppp")), &[3, 30]);
    let stage = &summary.topologies[0].stages[0];
    assert_eq!(stage.latest_ms, Some(9.0));
    assert_eq!(stage.windows_ms, [Some(8.0), Some(4.5)]);
}

#[test]
fn what_is_written_is_read_back() {
    let entries = nights("t", "pfiu-");
    let text: String = entries.iter().map(Entry::to_line).collect();
    assert_eq!(text.lines().count(), entries.len());
    let read = Ledger::parse(text.as_bytes()).expect("reads");
    assert_eq!(read.entries(), entries);
    assert_eq!(Ledger::parse(b"").expect("reads"), Ledger::default());
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let good = entry("t", 0, Some(Verdict::Pass)).to_line();
    let next = entry("t", 1, Some(Verdict::Pass)).to_line();
    let cases = [
        (format!("{good}not json\n"), 2, "no JSON at column 2"),
        (format!("\n{good}"), 1, "no JSON at column"),
        (format!("{good}{{}}\n{next}"), 2, "it has no schema"),
        (format!("{good}[1]\n"), 2, "it has no schema"),
        (
            next.replace("\"date\":", "\"night\":"),
            1,
            "missing field `date`",
        ),
        (next.replace("[\"t-1\"]", "[]"), 1, "it has no runs"),
        (
            next.replace("\"schema\":1", "\"schema\":2"),
            1,
            "it has schema 2 and this harness reads schema 1",
        ),
        (
            format!("{good}{next}{good}"),
            3,
            "run t-0 is in line 1 already",
        ),
    ];
    for (text, line, reason) in cases {
        let error = Ledger::parse(text.as_bytes())
            .expect_err(reason)
            .to_string();
        assert!(error.starts_with(&format!("line {line}: ")), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn every_cut_of_the_last_line_is_torn_and_loses_no_line_before() {
    let good = entry("t", 0, Some(Verdict::Pass)).to_line();
    let last = entry("t", 1, Some(Verdict::Fail)).to_line();
    for cut in 1..last.len() {
        let text = format!("{good}{}", &last[..cut]);
        let error = Ledger::parse(text.as_bytes()).expect_err("is torn");
        assert_eq!(
            error,
            LineError::Torn {
                line: 2,
                bytes: cut
            }
        );
        let whole = &text.as_bytes()[..whole_lines(text.as_bytes())];
        assert_eq!(whole, good.as_bytes());
    }
}

#[test]
fn a_run_is_refused_the_second_time_and_changes_nothing() {
    let mut both = entry("t", 5, Some(Verdict::Pass));
    both.runs = vec!["new".to_owned(), "t-1".to_owned()];
    let mut ledger = ledger(nights("t", "pp"));
    let before = ledger.clone();
    let error = ledger.add(both).expect_err("is there");
    assert_eq!((error.run.as_str(), error.line), ("t-1", 2));
    assert_eq!(ledger, before);
}

fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    let one = (
        "[tu]",
        0u32..12,
        prop::sample::select(vec!['p', 'f', 'i', 'u', '-']),
    );
    prop::collection::vec(one, 0..40).prop_map(|picked| {
        let entries = picked.into_iter().enumerate();
        entries
            .map(|(number, (topology, night, letter))| {
                let mut entry = nights(&topology, &letter.to_string()).remove(0);
                entry.date += Duration::days(i64::from(night));
                // Several a night; the number makes each a run of its own.
                entry.runs = vec![format!("run-{number}")];
                entry
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_adding_does_not_matter(
        (entries, shuffled) in any_entries()
            .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle()))
    ) {
        let sum = |entries: Vec<Entry>| Summary::of(&ledger(entries), &[1, 7, 30]);
        prop_assert_eq!(sum(entries), sum(shuffled));
    }

    #[test]
    fn every_line_of_a_window_is_counted_once(entries in any_entries()) {
        let summary = Summary::of(&ledger(entries), &[3, 7, 1000]);
        for topology in &summary.topologies {
            for check in &topology.checks {
                for (window, last) in check.windows.iter().zip([3, 7, 1000]) {
                    prop_assert_eq!(window.entries, topology.entries.min(last));
                    let counted = window.failed + window.inconclusive + window.unsupported
                        + window.passed + window.absent;
                    prop_assert_eq!(counted, window.entries);
                }
                prop_assert_eq!(check.flagged, check.windows[1].failed >= FLAG_FAILURES);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Ledger::parse(&bytes);
    }
}
