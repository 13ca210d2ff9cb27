use std::time::{Duration, Instant};

use super::published::{Sent, how_far, is_own};
use crate::onion::monitor::Timeline;

/// What these events have told, all at once.
fn told(at: Instant, events: &[&str]) -> Timeline {
    let mut timeline = Timeline::default();
    for event in events {
        timeline.apply(at, event);
    }
    timeline
}

#[test]
fn a_descriptor_is_sent_when_the_hsdirs_have_it() {
    let at = Instant::now();
    let mut events = vec![
        "HS_DESC UPLOAD own UNKNOWN $AA~relay1 PRESENT HSDIR_INDEX=1",
        "HS_DESC UPLOAD own UNKNOWN $BB~relay2 PRESENT HSDIR_INDEX=2",
        "HS_DESC UPLOAD own UNKNOWN $CC~relay3 PRESENT HSDIR_INDEX=3",
        "HS_DESC UPLOADED own UNKNOWN $AA~relay1",
    ];
    let far = |events: &[&str], later: u64| {
        how_far(&told(at, events).uploads, at + Duration::from_secs(later))
    };
    assert_eq!(far(&[], 60), Sent::Unseen);
    assert_eq!(far(&events, 60), Sent::UnderWay, "one of three");
    events.push("HS_DESC UPLOADED own UNKNOWN $BB~relay2");
    assert_eq!(far(&events, 0), Sent::UnderWay, "the third may come");
    assert_eq!(far(&events, 5), Sent::Done, "the third does not come");
    events.push("HS_DESC FAILED own UNKNOWN $CC~relay3 REASON=UNEXPECTED");
    assert_eq!(far(&events, 0), Sent::Done, "all have answered");
    let refused = [
        "HS_DESC UPLOAD own UNKNOWN $AA~relay1 PRESENT HSDIR_INDEX=1",
        "HS_DESC FAILED own UNKNOWN $AA~relay1 REASON=UPLOAD_REJECTED",
    ];
    assert_eq!(far(&refused, 60), Sent::UnderWay, "none has it");
}

#[test]
fn what_an_earlier_daemon_has_sent_is_not_its_own() {
    let at = Instant::now();
    let own = |events: &[&str]| {
        let timeline = told(at, events);
        is_own(&timeline.uploads, &timeline.fetches)
    };
    let fetched = [
        "HS_DESC REQUESTED own NO_AUTH $AA~relay1 PRESENT HSDIR_INDEX=1",
        "HS_DESC RECEIVED own NO_AUTH $AA~relay1 PRESENT",
    ];
    let sent = |descriptor: &str| {
        [
            format!("HS_DESC UPLOAD own UNKNOWN $AA~relay1 {descriptor} HSDIR_INDEX=1"),
            "HS_DESC UPLOADED own UNKNOWN $AA~relay1".to_owned(),
        ]
    };
    assert!(own(&fetched), "sent before it was observed");
    for (descriptor, expected) in [("PRESENT", true), ("NEXT", false)] {
        let [begun, ended] = sent(descriptor);
        let events = [&begun, &ended, fetched[0], fetched[1]];
        assert_eq!(own(&events), expected, "{descriptor}");
        assert!(!own(&[&begun, fetched[0], fetched[1]]), "none has it yet");
    }
    let [begun, ended] = sent("PRESENT");
    assert!(!own(&[&begun, &ended]), "nothing was fetched");
}
