//! What is seen of faults over which nothing goes wrong.

use std::time::Duration;

use crate::checks::{
    Ended, FaultPacket, FaultView, FaultsView, HealthSample, Identity, PacketEnd, PeerSample,
    Recovery, SocksRequest, Wire,
};
use crate::secret::Secret;

/// Faults of the topology in these tests, in TOML.
pub(super) const FAULTS: &str = r#"
[[fault]]
what = "cut"
on = "home-b"
lasts = "45s"
loses_at_most = 2

[[fault]]
what = "pause"
on = "home-b/bls"
lasts = "10s"

[[fault]]
what = "stop"
on = "home-b/connector"
lasts = "5s"

[[fault]]
what = "restart"
on = "home-b/daemon"
"#;

fn fault(
    what: &str,
    (began, over, until): (u64, u64, u64),
    directions: &[(&str, &str)],
) -> FaultView {
    let recovery = |(from, to): &(&str, &str)| Recovery {
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        took: Some(Duration::from_secs(3)),
    };
    FaultView {
        what: what.to_owned(),
        failed: None,
        started: began,
        began,
        over: Some(over),
        until,
        for_good: false,
        within: Some(Duration::from_secs(60)),
        loses_at_most: None,
        concerned: directions.iter().map(recovery).collect(),
        ended: None,
        identity: None,
    }
}

fn packet((from, to): (&str, &str), sent: u64, end: PacketEnd) -> FaultPacket {
    let is_fulfilled = matches!(end, PacketEnd::Fulfilled { .. });
    FaultPacket {
        from: from.to_owned(),
        to: to.to_owned(),
        sent,
        took: Duration::from_millis(80),
        limit: Duration::from_secs(5),
        end,
        arrived: usize::from(is_fulfilled),
        excused: false,
    }
}

/// A SOCKS request for a peer, so many milliseconds after the packets began to flow.
pub(super) fn dial(at: u64) -> SocksRequest {
    SocksRequest {
        at_us: at * 1000,
        opened_us: at * 1000,
        address_type: 3,
        host: Secret::new("a peer"),
        upstream: 4000,
        reply: Some(0),
        ended: false,
        sent: 10,
        received: 10,
    }
}

/// What both connectors said of each other, once connected, then away for a part of the cut, then connected.
fn samples(both: &[(&str, &str); 2]) -> Vec<PeerSample> {
    let mut samples = Vec::new();
    for (at, connected) in [
        (1_000, true),
        (20_000, true),
        (37_000, false),
        (46_000, false),
        (54_000, true),
        (99_000, true),
        (115_500, true),
        (179_000, true),
    ] {
        samples.extend(both.map(|(home, peer)| PeerSample {
            at,
            home: home.to_owned(),
            peer: peer.to_owned(),
            connected: Some(connected),
        }));
    }
    samples
}

pub(super) fn faults() -> FaultsView {
    let (there, back) = (("home-a", "home-b"), ("home-b", "home-a"));
    let both = [there, back];
    let cut = FaultView {
        loses_at_most: Some(2),
        ..fault("cut home-b for 45.0 s", (2_000, 47_000, 55_000), &both)
    };
    let hangs = fault(
        "pause home-b/bls for 10.0 s",
        (160_000, 170_000, 180_000),
        &[there],
    );
    let stop = FaultView {
        ended: Some(Ended {
            home: "home-b".to_owned(),
            within: Duration::from_secs(10),
            took: Ok(Some(Duration::from_millis(200))),
            farewell: Some("closed with 1000".to_owned()),
        }),
        ..fault(
            "stop home-b/connector for 5.0 s",
            (90_000, 95_000, 100_000),
            &both,
        )
    };
    let address = || Ok(Secret::new("an address"));
    let restart = FaultView {
        identity: Some(Identity {
            home: "home-b".to_owned(),
            keys_lost: false,
            before: address(),
            after: address(),
        }),
        ..fault("restart home-b/daemon", (110_000, 110_000, 116_000), &both)
    };
    let fulfilled = || PacketEnd::Fulfilled { fits: true };
    let mut packets: Vec<FaultPacket> = Vec::new();
    for at in [500, 52_000, 165_000, 98_000, 115_000] {
        packets.extend(both.map(|ways| packet(ways, at, fulfilled())));
    }
    packets.push(packet(there, 10_000, PacketEnd::Rejected("T01".to_owned())));
    // Delivered, and the answer was lost.
    packets.push(FaultPacket {
        arrived: 1,
        ..packet(back, 10_000, PacketEnd::Rejected("R00".to_owned()))
    });
    // Its connector was told to end meanwhile.
    packets.push(FaultPacket {
        excused: true,
        ..packet(back, 90_000, PacketEnd::Unanswered("reset".to_owned()))
    });
    let samples = samples(&both);
    let healths = samples.iter().map(|sample| HealthSample {
        at: sample.at,
        home: sample.home.clone(),
        healthy: sample.connected == Some(true),
    });
    let healths = healths.collect();
    let wire = |dials: &[u64]| Wire {
        requests: dials.iter().copied().map(dial).collect(),
        ..Wire::default()
    };
    FaultsView {
        faults: vec![cut, hangs, stop, restart],
        began_us: 0,
        packets,
        in_flight: vec![FaultPacket {
            limit: Duration::from_secs(30),
            ..packet(there, 90_010, PacketEnd::Rejected("T01".to_owned()))
        }],
        fine: 0,
        soak: None,
        samples,
        healths,
        wires: vec![
            (
                "home-a".to_owned(),
                Ok(wire(&[38_000, 40_000, 44_000, 52_000])),
            ),
            ("home-b".to_owned(), Ok(wire(&[38_000]))),
        ],
        unread: Vec::new(),
    }
}
