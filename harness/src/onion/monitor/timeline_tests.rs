//! Events as a daemon of version 0.4.9.11 sent them, with the label and the fingerprints cut.

use std::time::Duration;

use super::*;

fn told(events: &[&str]) -> (Timeline, Instant) {
    let start = Instant::now();
    let mut timeline = Timeline::default();
    for (event, milliseconds) in events.iter().zip(0..) {
        timeline.apply(start + Duration::from_millis(milliseconds), event);
    }
    (timeline, start)
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
}

#[test]
fn a_port_that_leads_nowhere_is_told_apart_from_a_circuit_that_breaks() {
    let (timeline, _) = told(&[
        "STREAM 7 NEW 0 7fi3mrxyjdrm.anon:3000 SOURCE_ADDR=10.1.0.1:34312 PURPOSE=USER SOCKS_USERNAME=\"ator-harness\" SOCKS_PASSWORD=\"n1/right\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0",
        "STREAM 7 FAILED 60 7fi3mrxyjdrm.anon:3000 REASON=END REMOTE_REASON=MISC",
        "STREAM 8 NEW 0 7fi3mrxyjdrm.anon:3000 SOURCE_ADDR=10.1.0.1:34313 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5",
        "STREAM 8 FAILED 61 7fi3mrxyjdrm.anon:3000 REASON=DESTROY",
        "STREAM 9 NEW 0 7fi3mrxyjdrm.anon:3000 SOURCE_ADDR=10.1.0.1:34314 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5",
        "STREAM 9 SUCCEEDED 62 7fi3mrxyjdrm.anon:3000",
    ]);
    let streams = timeline.streams.values();
    let ended: Vec<_> = streams.map(Stream::was_ended_by_far_end).collect();
    assert_eq!(ended, [Some(true), Some(false), None]);
    let isolation = timeline.streams[&7].isolation.as_ref();
    assert_eq!(isolation.map(Secret::expose), Some("n1/right"));
    assert_eq!(timeline.streams[&8].isolation, None);
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
