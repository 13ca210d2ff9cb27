//! The stream keeps what happened, and says so when a reader cannot.

use super::*;

#[test]
fn a_dropped_stage_has_failed_with_its_last_evidence() {
    let recorder = Recorder::new(Vec::new());
    let stage = recorder.stage(Stage::Consensus, None);
    stage.saw("5 of 7 relays");
    drop(stage);
    let events = recorder.events();
    assert!(matches!(
        &events[1].kind,
        EventKind::StageFailed { stage: Stage::Consensus, evidence, .. } if evidence == "5 of 7 relays"
    ));
}

#[test]
fn what_was_under_way_when_the_user_ended_the_run_was_interrupted_and_nothing_after() {
    let recorder = Recorder::new(Vec::new());
    drop(recorder.stage(Stage::Descriptors, None));
    let under_way = recorder.stage(Stage::Consensus, None);
    recorder.interrupted();
    let after = recorder.stage(Stage::TearDown, None);
    drop(under_way);
    drop(after);
    let ended = recorder
        .events()
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::StageFailed {
                stage, interrupted, ..
            } => Some((stage, interrupted)),
            _ => None,
        });
    assert_eq!(
        ended.collect::<Vec<_>>(),
        [
            (Stage::Descriptors, false),
            (Stage::Consensus, true),
            (Stage::TearDown, false)
        ]
    );
}

#[test]
fn a_stage_of_the_past_keeps_its_own_times() {
    let recorder = Recorder::new(Vec::new());
    let began = OffsetDateTime::now_utc().unix_timestamp() * 1000;
    assert_eq!(recorder.instant_of(began - 5000), None);
    let start = recorder.instant_of(began + 5000).expect("later");
    let end = start + Duration::from_millis(250);
    let peering = Subject::peering("a", "b");
    recorder.seen(Stage::WebSocket, Some(peering), (start, end), "open");
    let events = recorder.events();
    let EventKind::StageSeen {
        started_ms,
        ended_ms,
        ..
    } = events[0].kind
    else {
        panic!("another event");
    };
    assert!((4000..=5000).contains(&started_ms), "{started_ms}");
    assert_eq!(ended_ms - started_ms, 250);
}

#[test]
fn stages_are_named_alike_everywhere() {
    for stage in [
        Stage::Vote,
        Stage::Listed,
        Stage::Introduction,
        Stage::Upload,
        Stage::Fetch,
        Stage::Rendezvous,
        Stage::WebSocket,
        Stage::Authentication,
        Stage::FirstAnswer,
        Stage::TearDown,
    ] {
        let serialized = serde_json::to_value(stage).expect("a name");
        assert_eq!(serialized, stage.name());
    }
}

#[test]
fn a_sink_that_cannot_write_is_asked_no_more_and_the_stream_goes_on() {
    let asked = Arc::new(Mutex::new(0));
    let counted = asked.clone();
    let full = move |_: &Event| {
        *counted.lock().expect("no test panics") += 1;
        Err(std::io::ErrorKind::StorageFull.into())
    };
    let recorder = Recorder::new(vec![Box::new(full)]);
    recorder.note("x");
    recorder.note("y");
    assert_eq!(recorder.events().len(), 2);
    assert_eq!(*asked.lock().expect("no test panics"), 1);
    let failure = recorder.take_failure().map(|error| error.kind());
    assert_eq!(failure, Some(std::io::ErrorKind::StorageFull));
    assert!(recorder.take_failure().is_none(), "it is told once");
}
