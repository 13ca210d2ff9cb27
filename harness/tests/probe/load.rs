//! The load generators against a server that answers by script, and against the reference connector
//! with its business-logic server.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use ator_harness::probe::load::{ClosedLoop, LoadReport, OpenLoop, Phase, Traffic, Until};
use ator_harness::probe::{LatencySummary, Route, Session, SessionOptions};
use reference_connector::bls::{Bls, Settings};
use reference_connector::{Config, Connector, Env};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wire::{BtpFrame, RejectCode};

use crate::support::{
    LIMIT, Peer, SECRET, connect, credentials, data_of, fulfill, reject, serve, target,
};

fn traffic() -> Traffic {
    Traffic::new("g.b.x", 0, 64, LIMIT).unwrap()
}

/// Raw and corrected latencies of an open loop.
fn both(report: &LoadReport) -> (LatencySummary, LatencySummary) {
    let corrected = report.measured.corrected.as_ref().expect("an open loop");
    (report.measured.raw.summary(), corrected.summary())
}

/// The number that the traffic puts at the front of every payload.
fn number_of(ilp: &[u8]) -> u64 {
    u64::from_be_bytes(data_of(ilp)[..8].try_into().unwrap())
}

/// Fulfils even numbers, rejects odd ones, until the other side has gone; returns the numbers.
async fn even_and_odd(mut peer: Peer) -> Vec<u64> {
    peer.accept_auth().await;
    let mut numbers = Vec::new();
    while let Ok(bytes) = peer.receive().await {
        let frame = crate::support::CODEC.decode_frame(&bytes).unwrap();
        let number = number_of(frame.ilp());
        numbers.push(number);
        let packet = if number.is_multiple_of(2) {
            fulfill(&data_of(frame.ilp()))
        } else {
            reject(RejectCode::F02)
        };
        peer.send(&BtpFrame::response(frame.request_id, &packet))
            .await;
    }
    numbers
}

#[tokio::test]
async fn a_closed_loop_counts_outcomes_apart_from_the_warm_up() {
    let (address, task) = serve(even_and_odd).await;
    let session = connect(address).await.unwrap();
    let load = ClosedLoop {
        concurrency: 8,
        warm_up: Until::Packets(10),
        until: Until::Packets(100),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    let Phase { outcomes, raw, .. } = &report.measured;
    assert_eq!(outcomes.fulfilled, 50);
    assert_eq!(outcomes.rejected_with("F02"), 50);
    assert_eq!(outcomes.total(), 100);
    assert_eq!(raw.count(), 100);
    assert!(raw.summary().min_us > 0.0);
    assert!(report.measured.rate() > 0.0);
    assert!(report.measured.corrected.is_none(), "nothing to correct by");
    assert_eq!(report.warm_up.outcomes.total(), 10);
    assert_eq!(report.warm_up.raw.count(), 10);
    assert!(!report.stopped);
    session.close().await;
    let mut numbers = task.await.unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..110).collect::<Vec<_>>(), "each number once");
}

