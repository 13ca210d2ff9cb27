//! What the probe and the reference connector manage together over one connection on loopback:
//! `cargo bench -p ator-harness`.
//!
//! The connector and its business-logic server run on a thread of their own, each of the two with
//! one runtime thread; the probe runs on the benchmark's thread. A sample is a closed loop of
//! [`PACKETS`] packets with 64 bytes of data, after a warm-up of as many packets as are in flight;
//! the rate that is printed counts packets. `rejected` has no route and is answered by the
//! connector with F02; `fulfilled_stub` is fulfilled by the connector itself; `fulfilled` goes to
//! the business-logic server over HTTP.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use ator_harness::probe::load::{ClosedLoop, OutcomeCounts, Traffic, Until};
use ator_harness::probe::{Credentials, Route, Session, SessionOptions, Target};
use divan::Bencher;
use divan::counter::ItemsCount;
use reference_connector::bls::{Bls, Settings};
use reference_connector::{Config, Connector, Env};
use tokio::runtime::{Builder, Runtime};

/// Packets per sample.
const PACKETS: u64 = 20_000;

/// Packets per sample where each one takes an HTTP request.
const PACKETS_OVER_HTTP: u64 = 2_000;

const IN_FLIGHT: [usize; 2] = [1, 64];
const LIMIT: Duration = Duration::from_secs(30);

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Runs what `start` starts on a thread of its own for as long as the process lives, and returns
/// the port.
fn on_its_own_thread<F, Fut, T>(start: F) -> u16
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = (u16, T)>,
{
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let (port, _running) = start().await;
            sender.send(port).expect("the benchmark waits");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("a port")
}

/// Starts a connector; with `over_http` it delivers to a business-logic server.
fn connector(over_http: bool) -> u16 {
    let delivery = if over_http {
        let port = on_its_own_thread(|| async {
            let bls = Bls::start(Settings::default()).await.expect("a BLS");
            (bls.addr().port(), bls)
        });
        format!("localDelivery: {{enabled: true, handlerUrl: \"http://127.0.0.1:{port}\"}}\n")
    } else {
        String::new()
    };
    on_its_own_thread(move || async move {
        let env = Env::default().with("LOG_LEVEL", "error");
        let yaml = format!(
            "nodeId: bench\nbtpServerPort: 1\nhealthCheckPort: 2\npeers: []\nroutes:\n\
             - {{prefix: test.local, nextHop: local}}\n{delivery}"
        );
        let mut config = Config::parse(&yaml, &env).expect("a configuration");
        config.btp_server_port = 0;
        config.health_check_port = 0;
        let connector = Connector::start(config, env, Arc::new(|_| {}))
            .await
            .expect("a connector");
        (connector.btp_addr().port(), connector)
    })
}

/// Measures samples of `packets` packets to `destination`, each of which has to satisfy `as_wanted`.
fn measure(
    bencher: Bencher<'_, '_>,
    over_http: bool,
    destination: &str,
    in_flight: usize,
    packets: u64,
    as_wanted: impl Fn(&OutcomeCounts) -> u64,
) {
    let port = connector(over_http);
    let runtime = runtime();
    let session = runtime
        .block_on(Session::open(
            &Route::Direct,
            &Target::new("127.0.0.1", port),
            &Credentials::new("bench", ""),
            SessionOptions::default(),
        ))
        .expect("a session");
    let traffic = Traffic::new(destination, 0, 64, LIMIT).expect("an address");
    let load = ClosedLoop {
        concurrency: in_flight,
        warm_up: Until::Packets(in_flight as u64),
        until: Until::Packets(packets),
        limit: LIMIT,
    };
    bencher.counter(ItemsCount::new(packets)).bench_local(|| {
        let report = runtime
            .block_on(load.run(&session, &traffic, std::future::pending()))
            .expect("packets that can be encoded");
        let outcomes = &report.measured.outcomes;
        assert_eq!(as_wanted(outcomes), packets, "{outcomes:?}");
    });
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn rejected(bencher: Bencher<'_, '_>, in_flight: usize) {
    measure(
        bencher,
        false,
        "test.nowhere",
        in_flight,
        PACKETS,
        |outcomes| outcomes.rejected_with("F02"),
    );
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn fulfilled_stub(bencher: Bencher<'_, '_>, in_flight: usize) {
    measure(
        bencher,
        false,
        "test.local",
        in_flight,
        PACKETS,
        |outcomes| outcomes.fulfilled,
    );
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn fulfilled(bencher: Bencher<'_, '_>, in_flight: usize) {
    measure(
        bencher,
        true,
        "test.local",
        in_flight,
        PACKETS_OVER_HTTP,
        |outcomes| outcomes.fulfilled,
    );
}
