//! Events as a daemon of version 0.4.9.11 sent them, with the label and the fingerprints cut.

use super::*;

const LABEL: &str = "7fi3mrxyjdrm";

fn told(events: &[&str]) -> (Timeline, Instant) {
    let start = Instant::now();
    let mut timeline = Timeline::default();
    for (event, milliseconds) in events.iter().zip(0..) {
        timeline.apply(start + Duration::from_millis(milliseconds), event);
    }
    (timeline, start)
}

const DIAL: [&str; 10] = [
    "STREAM 48 NEW 0 7fi3mrxyjdrm.anon:3000 SOURCE_ADDR=127.0.0.1:36428 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-6 ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH",
    "CIRC 44 LAUNCHED BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_CONNECTING TIME_CREATED=2026-11-22T19:06:20.449206",
    "CIRC 44 BUILT $75AA~da1,$7BDC~relay4 BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_CONNECTING REND_QUERY=7fi3mrxyjdrm TIME_CREATED=2026-11-22T19:06:20.449206",
    "CIRC_MINOR 44 PURPOSE_CHANGED $75AA~da1,$7BDC~relay4 BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_JOINED REND_QUERY=7fi3mrxyjdrm TIME_CREATED=2026-11-22T19:06:20.449206 OLD_PURPOSE=HS_CLIENT_REND OLD_HS_STATE=HSCR_ESTABLISHED_WAITING",
    "STREAM 48 SENTCONNECT 44 7fi3mrxyjdrm.anon:3000 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-6",
    "STREAM 48 SUCCEEDED 44 7fi3mrxyjdrm.anon:3000 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-6",
    "STREAM_BW 48 398 153 2026-11-22T19:06:21.445504",
    "CIRC_BW ID=44 READ=4581 WRITTEN=4072 TIME=2026-11-22T19:06:21.445524 DELIVERED_READ=429 OVERHEAD_READ=4053 DELIVERED_WRITTEN=599 OVERHEAD_WRITTEN=3385 SS=1 CWND=124 RTT=0 MIN_RTT=0",
    "CIRC 46 BUILT $75AA~da1,$7BDC~relay4 PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_CONNECTING REND_QUERY=own TIME_CREATED=2026-11-22T19:06:20.580674",
    "CIRC_MINOR 46 PURPOSE_CHANGED $75AA~da1 PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_JOINED REND_QUERY=own OLD_PURPOSE=HS_SERVICE_REND OLD_HS_STATE=HSSR_CONNECTING",
];

#[test]
fn a_stream_is_followed_to_its_rendezvous() {
    let (timeline, start) = told(&DIAL);
    let crossing = timeline.crossing(36428, LABEL).expect("crosses");
    assert_eq!((crossing.stream, crossing.circuit), (48, 44));
    assert_eq!(crossing.joined, start + Duration::from_millis(3));
    let second = start + BYTES_PERIOD;
    assert_eq!(
        timeline.stream_traffic(48, start, second),
        Traffic {
            written: 398,
            read: 153
        }
    );
    assert_eq!(timeline.circuit_traffic(44, start, second).written, 599);
    assert_eq!(
        timeline.stream_traffic(48, second, second),
        Traffic::default()
    );
    let service = &timeline.rendezvous[1];
    assert_eq!(service.side, Side::Service);
    assert!(service.joined.is_some());
}

#[test]
fn every_missing_link_is_named() {
    let (timeline, _) = told(&DIAL);
    assert_eq!(timeline.crossing(1, LABEL), Err(NoCrossing::Stream(1)));
    assert_eq!(
        timeline.crossing(36428, "other"),
        Err(NoCrossing::Target(48))
    );
    let (timeline, _) = told(&DIAL[..1]);
    assert_eq!(
        timeline.crossing(36428, LABEL),
        Err(NoCrossing::Circuit(48))
    );
    let without_joined = [DIAL[0], DIAL[1], DIAL[2], DIAL[4], DIAL[5]];
    let (timeline, _) = told(&without_joined);
    let missing = NoCrossing::Rendezvous {
        stream: 48,
        circuit: 44,
    };
    assert_eq!(timeline.crossing(36428, LABEL), Err(missing));
}

#[test]
fn an_exit_circuit_is_no_rendezvous() {
    let (timeline, _) = told(&[
        "STREAM 53 NEW 0 7fi3mrxyjdrm.anyone:3000 SOURCE_ADDR=10.194.104.33:34312 PURPOSE=USER",
        "STREAM 53 SENTCONNECT 60 7fi3mrxyjdrm.anyone:3000 CLIENT_PROTOCOL=SOCKS5",
        "STREAM 53 FAILED 60 7fi3mrxyjdrm.anyone:3000 REASON=END REMOTE_REASON=RESOLVEFAILED CLIENT_PROTOCOL=SOCKS5",
    ]);
    let stream = &timeline.streams[&53];
    assert_eq!(stream.domain(), Some("anyone"));
    assert_eq!(stream.failure.as_deref(), Some("END/RESOLVEFAILED"));
    assert!(timeline.crossing(34312, LABEL).is_err());
}

