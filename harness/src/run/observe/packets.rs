//! Packets from one home's connector to another home's business-logic server, and what became of
//! them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use futures_util::future::join_all;

use crate::causes::with_causes;
use crate::checks::{Answer, Delivery, Observations, Reason, Reject};
use crate::connectors::{Outgoing, Received, Reply};
use crate::probe::Latencies;
use crate::run::context::Run;
use crate::run::options::Amounts;
use crate::run::packet::{millis, now_ms, payload};
use crate::topology::NOWHERE;

/// The amount above 0 that is sent in each peering's direction, beside 0.
const AMOUNT: u64 = 1000;
/// Size of a payload, so that its way through the circuits can be told from everything else.
const PAYLOAD: usize = 4096;

/// A packet of each amount in each peering's direction, and one over each path, through the
/// sending home's connector.
pub(in crate::run) async fn deliveries(
    run: &Run,
    nonce: &str,
    took: &mut Latencies,
) -> Vec<Delivery> {
    let mut sent = Vec::new();
    let mut note = |delivery: Delivery, time: Duration| {
        if matches!(delivery.answer, Answer::Fulfilled { .. }) {
            took.record(time);
        }
        sent.push(delivery);
    };
    let more =
        run.plan.topology.connector.capabilities().forwards_amounts && run.amounts == Amounts::All;
    for peering in &run.plan.peerings {
        for amount in std::iter::once(0).chain(more.then_some(AMOUNT)) {
            let begun = Instant::now();
            let delivery = deliver(run, nonce, &peering.from, &peering.to, amount).await;
            note(delivery, begun.elapsed());
        }
    }
    for path in &run.plan.topology.paths {
        let begun = Instant::now();
        let delivery = deliver(run, nonce, &path.from, &path.to, 0).await;
        note(delivery, begun.elapsed());
    }
    sent
}

async fn deliver(run: &Run, nonce: &str, from: &str, to: &str, amount: u64) -> Delivery {
    let prefix = run.plan.home(to).map_or("", |home| home.prefix.as_str());
    let destination = format!("{prefix}.{nonce}.{from}.{amount}").to_lowercase();
    let data = payload(&destination, nonce, PAYLOAD);
    let limit = run.plan.topology.deadlines.delivery;
    let before = now_ms();
    let answer = match run.plan.home(from) {
        None => Answer::Otherwise("no such home".to_owned()),
        Some(home) => {
            let packet = Outgoing {
                destination: &destination,
                amount,
                data: &data,
                limit,
            };
            match run.control(home).send(&packet).await {
                Err(error) => Answer::Otherwise(with_causes(&error).to_string()),
                Ok(reply) => read(reply),
            }
        }
    };
    Delivery {
        from: from.to_owned(),
        to: to.to_owned(),
        destination,
        amount,
        payload: BASE64.encode(&data),
        answer,
        hops: run.plan.hops(from, to),
        expires_ms: (before + millis(limit), now_ms() + millis(limit)),
        arrived: Vec::new(),
        arrived_elsewhere: 0,
    }
}

fn read(reply: Reply) -> Answer {
    match reply {
        Reply::Fulfilled { fits } => Answer::Fulfilled { fits },
        Reply::Rejected { code, message } if code.is_empty() => Answer::Rejected {
            code: "no code".to_owned(),
            message,
        },
        Reply::Rejected { code, message } => Answer::Rejected { code, message },
    }
}

/// Finds every packet again in what the homes' servers recorded.
pub(in crate::run) async fn find(run: &Run, seen: &mut Observations) {
    let records = join_all(
        run.plan
            .homes
            .iter()
            .map(|home| async move { (home.id.as_str(), run.control(home).received().await) }),
    )
    .await;
    for (home, received) in records {
        let received = match received {
            Ok(received) => received,
            Err(error) => {
                let reason = with_causes(&error).to_string();
                seen.unread_servers.insert(home.to_owned(), reason);
                continue;
            }
        };
        let mut by_destination: HashMap<&str, Vec<&Received>> = HashMap::new();
        for packet in &received {
            let packets = by_destination.entry(&packet.destination).or_default();
            packets.push(packet);
        }
        for delivery in &mut seen.deliveries {
            let found = by_destination.get(delivery.destination.as_str());
            let found = found.into_iter().flatten();
            if home == delivery.to {
                delivery.arrived = found.map(|packet| (*packet).clone()).collect();
            } else {
                delivery.arrived_elsewhere += found.count();
            }
        }
    }
}

/// Each connector is asked for a destination that nobody has.
pub(in crate::run) async fn unknown(run: &Run) -> Vec<Reject> {
    let limit = run.plan.topology.deadlines.delivery;
    join_all(run.plan.homes.iter().map(|home| async move {
        let packet = Outgoing {
            destination: NOWHERE,
            amount: 0,
            data: b"nowhere",
            limit,
        };
        let reply = run.control(home).send(&packet).await;
        Reject {
            reason: Reason::NoRoute,
            asked: home.id.clone(),
            fulfilled: matches!(reply, Ok(Reply::Fulfilled { .. })),
            came: match reply {
                Ok(Reply::Fulfilled { .. }) => Err("accepted".to_owned()),
                Ok(Reply::Rejected { code, .. }) => Ok(code),
                Err(error) => Err(with_causes(&error).to_string()),
            },
        }
    }))
    .await
}
