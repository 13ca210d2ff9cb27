//! What is seen of a topology in which nothing is wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::faulted::{FAULTS, dial, faults};
use crate::checks::{
    Answer, Attempt, AuthorityView, CircuitTrace, ConsensusValidity, DecoyView, Delivery,
    DialExpectation, EndingView, Entry, HealthView, HomeView, LogView, Metrics, Observations,
    PeeringView, ProbeView, Reason, Refusal, Reject, Removal, SocksRequest, Wire,
};
use crate::connectors::Received;
use crate::engine::{Deadline, Labelled};
use crate::evidence::{ContainerRole, DialOutcome};
use crate::onion::ballot::Ballot;
use crate::onion::consensus::Consensus;
use crate::onion::directory::Certificates;
use crate::onion::monitor::DaemonState;
use crate::plan::{AddressSpace, HomePlan, Inputs, PeeringPlan, Plan, Seed};
use crate::probe::{Latencies, SessionCounters};
use crate::secret::Secret;
use crate::topology::{Metric, Topology, Transport};

/// Uploads of a complete publication, as this network has it: two descriptors to seven nodes.
const UPLOADS: usize = 14;
/// Packets of the probe, per home that it sends to.
pub(super) const PACKETS: u64 = 200;
/// When packets expire as they are sent, in milliseconds since the Unix epoch.
pub(super) const EXPIRES_MS: i64 = 1_795_341_630_000;

/// The plan of a topology, the same in every test.
pub(super) fn plan_of(name: &str, text: &str) -> Plan {
    let topology = Topology::parse(name, text).expect("the text parses");
    let inputs = Inputs {
        seed: Seed::new([7; 32]),
        now: datetime!(2026-11-22 10:00:00 UTC),
        deadline: Deadline {
            unix: 1_795_343_400,
            boot: None,
        },
        space: AddressSpace::default(),
        authorities: Vec::new(),
        standing: None,
        services: std::collections::BTreeMap::new(),
    };
    Plan::new(&topology, &inputs).expect("there is room")
}

/// The plan of the committed topology of two homes.
pub(super) fn plan() -> Plan {
    let text = include_str!("../../../../fixtures/topologies/two-home-local.toml");
    plan_of("two-home-local", &format!("{text}{FAULTS}"))
}

/// Observations of the committed topology for which every check passes.
pub(super) fn healthy() -> Observations {
    healthy_of(&plan())
}

/// Observations for which every check passes.
pub(super) fn healthy_of(plan: &Plan) -> Observations {
    let mut seen = Observations::of(plan);
    seen.authorities = authorities(plan);
    seen.deliveries = deliveries(plan);
    seen.homes = plan
        .homes
        .iter()
        .map(|home| home_view(plan, home))
        .collect();
    seen.peerings = plan
        .peerings
        .iter()
        .map(|peering| PeeringView {
            from: peering.from.clone(),
            to: peering.to.clone(),
            connected: Ok(Some(true)),
            admitted_in_line: Some(12),
        })
        .collect();
    seen.rejects = rejects(plan);
    let sent = PACKETS + 1;
    seen.probe = ProbeView {
        accepted: Entry::LetIn(Duration::from_millis(400)),
        wrong_secret: refused(),
        empty_secret: refused(),
        stranger: match seen.probe.no_auth_allowed {
            true => Refusal::Accepted,
            false => seen.probe.stranger,
        },
        configured_secret: refused(),
        counters: SessionCounters {
            sent,
            answered: sent,
            ..SessionCounters::default()
        },
        ..seen.probe
    };
    seen.ending = Ok(Some(EndingView {
        home: plan.probe.to.clone(),
        open: "a session and a connection".to_owned(),
        took: Some(Duration::from_millis(300)),
        bereft: vec![(plan.probe.via.clone(), Ok(Some("unhealthy".to_owned())))],
    }));
    if seen.has_faults {
        seen.faults = Ok(Some(faults()));
    }
    seen.logs = logs(plan);
    seen.written = vec![
        (
            "events.jsonl".to_owned(),
            r#"{"event":"run-started"}"#.to_owned(),
        ),
        (
            "plan.json".to_owned(),
            serde_json::to_string(plan).expect("serializes"),
        ),
    ];
    seen.metrics = metrics();
    seen
}

