//! A minute of mutated frames from eight connections against the reference connector: nothing in
//! it panics, its memory does not grow, and a ninth connection is served as if nothing happened.
//!
//! The connector, the eight and the ninth have a thread each, in this process; so the memory that
//! is held against the limit is that of all of them together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ator_harness::probe::load::{OpenLoop, Phase, Traffic, Until};
use ator_harness::probe::{
    Credentials, Incoming, Route, Session, SessionOptions, Target, WebSocket, dial_direct,
};
use data_encoding::HEXLOWER;
use reference_connector::{Config, Connector, Env};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use toon_wire::{
    Address, Amount, BtpBody, BtpFrame, Codec, Condition, Dialect, Expiry, Mode, Packet, Prepare,
};

/// How long the frames keep coming.
const DURATION: Duration = Duration::from_secs(60);

/// When memory is looked at for the first time: buffers and arenas have their size by then.
const SETTLED: Duration = Duration::from_secs(5);

/// Most that memory may grow after that, in KiB.
const GROWTH_KIB: u64 = 10 * 1024;

/// Worst 99th percentile of the ninth connection's round trip, in microseconds.
const P99_US: f64 = 5_000.0;

/// A control connection to a second connector, which nobody disturbs, is measured at the same time.
/// Where even its 99th percentile comes near the limit, the machine is busy with other things, and
/// the ninth connection may be this many times as slow instead.
const CONTROL_FACTOR: f64 = 3.0;

/// Connections that send mutated frames; the last two of them never authenticate first.
const CONNECTIONS: usize = 8;
const UNAUTHENTICATED: usize = 2;

/// Mutated frames that are sent together, before a valid one shows that they were dealt with.
const BURST: usize = 32;

/// How often each connection sends a burst: with eight of them, 10,000 mutated frames a second,
/// more than twice what the original was exposed to (contract#undecodable-frame). Unpaced, the
/// eight would keep both cores of a small machine busy, and the ninth would measure the scheduler.
const PAUSE: Duration = Duration::from_micros(25_600);

/// Fewest mutated frames that mean something: as many as the original was exposed to.
const FEWEST: u64 = 200_000;

const PEER: &str = "mutator";
const SECRET: &str = "mutator-secret";
const LIMIT: Duration = Duration::from_secs(10);
const FENCE_ID: u32 = 0x00F0_0001;
const CODEC: Codec = Codec::new(Dialect::Toon, Mode::Lenient);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Repeatable pseudo-random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Every captured frame that was sent to a connector, whatever it was.
fn seeds() -> Vec<Vec<u8>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/vectors/toon-btp.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let seeds: Vec<_> = vectors
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|vector| HEXLOWER.decode(vector["hex"].as_str()?.as_bytes()).ok())
        // A few long ones would take most of the time and show nothing that short ones do not.
        .filter(|bytes| bytes.len() < 4096)
        .collect();
    assert!(seeds.len() > 200, "{} seeds", seeds.len());
    seeds
}

/// A seed with one to four random changes.
fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut frame = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let length = frame.len();
        let at = random.below(length + 1);
        match random.below(7) {
            0 => frame.truncate(at),
            1 if at < length => frame[at] ^= 1 << random.below(8),
            2 if at < length => frame[at] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)],
            3 => frame.insert(at, random.next() as u8),
            4 if at < length => {
                frame.remove(at);
            }
            // Four bytes as if they were a length, somewhere.
            5 if at + 4 <= length => {
                let value = [0, 1, 0xFFFF, 0x7FFF_FFFF, u32::MAX][random.below(5)];
                frame[at..at + 4].copy_from_slice(&u32::to_be_bytes(value));
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                frame.truncate(at);
                frame.extend_from_slice(&other[random.below(other.len() + 1)..]);
            }
        }
    }
    frame
}

fn encode(frame: &BtpFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    CODEC.encode_frame(frame, &mut bytes).unwrap();
    bytes
}

/// A packet that the connector answers by itself.
fn fence() -> Vec<u8> {
    let mut ilp = Vec::new();
    let prepare = Packet::Prepare(Prepare {
        amount: Amount::ZERO,
        expires_at: Expiry::MAX_ENCODABLE,
        condition: Condition::for_data(b""),
        destination: Address::new("test.nowhere").unwrap(),
        data: &[],
    });
    CODEC.encode_packet(&prepare, &mut ilp).unwrap();
    encode(&BtpFrame::message(FENCE_ID, &ilp))
}

#[derive(Default)]
struct Counts {
    frames: AtomicU64,
    connections: AtomicU64,
    stop: AtomicBool,
}

