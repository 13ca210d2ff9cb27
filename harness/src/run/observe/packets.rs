//! Packets from one home's connector to another home's business-logic server, and what became of
//! them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};

use crate::checks::{Answer, Delivery, Reason, Reject};
use crate::connector::{Bls, Received, SendAnswer};
use crate::plan::HomePlan;
use crate::probe::Latencies;
use crate::run::context::Context;
use crate::run::context::admin;
use crate::run::packet::{hops, millis, now_ms, payload};
use crate::topology::NOWHERE;

/// Amounts sent in each peering's direction.
const AMOUNTS: [u64; 2] = [0, 1000];
/// Size of a payload, so that its way through the circuits can be told from everything else.
const PAYLOAD: usize = 4096;

/// A packet of each amount in each peering's direction, and one over each path, through the
/// sending home's connector.
pub(in crate::run) async fn deliveries(
    context: &Context<'_>,
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
    for peering in &context.plan.peerings {
        for amount in AMOUNTS {
            let begun = Instant::now();
            let delivery = deliver(context, nonce, &peering.from, &peering.to, amount).await;
            note(delivery, begun.elapsed());
        }
    }
    for path in &context.plan.topology.paths {
        let begun = Instant::now();
        let delivery = deliver(context, nonce, &path.from, &path.to, 0).await;
        note(delivery, begun.elapsed());
    }
    sent
}

async fn deliver(
    context: &Context<'_>,
    nonce: &str,
    from: &str,
    to: &str,
    amount: u64,
) -> Delivery {
    let prefix = context
        .plan
        .home(to)
        .map_or("", |home| home.prefix.as_str());
    let destination = format!("{prefix}.{nonce}.{from}.{amount}").to_lowercase();
    let data = payload(&destination, nonce, PAYLOAD);
    let limit = context.plan.topology.deadlines.delivery;
    let before = now_ms();
    let answer = match context.plan.home(from) {
        None => Answer::Otherwise("no such home".to_owned()),
        Some(home) => {
            let answer = admin(context, home)
                .send(&destination, amount, &data, limit)
                .await;
            // The convention of the TOON network (contract#fulfillment-convention).
            let fulfillment = BASE64.encode(&Sha256::digest(&data));
            match answer {
                Err(error) => Answer::Otherwise(error.to_string()),
                Ok(answer) => read(answer, &fulfillment),
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
        hops: hops(&context.plan.topology, from, to),
        expires_ms: (before + millis(limit), now_ms() + millis(limit)),
        arrived: Vec::new(),
        arrived_elsewhere: 0,
    }
}

fn read(answer: SendAnswer, fulfillment: &str) -> Answer {
    if answer.accepted {
        return Answer::Fulfilled {
            fits: answer.fulfillment.as_deref() == Some(fulfillment),
        };
    }
    Answer::Rejected {
        code: answer.code.unwrap_or_else(|| "no code".to_owned()),
        message: answer.message.unwrap_or_default(),
    }
}

/// Finds every packet again in what the homes' servers recorded.
pub(in crate::run) async fn find(context: &Context<'_>, sent: &mut [Delivery]) {
    let records = join_all(context.plan.homes.iter().map(|home| async move {
        let address = context.reach.socket(home, HomePlan::BLS_PORT);
        let bls = Bls::new(context.http, &home.id, address);
        let received = bls.received().await.unwrap_or_else(|error| {
            context.recorder.note(error.to_string());
            Vec::new()
        });
        let mut by_destination: HashMap<String, Vec<Received>> = HashMap::new();
        for packet in received {
            by_destination
                .entry(packet.destination.clone())
                .or_default()
                .push(packet);
        }
        (home.id.as_str(), by_destination)
    }))
    .await;
    for delivery in sent {
        for (home, received) in &records {
            let found = received.get(&delivery.destination);
            if *home == delivery.to {
                delivery.arrived = found.cloned().unwrap_or_default();
            } else {
                delivery.arrived_elsewhere += found.map_or(0, Vec::len);
            }
        }
    }
}

/// Each connector is asked for a destination that nobody has.
pub(in crate::run) async fn unknown(context: &Context<'_>) -> Vec<Reject> {
    let limit = context.plan.topology.deadlines.delivery;
    join_all(context.plan.homes.iter().map(|home| async move {
        let answer = admin(context, home)
            .send(NOWHERE, 0, b"nowhere", limit)
            .await;
        Reject {
            reason: Reason::NoRoute,
            asked: home.id.clone(),
            came: match answer {
                Ok(answer) if answer.accepted => Err("accepted".to_owned()),
                Ok(answer) => Ok(answer.code.unwrap_or_default()),
                Err(error) => Err(error.to_string()),
            },
        }
    }))
    .await
}