/// As the original refuses.
pub(super) fn refused() -> Refusal {
    Refusal::Refused("refused with ERROR F00, connection closed with 1008".to_owned())
}

/// A consensus document over these nodes, as an authority serves it.
pub(super) fn consensus<'a>(
    nicknames: impl Iterator<Item = &'a str>,
    signatures: usize,
) -> Consensus {
    let mut text =
        "network-status-version 3 microdesc\nvalid-after 2026-11-22 10:00:10\n".to_owned();
    for nickname in nicknames {
        text += &format!(
            "r {nickname} AAAA 2026-11-22 10:00:00 10.0.0.1 21001 0\nm digest\n\
             s Exit Fast Guard HSDir Running V2Dir Valid\nw Bandwidth=0\n"
        );
    }
    text += &"directory-signature sha256 A B\n".repeat(signatures);
    Consensus::parse(&text)
}

fn authorities(plan: &Plan) -> Vec<AuthorityView> {
    let count = plan.authorities.len();
    plan.authorities
        .iter()
        .map(|node| AuthorityView {
            ballot: Ballot {
                authority: node.nickname.clone(),
                votes: Ok(Vec::new()),
                consensus: Ok(Some(consensus(
                    plan.nodes().map(|node| node.nickname.as_str()),
                    count,
                ))),
            },
            certificates: Ok(Certificates {
                count,
                with_address: false,
            }),
        })
        .collect()
}

fn home_view(plan: &Plan, home: &HomePlan) -> HomeView {
    let others = || plan.homes.iter().filter(|other| other.id != home.id);
    let dialled: Vec<&HomePlan> = plan
        .peerings
        .iter()
        .filter(|peering| peering.from == home.id && peering.transport == Transport::Onion)
        .map(|peering| plan.home(&peering.to).expect("is planned"))
        .collect();
    let onion = home.is_onion();
    HomeView {
        id: home.id.clone(),
        planned: home.onion().map(|onion| onion.address.clone()),
        // The daemon ends the line.
        hostname: Ok(home
            .onion()
            .map(|onion| Secret::new(format!("{}\n", onion.address.expose())))),
        daemon: match onion {
            true => daemon(home, plan),
            false => DaemonState::default(),
        },
        consensus: match onion {
            true => Ok(ConsensusValidity {
                since: 10,
                left: 86_390,
            }),
            false => Err("there is no daemon".to_owned()),
        },
        uploads_expected: UPLOADS,
        fetched_by: others()
            .map(|other| (other.id.clone(), usize::from(other.is_onion())))
            .collect(),
        attempts: attempts(plan, home),
        listening: Ok(true),
        wire: Ok(wire(plan, home, &dialled)),
        circuits: dialled
            .iter()
            .map(|far| CircuitTrace {
                to: far.id.clone(),
                requests: 1,
                attached: 1,
                joined: 1,
                passed: (700, 600),
                circuit: (1500, 1400),
            })
            .collect(),
        decoy: Ok(onion.then_some(DecoyView {
            refused: 2,
            direct: 0,
            control: DialOutcome::Connected,
            removal: Removal::Watched { dials: 0 },
        })),
        health: Ok(Some(HealthView {
            status: Some("healthy".to_owned()),
            connected: 1,
            connected_before: Some(1),
            decoy_connected: onion.then_some(false),
        })),
        wiring: home
            .environment
            .iter()
            .map(|(name, _)| (name.clone(), true))
            .collect(),
    }
}

fn daemon(home: &HomePlan, plan: &Plan) -> DaemonState {
    let mut daemon = DaemonState::default();
    daemon.bootstrap = 100;
    "done".clone_into(&mut daemon.tag);
    daemon.uploads = UPLOADS;
    daemon.uploaded = UPLOADS;
    daemon.joined = 1;
    // Asking an HSDir that does not have the descriptor yet is part of a healthy start.
    daemon.failed.push("NOT_FOUND".to_owned());
    let others = plan.homes.iter().filter(|other| other.id != home.id);
    daemon.received = others
        .filter_map(|other| Some((other.onion()?.address.expose_label().to_owned(), 1)))
        .collect();
    daemon
}