#[test]
fn transfers_begin_and_end_per_hsdir() {
    let (timeline, start) = told(&[
        "HS_DESC UPLOAD own UNKNOWN $75AA~da1 Xo3rf58 HSDIR_INDEX=D293",
        "HS_DESC UPLOAD own UNKNOWN $75AA~da1 59qXkBq HSDIR_INDEX=2072",
        "HS_DESC UPLOAD own UNKNOWN $1BA9~relay2 Xo3rf58 HSDIR_INDEX=E930",
        "HS_DESC UPLOADED own UNKNOWN $75AA~da1",
        "HS_DESC FAILED own UNKNOWN $1BA9~relay2 Xo3rf58 REASON=UPLOAD_REJECTED",
        "HS_DESC REQUESTED other NO_AUTH $75AA~da1 USiBA HSDIR_INDEX=2072",
        "HS_DESC FAILED other NO_AUTH $75AA~da1 USiBA REASON=NOT_FOUND",
        "HS_DESC REQUESTED other NO_AUTH $1BA9~relay2 USiBA HSDIR_INDEX=2072",
        "HS_DESC RECEIVED other NO_AUTH $1BA9~relay2 USiBA",
    ]);
    let ended: Vec<_> = timeline
        .uploads
        .iter()
        .map(|upload| {
            let outcome = upload.ended.as_ref().map(|(_, outcome)| outcome.clone());
            (upload.hsdir.as_str(), upload.descriptor.as_str(), outcome)
        })
        .collect();
    assert_eq!(
        ended,
        [
            ("da1", "Xo3rf58", Some(Ok(()))),
            ("da1", "59qXkBq", None),
            ("relay2", "Xo3rf58", Some(Err("UPLOAD_REJECTED".to_owned()))),
        ]
    );
    assert_eq!(
        timeline.fetches[0].ended.as_ref().map(|ended| &ended.1),
        Some(&Err("NOT_FOUND".to_owned()))
    );
    let received = start + Duration::from_millis(8);
    assert_eq!(timeline.fetches[1].ended, Some((received, Ok(()))));
}

#[test]
fn an_introduction_circuit_with_another_purpose_is_none() {
    let (timeline, start) = told(&[
        "CIRC 10 LAUNCHED PURPOSE=HS_SERVICE_INTRO HS_STATE=HSSI_CONNECTING TIME_CREATED=x",
        "CIRC 11 LAUNCHED PURPOSE=HS_SERVICE_INTRO HS_STATE=HSSI_CONNECTING TIME_CREATED=x",
        "CIRC_MINOR 10 PURPOSE_CHANGED $1~a PURPOSE=HS_VANGUARDS OLD_PURPOSE=HS_SERVICE_INTRO OLD_HS_STATE=HSSI_CONNECTING",
        "CIRC_MINOR 11 PURPOSE_CHANGED $1~a PURPOSE=HS_SERVICE_INTRO HS_STATE=HSSI_ESTABLISHED REND_QUERY=own OLD_PURPOSE=HS_SERVICE_INTRO OLD_HS_STATE=HSSI_CONNECTING",
    ]);
    assert_eq!(
        timeline.introductions,
        [Introduction {
            circuit: 11,
            begun: start + Duration::from_millis(1),
            established: Some(start + Duration::from_millis(3)),
        }]
    );
}

#[test]
fn warnings_and_steps_keep_their_times() {
    let (timeline, start) = told(&[
        "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY=\"Connecting to a relay\"",
        "STATUS_CLIENT WARN BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY=\"Connecting to a relay\" WARNING=\"Connection refused\" REASON=CONNECTREFUSED COUNT=1 RECOMMENDATION=ignore HOSTID=\"2971\" HOSTADDR=\"127.0.0.1:11002\"",
        "STATUS_GENERAL WARN CLOCK_SKEW SKEW=-89641 SOURCE=CONSENSUS",
        "STATUS_GENERAL WARN BUG REASON=\"connection_edge_about_to_close(): Bug\"",
        "NEWCONSENSUS",
        "CIRC 1 FAILED BUILD_FLAGS=ONEHOP_TUNNEL PURPOSE=GENERAL TIME_CREATED=x REASON=CONNECTFAILED",
    ]);
    assert_eq!(timeline.bootstrap.len(), 1);
    assert_eq!(timeline.bootstrap[0].at, start);
    let warned: Vec<_> = timeline
        .warnings
        .iter()
        .map(|warning| (warning.reason.as_str(), warning.text.as_str()))
        .collect();
    assert_eq!(
        warned,
        [
            ("CONNECTREFUSED", "Connection refused"),
            ("CLOCK_SKEW", "SKEW=-89641")
        ]
    );
    assert_eq!(timeline.consensuses.len(), 1);
    assert_eq!(timeline.failed_circuits, ["CONNECTFAILED"]);
}
