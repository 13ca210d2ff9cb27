//! What is seen of a two-home topology in which nothing is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use time::macros::datetime;

use crate::checks::{
    Arrival, Attempt, AuthorityView, Delivery, HomeView, LogView, Metrics, Observations,
    PeeringView, ProbeView, Refusal, UnknownDestination,
};
use crate::connector::{Received, SendAnswer};
use crate::onion::consensus::Consensus;
use crate::onion::directory::Certificates;
use crate::onion::monitor::DaemonState;
use crate::plan::{HomePlan, Inputs, Occupied, PeeringPlan, Plan, Seed};
use crate::probe::{Latencies, SessionCounters};
use crate::secret::Secret;
use crate::topology::{Metric, Topology};

/// Uploads of a complete publication, as this network has it: two descriptors to seven nodes.
const UPLOADS: usize = 14;
/// Packets of the probe.
pub(super) const PACKETS: u64 = 200;

/// The plan of the committed topology, the same in every test.
pub(super) fn plan() -> Plan {
    let text = include_str!("../../../../fixtures/topologies/two-home-local.toml");
    let topology = Topology::parse("two-home-local", text).expect("the committed file parses");
    let inputs = Inputs {
        seed: Seed::new([7; 32]),
        now: datetime!(2026-11-22 10:00:00 UTC),
        lifetime_seconds: 1800,
        occupied: Occupied::default(),
    };
    Plan::new(&topology, &inputs).expect("there is room")
}

/// Observations for which every check passes.
pub(super) fn healthy() -> Observations {
    let plan = plan();
    let mut seen = Observations::of(&plan);
    seen.authorities = authorities(&plan);
    seen.homes = plan
        .homes
        .iter()
        .map(|home| home_view(&plan, home))
        .collect();
    seen.peerings = plan
        .peerings
        .iter()
        .map(|peering| PeeringView {
            from: peering.from.clone(),
            to: peering.to.clone(),
            connected: Some(true),
            accepted_in_log: true,
        })
        .collect();
    seen.deliveries = plan
        .peerings
        .iter()
        .flat_map(|peering| [0, 1000].map(|amount| delivery(&plan, peering, amount)))
        .collect();
    seen.unknown = ["home-a", "home-b", "home-b, by the probe"]
        .into_iter()
        .map(|asked| UnknownDestination {
            asked: asked.to_owned(),
            came: Ok("F02".to_owned()),
        })
        .collect();
    seen.probe = ProbeView {
        accepted: Ok(Duration::from_millis(400)),
        wrong_secret: Refusal::AsContract,
        empty_secret: Refusal::AsContract,
        sent: PACKETS,
        fulfilled: PACKETS,
        recorded: PACKETS,
        counters: SessionCounters {
            sent: PACKETS + 1,
            answered: PACKETS + 1,
            ..SessionCounters::default()
        },
        ..seen.probe
    };
    seen.logs = logs(&plan);
    seen.metrics = metrics();
    seen
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
            nickname: node.nickname.clone(),
            consensus: Some(consensus(
                plan.nodes().map(|node| node.nickname.as_str()),
                count,
            )),
            certificates: Some(Certificates {
                count,
                with_address: false,
            }),
        })
        .collect()
}

