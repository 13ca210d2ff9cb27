//! Which circuit carries the stream that a program opened from a port of its own.

use serde::{Deserialize, Serialize};

use crate::onion::monitor::{DaemonState, Monitor, Side, Stream, Timeline, Traffic};

/// A stream on a rendezvous circuit.
#[derive(Clone, Serialize, Deserialize)]
pub struct Path {
    /// The port from which the stream was opened.
    pub port: u16,
    /// The circuit that carries it.
    pub circuit: u64,
    /// Label of the onion service that the circuit is joined with; empty while it is not.
    pub label: String,
}

/// What a home's daemon had told when a topology was left running. Holds onion addresses.
#[derive(Clone, Serialize, Deserialize)]
pub struct Earlier {
    /// The home.
    pub home: String,
    /// What was counted.
    pub state: DaemonState,
    /// The streams that were open.
    pub paths: Vec<Path>,
}

impl Earlier {
    /// Everything a monitor knows that another one cannot ask for later.
    #[must_use]
    pub fn of(home: &str, monitor: &Monitor) -> Self {
        Self {
            home: home.to_owned(),
            state: monitor.state(),
            paths: paths(&monitor.timeline()),
        }
    }
}

fn paths(timeline: &Timeline) -> Vec<Path> {
    let path = |stream: &Stream| {
        let circuit = stream.circuit?;
        let label = timeline
            .rendezvous
            .iter()
            .filter(|one| one.circuit == circuit && one.side == Side::Client)
            .filter(|one| one.joined.is_some())
            .find_map(|one| one.label.as_ref());
        Some(Path {
            port: stream.source_port?,
            circuit,
            label: label.map_or_else(String::new, |label| label.expose().to_owned()),
        })
    };
    timeline.streams.values().filter_map(path).collect()
}

/// The streams of one daemon.
pub(super) struct Paths {
    paths: Vec<Path>,
    timeline: Timeline,
}

impl Paths {
    /// What a monitor has seen, and what was seen before it.
    pub(super) fn new(monitor: Option<&Monitor>, earlier: Option<&Earlier>) -> Self {
        let timeline = monitor.map(Monitor::timeline).unwrap_or_default();
        let mut all = earlier.map_or_else(Vec::new, |earlier| earlier.paths.clone());
        all.extend(paths(&timeline));
        Self {
            paths: all,
            timeline,
        }
    }

    /// The last stream from this port.
    pub(super) fn of(&self, port: u16) -> Option<&Path> {
        self.paths.iter().rev().find(|path| path.port == port)
    }

    /// Everything that a circuit has carried since the monitor began.
    pub(super) fn traffic(&self, circuit: u64) -> Traffic {
        self.timeline.carried(circuit)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LABEL: &str = "7fi3mrxyjdrm";

    /// Events as a daemon of version 0.4.9.11 sent them, with the label and the fingerprints cut.
    const DIAL: [&str; 9] = [
        "STREAM 48 NEW 0 7fi3mrxyjdrm.anon:3000 SOURCE_ADDR=127.0.0.1:36428 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-6 ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH",
        "CIRC 44 LAUNCHED BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_CONNECTING TIME_CREATED=2026-11-22T19:06:20.449206",
        "CIRC 44 BUILT $75AA~da1,$7BDC~relay4 BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_CONNECTING REND_QUERY=7fi3mrxyjdrm TIME_CREATED=2026-11-22T19:06:20.449206",
        "CIRC_MINOR 44 PURPOSE_CHANGED $75AA~da1,$7BDC~relay4 BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY PURPOSE=HS_CLIENT_REND HS_STATE=HSCR_JOINED REND_QUERY=7fi3mrxyjdrm TIME_CREATED=2026-11-22T19:06:20.449206 OLD_PURPOSE=HS_CLIENT_REND OLD_HS_STATE=HSCR_ESTABLISHED_WAITING",
        "STREAM 48 SENTCONNECT 44 7fi3mrxyjdrm.anon:3000 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-6",
        "STREAM 48 SUCCEEDED 44 7fi3mrxyjdrm.anon:3000 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-6",
        "CIRC_BW ID=44 READ=4581 WRITTEN=4072 TIME=2026-11-22T19:06:21.445524 DELIVERED_READ=429 OVERHEAD_READ=4053 DELIVERED_WRITTEN=599 OVERHEAD_WRITTEN=3385 SS=1 CWND=124 RTT=0 MIN_RTT=0",
        "CIRC 46 BUILT $75AA~da1,$7BDC~relay4 PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_CONNECTING REND_QUERY=own TIME_CREATED=2026-11-22T19:06:20.580674",
        "CIRC_MINOR 46 PURPOSE_CHANGED $75AA~da1 PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_JOINED REND_QUERY=own OLD_PURPOSE=HS_SERVICE_REND OLD_HS_STATE=HSSR_CONNECTING",
    ];

    fn told(events: &[&str]) -> Timeline {
        let mut timeline = Timeline::default();
        for event in events {
            timeline.apply(Instant::now(), event);
        }
        timeline
    }

    fn path(events: &[&str], port: u16) -> Option<(u64, String)> {
        let paths = Paths {
            paths: paths(&told(events)),
            timeline: Timeline::default(),
        };
        paths
            .of(port)
            .map(|path| (path.circuit, path.label.clone()))
    }

    #[test]
    fn a_stream_is_followed_to_its_rendezvous() {
        assert_eq!(path(&DIAL, 36428), Some((44, LABEL.to_owned())));
        let timeline = told(&DIAL);
        let carried = timeline.carried(44);
        assert_eq!((carried.written, carried.read), (599, 429));
        assert_eq!(timeline.carried(46), Traffic::default());
        let service = &timeline.rendezvous[1];
        assert_eq!(service.side, Side::Service);
        assert!(service.joined.is_some());
    }

    #[test]
    fn a_link_that_is_missing_is_not_made_up() {
        assert_eq!(path(&DIAL, 1), None, "no stream from that port");
        assert_eq!(path(&DIAL[..1], 36428), None, "no circuit yet");
        let without_joined = [DIAL[0], DIAL[1], DIAL[2], DIAL[4], DIAL[5]];
        assert_eq!(path(&without_joined, 36428), Some((44, String::new())));
    }

    #[test]
    fn what_a_circuit_carried_adds_up() {
        let twice = told(&[DIAL[6], DIAL[6]]);
        assert_eq!(twice.carried(44).written, 2 * 599);
    }
}
