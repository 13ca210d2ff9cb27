//! What people see of a run while it goes on.

use std::time::Duration;

use ator_harness::events::{Event, Recorder, Stage};
use ator_harness::evidence::Subject;
use ator_harness::report::{Lanes, Look, progress_line, stage_times};

use crate::support::events;

#[test]
fn progress_has_a_line_for_what_people_wait_for() {
    let lines: Vec<String> = shown(&events());
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].ends_with("two-home-local, run 20261122-100000-abcdef"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("ok    consensus") && lines[1].ends_with("3 authorities agree"));
    assert!(lines[2].contains("left  publication home-a"));
    assert!(lines[2].ends_with("last seen: 13 of 14 uploads"));
}

fn shown(events: &[Event]) -> Vec<String> {
    let look = Look::default();
    let lines = events.iter();
    lines
        .filter_map(|event| progress_line(event, &look))
        .collect()
}

#[test]
fn a_line_about_a_stage_is_below_120_columns_and_none_steers_a_terminal() {
    let recorder = Recorder::new(Vec::new());
    let stage = recorder.stage(Stage::Consensus, None);
    stage.reached(format!(
        "\u{1b}[2J{}",
        "everything that was seen ".repeat(40)
    ));
    recorder.note("接続".repeat(100));
    for line in shown(&recorder.events()) {
        // A character of two columns may leave one free.
        assert!(
            (118..120).contains(&console::measure_text_width(&line)),
            "{line}"
        );
        assert!(line.ends_with('…') && !line.contains('\u{1b}'), "{line}");
    }
    let coloured = Look {
        colours: true,
        ..Look::default()
    };
    let events = recorder.events();
    let line = progress_line(&events[1], &coloured).expect("a line");
    assert!(line.contains("\u{1b}[32mok    \u{1b}[0m"), "{line:?}");
    assert_eq!(console::measure_text_width(&line), 119, "{line}");
}

#[test]
fn lines_are_in_the_order_of_the_times_that_they_begin_with() {
    let recorder = Recorder::new(Vec::new());
    recorder.stage(Stage::Consensus, None).reached("served");
    let start = std::time::Instant::now();
    recorder.seen(
        Stage::Vote,
        Some("da1".into()),
        (start, start),
        "found afterwards",
    );
    recorder.stage(Stage::Observe, None).reached("looked");
    let lines = shown(&recorder.events());
    let times: Vec<f64> = lines
        .iter()
        .map(|line| {
            line.split(" s")
                .next()
                .expect("a time")
                .trim()
                .parse()
                .expect("a number")
        })
        .collect();
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted(), "{lines:?}");
    assert!(lines[1].contains(" s: found afterwards"), "{lines:?}");
}

/// The lines of a live display after these events.
fn lanes(events: &[Event]) -> Lanes {
    let mut lanes = Lanes::default();
    for event in events {
        lanes.take(event);
    }
    lanes
}

#[test]
fn a_live_display_has_a_line_for_the_run_the_network_and_each_home() {
    let recorder = Recorder::new(Vec::new());
    let home = |id: &str| Subject::Home(id.to_owned());
    let limit = Duration::from_secs(60);
    recorder.stage(Stage::Prepare, None).reached("3 networks");
    recorder
        .stage(Stage::Start, Subject::Network)
        .reached("started");
    let consensus = recorder.stage_within(Stage::Consensus, None, limit);
    let published = recorder.stage_within(Stage::Publication, home("home-a"), limit);
    recorder
        .stage(Stage::Connector, home("home-b"))
        .reached("answers");
    let peering = recorder.stage(Stage::Peering, Subject::peering("home-b", "home-a"));
    let look = Look::default();
    let lines = lanes(&recorder.events()).lines(61_000, &look, 24);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(
        lines[0].starts_with("ok    run      1 stage in "),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("...   network  consensus "),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with(" s of 60.0 s"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("...   home-a   publication "),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].starts_with("...   home-b   peering to home-a "),
        "{}",
        lines[3]
    );
    assert!(!lines[3].contains(" of "), "it has no limit: {}", lines[3]);

    published.saw("13 of 14 uploads");
    drop(published);
    consensus.reached("served");
    peering.reached("connected");
    let ends = lanes(&recorder.events()).ends(&look);
    assert_eq!(ends.len(), 4, "{ends:#?}");
    assert!(
        ends[1].starts_with("ok    network  2 stages in "),
        "{}",
        ends[1]
    );
    assert!(
        ends[2].starts_with("left  home-a   publication after ")
            && ends[2].ends_with("last seen: 13 of 14 uploads"),
        "{}",
        ends[2]
    );
    assert!(
        ends[3].starts_with("ok    home-b   2 stages in "),
        "{}",
        ends[3]
    );
}

#[test]
fn a_live_display_fits_the_terminal_however_small_and_many_homes_there_are() {
    let recorder = Recorder::new(Vec::new());
    let mut open = Vec::new();
    for index in 0..32 {
        let home = Subject::Home(format!("a-home-with-a-long-name-{index:02}"));
        let stage = recorder.stage_within(Stage::Daemon, home, Duration::from_secs(30));
        match index {
            30 => open.push(stage),
            _ => stage.reached("answers"),
        }
    }
    let lanes = lanes(&recorder.events());
    for (columns, most) in [(40, 10), (80, 24), (200, 60), (5, 1), (40, 0)] {
        let look = Look {
            columns: Some(columns),
            colours: true,
            ..Look::default()
        };
        let lines = lanes.lines(1_000, &look, most);
        assert!(lines.len() <= most.max(1), "{lines:#?}");
        for line in &lines {
            assert!(
                console::measure_text_width(line) < columns.max(20),
                "{line}"
            );
        }
        if most > 1 && most < 32 {
            assert!(
                lines.iter().any(|line| line.contains("...")),
                "what is under way stays: {lines:#?}"
            );
            let last = lines.last().expect("a line");
            assert!(last.ends_with(&format!("and {} more", 33 - most)), "{last}");
        }
    }
    let looked = Look::default();
    assert_eq!(lanes.lines(0, &looked, 40).len(), 32);
}

#[test]
fn what_is_no_stage_is_told_by_itself() {
    let recorder = Recorder::new(Vec::new());
    recorder.note("something happened");
    recorder.stage(Stage::Observe, None).reached("looked");
    let mut lanes = Lanes::default();
    let told: Vec<bool> = recorder
        .events()
        .iter()
        .map(|event| lanes.take(event))
        .collect();
    assert_eq!(told, [true, false, false]);
}

#[test]
fn stages_are_ordered_by_their_start() {
    let recorder = Recorder::new(Vec::new());
    let late = recorder.stage(Stage::Publication, None);
    late.reached("later");
    let start = std::time::Instant::now();
    recorder.seen(
        Stage::Upload,
        Some("home-a at relay3".into()),
        (
            start + Duration::from_secs(1),
            start + Duration::from_secs(2),
        ),
        "confirmed",
    );
    recorder.seen(Stage::Vote, Some("da1".into()), (start, start), "seen");
    let events = recorder.events();
    let names: Vec<String> = stage_times(&events)
        .iter()
        .map(|time| time.name())
        .collect();
    assert_eq!(
        names.last().map(String::as_str),
        Some("upload home-a at relay3")
    );
    assert!(names.contains(&"vote da1".to_owned()));
    let shown: Vec<String> = shown(&events);
    assert!(
        shown.iter().any(|line| line.contains("seen  vote da1")),
        "{shown:?}"
    );
    assert!(
        !shown.iter().any(|line| line.contains("upload")),
        "{shown:?}"
    );
}