#[tokio::test]
async fn a_closed_loop_can_run_for_a_time() {
    let (address, _task) = serve(even_and_odd).await;
    let session = connect(address).await.unwrap();
    let load = ClosedLoop {
        concurrency: 4,
        warm_up: Until::NONE,
        until: Until::Elapsed(Duration::from_millis(50)),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    let measured = &report.measured;
    assert!(measured.outcomes.total() > 0);
    assert_eq!(measured.outcomes.total(), measured.raw.count());
    assert_eq!(measured.outcomes.total(), measured.sent);
    assert!(measured.took >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_lost_connection_ends_the_load_and_is_counted() {
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        for _ in 0..10 {
            let (id, _) = peer.request().await;
            let packet = reject(RejectCode::F02);
            peer.send(&BtpFrame::response(id, &packet)).await;
        }
        for _ in 0..4 {
            peer.request().await;
        }
        peer.close(1001, "").await;
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let load = ClosedLoop {
        concurrency: 4,
        warm_up: Until::NONE,
        until: Until::Packets(1_000_000),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.answered(), 10);
    assert_eq!(report.measured.outcomes.lost, 4);
    assert_eq!(report.measured.raw.count(), 10);
}

#[tokio::test]
async fn timeouts_are_counted_by_both_loops() {
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let limit = Duration::from_millis(30);
    let closed = ClosedLoop {
        concurrency: 5,
        warm_up: Until::NONE,
        until: Until::Packets(5),
        limit,
    };
    let report = closed.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.timed_out, 5);
    assert_eq!(report.measured.raw.count(), 0);
    let open = OpenLoop {
        rate: 1000.0,
        warm_up: Until::NONE,
        until: Until::Packets(5),
        limit,
        max_in_flight: 100,
    };
    let report = open.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.timed_out, 5);
    assert_eq!(report.measured.raw.count(), 0);
    let corrected = report.measured.judged().summary();
    assert_eq!(corrected.count, 5);
    assert!(corrected.min_us >= 29_000.0, "{corrected:?}");
}

#[tokio::test]
async fn an_open_loop_sends_what_was_intended() {
    let (address, task) = serve(even_and_odd).await;
    let session = connect(address).await.unwrap();
    let load = OpenLoop {
        rate: 2000.0,
        warm_up: Until::Packets(10),
        until: Until::Elapsed(Duration::from_millis(50)),
        limit: LIMIT,
        max_in_flight: 1000,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.total(), 100);
    assert_eq!(report.measured.raw.count(), 100);
    assert_eq!(report.measured.judged().count(), 100);
    assert_eq!(report.warm_up.judged().count(), 10);
    session.close().await;
    assert_eq!(task.await.unwrap().len(), 110);
}

#[tokio::test]
async fn a_stall_shows_in_the_corrected_latency_of_all_that_had_to_wait() {
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        let mut stalled = false;
        while let Ok(bytes) = peer.receive().await {
            if !stalled {
                // The stall itself is what is under test.
                tokio::time::sleep(Duration::from_millis(100)).await;
                stalled = true;
            }
            let id = crate::support::CODEC
                .decode_frame(&bytes)
                .unwrap()
                .request_id;
            let packet = reject(RejectCode::F02);
            peer.send(&BtpFrame::response(id, &packet)).await;
        }
    })
    .await;
    let session = connect(address).await.unwrap();
    let load = OpenLoop {
        rate: 1000.0,
        warm_up: Until::NONE,
        until: Until::Packets(50),
        limit: LIMIT,
        max_in_flight: 1,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.rejected_with("F02"), 50);
    let (raw, corrected) = both(&report);
    // All 50 were meant to be sent within the stall, and all but one were sent after it: measured
    // from when they were sent they look fast.
    assert!(corrected.p50_us >= 50_000.0, "{corrected:?}");
    assert!(raw.p50_us < corrected.p50_us, "{raw:?} {corrected:?}");
}

/// Where the reference connector delivers, with its business-logic server: both end with this.
struct Real {
    connector: Connector,
    _bls: Bls,
}

impl Real {
    async fn start() -> Self {
        let bls = Bls::start(Settings::default()).await.unwrap();
        let env = Env::default()
            .with("LOG_LEVEL", "error")
            .with("BTP_PEER_PY_CLIENT_SECRET", SECRET);
        let yaml = format!(
            "nodeId: loaded\nbtpServerPort: 1\nhealthCheckPort: 2\npeers: []\nroutes:\n\
             - {{prefix: g.b, nextHop: local}}\n\
             localDelivery: {{enabled: true, handlerUrl: \"http://{}\"}}\n",
            bls.addr()
        );
        let mut config = Config::parse(&yaml, &env).unwrap();
        config.btp_server_port = 0;
        config.health_check_port = 0;
        let connector = Connector::start(config, env, Arc::new(|_| {}))
            .await
            .unwrap();
        Self {
            connector,
            _bls: bls,
        }
    }

    /// A session whose bytes go through a relay. What the connector answers waits there for
    /// `stall`, once, from when the first bytes after `count` of them have come.
    async fn stalled(&self, count: usize, stall: Duration) -> Session {
        let to = self.connector.btp_addr();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(("127.0.0.1", to.port())).await.unwrap();
            near.set_nodelay(true).unwrap();
            far.set_nodelay(true).unwrap();
            let ((mut asks, mut answers), (mut from, mut into)) =
                (near.into_split(), far.into_split());
            let there = tokio::spawn(async move { tokio::io::copy(&mut asks, &mut into).await });
            let (mut seen, mut buffer) = (0, [0; 4096]);
            while let Ok(read @ 1..) = from.read(&mut buffer).await {
                if seen < count && seen + read >= count {
                    // The stall itself is what is under test.
                    tokio::time::sleep(stall).await;
                }
                seen += read;
                if answers.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
            there.abort();
        });
        let route = Route::Direct;
        let options = SessionOptions::default();
        Session::open(&route, &target(address), &credentials(), options)
            .await
            .unwrap()
    }
}