/// One of the eight: sends bursts, and a new connection whenever the old one was closed.
async fn mutator(number: usize, target: Target, counts: Arc<Counts>, seeds: Arc<Vec<Vec<u8>>>) {
    let mut random = Random(number as u64);
    let credentials = Credentials::new(PEER, SECRET);
    let auth = credentials.auth_frame(&CODEC, 1).unwrap();
    let authenticates = number < CONNECTIONS - UNAUTHENTICATED;
    let mut pace = tokio::time::interval(PAUSE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !counts.stop.load(Ordering::Relaxed) {
        let stream = dial_direct(&target, LIMIT).await.unwrap().stream;
        let mut socket = WebSocket::upgrade(stream, &target, LIMIT).await.unwrap();
        counts.connections.fetch_add(1, Ordering::Relaxed);
        if authenticates {
            socket.send(auth.clone()).await.unwrap();
        }
        let mut open = true;
        while open && !counts.stop.load(Ordering::Relaxed) {
            pace.tick().await;
            let mut burst: Vec<_> = (0..BURST).map(|_| mutate(&seeds, &mut random)).collect();
            // Without it the connection would have to be authenticated by a mutated frame for the
            // last one to be answered.
            burst.push(auth.clone());
            burst.push(fence());
            if socket.send_burst(burst).await.is_err() {
                break;
            }
            counts.frames.fetch_add(BURST as u64, Ordering::Relaxed);
            loop {
                match socket.next(LIMIT).await {
                    Some(Incoming::Binary(bytes)) if answers_fence(&bytes) => break,
                    Some(Incoming::Binary(_)) => {}
                    Some(Incoming::Ended(_)) => {
                        open = false;
                        break;
                    }
                    other => panic!("neither an answer nor an end: {other:?}"),
                }
            }
            // Without authentication the first valid one would be the last of that kind.
            open &= authenticates;
        }
        if authenticates {
            socket.close(LIMIT).await;
        }
    }
}

fn answers_fence(bytes: &[u8]) -> bool {
    CODEC.decode_frame(bytes).is_ok_and(|frame| {
        frame.request_id == FENCE_ID
            && matches!(frame.body, BtpBody::Data(data) if !data.ilp.is_empty())
    })
}

/// Resident memory of this process in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Starts the connector on a thread of its own and returns its port.
fn start_connector() -> u16 {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let env = Env::default()
                .with("BTP_PEER_MUTATOR_SECRET", SECRET)
                .with("BTP_PEER_PY_CLIENT_SECRET", "py-secret");
            let yaml = "nodeId: connector-b\nbtpServerPort: 1\nhealthCheckPort: 2\npeers: []\n\
                        routes: [{prefix: g.b, nextHop: local}]\n";
            let mut config = Config::parse(yaml, &env).unwrap();
            config.btp_server_port = 0;
            config.health_check_port = 0;
            let connector = Connector::start(config, env, Arc::new(|_| {}))
                .await
                .unwrap();
            sender.send(connector.btp_addr().port()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// A peer that sends a hundred packets a second.
async fn one_peer(target: &Target, duration: Duration) -> Phase {
    let load = OpenLoop {
        rate: 100.0,
        warm_up: Until::NONE,
        until: Until::Elapsed(duration),
        limit: LIMIT,
        max_in_flight: 64,
    };
    let credentials = Credentials::new("ninth", "");
    let options = SessionOptions::default();
    let session = Session::open(&Route::Direct, target, &credentials, options)
        .await
        .unwrap();
    let traffic = Traffic::new("g.b.x", 0, 64, LIMIT).unwrap();
    let report = load
        .run(&session, &traffic, std::future::pending())
        .await
        .unwrap();
    assert_eq!(session.counters().irregular(), 0);
    report.measured
}

#[test]
fn a_minute_of_mutated_frames_harms_nobody() {
    let panics = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&panics);
    let default = std::panic::take_hook();
    // A task that panics takes only itself down, so panics are counted where they arise.
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::Relaxed);
        default(info);
    }));

    let target = Target::new("127.0.0.1", start_connector());
    let counts = Arc::new(Counts::default());
    let mutators = {
        let (target, counts, seeds) = (target.clone(), Arc::clone(&counts), Arc::new(seeds()));
        std::thread::spawn(move || {
            runtime().block_on(async move {
                let tasks: Vec<_> = (0..CONNECTIONS)
                    .map(|number| {
                        let (target, counts) = (target.clone(), Arc::clone(&counts));
                        tokio::spawn(mutator(number, target, counts, Arc::clone(&seeds)))
                    })
                    .collect();
                for task in tasks {
                    task.await.expect("a mutator is always answered");
                }
            });
        })
    };

    let control = Target::new("127.0.0.1", start_connector());
    let measured = |duration| {
        let (target, control) = (&target, &control);
        async move { tokio::join!(one_peer(target, duration), one_peer(control, duration)) }
    };
    let runtime = runtime();
    let started = Instant::now();
    runtime.block_on(measured(SETTLED));
    let before = resident_kib();
    let left = DURATION.saturating_sub(started.elapsed());
    let (report, control) = runtime.block_on(measured(left));
    let after = resident_kib();
    counts.stop.store(true, Ordering::Relaxed);
    mutators.join().expect("the mutators end");

    let frames = counts.frames.load(Ordering::Relaxed);
    let connections = counts.connections.load(Ordering::Relaxed);
    let (trips, control) = (report.judged().summary(), control.judged().summary());
    let evidence = format!(
        "{frames} mutated frames over {connections} connections in {:.0} s; memory {before} to \
         {after} KiB; ninth connection {:?} {:?}; control {:?}",
        started.elapsed().as_secs_f64(),
        report.outcomes,
        trips,
        control,
    );
    // Shown with `--no-capture`, and kept in the reports of the test runner.
    use std::io::Write;
    writeln!(std::io::stderr().lock(), "{evidence}").unwrap();
    assert_eq!(panics.load(Ordering::Relaxed), 0, "{evidence}");
    assert!(frames >= FEWEST, "too few to mean something: {evidence}");
    assert_eq!(
        report.outcomes.fulfilled,
        report.outcomes.total(),
        "{evidence}"
    );
    let limit = P99_US.max(control.p99_us * CONTROL_FACTOR);
    assert!(trips.p99_us < limit, "{evidence}");
    assert!(after.saturating_sub(before) < GROWTH_KIB, "{evidence}");
}