fn attempts(plan: &Plan, home: &HomePlan) -> Vec<Attempt> {
    let attempt = |expectation, target: SocketAddr, outcome| Attempt {
        expectation,
        target,
        outcome,
    };
    let published = plan.nodes().map(|node| {
        let target = SocketAddr::from((node.published.address, node.published.or_port));
        attempt(DialExpectation::Published, target, DialOutcome::Connected)
    });
    let apart = plan
        .homes
        .iter()
        .filter(|other| !plan.topology.neighbours(&other.id, &home.id));
    let forbidden = apart.flat_map(|other| {
        [
            attempt(
                DialExpectation::OtherHome,
                other.socket(other.ports.btp()[0]),
                DialOutcome::NetworkUnreachable,
            ),
            attempt(
                DialExpectation::OtherHome,
                other.socket(other.ports.control[0]),
                DialOutcome::Timeout,
            ),
            attempt(
                DialExpectation::Elsewhere,
                SocketAddr::from((other.gateway, 4000)),
                DialOutcome::HostUnreachable,
            ),
        ]
    });
    published.chain(forbidden).collect()
}

/// What the recorder saw: a request per dialled home, and those for the peer that does not
/// exist.
fn wire(plan: &Plan, home: &HomePlan, dialled: &[&HomePlan]) -> Wire {
    if !home.is_onion() {
        return Wire::default();
    }
    let request = |host: &str, upstream, reply, bytes| SocksRequest {
        host: Secret::new(host),
        upstream,
        reply: Some(reply),
        sent: bytes,
        received: bytes,
        ..dial(0)
    };
    let onion = |far: &HomePlan| far.onion().expect("is dialled").address.expose().to_owned();
    let decoy = plan.decoy.onion.expose();
    let requests = dialled
        .iter()
        .zip(40_001..)
        .map(|(far, port)| request(&onion(far), port, 0, 700))
        .chain([request(decoy, 40_101, 4, 0), request(decoy, 40_102, 4, 0)]);
    Wire {
        requests: requests.collect(),
        // Any other name may be asked for.
        queries: vec![Secret::new("updates.example")],
        arrivals: 1,
        ..Wire::default()
    }
}

fn deliveries(plan: &Plan) -> Vec<Delivery> {
    let mut all = Vec::new();
    for peering in &plan.peerings {
        let PeeringPlan { from, to, .. } = peering;
        for amount in [0, 1000] {
            let number = all.len();
            all.push(delivery(
                plan,
                from,
                to,
                plan.topology.hops(from, to),
                (number, amount),
            ));
        }
    }
    for path in &plan.topology.paths {
        let hops = plan.topology.hops(&path.from, &path.to);
        let number = all.len();
        all.push(delivery(plan, &path.from, &path.to, hops, (number, 0)));
    }
    let dialled = &plan.probe.to;
    for to in std::iter::once(dialled).chain(&plan.topology.probe.far) {
        for _ in 0..PACKETS {
            let number = all.len();
            let hops = plan.topology.hops(dialled, to);
            all.push(delivery(plan, &plan.probe.id, to, hops, (number, 0)));
        }
    }
    all
}

/// An expiry as business-logic servers are told it.
pub(super) fn iso(at_ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000);
    at.expect("is a time").format(&Rfc3339).expect("formats")
}

fn delivery(
    plan: &Plan,
    from: &str,
    to: &str,
    hops: u32,
    (number, amount): (usize, u64),
) -> Delivery {
    let prefix = &plan.home(to).expect("is planned").prefix;
    let payload = format!("payload {number} from {from} to {to}");
    let destination = format!("{prefix}.receiver.{number}");
    Delivery {
        from: from.to_owned(),
        to: to.to_owned(),
        destination: destination.clone(),
        amount,
        payload: payload.clone(),
        answer: Answer::Fulfilled { fits: true },
        hops,
        // The connector made the expiry 20 ms after it was asked to send.
        expires_ms: (EXPIRES_MS, EXPIRES_MS + 40),
        arrived: vec![Received {
            destination,
            amount: amount.to_string(),
            payment_id: format!("payment {number}"),
            data: payload,
            expires_at: iso(EXPIRES_MS + 20 - 1000 * i64::from(hops)),
        }],
        arrived_elsewhere: 0,
    }
}