/// Bytes of the connector's answers before the stall: well into the load, after the handshake.
const BEFORE_THE_STALL: usize = 2000;
const STALL: Duration = Duration::from_millis(400);

#[tokio::test]
async fn coordinated_omission_shows_side_by_side_in_an_open_loop() {
    let real = Real::start().await;
    let session = real.stalled(BEFORE_THE_STALL, STALL).await;
    // One in flight: the sender is held up together with the peer, as a coordinated one is.
    let load = OpenLoop {
        rate: 200.0,
        warm_up: Until::NONE,
        until: Until::Packets(160),
        limit: LIMIT,
        max_in_flight: 1,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.fulfilled, 160);
    let (raw, corrected) = both(&report);
    let stall = STALL.as_secs_f64() * 1e6;
    assert!(raw.max_us >= stall && corrected.max_us >= stall, "{raw:?}");
    // 80 of 160 were due within the stall. Raw knows of one; of the corrected, one in ten waited
    // for most of it.
    assert!(raw.p95_us < stall / 4.0, "{raw:?}");
    assert!(corrected.p90_us > stall / 2.0, "{corrected:?}");
}

#[tokio::test]
async fn a_closed_loop_does_not_see_what_a_stall_kept_from_being_sent() {
    let real = Real::start().await;
    let session = real.stalled(BEFORE_THE_STALL, STALL).await;
    let load = ClosedLoop {
        concurrency: 2,
        warm_up: Until::Packets(4),
        until: Until::Packets(160),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic(), pending()).await.unwrap();
    assert_eq!(report.measured.outcomes.fulfilled, 160);
    assert_eq!(report.warm_up.outcomes.fulfilled, 4);
    let trips = report.measured.raw.summary();
    let stall = STALL.as_secs_f64() * 1e6;
    assert!(trips.max_us >= stall, "{trips:?}");
    assert!(
        trips.p95_us < stall / 4.0,
        "only what was in flight: {trips:?}"
    );
    assert!(report.measured.corrected.is_none());
    assert!(report.measured.took >= STALL);
}

#[tokio::test]
async fn a_load_that_is_stopped_tells_what_it_found_so_far() {
    let real = Real::start().await;
    let session = real.stalled(usize::MAX, Duration::ZERO).await;
    let open = OpenLoop {
        rate: 500.0,
        warm_up: Until::Packets(5),
        until: Until::Elapsed(LIMIT * 100),
        limit: LIMIT,
        max_in_flight: 64,
    };
    let (tell, told) = oneshot::channel();
    let packets = traffic();
    let stop = async { told.await.unwrap() };
    let load = open.run(&session, &packets, stop);
    let watch = async {
        // Well into the measurement, by what the session counts.
        while session.counters().answered < 50 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tell.send(()).unwrap();
    };
    let (report, ()) = tokio::join!(load, watch);
    let report = report.unwrap();
    assert!(report.stopped);
    assert_eq!(report.warm_up.outcomes.fulfilled, 5);
    let measured = &report.measured;
    assert!(measured.outcomes.fulfilled >= 40, "{measured:?}");
    assert_eq!(measured.outcomes.total(), measured.sent, "{measured:?}");
    assert!(measured.took < LIMIT * 100);
}

#[tokio::test]
async fn a_connection_that_ends_between_two_packets_of_a_slow_rate_ends_the_load() {
    let (address, _task) = serve(|mut peer| async move {
        peer.accept_auth().await;
        let (id, _) = peer.request().await;
        peer.send(&BtpFrame::response(id, &reject(RejectCode::F02)))
            .await;
        peer.close(1001, "").await;
        peer.until_gone().await
    })
    .await;
    let session = connect(address).await.unwrap();
    let load = OpenLoop {
        rate: 0.01,
        warm_up: Until::NONE,
        until: Until::Packets(2),
        limit: LIMIT,
        max_in_flight: 8,
    };
    let report = tokio::time::timeout(LIMIT, load.run(&session, &traffic(), pending()))
        .await
        .expect("not a hundred seconds")
        .unwrap();
    assert_eq!(report.measured.sent, 1);
    assert_eq!(report.measured.outcomes.rejected_with("F02"), 1);
    assert!(!report.stopped && session.end().is_some());
}
