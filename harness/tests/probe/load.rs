//! The load generators against a server that answers by script.

use std::time::Duration;

use ator_harness::probe::load::{ClosedLoop, OpenLoop, Traffic, Until};
use toon_wire::{BtpFrame, RejectCode};

use crate::support::{LIMIT, Peer, connect, data_of, fulfill, reject, serve};

fn traffic() -> Traffic {
    Traffic::new("g.b.x", 0, 64, LIMIT).unwrap()
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
        warm_up: 10,
        until: Until::Packets(100),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic()).await.unwrap();
    assert_eq!(report.outcomes.fulfilled, 50);
    assert_eq!(report.outcomes.rejected_with("F02"), 50);
    assert_eq!(report.outcomes.total(), 100);
    assert_eq!(report.latency.count, 100);
    assert!(report.latency.min_us > 0.0);
    assert!(report.rate > 0.0);
    session.close().await;
    let mut numbers = task.await.unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..110).collect::<Vec<_>>(), "each number once");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["outcomes"]["rejected"]["F02"], 50);
    assert_eq!(json["latency"]["count"], 100);
}

#[tokio::test]
async fn a_closed_loop_can_run_for_a_time() {
    let (address, _task) = serve(even_and_odd).await;
    let session = connect(address).await.unwrap();
    let load = ClosedLoop {
        concurrency: 4,
        warm_up: 0,
        until: Until::Elapsed(Duration::from_millis(50)),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic()).await.unwrap();
    assert!(report.outcomes.total() > 0);
    assert_eq!(report.outcomes.total(), report.latency.count);
    assert!(report.seconds >= 0.05);
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
        warm_up: 0,
        until: Until::Packets(1_000_000),
        limit: LIMIT,
    };
    let report = load.run(&session, &traffic()).await.unwrap();
    assert_eq!(report.outcomes.answered(), 10);
    assert_eq!(report.outcomes.lost, 4);
    assert_eq!(report.latency.count, 10);
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
        warm_up: 0,
        until: Until::Packets(5),
        limit,
    };
    let report = closed.run(&session, &traffic()).await.unwrap();
    assert_eq!(report.outcomes.timed_out, 5);
    assert_eq!(report.latency.count, 0);
    let open = OpenLoop {
        rate: 1000.0,
        warm_up: 0,
        until: Until::Packets(5),
        limit,
        max_in_flight: 100,
    };
    let report = open.run(&session, &traffic()).await.unwrap();
    assert_eq!(report.outcomes.timed_out, 5);
    assert_eq!(report.raw.count, 0);
    assert_eq!(report.corrected.count, 5);
    assert!(report.corrected.min_us >= 29_000.0, "{report:?}");
}

#[tokio::test]
async fn an_open_loop_sends_what_was_intended() {
    let (address, task) = serve(even_and_odd).await;
    let session = connect(address).await.unwrap();
    let load = OpenLoop {
        rate: 2000.0,
        warm_up: 10,
        until: Until::Elapsed(Duration::from_millis(50)),
        limit: LIMIT,
        max_in_flight: 1000,
    };
    let report = load.run(&session, &traffic()).await.unwrap();
    assert_eq!(report.outcomes.total(), 100);
    assert_eq!(report.raw.count, 100);
    assert_eq!(report.corrected.count, 100);
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
        warm_up: 0,
        until: Until::Packets(50),
        limit: LIMIT,
        max_in_flight: 1,
    };
    let report = load.run(&session, &traffic()).await.unwrap();
    assert_eq!(report.outcomes.rejected_with("F02"), 50);
    // All 50 were meant to be sent within the stall, and all but one were sent after it: measured
    // from when they were sent they look fast.
    assert!(report.corrected.p50_us >= 50_000.0, "{report:?}");
    assert!(report.raw.p50_us < report.corrected.p50_us, "{report:?}");
}