/// Each connector is asked for a destination that nobody has; the probe tries every reason.
fn rejects(plan: &Plan) -> Vec<Reject> {
    let reject = |reason: Reason, asked: &str| Reject {
        reason,
        asked: asked.to_owned(),
        came: Ok(reason.codes(&plan.topology.connector.answers())[0].to_owned()),
        fulfilled: false,
    };
    let probe = format!("{}, by the probe", plan.probe.to);
    let by_probe = [
        Reason::NoRoute,
        Reason::Expired,
        Reason::TooLittleTime,
        Reason::Application,
    ];
    let homes = plan
        .homes
        .iter()
        .map(|home| reject(Reason::NoRoute, &home.id));
    homes
        .chain(by_probe.map(|reason| reject(reason, &probe)))
        .collect()
}

/// Logs in the connector's shape, with the address of whom they dial at DEBUG only.
fn logs(plan: &Plan) -> Vec<LogView> {
    let view = |role: String, text: String, program: &str| LogView {
        text,
        unread: None,
        visible: visible(plan, &role, program),
        role: ContainerRole::from(&*role),
    };
    let mut logs = Vec::new();
    for home in &plan.homes {
        let peers = plan
            .peerings
            .iter()
            .filter(|peering| peering.from == home.id && peering.transport == Transport::Onion);
        let mut lines = vec![json!({"level": 30, "nodeId": home.id, "msg": "Connector ready"})];
        for peering in peers {
            let far = plan.home(&peering.to).expect("is planned");
            let host = far.onion().expect("is dialled").address.expose();
            lines.push(json!({"level": 20, "event": "btp_dial", "host": host}));
            lines.push(
                json!({"level": 30, "event": "btp_connected", "url": "ws://<redacted-anon>"}),
            );
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        logs.push(view(format!("{}/connector", home.id), text, "/connector"));
        logs.push(view(
            format!("{}/bls", home.id),
            String::new(),
            "/agent guard -- /bls",
        ));
        if home.sidecar().is_none() {
            continue;
        }
        let notice = "Nov 22 10:00:01.000 [notice] Bootstrapped 100% (done): Done\n";
        logs.push(view(
            format!("{}/sidecar", home.id),
            notice.to_owned(),
            "anon -f /etc/anon/anonrc",
        ));
    }
    for node in plan.nodes() {
        let notice = "Nov 22 10:00:01.000 [notice] Opening OR listener on 0.0.0.0\n";
        logs.push(view(
            node.nickname.clone(),
            notice.to_owned(),
            "anon -f /etc/anon/anonrc",
        ));
    }
    logs
}

/// Command line and labels, as the engine shows them.
fn visible(plan: &Plan, role: &str, program: &str) -> String {
    let labels = plan.labels.for_role(role);
    let lines: BTreeMap<&String, &String> = labels.iter().collect();
    lines.iter().fold(program.to_owned(), |text, (key, value)| {
        format!("{text}\n{key}={value}")
    })
}

/// So many samples of one duration.
pub(super) fn samples(count: u64, each: Duration) -> Latencies {
    let mut latencies = Latencies::new();
    for _ in 0..count {
        latencies.record(each);
    }
    latencies
}

fn metrics() -> Metrics {
    let all = Metric::ALL.into_iter().map(|metric| {
        let (count, millis) = match metric {
            Metric::Ready => (1, 10_000),
            Metric::Dial | Metric::Redial => (3, 300),
            Metric::BtpConnect => (1, 400),
            Metric::Authentication => (1, 100),
            Metric::RoundTrip => (PACKETS, 20),
            Metric::FarRoundTrip => (PACKETS, 60),
            Metric::WarmUp | Metric::FarWarmUp => (8, 90),
            Metric::Publication => (2, 4000),
            Metric::Peering => (2, 200),
            Metric::Delivery => (4, 50),
            Metric::Traffic => (200, 30),
            Metric::Recovery => (7, 3000),
        };
        (metric, samples(count, Duration::from_millis(millis)))
    });
    all.collect()
}