fn home_view(plan: &Plan, home: &HomePlan) -> HomeView {
    let others = || plan.homes.iter().filter(|other| other.id != home.id);
    let mut daemon = DaemonState::default();
    daemon.bootstrap = 100;
    "done".clone_into(&mut daemon.tag);
    daemon.uploads = UPLOADS;
    daemon.uploaded = UPLOADS;
    daemon.joined = 1;
    // Asking an HSDir that does not have the descriptor yet is part of a healthy start.
    daemon.failed.push("NOT_FOUND".to_owned());
    daemon.received = others()
        .map(|other| (other.onion.expose_label().to_owned(), 1))
        .collect();
    let attempt = |arrival, target: String, outcome: &str| Attempt {
        arrival,
        target,
        outcome: outcome.to_owned(),
    };
    let published = plan.nodes().map(|node| {
        let target = format!("{}:{}", node.published.address, node.published.or_port);
        attempt(Arrival::Published, target, "connected")
    });
    let forbidden = others().flat_map(|other| {
        let port = |port| other.socket(port).to_string();
        [
            attempt(
                Arrival::OtherHome,
                port(HomePlan::BTP_PORT),
                "network-unreachable",
            ),
            attempt(Arrival::OtherHome, port(HomePlan::ADMIN_PORT), "timeout"),
            attempt(
                Arrival::Elsewhere,
                format!("{}:4000", other.gateway),
                "host-unreachable",
            ),
        ]
    });
    HomeView {
        id: home.id.clone(),
        planned: home.onion.clone(),
        // The daemon ends the line.
        hostname: Ok(Secret::new(format!("{}\n", home.onion.expose()))),
        daemon,
        uploads_expected: UPLOADS,
        fetched_by: others().map(|other| (other.id.clone(), 1)).collect(),
        attempts: published.chain(forbidden).collect(),
        listening: true,
        wiring: home
            .environment
            .iter()
            .map(|(name, _)| (name.clone(), true))
            .collect(),
    }
}

fn delivery(plan: &Plan, peering: &PeeringPlan, amount: u64) -> Delivery {
    let PeeringPlan { from, to, .. } = peering;
    let prefix = &plan.home(to).expect("is planned").prefix;
    let payload = format!("payload {from} {to} {amount}");
    let fulfillment = format!("fulfillment {from} {to} {amount}");
    Delivery {
        from: from.clone(),
        to: to.clone(),
        destination: format!("{prefix}.receiver"),
        amount,
        payload: payload.clone(),
        answer: Ok(SendAnswer {
            accepted: true,
            fulfillment: Some(fulfillment.clone()),
            ..SendAnswer::default()
        }),
        fulfillment,
        arrived: vec![Received {
            destination: format!("{prefix}.receiver"),
            amount: amount.to_string(),
            payment_id: format!("payment {from} {to} {amount}"),
            data: payload,
            received_at: "2026-11-22T10:00:20.000Z".to_owned(),
        }],
        arrived_elsewhere: 0,
    }
}

/// Logs in the connector's shape, with the address of whom they dial at DEBUG only.
fn logs(plan: &Plan) -> Vec<LogView> {
    let view = |role: String, leveled: bool, text: String, program: &str| LogView {
        leveled,
        text,
        visible: visible(plan, &role, program),
        role,
    };
    let mut logs = Vec::new();
    for home in &plan.homes {
        let peers = plan
            .peerings
            .iter()
            .filter(|peering| peering.from == home.id);
        let mut lines = vec![json!({"level": 30, "nodeId": home.id, "msg": "Connector ready"})];
        for peering in peers {
            let host = plan.home(&peering.to).expect("is planned").onion.expose();
            lines.push(json!({"level": 20, "event": "btp_dial", "host": host}));
            lines.push(
                json!({"level": 30, "event": "btp_auth_success", "url": "ws://<redacted-anon>"}),
            );
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        logs.push(view(
            format!("{}/connector", home.id),
            true,
            text,
            "/connector",
        ));
        logs.push(view(
            format!("{}/bls", home.id),
            false,
            String::new(),
            "/agent guard -- /bls",
        ));
        let notice = "Nov 22 10:00:01.000 [notice] Bootstrapped 100% (done): Done\n";
        logs.push(view(
            format!("{}/sidecar", home.id),
            false,
            notice.to_owned(),
            "anon -f /etc/anon/anonrc",
        ));
    }
    for node in plan.nodes() {
        let notice = "Nov 22 10:00:01.000 [notice] Opening OR listener on 0.0.0.0\n";
        logs.push(view(
            node.nickname.clone(),
            false,
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
    Metrics::from([
        (Metric::Ready, samples(1, Duration::from_secs(10))),
        (Metric::Dial, samples(3, Duration::from_millis(300))),
        (Metric::BtpConnect, samples(1, Duration::from_millis(400))),
        (
            Metric::RoundTrip,
            samples(PACKETS, Duration::from_millis(20)),
        ),
    ])
}
